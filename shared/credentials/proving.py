"""Whether a credential is signed, by a good signature, with a key that its issuer's identity document trusts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final

from shared.credentials.contexts import CONTEXTS
from shared.credentials.findings import Check, finding
from shared.credentials.keys import TOKEN_NAMES, BadKey, public_key_of_jwk
from shared.credentials.reading import Brought
from shared.credentials.resolving import Identity, Method, NotFound, Resolver, Unresolvable
from shared.credentials.shapes import instant
from shared.credentials.workers import TookTooLong, Workers

MOST_PROOFS: Final = 6
MOST_CONTEXTS: Final = 8


@dataclass(frozen=True)
class Bench:
    """What a check works with. `until` is the moment, by `monotonic`, when the answer must be there; `known` are issuers by their
    id, with their names; `lists` the status lists that it has read so far, or why they can't be relied on."""

    resolver: Resolver
    workers: Workers
    until: float
    known: Mapping[str, str] = field(default_factory=dict)
    lists: dict[str, asyncio.Future[dict[str, Any] | Check]] = field(default_factory=dict)

    async def ask(self, job: str, data: bytes = b"", **question: Any) -> Any:
        """Raises TookTooLong and Unreadable. One job gets two thirds of the time that is left, and so leaves others some."""
        return await self.workers.ask(job, data, within=(self.until - monotonic()) * 2 / 3, **question)


def issuer_of(document: Mapping[str, Any]) -> str | None:
    issuer = document.get("issuer")
    id_ = issuer.get("id") if isinstance(issuer, dict) else issuer
    return id_.strip() if isinstance(id_, str) and id_.strip() else None


async def proved(bench: Bench, brought: Brought) -> tuple[Check, Check]:
    """The findings about its proof and about its issuer."""
    if brought.token is not None:
        return await _by_token(bench, brought, brought.token)
    proofs = brought.document.get("proof")
    entries = [entry for entry in (proofs if isinstance(proofs, list) else [proofs]) if entry is not None]
    if not entries:
        return finding("proof.none"), _without_proof(brought.document)
    if len(entries) > MOST_PROOFS or not all(isinstance(entry, dict) for entry in entries):
        return finding("proof.malformed", reason="a proof is an object, and there are six at most"), _without_proof(
            brought.document
        )
    return _together([await _by_proof(bench, brought.document, entry) for entry in entries])


def _together(found: list[tuple[Check, Check]]) -> tuple[Check, Check]:
    """Of several proofs: any that fails counts, then any that is good and the issuer's, then whatever there is."""
    outcomes = {"no": 0, "yes": 1, "unknown": 2}
    return min(found, key=lambda pair: (outcomes[pair[0].outcome], outcomes[pair[1].outcome] if pair[0].outcome == "yes" else 0))


def _without_proof(document: Mapping[str, Any]) -> Check:
    return finding("issuer.missing") if issuer_of(document) is None else finding("issuer.not_proved")


async def _by_proof(bench: Bench, document: dict[str, Any], proof: dict[str, Any]) -> tuple[Check, Check]:
    if (wrong := _amiss(proof)) is not None:
        return wrong, _without_proof(document)
    method, missing = await _method(bench.resolver, proof["verificationMethod"])
    if method is None or method.key is None:
        return missing or finding("proof.key_unreadable"), await _issuer_alone(bench, document, proof["verificationMethod"])
    (check, details), issuer = await asyncio.gather(_signature(bench, document, proof, method), _issuer(bench, document, method))
    told = (
        f"Signed with {proof['cryptosuite']}, by the key {method.id}, on {proof.get('created', 'an unknown date')}.",
        *details,
    )
    return _detailed(check, *told), _only_if_proved(check, issuer)


