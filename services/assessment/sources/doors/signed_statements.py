"""Signed statements: whether a signature that came with a statement is one, and is of that statement.

Who signed is nobody's business here: the specification has signatures checked to catch mistakes, not for trust.
Source: https://github.com/adlnet/xAPI-Spec/blob/master/xAPI-Data.md#26-signed-statements
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from services.assessment.sources.claims import Wrong
from services.assessment.sources.doors.bodies import parsed
from services.assessment.sources.formats.xapi.values import moment

USAGE: Final = "http://adlnet.gov/expapi/attachments/signature"
ALGORITHMS: Final = ("RS256", "RS384", "RS512")
_GIVEN_BY_STORES: Final = ("id", "timestamp", "stored", "authority", "version")
_NOT_PART: Final = frozenset({"stored", "authority", "version"})


class _Registry(jws.JWSRegistry):
    """Headers may have a chain of certificates, and statements are as long as originals may be."""

    max_header_length = 64 * 1024
    max_payload_length = 512 * 1024


_REGISTRY: Final = _Registry(algorithms=list(ALGORITHMS))


class Malformed(ValueError):
    """It is no signature of this statement; the text says why and what would be right."""


def check(signature: bytes, statement: Mapping[str, Any]) -> None:
    """Raises Malformed."""
    try:
        _check(signature.strip(), statement)
    except RecursionError as error:
        raise Malformed("what is signed is nested too deeply") from error


def _check(signature: bytes, statement: Mapping[str, Any]) -> None:
    try:
        found = jws.extract_compact(signature, registry=_REGISTRY)
        header = found.headers()
        if header.get("alg") not in ALGORITHMS:
            raise Malformed(f"the signature's alg must be one of {', '.join(ALGORITHMS)}")
        if chain := header.get("x5c"):
            certificate = load_der_x509_certificate(b64decode(chain[0]))
            key = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            jws.deserialize_compact(signature, RSAKey.import_key(key), registry=_REGISTRY)
        signed = parsed(found.payload)
    except Malformed:
        raise
    except (JoseError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise Malformed("the signature is no compact JWS of JSON that its own certificate verifies") from error
    if not isinstance(signed, dict) or not _same(signed, statement):
        raise Malformed("what is signed is not this statement")


def _same(signed: Mapping[str, Any], sent: Mapping[str, Any]) -> bool:
    """Equal but for what stores add or may say otherwise. What only one of them has counts unless a store could have given it."""
    left, right = _essence(signed), _essence(sent)
    for name in _GIVEN_BY_STORES:
        if name not in left or name not in right:
            left.pop(name, None)
            right.pop(name, None)
    return left == right


def _essence(statement: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: _without_definitions(value) for name, value in statement.items() if name not in _NOT_PART | {"attachments"}
    }
    listed = statement.get("attachments")
    others = [one for one in listed if not is_signature(one)] if isinstance(listed, list) else []
    if others:
        found["attachments"] = others
    if isinstance(found.get("verb"), dict):
        found["verb"] = {name: value for name, value in found["verb"].items() if name != "display"}
    if isinstance(found.get("id"), str):
        found["id"] = found["id"].lower()
    if "timestamp" in found:
        try:
            found["timestamp"] = moment(found["timestamp"], "timestamp")
        except Wrong:
            found["timestamp"] = str(found["timestamp"])
    return found


def _without_definitions(value: Any) -> Any:
    """What an activity is described as may change, and is no part of statements about it."""
    if isinstance(value, dict):
        return {name: _without_definitions(inner) for name, inner in value.items() if name != "definition"}
    return [_without_definitions(inner) for inner in value] if isinstance(value, list) else value


def is_signature(attachment: Any) -> bool:
    return isinstance(attachment, dict) and attachment.get("usageType") == USAGE
