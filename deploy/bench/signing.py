"""How many embedded proofs one core makes: by the templates that awarding signs with, and by reading each document as JSON-LD.

Both sign the same credentials of the demonstration's catalog, turn by turn. `python -m deploy.bench.signing` runs it alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from time import process_time
from typing import Any, Final

import orjson
from joserfc.jwk import OKPKey

from deploy.demo.cohort import SEED
from deploy.demo.documents import FIRST, documents
from deploy.demo.people import Person, people
from services.awarding.credentials.addresses import Addresses
from services.awarding.credentials.document import CONTEXTS_DIGEST, credential_document
from services.awarding.credentials.identity import Identity
from services.awarding.credentials.profile import digest_of_profile, issuer_profile
from services.awarding.credentials.template import Signer
from services.awarding.domain.ids import PublicIds
from shared.credentials.keys import SigningKey, signing_key
from shared.credentials.proofs import signed
from shared.events.awarding import AwardGranted, AwardStatus, CredentialIssued, Reason, StatusEntry
from shared.events.definitions import Achievement, Stack
from shared.events.envelope import Cause
from shared.requirements.model import Requirement, Scored, WeightedMean
from shared.requirements.sentences import label
from shared.requirements.tree import joined, parts_of

LEARNERS: Final = 200
TURNS: Final = 20
FAST_PER_TURN: Final = 200
SLOW_PER_TURN: Final = 8
ADDRESSES: Final = Addresses("https://awards.northfield.example", "https://catalog.northfield.example")

Sign = Callable[[dict[str, Any], SigningKey, str, datetime], dict[str, Any]]


@dataclass(frozen=True)
class Signing:
    """Credentials signed per second of one core's processor time. `made_per_second` counts making the document as well.

    `shapes` is how many templates were made, in `learnt_in` seconds; `bytes` and `quads` are a credential's, in the mean.
    """

    fast_per_second: float
    slow_per_second: float
    ratio: float
    made_per_second: float
    achievements: int
    credentials: int
    bytes: float
    quads: float
    shapes: int
    learnt_in: float
    went_slowly: int


@dataclass(frozen=True)
class _Unsigned:
    make: Callable[[], dict[str, Any]]
    method: str
    created: datetime


def measure() -> Signing:
    """Takes some twenty seconds."""
    random = Random(SEED)
    key = signing_key({**OKPKey.generate_key("Ed25519").as_dict(private=True), "kid": "proofs"})
    achievements = tuple(_achievements())
    everybody = people(random, 2 * LEARNERS)
    signer = Signer()
    before = process_time()
    for credential in _credentials(achievements, everybody[:LEARNERS], random, 10 * len(achievements)):
        signer.signed(credential.make(), key, credential.method, credential.created)
    learnt_in, shapes = process_time() - before, signer.documents.shapes
    slow_before = signer.documents.slow
    others = list(_credentials(achievements, everybody[LEARNERS:], random, TURNS * FAST_PER_TURN))
    fast = slow = making = 0.0
    sizes: list[int] = []
    for turn in range(TURNS):
        some = others[turn * FAST_PER_TURN : (turn + 1) * FAST_PER_TURN]
        before = process_time()
        unsigned = [credential.make() for credential in some]
        making += process_time() - before
        quickly, took = _timed(signer.signed, some, unsigned, key)
        fast += took
        slowly, took = _timed(signed, some[:SLOW_PER_TURN], unsigned[:SLOW_PER_TURN], key)
        slow += took
        if orjson.dumps(quickly[:SLOW_PER_TURN]) != orjson.dumps(slowly):
            raise RuntimeError("the fast way gave other bytes than the slow one")
        sizes += (len(orjson.dumps(document)) for document in quickly)
    fast_per_second, slow_per_second = len(others) / fast, TURNS * SLOW_PER_TURN / slow
    quads = [signer.documents.canonical(credential.make()).count("\n") for credential in others[:FAST_PER_TURN]]
    return Signing(
        fast_per_second=round(fast_per_second, 1),
        slow_per_second=round(slow_per_second, 1),
        ratio=round(fast_per_second / slow_per_second, 1),
        made_per_second=round(len(others) / (fast + making), 1),
        achievements=len(achievements),
        credentials=len(others),
        bytes=round(sum(sizes) / len(sizes)),
        quads=round(sum(quads) / len(quads), 1),
        shapes=shapes,
        learnt_in=round(learnt_in, 2),
        went_slowly=signer.documents.slow - slow_before,
    )


def _timed(
    sign: Sign, credentials: Sequence[_Unsigned], unsigned: Sequence[dict[str, Any]], key: SigningKey
) -> tuple[list[dict[str, Any]], float]:
    before = process_time()
    done = [
        sign(document, key, credential.method, credential.created)
        for credential, document in zip(credentials, unsigned, strict=True)
    ]
    return done, process_time() - before


def _achievements() -> Iterator[Achievement]:
    for document in documents(FIRST):
        if "stack" in document:
            yield from Stack.model_validate(document).as_achievements()
        else:
            yield Achievement.model_validate(document)


def _credentials(
    achievements: Sequence[Achievement], learners: Sequence[Person], random: Random, number: int
) -> Iterator[_Unsigned]:
    """Of different learners, who earned different achievements with different results, and of whom half share who they are."""
    ids = PublicIds(b"a key for measuring")
    start = datetime(2024, 1, 8, 9, tzinfo=UTC)
    for place in range(number):
        achievement, person = random.choice(achievements), random.choice(learners)
        awarded = start + timedelta(seconds=random.randrange(70_000_000))
        award = AwardGranted(
            revision=1,
            cause=Cause(kind="completion", id="c", time=awarded),
            award=ids.award(person.learner, achievement.id, place),
            learner=person.learner,
            achievement=achievement.id,
            version=1,
            status=AwardStatus.VALID,
            awarded_at=awarded,
            status_since=awarded,
            valid_until=None if achievement.valid_for is None else awarded + achievement.valid_for,
            reason=_met(achievement.requirement, random),
        )
        yield _unsigned(ids, achievement, person, award, place)


def _unsigned(ids: PublicIds, achievement: Achievement, person: Person, award: AwardGranted, place: int) -> _Unsigned:
    unit, credential = achievement.issuer.id, ids.credential(award.award)
    issued = CredentialIssued(
        revision=1,
        cause=award.cause,
        credential=credential,
        award=award.award,
        award_revision=1,
        learner=person.learner,
        achievement=achievement.id,
        version=1,
        issuer=unit,
        status=StatusEntry(purpose="revocation", list=f"{unit}-r-0-0", index=(place * 7_919) % 131_072),
        signed_with="proofs",
        valid_from=award.awarded_at,
        created=award.awarded_at + timedelta(seconds=1),
        profile=digest_of_profile(issuer_profile(achievement.issuer, ADDRESSES)),
        contexts=CONTEXTS_DIGEST,
    )
    shares = uuid.UUID(hex=award.award).int % 2
    identity = Identity(ids.salt(credential, 1), person.name, person.address) if shares else None
    subject = ids.subject(person.learner, unit)

    def make() -> dict[str, Any]:
        return credential_document(issued, award, achievement, addresses=ADDRESSES, subject=subject, identity=identity)

    return _Unsigned(make, ADDRESSES.key(unit, "proofs"), issued.created)


def _met(requirement: Requirement, random: Random, path: str = "") -> Reason:
    """The requirement met in all its parts, as awarding says it."""
    value = f"{random.uniform(0.5, 1):.3f}" if isinstance(requirement, Scored | WeightedMean) else None
    of = tuple(_met(part, random, joined(path, step)) for step, part in parts_of(requirement))
    return Reason(says=label(requirement), path=path, met=True, value=value, of=of)


if __name__ == "__main__":
    print(orjson.dumps(asdict(measure()), option=orjson.OPT_INDENT_2).decode())
