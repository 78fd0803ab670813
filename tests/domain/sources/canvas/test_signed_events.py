"""Tokens that prove who signed, and everything that looks like one."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from time import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, KeySet, RSAKey

from services.assessment.sources.doors.signed import Forged, claims_of, signed_in, verified
from services.assessment.sources.jwks import public_keys

PAIR = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
CURVE = ECKey.generate_key("P-256", {"kid": "two", "use": "sig"})
KEYS = public_keys(KeySet([PAIR, CURVE]).as_dict(private=False))

JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["exp", "nbf", "b64", "x"]), inner, max_size=2),
)


def token(claims: Any, key: RSAKey | ECKey = PAIR, **header: Any) -> str:
    alg = "RS256" if isinstance(key, RSAKey) else "ES256"
    said = {"alg": alg, "kid": key.kid, **header}
    return jws.serialize_compact({name: value for name, value in said.items() if value is not None}, json.dumps(claims), key)


def part(value: Any) -> str:
    return urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("key", [PAIR, CURVE])
def test_what_one_of_the_keys_signed_is_its_owners(key: RSAKey | ECKey) -> None:
    assert json.loads(verified(token({"body": 1}, key), KEYS)) == {"body": 1}


def test_without_a_kid_the_only_key_is_meant() -> None:
    only = public_keys(KeySet([PAIR]).as_dict(private=False))
    assert verified(token({}, kid=None), only) == b"{}"
    with pytest.raises(Forged, match="kid"):
        verified(token({}, kid=None), KEYS)


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({"alg": "none", "kid": "one"}, "algorithm"),
        ({"alg": "HS256", "kid": "one"}, "algorithm"),
        ({"alg": ["RS256"], "kid": "one"}, "algorithm"),
        ({"alg": "ES256", "kid": "one"}, "algorithm"),
        ({"alg": "RS256", "kid": "three"}, "kid"),
        ({"alg": "RS256", "kid": {}}, "kid"),
        ({"alg": "RS256", "kid": "one"}, "signature"),
        ({"alg": "RS256", "kid": "one", "crit": ["x"], "x": 1}, "signature"),
    ],
)
def test_a_header_that_asks_for_something_else_opens_nothing(header: Any, why: str) -> None:
    with pytest.raises(Forged, match=why):
        verified(f"{part(header)}.{part({})}.{part(b'x' * 256)}", KEYS)


@pytest.mark.parametrize(("claim", "from_now"), [("exp", -600), ("nbf", 600)])
def test_a_token_is_good_within_its_time_only(claim: str, from_now: int) -> None:
    with pytest.raises(Forged):
        verified(token({claim: int(time()) + from_now}), KEYS)


@given(JSON, JSON | st.binary(max_size=20), st.binary(max_size=20))
def test_whatever_looks_like_a_token_is_forged_or_read(header: Any, payload: Any, signature: bytes) -> None:
    sent = f"{part(header)}.{part(payload)}.{part(signature)}"
    with pytest.raises(Forged):
        verified(sent, KEYS)
    try:
        claims_of(sent)
    except Forged as error:
        found = str(error)
        assert found


@given(JSON)
def test_whatever_was_really_signed_is_given_back_or_out_of_its_time(claims: Any) -> None:
    try:
        assert isinstance(verified(token(claims), KEYS), bytes)
    except Forged as error:
        said = str(error)
        assert said in ("it has expired", "it is not good yet")


@given(st.binary(max_size=40))
def test_a_body_is_a_token_only_where_it_is_three_parts(body: bytes) -> None:
    found = signed_in(body)
    assert found is None or found.count(".") == 2


def test_a_token_may_stand_in_quotes() -> None:
    sent = token({})
    assert signed_in(f'"{sent}"\n'.encode()) == signed_in(sent.encode()) == sent
