"""Statements that are signed, as the specification's appendix has them."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from joserfc import jws
from joserfc.jwk import OctKey, RSAKey

from services.assessment.sources.doors.signed_statements import USAGE, Malformed, check
from tests.domain.sources.xapi.examples import simple

PRIVATE = rsa.generate_private_key(65537, 2048)
KEY = RSAKey.import_key(PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
SIGNATURE = {"usageType": USAGE, "display": {"en": "Signature"}, "contentType": "application/octet-stream"}


def certificate(private: rsa.RSAPrivateKey = PRIVATE) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Signer")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key()).serial_number(1)
    made = made.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return b64encode(made.sign(private, hashes.SHA256()).public_bytes(Encoding.DER)).decode()


def signed(statement: Any, algorithm: str = "RS256", **header: Any) -> bytes:
    key = OctKey.import_key("a" * 64) if algorithm.startswith("HS") else KEY
    payload = json.dumps(statement).encode()
    return jws.serialize_compact({"alg": algorithm, **header}, payload, key, algorithms=[algorithm]).encode()


def sent(statement: dict[str, Any]) -> dict[str, Any]:
    """As it comes: with the signature's attachment, and what a store on the way has added."""
    added = {"attachments": [SIGNATURE], "stored": "2026-01-01T00:00:00Z", "authority": {"mbox": "mailto:lrs@example.com"}}
    return {**statement, **added}


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512"])
def test_a_signature_of_the_statement_is_good_with_and_without_a_certificate(algorithm: str) -> None:
    check(signed(simple(), algorithm), sent(simple()))
    check(signed(simple(), algorithm, x5c=[certificate()]), sent(simple()))


def test_what_a_store_may_change_changes_no_signature() -> None:
    described = simple(object={"id": "http://example.adlnet.gov/xapi/example/simpleCBT", "definition": {"name": {"en": "CBT"}}})
    check(signed(simple(id=None, timestamp=None)), sent(described))
    check(signed(simple(timestamp="2015-11-18T13:17:00+01:00")), sent(simple()))


def test_a_signature_of_another_statement_is_malformed() -> None:
    with pytest.raises(Malformed, match="not this statement"):
        check(signed(simple("failed")), sent(simple("passed")))


def test_a_signature_that_its_certificate_does_not_verify_is_malformed() -> None:
    other = rsa.generate_private_key(65537, 2048)
    with pytest.raises(Malformed, match="its own certificate"):
        check(signed(simple(), x5c=[certificate(other)]), sent(simple()))


@pytest.mark.parametrize("signature", [b"", b"a.b.c", b"{}", b"\xff\xfe", b"e30.e30.", signed(["no statement"])])
def test_what_is_no_signature_is_malformed(signature: bytes) -> None:
    with pytest.raises(Malformed):
        check(signature, sent(simple()))


def test_only_the_algorithms_of_the_specification_are_taken() -> None:
    with pytest.raises(Malformed, match="RS256"):
        check(signed(simple(), "HS256"), sent(simple()))


@pytest.mark.parametrize("chain", [["no base64"], "text", [7], [b64encode(b"x").decode()]])
def test_a_certificate_that_is_none_makes_the_signature_malformed(chain: Any) -> None:
    head, payload, signature = signed(simple()).split(b".")
    header = b64encode(json.dumps({"alg": "RS256", "x5c": chain}).encode()).rstrip(b"=")
    with pytest.raises(Malformed):
        check(b".".join([header, payload, signature]), sent(simple()))
    assert head != header
