"""What implementations by other people say of our credentials: proofs, tokens, status lists, learner records."""

from copy import deepcopy
from typing import Any

import pytest

from shared.credentials.jwts import as_jwt
from shared.credentials.keys import SigningKey
from shared.credentials.proofs import proof_is_good
from shared.credentials.status import Bits
from tests.interop.issuer import DID, LISTS, badge, did_document, entry, made, proof_key, record, status_list, token_key
from tests.interop.others import Others

NAMES = [
    "Titration",
    'She said "ωραία"\n\tand left \\',
    "👩🏽\u200d🔬 חומצה \u202eبسيط\u202c",
    "control \x0b\x0c\x7f\x00 and \u2028 line",
    "<b>&amp;</b> ]]> %41",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_signed_credential_verifies_elsewhere_whatever_its_name(others: Others, name: str) -> None:
    answer = others.verify(made(badge(name)), {DID: did_document()})

    assert answer.verified, answer.error


def test_a_text_with_language_and_direction_verifies_elsewhere_and_its_direction_is_covered(others: Others) -> None:
    description = {"@value": "معايرة", "@language": "ar-EG", "@direction": "rtl"}
    credential = made(badge("Titration") | {"description": description})
    turned = credential | {"description": description | {"@direction": "ltr"}}

    good, bad = others.verify_all([credential, turned], {DID: did_document()})

    assert good.verified, good.error
    assert not bad.verified
    assert not proof_is_good(turned, credential["proof"][0], proof_key().public)


def test_a_tampered_credential_verifies_nowhere(others: Others) -> None:
    changes = ({"name": "Gold"}, {"awardedDate": "2020-10-30T08:00:00Z"}, {"id": "urn:uuid:1"})
    tampered = [made(badge("Titration")) | change for change in changes]
    deep = made(badge("Titration"))
    deep["credentialSubject"]["achievement"]["level"] = "http://data.europa.eu/snb/eqf/8"
    tampered.append(deep)

    for answer in others.verify_all(tampered, {DID: did_document()}):
        assert not answer.verified
        assert "Invalid signature" in str(answer.error)


def test_a_credential_of_a_key_the_issuer_left_verifies_nowhere(others: Others) -> None:
    answer = others.verify(made(badge("Titration")), {DID: did_document(vouched=["tokens"])})

    assert not answer.verified
    assert "not authorized" in str(answer.error)


@pytest.mark.parametrize(("key", "name"), [(token_key(), "tokens"), (proof_key(), "proofs")], ids=["RS256", "EdDSA"])
def test_a_token_verifies_elsewhere_and_tampered_ones_do_not(others: Others, key: SigningKey, name: str) -> None:
    token = as_jwt(badge(NAMES[1]), key, f"{DID}#{name}")
    header, payload, signature = token.split(".")
    other = as_jwt(badge("Gold"), key, f"{DID}#{name}").split(".")[1]

    good, exchanged, cut = others.verify_all(
        [token, f"{header}.{other}.{signature}", f"{header}.{payload}.{signature[:-8]}AAAAAAAA"], {DID: did_document()}
    )

    assert good.verified, good.error
    assert not exchanged.verified
    assert not cut.verified


@pytest.mark.parametrize("form", ["proof", "token"])
@pytest.mark.parametrize("purpose", ["revocation", "suspension"])
def test_a_status_reads_the_same_elsewhere_before_and_after_it_changes(others: Others, purpose: str, form: str) -> None:
    document = badge("Titration", status=entry(purpose, 94_567))
    credential = made(document) if form == "proof" else as_jwt(document, token_key(), f"{DID}#tokens")
    bits = Bits()
    bits.put(94_566, True)
    bits.put(94_568, True)
    before = others.verify(credential, {DID: did_document(), LISTS + purpose: status_list(purpose, bits)})
    bits.put(94_567, True)
    after = others.verify(credential, {DID: did_document(), LISTS + purpose: status_list(purpose, bits)})
    bits.put(94_567, False)
    again = others.verify(credential, {DID: did_document(), LISTS + purpose: status_list(purpose, bits)})

    assert (before.verified, before.status) == (True, ((purpose, False),)), before.error
    assert (after.verified, after.status) == (True, ((purpose, True),)), after.error
    assert again.status == ((purpose, False),)


def test_a_status_list_that_was_tampered_with_is_noticed_elsewhere(others: Others) -> None:
    credential = made(badge("Titration", status=entry("revocation", 5)))
    forged = status_list("revocation", Bits())
    bits = Bits()
    bits.put(5, True)
    forged["credentialSubject"]["encodedList"] = bits.encoded()

    answer = others.verify(credential, {DID: did_document(), LISTS + "revocation": forged})

    assert not answer.verified
    assert "not verified" in str(answer.error)


def _parts() -> list[dict[str, Any]]:
    slugs = ["titration", "bronze", "silver"]
    return [made(badge(slug.title(), number=number, slug=slug)) for number, slug in enumerate(slugs, 1)]


def test_a_learner_record_and_each_of_its_parts_verify_elsewhere(others: Others) -> None:
    answer = others.verify(made(record(_parts())), {DID: did_document()})

    assert answer.verified, answer.error
    assert [part.verified for part in answer.parts] == [True, True, True]


def test_a_learner_record_with_a_changed_part_or_association_verifies_nowhere(others: Others) -> None:
    whole = made(record(_parts()))
    part, association = deepcopy(whole), deepcopy(whole)
    part["credentialSubject"]["verifiableCredential"][1]["credentialSubject"]["achievement"]["name"] = "Platinum"
    association["credentialSubject"]["association"][0]["associationType"] = "precedes"

    changed_part, changed_association = others.verify_all([part, association], {DID: did_document()})

    assert not changed_part.verified
    assert [each.verified for each in changed_part.parts] == [True, False, True]
    assert not changed_association.verified
    assert all(each.verified for each in changed_association.parts)