def _amiss(proof: Mapping[str, Any]) -> Check | None:
    """What is wrong with a proof before any key is looked for."""
    if proof.get("type") != "DataIntegrityProof":
        return finding("proof.suite_unsupported", suite=proof.get("type", "of no type"))
    if (purpose := proof.get("proofPurpose")) != "assertionMethod":
        return finding("proof.wrong_purpose", purpose=purpose)
    for member in ("cryptosuite", "proofValue"):
        if not isinstance(proof.get(member), str):
            return finding("proof.malformed", reason=f"{member} is missing")
    if not isinstance(proof.get("verificationMethod"), str):
        return finding("proof.key_unknown")
    try:
        if "expires" in proof and instant(str(proof["expires"])) <= datetime.now(UTC):
            return finding("proof.expired", date=proof["expires"])
    except ValueError:
        return finding("proof.malformed", reason="expires is not a date")
    return None


async def _signature(
    bench: Bench, document: dict[str, Any], proof: dict[str, Any], method: Method
) -> tuple[Check, tuple[str, ...]]:
    assert method.key is not None
    documents: dict[str, Any] = {}
    only_given: list[str] = []
    try:
        if "-rdfc-" in proof["cryptosuite"]:
            documents, only_given = await contexts_of(bench.resolver, [document, proof])
        answer = await bench.ask("proof", document=document, proof=proof, key=method.key.jwk(), documents=documents)
    except NotFound as missing:
        return finding("proof.context_unavailable", address=missing.address, reason=missing.says), ()
    except TookTooLong:
        return finding("proof.too_costly"), ()
    strange = tuple(f"The meaning of some of its terms was read from {address}." for address in documents)
    if "code" in answer:
        return finding(answer["code"], **answer["params"]), strange
    if only_given:
        return finding("proof.context_only_given" if answer["good"] else "proof.context_differs", address=only_given[0]), strange
    return finding("proof.good" if answer["good"] else "proof.tampered"), strange


