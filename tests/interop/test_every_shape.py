"""Every shape of credential that the platform can make, signed the fast way, as others see it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.awarding.credentials.keyring import Keyring
from services.awarding.credentials.template import Signer
from shared.credentials.canonical import canonical
from shared.credentials.contexts import CREDENTIALS
from shared.credentials.jwts import as_jwt
from shared.credentials.proofs import signed
from shared.credentials.status import Bits
from tests.domain.awarding_credentials.shapes import ADDRESSES, KEY, NOON, Edition, editions
from tests.domain.credentials.keys import jwk
from tests.interop.others import Others

DATES = {"validFrom": "2026-01-01T00:00:00Z", "validUntil": "2099-01-01T00:00:00Z"}
"""In place of the drawn ones, most of which are not now."""

RING = Keyring.of(json.dumps({"keys": [{**KEY.jose.as_dict(private=True), "kid": KEY.kid}, jwk("RS256")]}), ADDRESSES)
"""The key that signs every shape, and one for tokens."""


def _documents(drawn: Sequence[Edition], *, bit: bool) -> dict[str, Any]:
    """The issuers' identity documents, and the lists with the editions' bits."""
    documents: dict[str, Any] = {}
    lists: dict[str, Bits] = {}
    for edition in drawn:
        issued = edition.issued
        address = ADDRESSES.status_list(issued.issuer, issued.status.list)
        bits = lists.setdefault(address, Bits())
        bits.put(issued.status.index, bit)
        documents[ADDRESSES.did(issued.issuer)] = RING.did_document(issued.issuer)
        documents[address] = _signed_list(edition, address, bits)
    return documents


def _signed_list(edition: Edition, address: str, bits: Bits) -> dict[str, Any]:
    document = {
        "@context": [CREDENTIALS],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": ADDRESSES.did(edition.issued.issuer),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": edition.issued.status.purpose,
            "encodedList": bits.encoded(),
        },
    }
    return signed(document, KEY, edition.method, NOON)


def _dated(edition: Edition) -> dict[str, Any]:
    document = edition.document()
    return document | {name: text for name, text in DATES.items() if name in document}


def _sorts_alike(edition: Edition) -> bool:
    """Whether its statements have one order. RDFC-1.0 sorts by code points, as we do; their library sorts by units of UTF-16,
    where emoji come before U+E000 and what follows it. So few credentials have both in the same place that we keep to the letter.
    """
    statements = canonical(_dated(edition)).split("\n")[:-1]
    return statements == sorted(statements, key=lambda statement: statement.encode("utf-16-be"))


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(editions().filter(_sorts_alike), min_size=12, max_size=12), st.booleans())
def test_every_shape_of_credential_verifies_elsewhere_in_each_form(others: Others, drawn: list[Edition], bit: bool) -> None:
    signer = Signer()
    credentials: list[dict[str, Any] | str] = []
    for edition in drawn:
        unit = edition.issued.issuer
        proof_key, token_key = RING.proof_key(unit), RING.jwt_key(unit)
        assert token_key is not None
        credentials += [
            signer.signed(_dated(edition), proof_key, edition.method, NOON),
            as_jwt(_dated(edition), token_key, ADDRESSES.key(unit, token_key.kid)),
            as_jwt(_dated(edition), proof_key, edition.method),
        ]

    for credential, answer in zip(credentials, others.verify_all(credentials, _documents(drawn, bit=bit)), strict=True):
        assert answer.verified, (answer.error, credential)
        assert [set_ for _, set_ in answer.status] == [bit]
