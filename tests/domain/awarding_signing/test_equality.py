"""The fast way of signing is the slow way, byte for byte, for every credential that the platform can make."""

from __future__ import annotations

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.awarding.credentials.template import Signer
from shared.credentials.canonical import canonical
from shared.credentials.contexts import CLR, CREDENTIALS, OPEN_BADGES
from shared.credentials.proofs import proof_is_good, signed
from tests.domain.awarding_credentials.shapes import KEY, Edition, achievements, editions, editions_of

SIGNER = Signer()

classes = achievements().flatmap(lambda achievement: st.lists(editions_of(achievement), min_size=1, max_size=4))
"""Some learners' credentials of the same achievement."""


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(classes)
def test_every_credential_has_the_same_bytes_as_if_signed_the_slow_way(editions: list[Edition]) -> None:
    for edition in editions:
        document, created = edition.document(), edition.issued.created
        slowly = orjson.dumps(signed(document, KEY, edition.method, created))
        for _ in ("perhaps the first of its shape", "surely not the first"):
            assert orjson.dumps(SIGNER.signed(document, KEY, edition.method, created)) == slowly


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(classes)
def test_the_proof_of_a_credential_signed_the_fast_way_verifies(editions: list[Edition]) -> None:
    for edition in editions:
        done = SIGNER.signed(edition.document(), KEY, edition.method, edition.issued.created)
        assert proof_is_good(done, done["proof"][0], KEY.public)


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(editions(), min_size=2, max_size=2))
def test_a_record_that_holds_signed_credentials_has_the_same_bytes_too(parts: list[Edition]) -> None:
    """Each part is a graph of its own, and so is each proof."""
    for order in (parts, parts[::-1], [parts[0], parts[0]]):
        method = order[0].method
        record = {
            "@context": [CREDENTIALS, CLR, OPEN_BADGES],
            "id": "urn:uuid:2d0d1d7c-0a34-4c55-9a0e-5f0d3c1a8e11",
            "type": ["VerifiableCredential", "ClrCredential"],
            "name": "A record",
            "issuer": {"id": method.partition("#")[0], "type": ["Profile"], "name": "An institution"},
            "validFrom": "2026-11-23T12:00:00Z",
            "credentialSubject": {
                "id": order[0].subject,
                "type": ["ClrSubject"],
                "verifiableCredential": [SIGNER.signed(part.document(), KEY, part.method, part.issued.created) for part in order],
            },
        }
        assert SIGNER.documents.canonical(record) == canonical(record)
