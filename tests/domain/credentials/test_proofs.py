"""Embedded proofs: what is signed, in which order, and what a proof's checker makes of others' kinds."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.credentials.canonical import NotCanonical, UndefinedTerms, canonical
from shared.credentials.contexts import UnknownContext
from shared.credentials.keys import ED25519, ES256, ES384, RS256
from shared.credentials.proofs import (
    CRYPTOSUITES,
    NotSupported,
    canonical_options,
    hash_data,
    proof_is_good,
    proof_options,
    proof_value,
    signed,
)
from tests.domain.credentials.keys import key
from tests.interop.issuer import badge

METHOD = "did:web:issuer.example#key"
CREATED = datetime(2026, 11, 23, 9, 30, 15, 999, tzinfo=UTC)


@settings(deadline=None)
@given(st.text(max_size=80))
def test_a_signed_credential_verifies_whatever_its_name_and_no_other_name_does(name: str) -> None:
    document = signed(badge(name), key(ED25519), METHOD, CREATED)
    (proof,) = document["proof"]

    assert proof_is_good(document, proof, key(ED25519).public)
    assert not proof_is_good({**document, "name": name + "."}, proof, key(ED25519).public)
    assert not proof_is_good(document, proof, key(ED25519, 1).public)


def test_the_same_document_is_always_signed_the_same() -> None:
    elsewhere = CREATED.astimezone(timezone(timedelta(hours=5, minutes=30)))

    assert signed(badge("x"), key(ED25519), METHOD, CREATED) == signed(badge("x"), key(ED25519), METHOD, elsewhere)


def test_a_proof_is_made_of_its_parts() -> None:
    document = badge("Titration")
    options = proof_options(METHOD, CREATED, document["@context"])
    data = hash_data(canonical(document), canonical(options))
    (proof,) = signed(document, key(ED25519), METHOD, CREATED)["proof"]

    assert proof == {
        "type": "DataIntegrityProof",
        "created": "2026-11-23T09:30:15Z",
        "verificationMethod": METHOD,
        "cryptosuite": "eddsa-rdfc-2022",
        "proofPurpose": "assertionMethod",
        "proofValue": proof_value(key(ED25519), data),
    }
    assert canonical_options(proof, document["@context"]) == canonical(options)


def test_signing_again_takes_the_place_of_the_proof() -> None:
    once = signed(badge("x"), key(ED25519), METHOD, CREATED)

    assert signed(once, key(ED25519), METHOD, CREATED) == once


def test_what_no_signature_would_cover_is_not_signed() -> None:
    with pytest.raises(UndefinedTerms, match="nickname"):
        signed({**badge("x"), "nickname": "y"}, key(ED25519), METHOD, CREATED)
    with pytest.raises(NotSupported):
        signed(badge("x"), key(RS256), METHOD, CREATED)


def _others_proof(document: dict[str, Any], suite: str, algorithm: str, **members: Any) -> dict[str, Any]:
    """A proof of a kind that Cairn checks and does not make, put together as its specification says."""
    options = {"type": "DataIntegrityProof", "cryptosuite": suite, "verificationMethod": METHOD, **members}
    options |= {"created": "2026-11-23T09:30:15Z", "proofPurpose": "assertionMethod"}
    digest = "sha384" if algorithm == ES384 else "sha256"
    if "jcs" in suite:
        data = hash_data(rfc8785.dumps(document).decode(), rfc8785.dumps(options).decode(), digest)
    else:
        data = hash_data(canonical(document), canonical({**options, "@context": document["@context"]}), digest)
    return {**options, "proofValue": proof_value(key(algorithm), data)}


OTHERS = [
    ("eddsa-jcs-2022", ED25519),
    ("ecdsa-rdfc-2019", ES256),
    ("ecdsa-rdfc-2019", ES384),
    ("ecdsa-jcs-2019", ES256),
    ("ecdsa-jcs-2019", ES384),
]


@pytest.mark.parametrize(("suite", "algorithm"), OTHERS)
def test_the_other_cryptosuites_verify_and_notice_changes(suite: str, algorithm: str) -> None:
    document = badge("Titration")
    proof = _others_proof(document, suite, algorithm)

    assert proof_is_good({**document, "proof": proof}, proof, key(algorithm).public)
    assert not proof_is_good({**document, "name": "Gold"}, proof, key(algorithm).public)
    assert not proof_is_good(document, {**proof, "created": "2026-11-23T09:30:16Z"}, key(algorithm).public)
    assert not proof_is_good(document, proof, key(algorithm, 1).public)


def test_contexts_may_be_added_after_those_that_a_jcs_proof_names_and_not_exchanged() -> None:
    document = badge("Titration")
    proof = _others_proof(document, "eddsa-jcs-2022", ED25519, **{"@context": document["@context"]})
    longer = [*document["@context"], "https://added.example"]

    assert proof_is_good({**document, "@context": longer}, proof, key(ED25519).public)
    assert not proof_is_good({**document, "@context": longer[::-1]}, proof, key(ED25519).public)
    assert not proof_is_good({**document, "@context": longer[0]}, proof, key(ED25519).public)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "Ed25519Signature2020"},
        {"cryptosuite": "bbs-2023"},
        {"cryptosuite": None},
        {"cryptosuite": ["eddsa-rdfc-2022"]},
        {"previousProof": "urn:uuid:1"},
    ],
)
def test_a_kind_of_proof_that_is_unknown_is_said_to_be_so(change: dict[str, Any]) -> None:
    document = signed(badge("x"), key(ED25519), METHOD, CREATED)
    with pytest.raises(NotSupported, match="not supported"):
        proof_is_good(document, {**document["proof"][0], **change}, key(ED25519).public)


@pytest.mark.parametrize(
    "change",
    [
        {"proofPurpose": "authentication"},
        {"proofValue": "u" + "A" * 86},
        {"proofValue": "z0"},
        {"proofValue": "z"},
        {"proofValue": None},
        {"proofValue": ["z"]},
        {"cryptosuite": "ecdsa-rdfc-2019"},
        {"verificationMethod": METHOD + "2"},
    ],
)
def test_a_proof_that_was_changed_is_not_good(change: dict[str, Any]) -> None:
    document = signed(badge("x"), key(ED25519), METHOD, CREATED)

    assert not proof_is_good(document, {**document["proof"][0], **change}, key(ED25519).public)


def test_json_that_has_no_canonical_form_is_said_to_have_none() -> None:
    proof = _others_proof(badge("x"), "eddsa-jcs-2022", ED25519)
    deep: Any = "x"
    for _ in range(5_000):
        deep = [deep]
    for value in (float("nan"), 2**60, "\ud800", deep):
        with pytest.raises(NotCanonical):
            proof_is_good({**badge("x"), "name": value}, proof, key(ED25519).public)
    with pytest.raises(NotCanonical):
        proof_is_good(badge("x"), {**_rdfc_proof(), "created": "\ud800"}, key(ED25519).public)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@settings(deadline=None)
@given(
    st.sampled_from(sorted(CRYPTOSUITES)),
    st.dictionaries(st.sampled_from(["@context", "created", "verificationMethod", "proofValue", "expires", "x"]), JSON),
    st.dictionaries(st.sampled_from(["@context", "name", "issuer", "credentialSubject"]), JSON),
)
def test_no_proof_breaks_its_checker(suite: str, members: dict[str, Any], changes: dict[str, Any]) -> None:
    proof = {**_rdfc_proof(), "cryptosuite": suite, **members}
    for algorithm in CRYPTOSUITES[suite]:
        with suppress(NotSupported, NotCanonical, UndefinedTerms, UnknownContext):
            assert not proof_is_good({**badge("y"), **changes}, proof, key(algorithm).public)


def test_deeply_nested_contexts_are_said_to_be_so() -> None:
    one: Any = []
    two: Any = []
    for _ in range(20_000):
        one, two = [one], [two]
    proof = {**_others_proof(badge("x"), "eddsa-jcs-2022", ED25519), "@context": [one]}
    with pytest.raises(NotCanonical):
        proof_is_good({**badge("x"), "@context": [two]}, proof, key(ED25519).public)


def _rdfc_proof() -> dict[str, Any]:
    (proof,) = signed(badge("x"), key(ED25519), METHOD, CREATED)["proof"]
    return dict(proof)
