"""Whether an issuer took a credential back. "Not revoked" is said only if a list that can be relied on was read just now.

https://www.w3.org/TR/vc-bitstring-status-list/, and 1EdTech's older revocation list (VCRL 1.0).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from shared.credentials.dates import in_force
from shared.credentials.findings import Check, finding
from shared.credentials.proving import Bench, is_signer, issuer_of, proved
from shared.credentials.reading import Brought, Unreadable
from shared.credentials.resolving import NotFound
from shared.credentials.workers import TookTooLong

SHORTEST: Final = 131_072
"""Places that a list must have, so that nobody can tell from the place whose it is."""

MOST_ENTRIES: Final = 5
LISTS: Final = "application/vc, application/vc+ld+json, application/vc+jwt, application/json, */*;q=0.5"


async def status_of(bench: Bench, document: Mapping[str, Any]) -> Check:
    """The worst of all that its entries say: revoked before unreadable, unreadable before clear."""
    said = document.get("credentialStatus")
    entries = [entry for entry in (said if isinstance(said, list) else [said]) if entry is not None]
    if not entries:
        return finding("status.none")
    if len(entries) > MOST_ENTRIES:
        return finding("status.malformed", reason=f"it has more than {MOST_ENTRIES} entries")
    found = await asyncio.gather(*(_entry(bench, document, entry) for entry in entries))
    order = {"no": 0, "unknown": 1, "yes": 2}
    worst = min(found, key=lambda check: order[check.outcome])
    others = [other.sentence for other in found if other is not worst]
    return finding(worst.code, *worst.details, *others, **worst.params) if others else worst


async def _entry(bench: Bench, document: Mapping[str, Any], entry: object) -> Check:
    if not isinstance(entry, dict):
        return finding("status.malformed", reason="an entry is not an object")
    kinds = entry.get("type")
    kind = kinds[0] if isinstance(kinds, list) and kinds else kinds
    if kind == "BitstringStatusListEntry":
        return await _in_bitstring(bench, document, entry)
    if kind == "1EdTechRevocationList":
        return await _in_revocation_list(bench, document, entry)
    return finding("status.unsupported", kind=kind)


async def _in_bitstring(bench: Bench, document: Mapping[str, Any], entry: Mapping[str, Any]) -> Check:
    address, index, purpose = (entry.get(member) for member in ("statusListCredential", "statusListIndex", "statusPurpose"))
    if not isinstance(address, str) or not isinstance(purpose, str):
        return finding("status.malformed", reason="statusListCredential and statusPurpose are needed")
    if not isinstance(index, str) or not re.fullmatch(r"\d{1,12}", index):
        return finding("status.malformed", reason="statusListIndex is not a number in a string")
    if entry.get("statusSize", 1) != 1:
        return finding("status.unsupported", kind=f"entries of {entry['statusSize']} bits")
    if address not in bench.lists:
        bench.lists[address] = asyncio.ensure_future(_list_at(bench, address))
    listing = await bench.lists[address]
    if isinstance(listing, Check):
        return listing
    if (why := _not_the_one(listing, document, address, purpose)) is not None:
        return finding("status.not_trusted", address=address, reason=why)
    return await _looked_up(bench, listing["credentialSubject"]["encodedList"], address, int(index), purpose)


async def _list_at(bench: Bench, address: str) -> dict[str, Any] | Check:
    """The list, if it can be relied on; once for all parts of a record that have their places in it."""
    try:
        data, _ = await bench.resolver.bytes_at(address, LISTS)
        brought = _read(await bench.ask("read", data=data))
    except NotFound as missing:
        return finding("status.unreadable", address=address, reason=missing.says)
    except Unreadable as error:
        return finding("status.unreadable", address=address, reason=error.says)
    except TookTooLong:
        return finding("status.unreadable", address=address, reason="it took too long")
    proof, issuer = await proved(bench, brought)
    for check in (proof, issuer, in_force(brought.document, brought.claims)):
        # Whoever issued the credential may answer for its status, however little else is known of them.
        if check.outcome != "yes" and not (check is issuer and is_signer(issuer)):
            return finding("status.not_trusted", check.sentence, address=address, reason=check.sentence.rstrip("."))
    return brought.document


def _read(answer: Mapping[str, Any]) -> Brought:
    return Brought(answer["document"], answer["source"], answer["token"], answer["header"], answer["claims"])


def _not_the_one(listing: Mapping[str, Any], document: Mapping[str, Any], address: str, purpose: str) -> str | None:
    """Why the list can't be the one that the entry means."""
    subject = listing.get("credentialSubject")
    types = listing.get("type")
    if "BitstringStatusListCredential" not in (types if isinstance(types, list) else [types]):
        return "what is there is no status list"
    if not isinstance(subject, dict) or not isinstance(subject.get("encodedList"), str):
        return "it has no entries"
    if listing.get("id", address) != address:
        return "what is there is another list"
    purposes = subject.get("statusPurpose")
    if purpose not in (purposes if isinstance(purposes, list) else [purposes]):
        return "it is kept for another purpose"
    if issuer_of(listing) != issuer_of(document):
        return "somebody else than the issuer keeps it"
    return None


async def _looked_up(bench: Bench, encoded: str, address: str, index: int, purpose: str) -> Check:
    try:
        answer = await bench.ask("bit", encoded=encoded, index=index)
    except TookTooLong:
        return finding("status.unreadable", address=address, reason="it took too long to unpack")
    if "malformed" in answer:
        return finding("status.unreadable", address=address, reason=answer["malformed"])
    if answer["size"] < SHORTEST:
        return finding("status.not_trusted", address=address, reason=f"it has fewer than {SHORTEST} places")
    if answer["set"] is None:
        return finding("status.unreadable", address=address, reason="it has no such place")
    told = f"Place {index} of the list at {address}, kept for {purpose}."
    if not answer["set"]:
        return finding("status.clear", told)
    if purpose in ("revocation", "suspension"):
        return finding("status.revoked" if purpose == "revocation" else "status.suspended", told)
    return finding("status.set", told, purpose=purpose)


async def _in_revocation_list(bench: Bench, document: Mapping[str, Any], entry: Mapping[str, Any]) -> Check:
    """A list of ids, unsigned: whoever serves it by https answers for it, so it must be the issuer's."""
    address = entry.get("id")
    if not isinstance(address, str):
        return finding("status.malformed", reason="the list's address is missing")
    try:
        data, _ = await bench.resolver.bytes_at(address)
        listing = orjson.loads(data)
    except NotFound as missing:
        return finding("status.unreadable", address=address, reason=missing.says)
    except orjson.JSONDecodeError:
        return finding("status.unreadable", address=address, reason="what is there is not JSON")
    revoked = listing.get("revokedCredential", []) if isinstance(listing, dict) else None
    if not isinstance(revoked, list) or not (
        {"revokedCredential", "unrevokedCredential"} & listing.keys() or "issuer" in listing
    ):
        return finding("status.unreadable", address=address, reason="what is there is no revocation list")
    if listing.get("id", address) != address or issuer_of(listing) != issuer_of(document):
        return finding("status.not_trusted", address=address, reason="somebody else than the issuer keeps it")
    told = f"The issuer's list at {address}; such lists are not signed."
    for one in revoked:
        if isinstance(one, dict) and one.get("id") == document.get("id") and one.get("revoked", True) is not False:
            reason = one.get("revocationReason")
            return finding("status.revoked", told, *([f"The reason given: {reason}"] if isinstance(reason, str) else []))
    return finding("status.clear", told)
