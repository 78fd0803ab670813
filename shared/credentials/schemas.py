"""Whether a credential has what the standard asks for, what its own schema asks for, and whether its token says the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.credentials.findings import Check, finding
from shared.credentials.proving import Bench, issuer_of
from shared.credentials.reading import Brought
from shared.credentials.resolving import NotFound
from shared.credentials.shapes import instant
from shared.credentials.workers import TookTooLong

KINDS: Final = frozenset({"1EdTechJsonSchemaValidator2019", "JsonSchema", "JsonSchemaValidator2018"})
MOST_SCHEMAS: Final = 3


async def schema_of(bench: Bench, brought: Brought) -> Check:
    document = brought.document
    if (claim := _other_claim(document, brought.claims or {})) is not None:
        return finding("schema.claims_differ", claim=claim)
    try:
        found = await bench.ask("structure", document=document)
    except TookTooLong:
        return finding("schema.too_costly")
    if found:
        others = tuple(f"{member}: {reason or 'it is missing'}" for _, member, reason in found[1:])
        kind, member, reason = found[0]
        if kind == "association":
            return finding("schema.association_unknown", *others, id=reason)
        if kind == "missing":
            return finding("schema.member_missing", *others, member=member)
        return finding("schema.member_wrong", *others, member=member, reason=reason)
    return await _by_its_own(bench, document)


async def _by_its_own(bench: Bench, document: dict[str, Any]) -> Check:
    """By the schemas that it names itself, where they can be read."""
    named = document.get("credentialSchema")
    entries = [entry for entry in (named if isinstance(named, list) else [named]) if entry is not None]
    found = [await _by_one(bench, document, entry) for entry in entries[:MOST_SCHEMAS]]
    worst = min(found, key=lambda check: ("no", "unknown", "yes").index(check.outcome), default=finding("schema.good"))
    told = [detail for check in found for detail in check.details]
    return finding(worst.code, *told, **worst.params)


async def _by_one(bench: Bench, document: dict[str, Any], entry: object) -> Check:
    kind, address = (entry.get("type"), entry.get("id")) if isinstance(entry, dict) else (None, None)
    if kind not in KINDS or not isinstance(address, str):
        return finding("schema.unsupported", kind=kind)
    try:
        schema, _ = await bench.resolver.object_at(address, kept_first=True)
        answer = await bench.ask("schema", document=document, schema=schema)
    except NotFound as missing:
        return finding("schema.unreadable", address=address, reason=missing.says)
    except TookTooLong:
        return finding("schema.unreadable", address=address, reason="comparing took too long")
    if answer is None:
        return finding("schema.good", f"It is as {address} asks.")
    if "unreadable" in answer:
        return finding("schema.unreadable", address=address, reason=answer["unreadable"])
    return finding("schema.differs", f"The schema is {address}.", member=answer["member"], reason=answer["reason"])


def _other_claim(document: Mapping[str, Any], claims: Mapping[str, Any]) -> str | None:
    """The first of a token's claims that contradicts the credential; those that are missing contradict nothing."""
    subject = document.get("credentialSubject")
    says = {
        "iss": issuer_of(document),
        "jti": document.get("id"),
        "sub": subject.get("id") if isinstance(subject, dict) else None,
        "nbf": _seconds(document.get("validFrom", document.get("issuanceDate"))),
        "exp": _seconds(document.get("validUntil", document.get("expirationDate"))),
    }
    for claim, said in says.items():
        if claim in claims and said is not None and claims[claim] != said:
            return claim
    return None


def _seconds(text: object) -> int | None:
    try:
        return int(instant(text).timestamp()) if isinstance(text, str) else None
    except ValueError:
        return None
