"""The verdict of assessors as an original."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.reviews.speaking import SOURCE
from services.assessment.sources.claims import Name, Nothing, Result, Wrong
from services.assessment.sources.formats.reviews import read
from shared.events.completions import Status

JUDGED: dict[str, Any] = {
    "id": "s1.2",
    "time": "2026-03-02T10:00:00Z",
    "learner": "ada",
    "achievement": "weaving",
    "review": "portfolio",
    "attempt": 3,
    "passed": True,
    "share": "0.75",
    "results": [{"criterion": "clarity", "level": "full", "points": "2"}],
    "evidence": ["https://example.edu/ada"],
    "corrects": "s1.1",
}


def test_a_judgement_is_a_result_of_the_reviews_activity_with_what_was_found_by_each_criterion() -> None:
    said = read(JUDGED, SOURCE)
    assert not isinstance(said, Nothing)
    (claim,) = said
    assert (claim.id, claim.activity, claim.names) == ("s1.2", "urn:cairn:review:weaving:portfolio", (Name("learner", "ada"),))
    assert isinstance(claim.said, Result)
    assert (claim.said.status, claim.said.attempt, claim.said.corrects) == (Status.PASSED, 3, "s1.1")
    assert claim.said.score is not None
    assert claim.said.score.share == Decimal("0.75")
    assert claim.said.results is not None
    assert [(one.criterion, one.level, one.points) for one in claim.said.results] == [("clarity", "full", Decimal(2))]
    assert claim.activity is not None
    assert SOURCE.may_speak_of(claim.activity)


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"passed": "yes"}, "passed"),
        ({"share": "1.5"}, "share"),
        ({"results": []}, "results"),
        ({"evidence": ["javascript:alert(1)"]}, "evidence.0"),
        ({"time": "yesterday"}, "time"),
        ({"learner": ""}, "learner"),
        ({"more": 1}, "more"),
    ],
)
def test_what_is_no_judgement_is_refused_with_its_place(changed: dict[str, Any], place: str) -> None:
    with pytest.raises(Wrong) as refused:
        read(JUDGED | changed, SOURCE)
    assert refused.value.place == place


JSON = st.recursive(
    st.none() | st.booleans() | st.decimals(allow_nan=False) | st.integers() | st.text(),
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(st.sampled_from([*JUDGED, "other"]), parts, max_size=6),
    max_leaves=20,
)


@given(JSON)
def test_whatever_comes_is_read_or_refused(original: Any) -> None:
    with suppress(Wrong):
        read(original, SOURCE)
