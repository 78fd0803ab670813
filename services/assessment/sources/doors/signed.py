"""Bodies that are a signed JWT."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from time import time
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError

from services.assessment.sources.jwks import ALGORITHMS, PublicKey

SKEW: Final = 300
"""Seconds by which clocks may differ."""

_COMPACT: Final = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class Forged(Exception):
    """The text says why the token proves nothing."""


def signed_in(body: bytes) -> str | None:
    """The token that the body is, alone or as a text of JSON; None where it is something else."""
    found = body.strip()
    if found[:1] == b'"' == found[-1:]:
        found = found[1:-1]
    return found.decode() if _COMPACT.fullmatch(found) is not None else None


def claims_of(token: str) -> bytes:
    """Without a look at the signature: for whoever has shown otherwise to be the sender. Raises Forged."""
    return _taken(token)[1]


def verified(token: str, keys: Mapping[str | None, PublicKey]) -> bytes:
    """The claims, if one of the keys signed them and they have not ended. Raises Forged."""
    header, payload = _taken(token)
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or (kind := ALGORITHMS.get(algorithm)) is None:
        raise Forged(f"its algorithm is not one of {', '.join(ALGORITHMS)}")
    if kid is None and len(keys) == 1:
        (key,) = keys.values()
    elif not isinstance(kid, str) or (found := keys.get(kid)) is None:
        raise Forged("its kid names none of the keys that may sign")
    else:
        key = found
    if not isinstance(key, kind):
        raise Forged("its algorithm is not one of the key that its kid names")
    try:
        jws.deserialize_compact(token, key, registry=jws.JWSRegistry(algorithms=[algorithm]))
    except (JoseError, ValueError) as error:
        raise Forged("its signature does not verify") from error
    _check_time(payload)
    return payload


def _taken(token: str) -> tuple[Mapping[str, Any], bytes]:
    try:
        taken = jws.extract_compact(token.encode())
        return dict(taken.headers()), taken.payload
    except (JoseError, ValueError, RecursionError) as error:
        raise Forged("it is no signed JWT") from error


def _check_time(payload: bytes) -> None:
    try:
        claims = json.loads(payload)
    except (ValueError, RecursionError):
        return
    if not isinstance(claims, dict):
        return
    now = time()
    ends, begins = claims.get("exp"), claims.get("nbf")
    if isinstance(ends, int | float) and ends + SKEW < now:
        raise Forged("it has expired")
    if isinstance(begins, int | float) and begins - SKEW > now:
        raise Forged("it is not good yet")
