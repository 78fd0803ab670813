"""Embedded proofs (W3C Data Integrity): made with `eddsa-rdfc-2022`, checked also in three other cryptosuites.

https://www.w3.org/TR/vc-data-integrity/, https://www.w3.org/TR/vc-di-eddsa/, https://www.w3.org/TR/vc-di-ecdsa/
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import orjson
import rfc8785

from shared.credentials import multibase
from shared.credentials.canonical import NotCanonical, canonical
from shared.credentials.keys import ED25519, ES256, ES384, PublicKey, SigningKey

PROOF: Final = "DataIntegrityProof"
CRYPTOSUITE: Final = "eddsa-rdfc-2022"
CRYPTOSUITES: Final[Mapping[str, frozenset[str]]] = {
    "eddsa-rdfc-2022": frozenset({ED25519}),
    "eddsa-jcs-2022": frozenset({ED25519}),
    "ecdsa-rdfc-2019": frozenset({ES256, ES384}),
    "ecdsa-jcs-2019": frozenset({ES256, ES384}),
}
"""Those that can be checked, and the algorithms of the keys they take."""
PURPOSE: Final = "assertionMethod"


class NotSupported(ValueError):
    """A proof of a kind that can't be checked here, which says nothing about the credential."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not supported; {', '.join(CRYPTOSUITES)} are")
        self.what = what


def instant(time: datetime) -> str:
    """An instant as proofs and credentials write it: UTC, whole seconds (xsd:dateTimeStamp with Z)."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def proof_options(verification_method: str, created: datetime, contexts: object) -> dict[str, Any]:
    """What is signed beside the document: the proof's members without its value, with the document's `@context`."""
    return {"@context": contexts, **_members(verification_method, created)}


def _members(verification_method: str, created: datetime) -> dict[str, Any]:
    return {
        "type": PROOF,
        "created": instant(created),
        "verificationMethod": verification_method,
        "cryptosuite": CRYPTOSUITE,
        "proofPurpose": PURPOSE,
    }


def signed(document: Mapping[str, Any], key: SigningKey, verification_method: str, created: datetime) -> dict[str, Any]:
    """The document with a proof of this Ed25519 key in the list `proof`; the same arguments give the same bytes.

    Raises UndefinedTerms, UnknownContext and NotCanonical for a document that can't be signed whole.
    """
    if key.algorithm != ED25519:
        raise NotSupported(f"signing with a key for {key.algorithm}")
    bare = {name: value for name, value in document.items() if name != "proof"}
    members = _members(verification_method, created)
    data = hash_data(canonical(bare), canonical_options(members, bare.get("@context")))
    return {**bare, "proof": [{**members, "proofValue": proof_value(key, data)}]}


def canonical_options(options: Mapping[str, Any], contexts: object) -> str:
    """The canonical N-Quads of a proof's members without its value, read by these contexts."""
    members = {name: value for name, value in options.items() if name not in ("@context", "proofValue")}
    try:
        return _canonical_options(orjson.dumps({"@context": contexts, **members}))
    except orjson.JSONEncodeError as problem:
        raise NotCanonical(f"The proof is no JSON: {problem}") from None


@lru_cache(maxsize=1_024)
def _canonical_options(text: bytes) -> str:
    return canonical(orjson.loads(text))


def hash_data(canonical_document: str, canonical_options: str, digest: str = "sha256") -> bytes:
    """What is signed: the digest of the proof's canonical members, then that of the canonical document."""
    return _hashed(canonical_document.encode(), canonical_options.encode(), digest)


def _hashed(document: bytes, options: bytes, digest: str) -> bytes:
    return hashlib.new(digest, options).digest() + hashlib.new(digest, document).digest()


def proof_value(key: SigningKey, data: bytes) -> str:
    """The signature as `proofValue` (base58btc multibase)."""
    return multibase.base58(key.sign(data))


def proof_is_good(
    document: Mapping[str, Any],
    proof: Mapping[str, Any],
    key: PublicKey,
    documents: Mapping[str, Mapping[str, Any]] | None = None,
) -> bool:
    """Whether the key's owner signed the document, without its `proof`, together with this proof's other members.

    `documents` are contexts that may be named beside the pinned ones (address to JSON-LD document).
    Whether the key is the issuer's, and whether `created` and `expires` fit, is for the caller to find out.
    Raises NotSupported for kinds of proofs unknown here; UndefinedTerms, UnknownContext and NotCanonical
    where there is no telling what the signature covers.
    """
    suite = proof.get("cryptosuite")
    if proof.get("type") != PROOF:
        raise NotSupported(f"a proof of type {proof.get('type')!r}")
    if not isinstance(suite, str) or suite not in CRYPTOSUITES:
        raise NotSupported(f"the cryptosuite {suite!r}")
    if "previousProof" in proof:
        raise NotSupported("a chain of proofs (previousProof)")
    if proof.get("proofPurpose") != PURPOSE or key.algorithm not in CRYPTOSUITES[suite]:
        return False
    signature = _signature(proof.get("proofValue"))
    if signature is None:
        return False
    digest = "sha384" if key.algorithm == ES384 else "sha256"
    bare = {name: value for name, value in document.items() if name != "proof"}
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    if "-jcs-" in suite:
        if "@context" in options:
            if not _begins_with(bare.get("@context"), options["@context"]):
                return False
            bare["@context"] = options["@context"]
        data = _hashed(_jcs(bare), _jcs(options), digest)
    else:
        contexts = bare.get("@context")
        about = canonical({**options, "@context": contexts}, documents) if documents else canonical_options(options, contexts)
        data = hash_data(canonical(bare, documents), about, digest)
    return key.verify(data, signature)


def _signature(value: object) -> bytes | None:
    if not isinstance(value, str) or not value.startswith("z"):
        return None
    try:
        return multibase.decoded(value)
    except multibase.NotMultibase:
        return None


def _begins_with(contexts: object, beginning: object) -> bool:
    """Whether a document's contexts begin with its proof's: later ones may have been added after signing."""
    mine, first = _listed(contexts), _listed(beginning)
    try:
        return list(mine[: len(first)]) == list(first)
    except RecursionError:
        raise NotCanonical("The contexts are nested too deeply") from None


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value]


def _jcs(document: Mapping[str, Any]) -> bytes:
    try:
        return rfc8785.dumps(dict(document))
    except RecursionError:
        raise NotCanonical("The document is nested too deeply") from None
    except (rfc8785.CanonicalizationError, ValueError) as problem:
        raise NotCanonical(f"The document has no canonical JSON (RFC 8785): {problem}") from None
