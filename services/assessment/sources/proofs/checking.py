"""What is found out about what somebody brings, as facts that stand with it: each credential in it is an original of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from services.assessment.sources.formats.proofs.options import Options
from shared.credentials import reading
from shared.credentials.checking import Tools, check
from shared.credentials.findings import NEEDED, Check, Report, Verdict, verdict_of
from shared.credentials.parts import MOST_PARTS, within
from shared.credentials.reading import Unreadable

LARGEST: Final = 200_000
"""Bytes of one credential. Pictures in it that are not by address may make it larger, and prove nothing."""

WITHIN: Final = 10.0
"""Seconds for what is brought to be checked."""

TOO_MANY: Final = (
    f"the record has more than {MOST_PARTS} credentials, of which those were checked; bring the others by themselves"
)
TOO_LARGE: Final = f"a credential may have {LARGEST} bytes; leave out pictures that are in it"
EMPTY: Final = "the record has no credentials; it needs at least one in `credentialSubject.verifiableCredential`"
RECORD_WITHIN: Final = "it is a record within a record; bring that by itself"


@dataclass(frozen=True, slots=True)
class Brought:
    """A credential, the token that it came as (if it did), and what was found out about it.

    `record` is the id of the record that it came in, and `of_record` the subject of that, where the record can be relied on.
    """

    credential: dict[str, Any]
    token: str | None
    checked: dict[str, Any]
    record: str | None = None
    of_record: Mapping[str, Any] | None = None

    def original(self, given: Mapping[str, Any], *, edition: int = 1, replaces: str | None = None) -> dict[str, Any]:
        """As the reader of proofs takes it."""
        said: dict[str, Any] = {"credential": self.credential, "checked": self.checked, "given": dict(given), "edition": edition}
        beside = {"token": self.token, "record": self.record, "replaces": replaces}
        return said | {name: value for name, value in beside.items() if value is not None}


Refused = dict[str, Any]
"""An original of what holds no credential, or one that was not looked at."""


async def brought_in(tools: Tools, data: bytes, options: Options) -> list[Brought | Refused]:
    """What somebody brings: a credential or a record as JSON or JWT, or a picture with one in it."""
    known = replace(tools, known={one.id: one.name for one in options.trusts}, within=WITHIN)
    try:
        report = await check(known, data)
        found = await asyncio.to_thread(reading.brought, data)
    except Unreadable as error:
        return [unreadable(error.says, 503 if error.code in ("busy", "too_costly") else 422)]
    if report.kind != "clr":
        return [_sized(Brought(found.document, found.token, _facts(report.checks)))]
    return [*await asyncio.to_thread(lambda: list(_parts(report, found.document, options)))]


def unreadable(says: str, status: int = 422) -> Refused:
    return {"unreadable": {"says": says, "status": status}}


def _parts(report: Report, record: dict[str, Any], options: Options) -> Iterator[Brought | Refused]:
    """Each part is signed and stands for itself; but a record that was changed, or taken back, spoils them all."""
    spoiled = _spoiled(report)
    id_ = record.get("id")
    held, left = within(record)
    checked = [part for part in report.parts if part.what == "credential"]
    reliable = report.verdict == "valid" and options.trusted(report.summary.get("issuer", "")) is not None
    of_record = record.get("credentialSubject") if reliable else None
    for part, one in zip(checked, (one for one in held if one.what == "credential"), strict=True):
        token = one.credential if isinstance(one.credential, str) else None
        try:
            credential = reading.brought(token.encode()).document if token is not None else one.credential
        except Unreadable as error:
            yield unreadable(error.says)
            continue
        assert isinstance(credential, dict)
        if "ClrCredential" in _listed(credential.get("type")):
            yield unreadable(RECORD_WITHIN)
            continue
        facts = _facts(part.checks) if spoiled is None else _facts([spoiled])
        subject = of_record if isinstance(of_record, dict) else None
        yield _sized(Brought(credential, token, facts, id_ if isinstance(id_, str) else None, subject))
    if left:
        yield unreadable(TOO_MANY)
    elif not checked:
        yield unreadable(EMPTY)


def _spoiled(report: Report) -> Check | None:
    proof, status = report["proof"], report["status"]
    if proof.outcome == "no" and proof.code != "proof.part_tampered":
        return proof
    return status if status.outcome == "no" else None


def _sized(one: Brought) -> Brought | Refused:
    size = len(one.token or "") + len(repr(one.credential))
    return one if size <= LARGEST else unreadable(TOO_LARGE, 413)


def _facts(checks: Iterable[Check]) -> dict[str, Any]:
    """The verdict, and the finding that it is for."""
    found = tuple(checks)
    verdict: Verdict = verdict_of(found)
    worst = min((one for one in found if one.name in NEEDED), key=lambda one: ("no", "unknown", "yes").index(one.outcome))
    if worst.outcome == "no":
        verdict = "invalid"
    return {"verdict": verdict, "code": worst.code, "says": worst.sentence}


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
