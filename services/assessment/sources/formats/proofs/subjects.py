"""Whom a credential says that it was given to. Source: https://www.imsglobal.org/spec/ob/v3p0/#identityobject."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from services.assessment.sources.claims import Name
from services.assessment.sources.formats.members import LONGEST, mapping, the_object
from services.assessment.sources.formats.proofs.options import Match
from services.assessment.sources.formats.proofs.results import listed

IDENTITY_TYPES: Final[Mapping[str, Match]] = {
    "emailAddress": "email",
    "ext:emailAddress": "email",
    "sisSourcedId": "student_id",
    "sourcedId": "student_id",
    "lisSourcedId": "student_id",
    "oneRosterSourcedId": "student_id",
    "identifier": "student_id",
    "systemId": "student_id",
    "accountId": "student_id",
    "ext:studentId": "student_id",
    "name": "name",
}


def subject_of(credential: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one whom it is about. Raises Wrong."""
    subjects = listed(credential.get("credentialSubject"))
    return the_object(subjects[0] if len(subjects) == 1 else None, "credential.credentialSubject", "whom it is about")


def identities_in(subject: Mapping[str, Any]) -> Iterator[tuple[Match, Mapping[str, Any]]]:
    """The identity objects of the kinds that learners can be found by."""
    for one in listed(subject.get("identifier")):
        identity = mapping(one)
        kind = identity.get("identityType")
        if isinstance(kind, str) and kind in IDENTITY_TYPES:
            yield IDENTITY_TYPES[kind], identity


def names_in(subject: Mapping[str, Any], matches: Collection[Match]) -> tuple[Name, ...]:
    """What stands there in plain: the best first."""
    found: dict[Name, None] = {}
    id_ = subject.get("id")
    if "id" in matches and isinstance(id_, str) and 0 < len(id_) <= LONGEST:
        found[Name("id", id_)] = None
    for kind, identity in identities_in(subject):
        if kind in matches and (value := plain(identity)) is not None:
            found[Name(kind, value)] = None
    return tuple(found)


def plain(identity: Mapping[str, Any]) -> str | None:
    """The value of what is not hashed."""
    value = identity.get("identityHash")
    if identity.get("hashed") is not False or not isinstance(value, str) or not 0 < len(value.strip()) <= LONGEST:
        return None
    return value.strip()
