"""Editions of credentials in every shape that the platform can make, by hypothesis: `editions()`, each with its `document()`.

Names and texts have quotes, line breaks, emoji, right-to-left letters and control characters among them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Final

import orjson
from hypothesis import strategies as st

from services.awarding.credentials.addresses import Addresses
from services.awarding.credentials.document import CONTEXTS_DIGEST, credential_document
from services.awarding.credentials.identity import Identity
from services.awarding.credentials.profile import digest_of_profile, issuer_profile
from shared.credentials.contexts import CREDENTIALS, OPEN_BADGES
from shared.credentials.keys import signing_key
from shared.credentials.proofs import signed
from shared.events.awarding import AwardGranted, AwardStatus, CredentialIssued, LevelReached, Reason, StatusEntry
from shared.events.catalog import Endorsement
from shared.events.definitions import (
    Achievement,
    AchievementType,
    CreditAmount,
    LearningOutcome,
    Party,
    Programme,
    Skill,
    SkillFramework,
)
from shared.events.envelope import Cause
from shared.requirements.model import Graded, Requirement
from shared.requirements.tree import joined, parts_of
from tests.domain.awarding_credentials.rubrics import judgements, reviews_asked
from tests.domain.requirements.trees import requirements

ADDRESSES: Final = Addresses("https://awards.example.org:8443/cairn", "https://catalog.example.org")
KEY: Final = signing_key(
    {
        "kty": "OKP",
        "crv": "Ed25519",
        "kid": "proofs-2026",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    }
)
"""The key of RFC 8037, appendix A."""
NOON: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)

awkward = st.sampled_from(
    (
        'She said "yes" \\ no',
        "two\nlines\r\nand\ta tab",
        "🪨🏔️ family 👩‍👩‍👧",
        "שלום עולם",
        "\u202eright to left\u202c العربية",
        "l'été — naïve",
        "\u2028separator\u2029",
        "<b>&amp;</b> ^^@en _:b0",
        "nul\x00 bell\x07 del\x7f",
        "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \ufffe",
    )
)
texts = st.one_of(awkward, st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
slugs = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,12}", fullmatch=True)
addresses = st.sampled_from(
    (
        "https://example.org/",
        "https://example.org/a?b=c&d=%C3%A9",
        "http://münchen.example/ü",
        "http://data.europa.eu/esco/skill/5",
    )
)
moments = st.integers(631_152_000_000_000, 7_258_118_400_000_000).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)
seconds = moments.map(lambda moment: moment.replace(microsecond=0))
hashes = st.binary(min_size=16, max_size=16).map(bytes.hex)

parties = st.builds(
    Party, id=slugs, name=texts, url=st.none() | addresses, country=st.none() | st.sampled_from(("DE", "IE", "DE-BY", "ES-CT"))
)
skills = st.builds(
    Skill,
    code=st.one_of(awkward, slugs, addresses),
    name=texts,
    framework=st.sampled_from(SkillFramework),
    url=st.none() | addresses,
    level=st.none() | texts,
    assessed=st.booleans(),
)
outcomes = st.lists(st.builds(LearningOutcome, id=slugs, text=texts), max_size=3, unique_by=lambda outcome: outcome.id).map(tuple)
credit_amounts = st.builds(
    CreditAmount,
    amount=st.decimals(0, 400, places=2) | st.integers(0, 60).map(Decimal),
    system=st.sampled_from(("ECTS", "CATS", 'the "own" kind')),
)
meanings: Final[dict[str, st.SearchStrategy[Any]]] = {
    "name": texts,
    "description": texts,
    "criteria": texts,
    "issuer": parties,
    "designed_by": st.none() | parties,
    "assessed_by": st.none() | parties,
    "achievement_type": st.sampled_from(AchievementType),
    "skills": st.lists(skills, max_size=3).map(tuple),
    "learning_outcomes": outcomes,
    "tags": st.lists(texts, max_size=3).map(tuple),
    "workload_hours": st.none() | st.decimals(Decimal("0.01"), 5_000, places=2),
    "credits": st.none() | credit_amounts,
    "eqf_level": st.none() | st.integers(1, 8),
    "language": st.sampled_from(("en", "de", "en-gb", "zh-Hant-TW", "fil", "sr-latn-rs", "de-1996")),
    "participation": st.sampled_from((None, "online", "onsite", "blended", "work_based")),
    "assessment_type": st.none() | texts,
    "supervision": st.sampled_from((None, "unsupervised", "supervised_online", "supervised_onsite")),
    "identity_verified": st.booleans(),
    "quality_assurance": st.none() | texts,
    "prerequisites": st.none() | texts,
    "for_credit": st.booleans(),
    "towards": st.lists(st.builds(Programme, name=texts, url=st.none() | addresses), max_size=2).map(tuple),
    "image": st.none() | addresses,
}


@dataclass(frozen=True)
class Edition:
    """All that a credential's bytes follow from, but for the key."""

    issued: CredentialIssued
    award: AwardGranted
    achievement: Achievement
    subject: str
    identity: Identity | None
    endorsements: tuple[Endorsement, ...]

    def document(self) -> dict[str, Any]:
        return credential_document(
            self.issued,
            self.award,
            self.achievement,
            addresses=ADDRESSES,
            subject=self.subject,
            identity=self.identity,
            endorsements=self.endorsements,
        )

    @property
    def method(self) -> str:
        return ADDRESSES.key(self.issued.issuer, KEY.kid)


