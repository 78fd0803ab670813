"""Which key signs, which are relied on, and what the set is told when it is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from services.awarding.credentials.addresses import Addresses
from services.awarding.credentials.keyring import Keyring, NoKey
from shared.credentials.keys import public_key_of_jwk, public_key_of_multikey
from shared.settings import Unset

PLACES = Addresses("https://awards.example.org:8443/cairn", "https://catalog.example.org")
RSA = RSAKey.generate_key(2048)


def key(kid: str, kind: str = "Ed25519", *, private: bool = True, **others: Any) -> dict[str, Any]:
    made: dict[str, Callable[[], OKPKey | ECKey | RSAKey]] = {
        "Ed25519": lambda: OKPKey.generate_key("Ed25519"),
        "P-256": lambda: ECKey.generate_key("P-256"),
        "RSA": lambda: RSA,
    }
    return {**made[kind]().as_dict(private=private), "kid": kid, **others}


def ring(*keys: dict[str, Any]) -> Keyring:
    return Keyring.of(json.dumps({"keys": keys}), PLACES)


def test_the_key_that_comes_last_signs_unless_times_say_otherwise() -> None:
    assert ring(key("a"), key("b")).proof_key("cs").kid == "b"
    dated = ring(key("new", since="2026-05-01T00:00:00Z"), key("old", since="2025-05-01T00:00:00+02:00"), key("undated"))
    assert dated.proof_key("cs").kid == "new"


def test_keys_that_sign_say_when_they_are_to_be_replaced_and_sign_on() -> None:
    until = "2026-05-01T00:00:00Z"
    keys = ring(key("old", state="retired", until=until), key("now", until=until), key("without"))
    assert keys.ends == {"now": datetime(2026, 5, 1, tzinfo=UTC)}
    assert ring(key("over", until="2020-01-01T00:00:00Z")).proof_key("cs").kid == "over"


def test_a_units_own_key_signs_before_one_for_all() -> None:
    keys = ring(key("own", issuer="cs"), key("all"), key("token", "RSA"))
    assert (keys.proof_key("cs").kid, keys.proof_key("law").kid) == ("own", "all")
    assert (keys.kids_of("cs"), keys.kids_of("law")) == (("own", "token"), ("all", "token"))
    assert keys.jwt_key("law") is not None


def test_a_unit_without_a_key_signs_nothing() -> None:
    keys = ring(key("own", issuer="cs"))
    assert keys.kids_of("law") is None
    assert keys.jwt_key("cs") is None
    with pytest.raises(NoKey, match="law"):
        keys.proof_key("law")


def test_a_retired_key_signs_nothing_new_and_stays_relied_on() -> None:
    keys = ring(key("old", state="retired"), key("now"))
    assert keys.proof_key("cs").kid == "now"
    assert keys.usable("old")
    assert keys.signing("old").kid == "old"
    assert f"{PLACES.did('cs')}#old" in keys.did_document("cs")["assertionMethod"]


def test_a_compromised_key_leaves_the_identity_document_and_its_credentials_are_issued_again() -> None:
    keys = ring(key("stolen", state="compromised"), key("now"))
    document = keys.did_document("cs")
    assert document["assertionMethod"] == [f"{PLACES.did('cs')}#now"]
    assert [method["id"] for method in document["verificationMethod"]] == document["assertionMethod"]
    assert keys.unusable == {"stolen"}
    with pytest.raises(NoKey, match="compromised"):
        keys.signing("stolen")


def test_a_retired_key_without_its_private_part_is_relied_on_but_makes_nothing_again() -> None:
    keys = ring(key("old", private=False, state="retired"), key("now"))
    assert f"{PLACES.did('cs')}#old" in keys.did_document("cs")["assertionMethod"]
    assert keys.unusable == {"old"}
    assert not keys.usable("never-seen")


def test_an_identity_document_names_the_unit_and_gives_each_key_its_form() -> None:
    keys = ring(key("ed"), key("ec", "P-256"), key("rsa", "RSA"), key("law-only", issuer="law"))
    document = keys.did_document("cs")
    assert document["id"] == "did:web:awards.example.org%3A8443:cairn:issuers:cs"
    assert document["@context"] == [
        "https://www.w3.org/ns/did/v1",
        "https://w3id.org/security/multikey/v1",
        "https://w3id.org/security/jwk/v1",
    ]
    ed, ec, rsa = document["verificationMethod"]
    assert all(method["controller"] == document["id"] for method in (ed, ec, rsa))
    assert public_key_of_multikey(ed["publicKeyMultibase"]) == keys.by_id("ed").public
    assert public_key_of_jwk(ec["publicKeyJwk"]).jwk() == keys.by_id("ec").public.jwk()
    assert public_key_of_jwk(rsa["publicKeyJwk"]).jwk() == keys.by_id("rsa").public.jwk()
    assert "d" not in json.dumps([sorted(ec["publicKeyJwk"]), sorted(rsa["publicKeyJwk"])]).replace("kid", "")


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ("{", "not JSON"),
        ('{"keys": 5}', "array `keys`"),
        ({"keys": []}, "no active Ed25519 key"),
        ({"keys": [{"kty": "OKP"}]}, "key 1 needs a kid"),
        ({"keys": [key("a"), "b"]}, "key 2 is not an object"),
        ({"keys": [key("a b")]}, "key 1 needs a kid"),
        ({"keys": [key("a"), key("a")]}, "two keys have the kid a"),
        ({"keys": [key("a", state="lost")]}, "the key a has the state 'lost'"),
        ({"keys": [key("a", issuer="no unit")]}, "the key a has an issuer"),
        ({"keys": [key("a", since="yesterday")]}, "the key a: since"),
        ({"keys": [key("a", since="2026-01-01T00:00:00")]}, "the key a: since has no offset"),
        ({"keys": [key("a", until="2026-01-01T00:00:00")]}, "the key a: until has no offset"),
        ({"keys": [key("a", private=False)]}, "the key a is active but has no private part"),
        ({"keys": [{**key("a"), "x": "AAAA"}]}, "the key a: "),
        ({"keys": [{**key("a"), "x": key("b")["x"]}]}, "the key a: its private part does not belong"),
        ({"keys": [key("only-tokens", "RSA")]}, "no active Ed25519 key"),
    ],
)
def test_a_wrong_key_set_is_refused_with_the_key_that_is_wrong(keys: Any, why: str) -> None:
    text = keys if isinstance(keys, str) else json.dumps(keys)
    with pytest.raises(Unset, match=why) as refused:
        Keyring.of(text, PLACES)
    assert "CAIRN_ISSUER_KEYS" in str(refused.value)


@pytest.mark.parametrize(
    ("address", "did"),
    [
        ("https://example.org", "did:web:example.org:issuers:cs"),
        ("http://localhost:8002", "did:web:localhost%3A8002:issuers:cs"),
        ("https://Example.org/a/b~c", "did:web:example.org:a:b~c:issuers:cs"),
    ],
)
def test_a_units_did_is_found_by_the_outside_address(address: str, did: str) -> None:
    assert Addresses(address, "https://catalog.example.org").did("cs") == did
