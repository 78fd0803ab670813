"""The credential that proves an award, before it is signed: Open Badges 3.0's AchievementCredential.

A pure function of the edition's fact, the award's fact, the achievement's version and what the learner shares of who they are.
Source: https://www.imsglobal.org/spec/ob/v3p0/ (members), https://www.w3.org/TR/vc-data-model-2.0/ (the credential itself).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from services.awarding.credentials.addresses import Addresses
from services.awarding.credentials.elements import EXTENSION, alignments, elements
from services.awarding.credentials.evidence import evidence, result_descriptions, results
from services.awarding.credentials.identity import Identity
from services.awarding.credentials.profile import digest_of_profile, issuer_profile, party_profile
from shared.credentials.contexts import CREDENTIALS, OPEN_BADGES, digest_of
from shared.events.awarding import AwardFact, CredentialIssued
from shared.events.catalog import Endorsement
from shared.events.definitions import Achievement
from shared.events.envelope import rfc3339

CONTEXTS: Final[Sequence[str | Mapping[str, Any]]] = (CREDENTIALS, OPEN_BADGES, EXTENSION)
"""In the standard's order, our own terms last. A later release that changes them keeps these, by their digest."""

CONTEXTS_DIGEST: Final = digest_of(CONTEXTS)

_LANGUAGE: Final = re.compile(r"^[a-z]{2,4}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$")
"""What Open Badges takes as a language: a primary one with at most a script and a region."""


class Unmakeable(Exception):
    """The edition was issued with something that this process does not have, so its bytes can't be made. The text says what."""


def credential_document(
    issued: CredentialIssued,
    award: AwardFact,
    achievement: Achievement,
    *,
    addresses: Addresses,
    subject: str,
    identity: Identity | None = None,
    endorsements: Sequence[Endorsement] = (),
) -> dict[str, Any]:
    """Without its proof. `achievement` is the version's, a level as the achievement that it is awarded as; `subject` the
    learner's `urn:uuid:`. Of `endorsements` those are embedded that the edition names. Raises Unmakeable.
    """
    profile = issuer_profile(achievement.issuer, addresses)
    if issued.contexts != CONTEXTS_DIGEST:
        raise Unmakeable("it was issued with other JSON-LD contexts than this release has")
    if issued.profile != digest_of_profile(profile):
        raise Unmakeable("it was issued under another address, or profile, of its issuer")
    document = {
        "@context": [context if isinstance(context, str) else dict(context) for context in CONTEXTS],
        "id": issued.credential,
        "type": ["VerifiableCredential", "AchievementCredential"],
        "name": achievement.name,
        "description": achievement.description,
        "issuer": profile,
        "validFrom": rfc3339(issued.valid_from),
        "validUntil": _time(award.valid_until),
        "awardedDate": rfc3339(award.awarded_at),
        "credentialSubject": _subject(issued, award, achievement, addresses, subject, identity, endorsements),
        "evidence": evidence(award, achievement),
        "credentialStatus": _status(issued, addresses),
    }
    return _filled(document)


def _subject(
    issued: CredentialIssued,
    award: AwardFact,
    achievement: Achievement,
    addresses: Addresses,
    subject: str,
    identity: Identity | None,
    endorsements: Sequence[Endorsement],
) -> dict[str, Any]:
    id_ = addresses.achievement(achievement.id, issued.version)
    assessor, designer = achievement.assessed_by, achievement.designed_by
    return _filled(
        {
            "id": subject,
            "type": ["AchievementSubject"],
            "identifier": [] if identity is None else identity.objects(),
            "source": None if assessor is None else party_profile(assessor, achievement.issuer, addresses, told=designer),
            "creditsEarned": None if achievement.credits is None else _number(achievement.credits.amount),
            "result": results(award, achievement, id_),
            "achievement": _achievement(issued, achievement, addresses, endorsements),
        }
    )


def _achievement(
    issued: CredentialIssued, achievement: Achievement, addresses: Addresses, endorsements: Sequence[Endorsement]
) -> dict[str, Any]:
    id_ = addresses.achievement(achievement.id, issued.version)
    designer = achievement.designed_by
    return _filled(
        {
            "id": id_,
            "type": ["Achievement"],
            "achievementType": achievement.achievement_type.value,
            "name": achievement.name,
            "description": achievement.description,
            "criteria": {"id": f"{id_}#criteria", "narrative": criteria(achievement)},
            "image": {"id": addresses.picture(achievement.id, issued.version), "type": "Image", "caption": achievement.name},
            "humanCode": achievement.id,
            "version": str(issued.version),
            "inLanguage": language(achievement.language),
            "tag": list(dict.fromkeys(achievement.tags)),
            "creator": None if designer is None else party_profile(designer, achievement.issuer, addresses),
            "creditsAvailable": None if achievement.credits is None else _number(achievement.credits.amount),
            "alignment": alignments(achievement, id_),
            "resultDescription": result_descriptions(achievement, id_),
            "related": _related(issued, achievement, addresses),
            "endorsement": _endorsements(issued, endorsements),
            **elements(achievement, id_),
        }
    )


def criteria(achievement: Achievement) -> str:
    """The author's own words, and what the learner can do afterwards, in Markdown."""
    outcomes = "\n".join(f"- {outcome.text}" for outcome in achievement.learning_outcomes)
    return f"{achievement.criteria}\n\n**Learning outcomes**\n\n{outcomes}" if outcomes else achievement.criteria


def language(tag: str) -> str:
    """The definition's language as Open Badges writes it: `de`, `en-GB`, `zh-Hant-TW`."""
    primary, *others = tag.split("-")
    cased = [part.title() if len(part) == 4 else part.upper() for part in others]
    written = "-".join([primary.lower(), *cased])
    return written if _LANGUAGE.match(written) else primary.lower()


def _related(issued: CredentialIssued, achievement: Achievement, addresses: Addresses) -> list[dict[str, Any]]:
    before = issued.version - 1
    if before < 1:
        return []
    return [{"id": addresses.achievement(achievement.id, before), "type": ["Related"], "version": str(before)}]


def _endorsements(issued: CredentialIssued, endorsements: Sequence[Endorsement]) -> list[Any]:
    """Those with a proof of their own, as they were uploaded; one that is a JWT is no JSON object to embed."""
    by_digest = {endorsement.digest: endorsement for endorsement in endorsements}
    missing = [digest for digest in issued.endorsements if digest not in by_digest]
    if missing:
        raise Unmakeable(f"the endorsement {missing[0]} that it was issued with is not published any more")
    return [json.loads(by_digest[digest].credential) for digest in sorted(issued.endorsements)]


def _status(issued: CredentialIssued, addresses: Addresses) -> dict[str, str]:
    """One object, never an array: both published schemas want it so."""
    list_ = addresses.status_list(issued.issuer, issued.status.list)
    return {
        "id": f"{list_}#{issued.status.index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": issued.status.purpose,
        "statusListIndex": str(issued.status.index),
        "statusListCredential": list_,
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)


def _number(amount: Decimal) -> int | float:
    """A whole number as one: as a fraction its canonical form would depend on the implementation."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _filled(members: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty: the standard has nulls and empty arrays left out."""
    return {name: value for name, value in members.items() if value is not None and value != [] and value != ""}
