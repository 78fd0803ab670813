"""Credentials as tokens."""

from string import ascii_letters, digits
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.credentials.jwts import BadToken, NoSubject, as_jwt, jwt_is_good, looks_like_token, opened
from shared.credentials.keys import ED25519, ES256, RS256
from shared.credentials.multibase import base64url
from tests.domain.credentials.keys import ALGORITHMS, key
from tests.interop.issuer import DID, badge

KID = f"{DID}#tokens"
ALPHABET = ascii_letters + digits + "-_"
"""Of base64url. The last character of a signature has bits that mean nothing."""


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=60), st.sampled_from(ALGORITHMS))
def test_a_token_verifies_with_its_key_only_and_has_the_credential_in_it(name: str, algorithm: str) -> None:
    document = badge(name)
    token = as_jwt(document, key(algorithm), KID)
    header, payload = opened(token)

    assert looks_like_token(token)
    assert header == {"alg": "EdDSA" if algorithm == ED25519 else algorithm, "typ": "JWT", "kid": KID}
    assert payload.items() >= document.items()
    assert jwt_is_good(token, key(algorithm).public)
    assert not jwt_is_good(token, key(algorithm, 1).public)


def test_a_token_says_what_open_badges_wants_said_twice() -> None:
    document = badge("x") | {"validUntil": "2036-11-01T12:30:00Z", "proof": [{"type": "DataIntegrityProof"}]}
    _, payload = opened(as_jwt(document, key(RS256), KID))

    assert {name: payload[name] for name in ("iss", "jti", "sub", "nbf", "exp")} == {
        "iss": DID,
        "jti": document["id"],
        "sub": document["credentialSubject"]["id"],
        "nbf": 1_793_536_200,
        "exp": 2_109_155_400,
    }
    assert "proof" not in payload
    assert "vc" not in payload
    assert "exp" not in opened(as_jwt(badge("x"), key(RS256), KID))[1]


@pytest.mark.parametrize("algorithm", [RS256, ED25519])
def test_the_same_credential_is_always_the_same_token(algorithm: str) -> None:
    assert as_jwt(badge("x"), key(algorithm), KID) == as_jwt(badge("x"), key(algorithm), KID)


@pytest.mark.parametrize("missing", ["id", "issuer", "validFrom", "credentialSubject"])
def test_a_credential_that_says_too_little_is_no_token(missing: str) -> None:
    document = {name: value for name, value in badge("x").items() if name != missing}
    with pytest.raises(NoSubject):
        as_jwt(document, key(RS256), KID)


def _token(header: Any, algorithm: str = RS256) -> str:
    signed = f"{base64url(orjson.dumps(header))[1:]}.{base64url(orjson.dumps(badge('x')))[1:]}"
    return f"{signed}.{base64url(key(algorithm).sign(signed.encode()))[1:]}"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES256"},
        {"alg": None},
        {"alg": ["RS256"]},
        {},
        {"alg": "RS256", "crit": ["exp"]},
    ],
)
def test_a_token_whose_header_does_not_fit_the_key_is_not_good(header: dict[str, Any]) -> None:
    assert jwt_is_good(_token({"alg": "RS256"}), key(RS256).public)
    assert not jwt_is_good(_token(header), key(RS256).public)


def test_ed25519_may_be_called_by_either_of_its_names() -> None:
    assert all(jwt_is_good(_token({"alg": name}, ED25519), key(ED25519).public) for name in ("EdDSA", "Ed25519"))
    assert not jwt_is_good(_token({"alg": "EdDSA"}, ES256), key(ES256).public)


@pytest.mark.parametrize(
    "text", ["", "a.b", "a.b.c.d", "e30.e30", "e30.W10.AA", "W10.e30.AA", "e30=.e30.AA", "e30.e30.ä", "ew.e30.AA"]
)
def test_other_text_is_no_token(text: str) -> None:
    with pytest.raises(BadToken):
        opened(text)
    with pytest.raises(BadToken):
        jwt_is_good(text, key(RS256).public)


def test_the_signature_of_a_token_is_written_in_one_way_only() -> None:
    token = as_jwt(badge("x"), key(RS256), KID)
    others = [token[:-1] + character for character in ALPHABET if character != token[-1]]

    assert not any(jwt_is_good(each, key(RS256).public) for each in (*others, token + "A", token.rpartition(".")[0] + "."))
