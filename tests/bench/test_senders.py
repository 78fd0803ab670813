"""What the measurement sends is what each format's systems send, and all of it is taken."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from deploy.bench.senders import LEARNERS, SENDERS, Sender
from services.assessment.sources.claims import Nothing
from services.assessment.sources.document import Source
from services.assessment.sources.formats import FORMATS


@pytest.mark.parametrize("sender", [sender for sender in SENDERS if sender.registered], ids=lambda sender: sender.format)
def test_each_original_is_read_as_so_many_completions_and_none_comes_twice(sender: Sender) -> None:
    source = Source.model_validate({"source": sender.source, **sender.document()})
    claims = []
    for number in (0, 1, LEARNERS, LEARNERS + 1):
        original = json.loads(json.dumps(sender.original(number)), parse_float=Decimal)
        found = FORMATS[sender.format].read(original, source)
        assert not isinstance(found, Nothing), found.reason
        assert len(found) == sender.said
        claims += list(found)
    assert len({claim.id for claim in claims}) == len(claims)
    assert len({claim.names[0] for claim in claims}) == 2
    assert len({(claim.names[0], claim.activity) for claim in claims}) == 4


@pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.format)
def test_all_that_was_asked_for_is_in_the_requests(sender: Sender) -> None:
    requests = sender.requests(7, 250)
    assert len(requests) == (250 if sender.at_once == 1 else 3)
    assert all(request.body for request in requests)
