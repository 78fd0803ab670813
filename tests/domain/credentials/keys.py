"""A key of each kind, made once, and documents to sign with them."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from joserfc.jwk import ECKey, OKPKey, RSAKey

from shared.credentials.keys import ED25519, ES256, ES384, RS256, SigningKey, signing_key

ALGORITHMS: Final = (ED25519, ES256, ES384, RS256)


@cache
def _made(algorithm: str, which: int) -> dict[str, Any]:
    if algorithm == ED25519:
        made: OKPKey | ECKey | RSAKey = OKPKey.generate_key("Ed25519")
    elif algorithm == RS256:
        made = RSAKey.generate_key(2_048)
    else:
        made = ECKey.generate_key({ES256: "P-256", ES384: "P-384"}[algorithm])
    return {**made.as_dict(private=True), "kid": f"{algorithm}-{which}"}


def jwk(algorithm: str, which: int = 0) -> dict[str, Any]:
    """A private JWK; another one for each `which`."""
    return dict(_made(algorithm, which))


def key(algorithm: str, which: int = 0) -> SigningKey:
    return signing_key(jwk(algorithm, which))
