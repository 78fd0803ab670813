"""What of the standards a credential does not keep: members missing or wrong, contexts out of order, lost associations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared.credentials.findings import Kind
from shared.credentials.shapes import AchievementCredential, Credential, EndorsementCredential, Other, Record

V2: Final = "https://www.w3.org/ns/credentials/v2"
V1: Final = "https://www.w3.org/2018/credentials/v1"
BADGES: Final = re.compile(r"https://purl\.imsglobal\.org/spec/ob/v3p0/context(-3\.\d\.\d)*\.json")
RECORDS: Final = re.compile(r"https://purl\.imsglobal\.org/spec/clr/v2p0/context(-2\.\d\.\d)*\.json")
MOST_FINDINGS: Final = 20

KINDS: Final[Mapping[str, Kind]] = {
    "ClrCredential": "clr",
    "AchievementCredential": "achievement",
    "OpenBadgeCredential": "achievement",
    "EndorsementCredential": "endorsement",
}
MODELS: Final[Mapping[Kind, type[Credential]]] = {
    "achievement": AchievementCredential,
    "endorsement": EndorsementCredential,
    "clr": Record,
    "other": Other,
}

Found = tuple[Literal["missing", "wrong", "association"], str, str]
"""What is wrong, with which member (its path), and why."""


def kind_of(document: Mapping[str, Any]) -> Kind:
    types = document.get("type")
    named = types if isinstance(types, list) else [types]
    return next((KINDS[name] for name in KINDS if name in named), "other")


def amiss(document: Mapping[str, Any]) -> list[Found]:
    """What of the standard the credential does not keep; empty if it keeps it. At most MOST_FINDINGS."""
    kind = kind_of(document)
    try:
        MODELS[kind].model_validate(document)
        found: list[Found] = []
    except ValidationError as error:
        found = list(dict.fromkeys(_found(detail) for detail in error.errors(include_url=False, include_input=False)[:200]))
    found += _of_edition(document, kind)
    if kind == "clr" and not found:
        found += _lost_associations(document["credentialSubject"])
    return _telling(found)[:MOST_FINDINGS]


def _telling(found: list[Found]) -> list[Found]:
    """Of a value that may be a text or an object pydantic says why it is neither: only what is inside it tells anything."""
    members = [member for _, member, _ in found]
    inside = {member for member in members if any(other.startswith((f"{member}.", f"{member}[")) for other in members)}
    return sorted((one for one in found if one[1] not in inside), key=lambda one: one[0] != "missing")


def _found(detail: ErrorDetails) -> Found:
    member = ""
    for step in detail["loc"]:
        if isinstance(step, int):
            member += f"[{step}]"
        elif step not in ("Profile", "Named", "str", "list[str]", "dict[str,any]") and not step.startswith("function-"):
            member += f".{step}" if member else step
    if detail["type"] == "missing":
        return "missing", member, ""
    return "wrong", member, detail["msg"].removeprefix("Value error, ")


def _of_edition(document: Mapping[str, Any], kind: Kind) -> Iterator[Found]:
    """The contexts, in their order, and what depends on the edition of the data model."""
    contexts = _listed(document.get("@context"))
    first, rest = contexts[0] if contexts else None, contexts[1:]
    if first not in (V1, V2):
        yield "wrong", "@context[0]", f"it should be {V2}"
    wanted = {"achievement": [BADGES], "endorsement": [BADGES], "clr": [RECORDS, BADGES], "other": []}[kind]
    if first == V2:
        for place, pattern in enumerate(wanted, 1):
            if not (len(rest) >= place and isinstance(rest[place - 1], str) and pattern.fullmatch(rest[place - 1])):
                yield (
                    "wrong",
                    f"@context[{place}]",
                    "it should be the context of Open Badges 3.0 or CLR 2.0, in the standard's order",
                )
    if "VerifiableCredential" not in _listed(document.get("type")):
        yield "wrong", "type", "VerifiableCredential should be among them"
    date = "issuanceDate" if first == V1 else "validFrom"
    if date not in document and not (first == V2 and kind == "other"):
        yield "missing", date, ""


def _lost_associations(subject: Mapping[str, Any]) -> Iterator[Found]:
    """Ids in associations that no achievement of the record has. Parts that came as tokens are not opened for it."""
    parts = _listed(subject["verifiableCredential"])
    if any(not isinstance(part, dict) for part in parts) or "association" not in subject:
        return
    known = {achievement.get("id") for achievement in _listed(subject.get("achievement"))}
    for part in parts:
        within = part.get("credentialSubject")
        for one in within if isinstance(within, list) else [within]:
            if isinstance(one, dict) and isinstance(one.get("achievement"), dict):
                known.add(one["achievement"].get("id"))
    for place, association in enumerate(_listed(subject["association"])):
        for member in ("sourceId", "targetId"):
            if association[member] not in known:
                yield "association", f"credentialSubject.association[{place}].{member}", association[member]


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
