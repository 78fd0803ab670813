"""Keys that sign credentials and check them: Ed25519, P-256, P-384 and RSA, from JWKs, Multikeys and did:key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from shared.credentials import multibase

ED25519: Final = "Ed25519"
ES256: Final = "ES256"
ES384: Final = "ES384"
RS256: Final = "RS256"

SMALLEST_RSA: Final = 2_048
LARGEST_RSA: Final = 8_192
"""Bits. Larger keys exist to make whoever checks them busy."""

CURVES: Final[Mapping[str, tuple[ec.EllipticCurve, hashes.HashAlgorithm, int]]] = {
    ES256: (ec.SECP256R1(), hashes.SHA256(), 32),
    ES384: (ec.SECP384R1(), hashes.SHA384(), 48),
}
"""Each ECDSA algorithm's curve, hash, and the bytes of each half of a signature."""

MULTICODECS: Final[Mapping[str, bytes]] = {ED25519: b"\xed\x01", ES256: b"\x80\x24", ES384: b"\x81\x24"}
"""The prefixes of public keys in Multikey text (the multicodec table's ed25519-pub, p256-pub, p384-pub)."""

TOKEN_NAMES: Final[Mapping[str, frozenset[str]]] = {
    ED25519: frozenset({"EdDSA", "Ed25519"}),
    ES256: frozenset({"ES256"}),
    ES384: frozenset({"ES384"}),
    RS256: frozenset({"RS256"}),
}
"""What each algorithm is called in a token's `alg`; Ed25519 has an old and a new name (RFC 8037, RFC 9864)."""

JoseKey = OKPKey | ECKey | RSAKey
Private = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Public = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class BadKey(ValueError):
    """The text or document is no key of a kind that is supported here; says which are."""


def _algorithm_of(key: object) -> str:
    if isinstance(key, ed25519.Ed25519PublicKey):
        return ED25519
    if isinstance(key, ec.EllipticCurvePublicKey):
        for algorithm, (curve, _, _) in CURVES.items():
            if key.curve.name == curve.name:
                return algorithm
        raise BadKey(f"the curve {key.curve.name} is not supported; P-256, P-384 and Ed25519 are")
    if isinstance(key, rsa.RSAPublicKey):
        if not SMALLEST_RSA <= key.key_size <= LARGEST_RSA:
            raise BadKey(f"an RSA key has {SMALLEST_RSA} to {LARGEST_RSA} bits, this one {key.key_size}")
        return RS256
    raise BadKey("the key is not supported; Ed25519, P-256, P-384 and RSA keys are")


