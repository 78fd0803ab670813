"""The fast way of signing is the slow way, byte for byte, for every credential that the platform can make."""

from __future__ import annotations

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.awarding.credentials.template import Signer
from shared.credentials.proofs import proof_is_good, signed
from tests.domain.awarding_credentials.shapes import KEY, Edition, achievements, editions_of

SIGNER = Signer()

classes = achievements().flatmap(lambda achievement: st.lists(editions_of(achievement), min_size=1, max_size=4))
"""Some learners' credentials of the same achievement."""


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(classes)
def test_every_credential_has_the_same_bytes_as_if_signed_the_slow_way(editions: list[Edition]) -> None:
    for edition in editions:
        document, created = edition.document(), edition.issued.created
        slowly = orjson.dumps(signed(document, KEY, edition.method, created))
        for _ in ("perhaps the first of its shape", "surely not the first"):
            assert orjson.dumps(SIGNER.signed(document, KEY, edition.method, created)) == slowly


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(classes)
def test_the_proof_of_a_credential_signed_the_fast_way_verifies(editions: list[Edition]) -> None:
    for edition in editions:
        done = SIGNER.signed(edition.document(), KEY, edition.method, edition.issued.created)
        assert proof_is_good(done, done["proof"][0], KEY.public)
