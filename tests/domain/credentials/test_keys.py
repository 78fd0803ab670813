"""Keys: signing and checking, and each way to write a key."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OKPKey, RSAKey

from shared.credentials.keys import (
    ED25519,
    RS256,
    BadKey,
    public_key_of_did_key,
    public_key_of_jwk,
    public_key_of_multikey,
    signing_key,
)
from shared.credentials.multibase import base58
from tests.domain.credentials.keys import ALGORITHMS, jwk, key

# From https://www.w3.org/TR/vc-di-eddsa/ (appendix B.1) and https://www.w3.org/TR/vc-di-ecdsa/ (appendix A).
PUBLISHED = {
    "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2": "Ed25519",
    "zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP": "ES256",
    "z82LkuBieyGShVBhvtE2zoiD6Kma4tJGFtkAhxR5pfkp5QPw4LutoYWhvQCnGjdVn14kujQ": "ES384",
}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_a_key_signed_its_public_key_verifies_and_no_other(algorithm: str) -> None:
    signature = key(algorithm).sign(b"data")

    assert key(algorithm).public.verify(b"data", signature)
    assert not key(algorithm).public.verify(b"other", signature)
    assert not key(algorithm, 1).public.verify(b"data", signature)


@settings(deadline=None)
@given(st.binary(max_size=100))
def test_no_other_signature_verifies(signature: bytes) -> None:
    assert not any(key(algorithm).public.verify(b"data", signature) for algorithm in ALGORITHMS)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_signs_the_same_data_always_the_same(algorithm: str) -> None:
    assert key(algorithm).sign(b"data") == signing_key(jwk(algorithm)).sign(b"data")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_public_key_reads_back_from_each_way_to_write_it(algorithm: str) -> None:
    public = key(algorithm).public
    signature = key(algorithm).sign(b"data")
    written = [public_key_of_jwk(public.jwk())]
    if algorithm != RS256:
        written += [public_key_of_multikey(public.multikey()), public_key_of_did_key(f"did:key:{public.multikey()}")]

    assert all(each.verify(b"data", signature) for each in written)
    assert all(each.algorithm == algorithm for each in written)


@pytest.mark.parametrize(("text", "algorithm"), PUBLISHED.items())
def test_published_multikeys_read_and_write_as_they_are(text: str, algorithm: str) -> None:
    public = public_key_of_multikey(text)

    assert (public.algorithm, public.multikey()) == (algorithm, text)
    assert public_key_of_did_key(f"did:key:{text}#{text}").multikey() == text


def test_a_public_jwk_has_no_private_member() -> None:
    assert set(key(RS256).public.jwk()) == {"kty", "n", "e"}
    assert set(public_key_of_jwk(jwk(ED25519)).jwk()) == {"kty", "crv", "x"}


def test_a_signing_key_shows_nothing_private() -> None:
    assert jwk(ED25519)["d"] not in repr(key(ED25519))
    assert "private" not in repr(key(ED25519)).lower()


def test_a_key_without_a_name_is_called_by_its_thumbprint() -> None:
    nameless = {name: value for name, value in jwk(ED25519).items() if name != "kid"}

    assert signing_key(nameless).kid == OKPKey.import_key(nameless).thumbprint()
    assert key(ED25519).kid == "Ed25519-0"


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": ["OKP"]},
        {"kty": "OKP", "crv": "X25519", "x": "AAAA"},
        OKPKey.generate_key("X25519").as_dict(private=True),
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
        {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
        ECKey.generate_key("P-521").as_dict(private=True),
        ECKey.generate_key("secp256k1").as_dict(private=True),
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "n": 5, "e": None},
        RSAKey.generate_key(1_024).as_dict(private=True),
        {**jwk(RS256), "alg": "PS256"},
        {**jwk(ED25519), "alg": "RS256"},
    ],
)
def test_what_is_no_supported_key_is_refused(document: dict[str, Any]) -> None:
    for read in (public_key_of_jwk, signing_key):
        with pytest.raises(BadKey):
            read(document)


def test_a_public_jwk_can_not_sign() -> None:
    with pytest.raises(BadKey, match="no private part"):
        signing_key(key(ED25519).public.jwk())


@pytest.mark.parametrize(
    "text", ["", "z", "z6Mk", "u7QE", "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ", base58(b"\x80\x24" + b"\x04" * 33)]
)
def test_other_text_is_no_multikey(text: str) -> None:
    with pytest.raises(BadKey):
        public_key_of_multikey(text)


def test_a_did_key_has_no_other_fragment_than_itself() -> None:
    one, two = (key(ED25519, which).public.multikey() for which in (0, 1))
    for did in (f"did:key:{one}#{two}", f"did:web:{one}", one):
        with pytest.raises(BadKey):
            public_key_of_did_key(did)
