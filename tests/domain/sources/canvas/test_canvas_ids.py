"""Global and local ids are one learner, one course, one event; and an event that is delivered again is the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.assessment.sources.claims import Name
from services.assessment.sources.formats.canvas import Options, read
from services.assessment.sources.formats.canvas.ids import SHARD as SHARD_SIZE
from services.assessment.sources.formats.canvas.ids import normal
from services.assessment.sources.formats.canvas.options import INSTRUCTURE
from tests.domain.sources.anything import source_of, the_claim
from tests.domain.sources.canvas.fixtures import (
    ACCOUNT,
    SHARD,
    course_completed,
    course_grade_change,
    grade_change,
)

PLAIN = source_of("canvas")


@pytest.mark.parametrize("id_", ["48", 48, "21070000000000048", 21_070_000_000_000_048, "2107~48"])
def test_global_and_local_ids_are_one_learner(id_: Any) -> None:
    claim = the_claim(read, grade_change(student_id=id_, user_id=id_, student_sis_id=None), PLAIN)
    assert claim.names == (Name("canvas:user", "48"),)


def test_one_course_has_one_name_in_events_with_global_and_with_local_ids() -> None:
    ids = {the_claim(read, course_completed(course=id_), PLAIN).activity for id_ in ("565", "21070000000000565")}
    assert ids == {"canvas:course:565"}


def test_a_learner_of_another_shard_keeps_the_global_id() -> None:
    claim = the_claim(read, grade_change(student_id="99990000000000048", student_sis_id=None), PLAIN)
    assert claim.names == (Name("canvas:user", "99990000000000048"),)


def test_the_document_says_the_shard_where_events_do_not() -> None:
    event = grade_change({"root_account_id": "1"})
    assert the_claim(read, event, PLAIN).names[0].value == "21070000000000048"
    assert the_claim(read, event, source_of("canvas", shard=SHARD)).names[0].value == "48"
    assert the_claim(read, event, PLAIN).id == the_claim(read, event, source_of("canvas", shard=SHARD)).id


@given(st.integers(1, 9_999), st.integers(1, SHARD_SIZE - 1))
def test_whatever_the_shard_local_global_and_short_ids_are_one(shard: int, local: int) -> None:
    forms = [local, str(local), shard * SHARD_SIZE + local, str(shard * SHARD_SIZE + local), f"{shard}~{local}"]
    assert {normal(form, "", shard) for form in forms} == {str(local)}


def test_an_event_that_is_delivered_again_has_the_same_id() -> None:
    assert the_claim(read, grade_change(), PLAIN) == the_claim(read, grade_change(), PLAIN)
    again = the_claim(read, grade_change(student_id="48", user_id="48", score=8.0), PLAIN)
    assert again.id == the_claim(read, grade_change(), PLAIN).id


@pytest.mark.parametrize(
    "other",
    [
        grade_change({"event_time": "2019-11-01T19:11:05.223Z"}),
        grade_change({"request_id": None, "job_id": "1020020528469291"}),
        grade_change(student_id="49", user_id="49"),
        grade_change(assignment_id="356"),
        grade_change(score=9),
        course_grade_change(),
    ],
)
def test_one_request_that_grades_many_says_many_things(other: Any) -> None:
    assert the_claim(read, other, PLAIN).id != the_claim(read, grade_change(), PLAIN).id


def test_an_id_tells_nothing_of_the_learner() -> None:
    id_ = the_claim(read, grade_change(student_id="77777777", student_sis_id="secret"), PLAIN).id
    assert "77777777" not in id_
    assert len(id_) < 100


def test_signed_events_need_to_say_whose_canvas_it_is() -> None:
    with pytest.raises(ValidationError, match="root_accounts"):
        Options.model_validate({"signed_by": "instructure"})
    signers = Options.model_validate({"signed_by": "instructure", "root_accounts": [ACCOUNT]}).signers
    assert signers is not None
    assert signers.jwks_uri == INSTRUCTURE


@pytest.mark.parametrize(
    "signed_by",
    [{}, {"jwks": {"keys": []}}, {"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}}, {"jwks": {}}, {"jwks_uri": "ftp://x"}],
)
def test_who_signs_is_an_address_or_public_keys(signed_by: Any) -> None:
    with pytest.raises(ValidationError):
        Options.model_validate({"signed_by": signed_by, "root_accounts": [ACCOUNT]})
