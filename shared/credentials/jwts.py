"""Credentials as tokens: VC-JWT as Open Badges 3.0 has it, the credential's members at the top level of the payload."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning

from shared.credentials import multibase
from shared.credentials.keys import ED25519, TOKEN_NAMES, PublicKey, SigningKey

# Wallets and 1EdTech's format know the old name of Ed25519 only, which joserfc finds worth a warning.
warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)

COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", re.ASCII)


class BadToken(ValueError):
    """The text is no compact JWS with JSON objects in it."""


class NoSubject(ValueError):
    """A credential without what a token must have: an issuer, an id, a beginning and a subject with an id."""


def looks_like_token(text: str) -> bool:
    """Whether the text has the form of a compact JWS."""
    return COMPACT.fullmatch(text.strip()) is not None


def as_jwt(document: Mapping[str, Any], key: SigningKey, kid_url: str) -> str:
    """The credential as a token, signed RS256, EdDSA or ES256, as the key is; with RSA and Ed25519 always the same text.

    `kid_url` is the address of the key (a verification method). An embedded proof is left out. Raises NoSubject.
    """
    algorithm = "EdDSA" if key.algorithm == ED25519 else key.algorithm
    header = {"alg": algorithm, "typ": "JWT", "kid": kid_url}
    payload = {name: value for name, value in document.items() if name != "proof"} | _claims(document)
    return jws.serialize_compact(header, orjson.dumps(payload), key.jose, algorithms=[algorithm])


def _claims(document: Mapping[str, Any]) -> dict[str, Any]:
    issuer, subject = document.get("issuer"), document.get("credentialSubject")
    claims = {
        "iss": issuer.get("id") if isinstance(issuer, Mapping) else issuer,
        "jti": document.get("id"),
        "nbf": _seconds(document.get("validFrom")),
        "sub": subject.get("id") if isinstance(subject, Mapping) else None,
    }
    missing = [name for name, value in claims.items() if value is None]
    if missing:
        raise NoSubject(f"a credential without what {', '.join(missing)} says can't be a token")
    until = _seconds(document.get("validUntil"))
    return claims if until is None else {**claims, "exp": until}


def _seconds(instant: object) -> int | None:
    return int(datetime.fromisoformat(instant).timestamp()) if isinstance(instant, str) else None


def opened(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A token's header and payload, its signature not looked at. Raises BadToken."""
    text = token.strip()
    if not COMPACT.fullmatch(text):
        raise BadToken("a token is three parts of base64url, with dots between them")
    header, payload, _ = text.split(".")
    return _object(header, "header"), _object(payload, "payload")


def _object(part: str, name: str) -> dict[str, Any]:
    try:
        value = orjson.loads(multibase.decoded("u" + part))
    except ValueError as problem:
        raise BadToken(f"the token's {name} is no JSON: {problem}") from None
    if not isinstance(value, dict):
        raise BadToken(f"the token's {name} is not a JSON object")
    return value


def jwt_is_good(token: str, key: PublicKey) -> bool:
    """Whether the key's owner signed the token, by the algorithm it names. Raises BadToken."""
    text = token.strip()
    header, _ = opened(text)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in TOKEN_NAMES[key.algorithm] or "crit" in header:
        return False
    signed, _, signature = text.rpartition(".")
    try:
        return key.verify(signed.encode(), multibase.decoded("u" + signature))
    except (multibase.NotMultibase, JoseError):
        return False
