"""What the demonstration's three systems send is understood, and is of one learner."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from deploy.demo.systems.telling import CANVAS, DOCUMENTS, NAMES, STATEMENTS, WHO
from services.assessment.sources.claims import Claim, Nothing
from services.assessment.sources.document import Source
from services.assessment.sources.doors.bodies import json_in
from services.assessment.sources.formats import FORMATS

SOURCES = {found["source"]: Source.model_validate(found) for found in yaml.safe_load_all(DOCUMENTS.read_text())}


def read(source: str, original: Any) -> list[Claim] | Nothing:
    """As a door reads it, with numbers exact."""
    found = FORMATS[SOURCES[source].format].read(json_in(json.dumps(original).encode()), SOURCES[source])
    return found if isinstance(found, Nothing) else list(found)


def test_the_three_systems_speak_three_formats() -> None:
    assert len({source.format for source in SOURCES.values()}) == len(SOURCES) == 3


@pytest.mark.parametrize("event", CANVAS)
def test_what_canvas_sends_is_about_the_learner(event: dict[str, Any]) -> None:
    found = read("canvas", event)
    assert isinstance(found, list)
    assert [(name.kind, name.value) for claim in found for name in claim.names][:1] == [NAMES["canvas"]]


def test_what_the_record_store_sends_is_about_the_learner_or_says_nothing() -> None:
    found = [read("record-store", statement) for statement in STATEMENTS]
    assert isinstance(found[2], Nothing)
    claims = [claim for each in found[:2] if isinstance(each, list) for claim in each]
    assert {name.value for claim in claims for name in claim.names} == {WHO.learner}
    assert len(claims) == 2
