"""Checks any Open Badges 3.0 credential, endorsement or CLR 2.0 record, ours or another's.

Each question is answered with yes, no, or that it could not be found out; the answer is there within two seconds whatever the
credential names or is made of. Nobody's word is taken for what can be checked, and what can't is never called good.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any, Final

from shared.credentials.dates import in_force
from shared.credentials.fetching import Fetcher
from shared.credentials.findings import Check, Part, Report, finding, verdict_of
from shared.credentials.parts import Within, within
from shared.credentials.people import given_to
from shared.credentials.proving import Bench, issuer_of, proved
from shared.credentials.reading import MOST_PICTURE, Brought, Unreadable
from shared.credentials.resolving import NotFound, Own, Resolver
from shared.credentials.schemas import schema_of
from shared.credentials.statuses import status_of
from shared.credentials.structure import kind_of
from shared.credentials.summaries import name_of, summary_of
from shared.credentials.workers import Busy, TookTooLong, Workers

ANSWERING: Final = 1.7
"""Seconds from the question until nothing more is worked out."""
FIRST: Final = 0.5
"""Of these, how long parts wait, so that many of them never take the place of what they are parts of."""
WORKING: Final = 0.3
"""Of these, what is kept for work after the last document was fetched."""

CREDENTIALS: Final = (
    "application/vc, application/vc+ld+json, application/vc+jwt, application/json, image/png, image/svg+xml, */*;q=0.5"
)


@dataclass(frozen=True)
class Tools:
    """What all checks share. `own` gives documents of our own `origins`; `known` are issuers by their id, with their names,
    and `ours` how ids of our own issuers begin."""

    fetcher: Fetcher
    workers: Workers
    own: Own
    origins: Sequence[str] = ()
    known: Mapping[str, str] = field(default_factory=dict)
    ours: Sequence[str] = ()
    within: float = ANSWERING


async def check(
    tools: Tools,
    data: bytes | None = None,
    *,
    address: str | None = None,
    documents: Mapping[str, Any] | None = None,
    email: str | None = None,
) -> Report:
    """All answers about the credential in the bytes, or at the address.

    `documents` are identity documents, contexts and schemas that the asker has kept, by DID or address: used where nobody
    answers for the live ones, never for status, and never enough to say who the issuer is. `email` is compared with whom it was
    given to. Raises Unreadable if there is no credential.
    """
    begun = monotonic()
    resolver = Resolver(tools.fetcher, tools.own, tools.origins, begun + tools.within - WORKING, given=documents or {})
    bench = Bench(resolver, tools.workers, begun + tools.within, tools.known)
    if data is None:
        data = await _at(resolver, address or "")
    brought = await _read(bench, data)
    own = asyncio.ensure_future(_checks(bench, brought))
    await asyncio.wait({own}, timeout=FIRST)
    parts, checks = await asyncio.gather(_parts(bench, brought), own)
    checks = _with_parts(checks, *parts)
    checks = (*checks, _known(tools, brought.document, checks))
    return Report(
        checks=checks,
        kind=kind_of(brought.document),
        summary=summary_of(brought.document),
        credential=brought.document,
        jwt=brought.token is not None,
        parts=parts[0],
        email=None if email is None else _given_to(brought.document, email, checks),
    )


async def status_now(tools: Tools, document: Mapping[str, Any], *, afresh: bool = False) -> Check:
    """Whether the issuer of a credential that was checked before has taken it back since. Only its issuer, id and
    credentialStatus are looked at. Lists that were read a moment ago, for another credential, serve again unless they are to be
    read `afresh`."""
    begun = monotonic()
    resolver = Resolver(tools.fetcher, tools.own, tools.origins, begun + tools.within - WORKING, afresh=afresh)
    return await status_of(Bench(resolver, tools.workers, begun + tools.within, tools.known), document)


async def _at(resolver: Resolver, address: str) -> bytes:
    try:
        data, _ = await resolver.bytes_at(address.strip(), CREDENTIALS, MOST_PICTURE)
    except NotFound as missing:
        raise Unreadable("address", f"The credential could not be read from {address[:200]}: {missing.says}.") from missing
    return data


async def _read(bench: Bench, data: bytes) -> Brought:
    try:
        answer = await bench.ask("read", data=data)
    except TookTooLong as error:
        raise given_up(error) from error
    return Brought(answer["document"], answer["source"], answer["token"], answer["header"], answer["claims"])


def given_up(error: TookTooLong) -> Unreadable:
    """Why something was not even read."""
    if isinstance(error, Busy):
        return Unreadable("busy", "Too many credentials are being checked at the moment; please try again.")
    return Unreadable("too_costly", "Reading it took too long, so it was given up.")


async def _checks(bench: Bench, brought: Brought) -> tuple[Check, ...]:
    (proof, issuer), status, schema = await asyncio.gather(
        proved(bench, brought), status_of(bench, brought.document), schema_of(bench, brought)
    )
    return proof, issuer, in_force(brought.document, brought.claims), status, schema


async def _parts(bench: Bench, brought: Brought) -> tuple[tuple[Part, ...], int]:
    found, left = within(brought.document)
    return tuple(await asyncio.gather(*(_part(bench, one) for one in found))), left


async def _part(bench: Bench, one: Within) -> Part:
    if isinstance(one.credential, dict):
        brought = Brought(one.credential, "json")
    else:
        try:
            brought = await _read(bench, one.credential.encode("utf-8", "replace"))
        except Unreadable as error:
            return Part(one.what, "", "", "invalid", (finding("proof.malformed", reason=error.says.rstrip(".")),))
    checks = await _checks(bench, brought)
    return Part(one.what, name_of(brought.document), issuer_of(brought.document) or "", verdict_of(checks), checks)


def _with_parts(checks: tuple[Check, ...], parts: Sequence[Part], left: int) -> tuple[Check, ...]:
    """The parts in the details of the proof. A part that was tampered with takes the whole record's proof with it."""
    proof, *others = checks
    told = [f"{part.what.capitalize()} {part.name or 'without a name'}: {_worst(part).sentence}" for part in parts]
    if left:
        told.append(f"{left} more within were not checked.")
    for part in parts:
        if part.what == "credential" and part.checks[0].outcome == "no" and proof.outcome != "no":
            proof = finding("proof.part_tampered", *proof.details, part=part.name or part.issuer)
    return replace(proof, details=(*proof.details, *told)), *others


def _worst(part: Part) -> Check:
    return min(part.checks, key=lambda check: ("no", "unknown", "yes").index(check.outcome))


def _known(tools: Tools, document: Mapping[str, Any], checks: Sequence[Check]) -> Check:
    """Only of an issuer whose identity is confirmed: anybody can write a known issuer's name."""
    issuer = issuer_of(document)
    confirmed = next(check for check in checks if check.name == "issuer")
    if confirmed.code == "issuer.is_key":
        return finding("known.not_listed")
    if issuer is None or confirmed.outcome != "yes":
        return finding("known.not_confirmed")
    if issuer.startswith(tuple(tools.ours)):
        return finding("known.own")
    return finding("known.listed", name=tools.known[issuer]) if issuer in tools.known else finding("known.not_listed")


def _given_to(document: Mapping[str, Any], email: str, checks: Sequence[Check]) -> Check:
    if any(check.name == "proof" and check.outcome != "yes" for check in checks):
        return finding("email.not_proved")
    return given_to(document, email)