async def contexts_of(resolver: Resolver, values: list[Any]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The contexts that are named somewhere within and are not known here, with those that they name; and the addresses of those
    that only whoever asks gives, since nobody answers there. Raises NotFound.

    Whoever may say what words mean may change the words: a context that was given proves nothing alone.
    """
    found: dict[str, dict[str, Any]] = {}
    only_given: list[str] = []
    asked = values
    while names := [name for name in dict.fromkeys(_contexts_named(asked)) if name not in CONTEXTS and name not in found]:
        if len(found) + len(names) > MOST_CONTEXTS:
            raise NotFound(names[0], f"it names more than {MOST_CONTEXTS} contexts that are not known here")
        read = await asyncio.gather(*map(resolver.object_at, names))
        found.update(zip(names, (document for document, _ in read), strict=True))
        only_given += [name for name, (_, origin) in zip(names, read, strict=True) if origin == "given"]
        asked = [document for document, _ in read]
    return found, only_given


def _contexts_named(values: list[Any]) -> Iterator[str]:
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            named = value.get("@context")
            yield from (name for name in (named if isinstance(named, list) else [named]) if isinstance(name, str))


async def _method(resolver: Resolver, id_: str) -> tuple[Method | None, Check | None]:
    """The key, or why it can't be had."""
    try:
        return await resolver.method(id_), None
    except NotFound as missing:
        return None, finding("proof.key_unavailable", address=missing.address, reason=missing.says)
    except Unresolvable:
        return None, finding("proof.key_unavailable", address=id_, reason="keys of this kind cannot be looked up here")
    except BadKey as error:
        return None, finding("proof.key_unreadable", str(error))


async def _identity(resolver: Resolver, document: Mapping[str, Any]) -> Identity | Check:
    issuer = issuer_of(document)
    if issuer is None:
        return finding("issuer.missing")
    try:
        return await resolver.identity(issuer)
    except NotFound as missing:
        return finding("issuer.unreachable", address=missing.address, reason=missing.says)
    except (Unresolvable, BadKey):
        return finding("issuer.no_document", issuer=issuer)


async def _issuer(bench: Bench, document: Mapping[str, Any], method: Method) -> Check:
    """Whether the issuer's own document trusts the key."""
    identity = await _identity(bench.resolver, document)
    if isinstance(identity, Check):
        return identity
    told = (f"The issuer is {identity.id}.", f"The key is {method.id or 'in the token itself'}.")
    if identity.trusted is None:
        return finding("issuer.no_keys", *told)
    mine = identity.listed(method)
    if mine is None:
        if identity.origin == "derived":
            return finding(
                "issuer.mismatch", signer=method.controller or method.id or "a key in the token itself", issuer=identity.id
            )
        return finding("issuer.key_not_listed", *told)
    if mine.id in identity.methods and mine.controller not in (None, identity.id):
        return finding("issuer.mismatch", *told, signer=mine.controller, issuer=identity.id)
    if mine.ended or method.ended:
        return finding("issuer.key_revoked", *told)
    if identity.origin == "derived":
        name = bench.known.get(identity.id)
        return finding("issuer.is_key", *told) if name is None else finding("issuer.is_known_key", *told, name=name)
    return finding("issuer.confirmed_by_archive" if identity.origin == "given" or mine.given else "issuer.confirmed", *told)


async def _issuer_alone(bench: Bench, document: Mapping[str, Any], method: str) -> Check:
    """What can be said of the issuer if the key can't be had: that its document doesn't have it, if it doesn't."""
    identity = await _identity(bench.resolver, document)
    if isinstance(identity, Check):
        return identity
    if identity.trusted is not None and method.partition("#")[0] == identity.id and method not in identity.trusted:
        return finding("issuer.key_not_listed", f"The issuer is {identity.id}.", f"The key is {method}.")
    return finding("issuer.not_proved")


def _only_if_proved(proof: Check, issuer: Check) -> Check:
    """Whoever signs badly can name anybody's key, so a confirmed identity means something only behind a good signature."""
    return finding("issuer.not_proved", *issuer.details) if proof.outcome != "yes" and is_signer(issuer) else issuer


def is_signer(issuer: Check) -> bool:
    """Whether what the credential names as its issuer is what signed it, whoever that may be in the world."""
    return issuer.outcome == "yes" or issuer.code in ("issuer.is_key", "issuer.confirmed_by_archive")


def _detailed(check: Check, *details: str) -> Check:
    return finding(check.code, *check.details, *details, **check.params)


async def _by_token(bench: Bench, brought: Brought, token: str) -> tuple[Check, Check]:
    header = brought.header or {}
    algorithm, kid, jwk = header.get("alg"), header.get("kid"), header.get("jwk")
    if algorithm == "none" or not token.split(".")[2]:
        return finding("proof.none"), _without_proof(brought.document)
    if not any(algorithm in names for names in TOKEN_NAMES.values()):
        return finding("proof.suite_unsupported", suite=f"JWT with {algorithm}"), _without_proof(brought.document)
    method: Method | None = None
    missing: Check | None = finding("proof.key_unknown")
    if isinstance(kid, str) and (":" in kid or kid.startswith("#")):
        id_ = kid if ":" in kid else f"{issuer_of(brought.document)}{kid}"
        method, missing = await _method(bench.resolver, id_)
    if method is None and isinstance(jwk, dict):
        try:
            method = Method(kid if isinstance(kid, str) else "", None, public_key_of_jwk(jwk))
        except BadKey as error:
            missing = finding("proof.key_unreadable", str(error))
    if method is None or method.key is None:
        unlisted = await _issuer_alone(bench, brought.document, kid) if isinstance(kid, str) else _without_proof(brought.document)
        return missing or finding("proof.key_unreadable"), unlisted
    try:
        good = (await bench.ask("token", token=token, key=method.key.jwk()))["good"]
    except TookTooLong:
        return finding("proof.too_costly"), finding("issuer.not_proved")
    told = f"Signed as a JWT with {algorithm}, by the key {method.id or 'in the token itself'}."
    check = finding("proof.good" if good else "proof.tampered", told)
    return check, _only_if_proved(check, await _issuer(bench, brought.document, method))