@dataclass(frozen=True)
class PublicKey:
    """A key that checks signatures. An ECDSA signature is its two numbers one after another, as JOSE and W3C have it."""

    algorithm: str
    key: Public

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Whether this key's owner signed the data."""
        try:
            if isinstance(self.key, ed25519.Ed25519PublicKey):
                self.key.verify(signature, data)
            elif isinstance(self.key, rsa.RSAPublicKey):
                self.key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
            else:
                _, digest, size = CURVES[self.algorithm]
                if len(signature) != 2 * size:
                    return False
                halves = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
                self.key.verify(encode_dss_signature(*halves), data, ec.ECDSA(digest))
        except InvalidSignature:
            return False
        return True

    @cached_property
    def jose(self) -> JoseKey:
        """The same key for joserfc."""
        if isinstance(self.key, ed25519.Ed25519PublicKey):
            return OKPKey.import_key(self.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        pem = self.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return RSAKey.import_key(pem) if isinstance(self.key, rsa.RSAPublicKey) else ECKey.import_key(pem)

    def jwk(self) -> dict[str, Any]:
        """The public members of the JWK (RFC 7517), without `kid`."""
        members = self.jose.as_dict(private=False)
        return {name: members[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in members}

    def multikey(self) -> str:
        """The Multikey text (z…); raises BadKey for RSA, which has none."""
        if isinstance(self.key, ed25519.Ed25519PublicKey):
            raw = self.key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        elif isinstance(self.key, ec.EllipticCurvePublicKey):
            raw = self.key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        else:
            raise BadKey("RSA keys have no Multikey text; give them as JWK")
        return multibase.base58(MULTICODECS[self.algorithm] + raw)


@dataclass(frozen=True)
class SigningKey:
    """A key that signs, with its name. The same data always gets the same signature; `jose` is the key for joserfc."""

    kid: str
    public: PublicKey
    jose: JoseKey = field(repr=False)
    key: Private = field(repr=False)

    @property
    def algorithm(self) -> str:
        return self.public.algorithm

    def sign(self, data: bytes) -> bytes:
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(data)
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        _, digest, size = CURVES[self.algorithm]
        halves = decode_dss_signature(self.key.sign(data, ec.ECDSA(digest, deterministic_signing=True)))
        return b"".join(half.to_bytes(size, "big") for half in halves)


def _imported(jwk: Mapping[str, Any]) -> JoseKey:
    kinds: Mapping[object, type[OKPKey] | type[ECKey] | type[RSAKey]] = {"OKP": OKPKey, "EC": ECKey, "RSA": RSAKey}
    kind = jwk.get("kty")
    if not isinstance(kind, str) or kind not in kinds:
        raise BadKey(f"kty {kind!r} is not supported; OKP (Ed25519), EC (P-256, P-384) and RSA are")
    names = ("kty", "crv", "x", "y", "n", "e", "d", "p", "q", "dp", "dq", "qi")
    members = {name: jwk[name] for name in names if name in jwk}
    try:
        key = kinds[kind].import_key(members)
        key.public_key  # noqa: B018 - the import is lazy, and only this looks at the numbers
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as problem:
        raise BadKey(f"the members of the JWK are not a key: {problem}") from None
    return key


def _public(key: object, said: object = None) -> PublicKey:
    algorithm = _algorithm_of(key)
    if said is not None and said not in TOKEN_NAMES[algorithm]:
        raise BadKey(f"alg {said!r} does not fit the key, which is for {' or '.join(sorted(TOKEN_NAMES[algorithm]))}")
    assert isinstance(key, (ed25519.Ed25519PublicKey, ec.EllipticCurvePublicKey, rsa.RSAPublicKey))
    return PublicKey(algorithm, key)


def signing_key(jwk: Mapping[str, Any]) -> SigningKey:
    """The key of a private JWK; without a `kid` its name is its thumbprint (RFC 7638). Raises BadKey."""
    key = _imported(jwk)
    private = key.private_key
    if not isinstance(private, (ed25519.Ed25519PrivateKey, ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise BadKey("the JWK has no private part, so it can't sign")
    public = _public(private.public_key(), jwk.get("alg"))
    kid = jwk.get("kid")
    return SigningKey(kid if isinstance(kid, str) and kid else str(key.thumbprint()), public, key, private)


def public_key_of_jwk(jwk: Mapping[str, Any]) -> PublicKey:
    """The public key of a JWK, whose private members are ignored. Raises BadKey."""
    return _public(_imported(jwk).public_key, jwk.get("alg"))


def public_key_of_multikey(text: str) -> PublicKey:
    """The public key of Multikey text (z6Mk…, zDn…, z82…). Raises BadKey."""
    try:
        data = multibase.decoded(text)
        for algorithm, prefix in MULTICODECS.items():
            if data.startswith(prefix):
                raw = data[len(prefix) :]
                if algorithm == ED25519:
                    return PublicKey(algorithm, ed25519.Ed25519PublicKey.from_public_bytes(raw))
                curve, _, size = CURVES[algorithm]
                if len(raw) != size + 1:
                    raise BadKey("an elliptic curve Multikey is a compressed point")
                return PublicKey(algorithm, ec.EllipticCurvePublicKey.from_encoded_point(curve, raw))
    except BadKey:
        raise
    except ValueError as problem:
        raise BadKey(f"the text is no Multikey: {problem}") from None
    raise BadKey("the Multikey is of another kind than Ed25519, P-256 and P-384")


def public_key_of_did_key(did: str) -> PublicKey:
    """The public key that a `did:key` is, with or without a fragment, which must repeat the key. Raises BadKey."""
    bare, _, fragment = did.partition("#")
    prefix = "did:key:"
    if not bare.startswith(prefix):
        raise BadKey("a did:key begins with did:key:")
    text = bare.removeprefix(prefix)
    if fragment and fragment != text:
        raise BadKey("the fragment of a did:key's verification method repeats the key")
    return public_key_of_multikey(text)