@st.composite
def achievements(draw: st.DrawFn) -> Achievement:
    """An achievement, or a level (whose id has a dot), as published."""
    id_ = draw(slugs | st.builds("{}.{}".format, slugs, slugs))
    members = {name: draw(strategy) for name, strategy in meanings.items()}
    if members["designed_by"] is not None and draw(st.booleans()):
        members["designed_by"] = members["issuer"]
    members["reviews"] = draw(reviews_asked)
    return Achievement.model_construct(achievement=id_, requirement=draw(requirements), **{**_DEFAULTS, **members})


@st.composite
def editions(draw: st.DrawFn) -> Edition:
    return draw(editions_of(draw(achievements())))


@st.composite
def editions_of(draw: st.DrawFn, achievement: Achievement) -> Edition:
    """Editions of one achievement's credentials: of different learners, with other results, dates, places and identities."""
    award_id, learner = draw(hashes), draw(slugs)
    version = draw(st.integers(1, 12))
    cause = Cause(kind="completion", id="c", time=NOON)
    manual = draw(st.booleans())
    award = AwardGranted(
        revision=1,
        cause=cause,
        award=award_id,
        learner=learner,
        achievement=achievement.id,
        version=version,
        status=AwardStatus.VALID,
        awarded_at=draw(moments),
        status_since=NOON,
        valid_until=draw(st.none() | moments),
        level=LevelReached(stack="s", level="l", progress="p") if "." in achievement.id else None,
        reason=draw(st.none() | reasons(achievement)),
        note="a note that stays inside" if manual else None,
        decided_by="staff-4711" if manual else None,
    )
    endorsements = draw(st.sampled_from(((), (0,), (0, 1))))
    made = tuple(endorsement_of(number) for number in endorsements)
    identity = draw(st.none() | st.builds(Identity, salt=hashes, name=st.none() | texts, email=st.none() | emails))
    purpose = draw(st.sampled_from(("revocation", "suspension")))
    unit = achievement.issuer.id
    chosen = {
        "revision": draw(st.integers(1, 5)),
        "status": StatusEntry(purpose=purpose, list=f"{unit}-{purpose[0]}-3-0", index=draw(st.integers(0, 131_071))),
        "valid_from": draw(seconds),
        "created": draw(seconds),
        "endorsements": tuple(sorted(endorsement.digest for endorsement in made)),
    }
    issued = issued_for(award, achievement).model_copy(update=chosen)
    return Edition(issued, award, achievement, f"urn:uuid:{_uuid(draw(hashes))}", identity, made)


def issued_for(award: AwardGranted, achievement: Achievement) -> CredentialIssued:
    """The first edition of the award's credential."""
    unit = achievement.issuer.id
    return CredentialIssued(
        revision=1,
        cause=award.cause,
        credential=f"urn:uuid:{_uuid(award.award)}",
        award=award.award,
        award_revision=award.revision,
        learner=award.learner,
        achievement=award.achievement,
        version=award.version,
        issuer=unit,
        status=StatusEntry(purpose="revocation", list=f"{unit}-r-0-0", index=0),
        signed_with=KEY.kid,
        valid_from=NOON,
        created=NOON,
        profile=digest_of_profile(issuer_profile(achievement.issuer, ADDRESSES)),
        contexts=CONTEXTS_DIGEST,
    )


emails = st.builds("{}@{}.example".format, slugs, st.sampled_from(("uni", "Uni", "münchen")))


@st.composite
def reasons(draw: st.DrawFn, achievement: Achievement, at: Requirement | None = None, path: str = "") -> Reason:
    """The requirement as evaluated, with a group here and there that somebody waived as a whole, and some judged by people."""
    requirement = at or achievement.requirement
    parts = parts_of(requirement)
    waived = draw(st.sampled_from((None, None, None, "decision-7")))
    met = waived is not None or draw(st.booleans())
    value = None if isinstance(requirement, Graded) else draw(st.none() | st.decimals(0, 1, places=3).map(str))
    of: tuple[Reason, ...] = ()
    if waived is None:
        of = tuple(draw(reasons(achievement, part, joined(path, step))) for step, part in parts)
    by = tuple(draw(st.lists(st.just("entry-of-a-person"), max_size=2)))
    judged = draw(st.none() | judgements(achievement)) if by and not parts else None
    return Reason(says=draw(texts), path=path, met=met, by=by, value=value, waived=waived, of=of, results=judged)


@cache
def endorsement_of(number: int) -> Endorsement:
    """A partner's, as it was uploaded."""
    endorser = f"did:key:{KEY.public.multikey()}"
    document = {
        "@context": [CREDENTIALS, OPEN_BADGES],
        "id": f"urn:uuid:00000000-0000-4000-8000-00000000000{number}",
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": f"Endorsement {number}",
        "issuer": {"id": endorser, "type": ["Profile"], "name": 'The "Partner"'},
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {
            "id": f"https://catalog.example.org/microcredentials/x/versions/{number}",
            "type": ["EndorsementSubject"],
            "endorsementComment": "We hire people who can do this. 🤝",
        },
    }
    text = orjson.dumps(signed(document, KEY, f"{endorser}#{KEY.public.multikey()}", NOON)).decode()
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Endorsement(digest=digest, by=endorser, name="The Partner", credential=text)


def _uuid(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


_DEFAULTS: Final[dict[str, Any]] = {
    name: field.default for name, field in Achievement.model_fields.items() if not field.is_required()
}
