"""What the guide to judgement by people shows can be published, handed in and judged."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
import yaml
from pydantic import BaseModel

from services.assessment.reviews.answers import Begun, EvidenceGiven, SheetGiven
from services.catalog.domain.known import Known
from services.catalog.domain.validation import validated
from shared.events.definitions import Achievement
from tests.domain.catalog.documents import NOW, submitted

GUIDE: Final = (Path(__file__).parents[4] / "docs/reviews.md").read_text()
BODIES: Final = re.findall(r" -d '([^']*)'", GUIDE)
PUBLISHED: Final = submitted(yaml.safe_load(re.findall(r"<<'YAML'\n(.*?)YAML\n", GUIDE, re.DOTALL)[0]))


def test_the_achievement_can_be_published_without_a_finding() -> None:
    assert not [found for findings in validated([PUBLISHED], Known({}), NOW).values() for found in findings]


@pytest.mark.parametrize(("body", "model"), [*zip(BODIES, (Begun, EvidenceGiven, SheetGiven), strict=True)])
def test_the_commands_send_what_is_understood(body: str, model: type[BaseModel]) -> None:
    model.model_validate_json(body)


def test_what_is_handed_in_and_judged_is_a_review_of_the_achievement() -> None:
    begun, sheet = Begun.model_validate_json(BODIES[0]), SheetGiven.model_validate_json(BODIES[2])
    assert isinstance(PUBLISHED.definition, Achievement)
    (review,) = PUBLISHED.definition.reviews
    assert (begun.achievement, begun.review) == (PUBLISHED.definition.id, review.id)
    levels = {criterion.id: {level.id for level in criterion.levels} for criterion in review.rubric.criteria}
    assert all(given.level in levels[criterion] for criterion, given in sheet.marks.items())
    assert sheet.marks.keys() == levels.keys()
