"""What holds of every live event, and of everything that is none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.assessment.sources.claims import Result
from services.assessment.sources.formats.canvas import read
from tests.domain.sources.anything import JSON, check_reading, source_of, spoilt, the_claim
from tests.domain.sources.canvas.fixtures import (
    GOOD,
    course_completed,
    course_grade_change,
    grade_change,
    grade_override,
)

PLAIN = source_of("canvas")
CHOOSING = source_of("canvas", unposted=True, overrides="attempt", course_score="current", shard=3)

TEACHERS = {"user_id": "21070000066600666", "user_login": "teacher-666", "user_sis_id": "sis-666"}


@given(JSON | spoilt(GOOD), st.sampled_from([PLAIN, CHOOSING]))
def test_whatever_comes_is_claims_or_nothing_or_wrong_with_a_reason(original: Any, source: Any) -> None:
    check_reading(read, original, source)


@st.composite
def _events(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    learner = draw(st.integers(1, 600))
    id_ = draw(st.sampled_from([str(learner), f"2107{learner:013}", learner]))
    points = st.decimals(0, 120, places=2)
    event = draw(
        st.sampled_from(
            [
                course_completed(user=id_),
                grade_change(student_id=id_, user_id=id_, score=draw(points), grader_id="21070000066600666", student_sis_id=None),
                course_grade_change(user_id=id_, final_score=draw(points), current_score=draw(points)),
                grade_override(user_id=id_, override_score=draw(points)),
            ]
        )
    )
    event["metadata"] |= TEACHERS
    return str(learner), event


@given(_events())
def test_every_event_about_a_result_is_understood_and_never_the_teachers(sent: tuple[str, dict[str, Any]]) -> None:
    learner, event = sent
    claim = the_claim(read, event, PLAIN)
    assert [name.value for name in claim.names] == [learner]
    assert "666" not in repr((claim.names, claim.activity, claim.said))
    assert the_claim(read, event, PLAIN) == claim
    assert isinstance(claim.said, Result)
    if claim.said.score is not None:
        assert Decimal(0) <= claim.said.score.share <= 1
