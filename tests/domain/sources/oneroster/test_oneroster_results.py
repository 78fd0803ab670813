"""What a OneRoster result says. The first one is that of the gradebook service's documentation, with values."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.assessment.sources.claims import Name, Nothing, Result, Wrong
from services.assessment.sources.formats.oneroster import read
from shared.events.completions import Score, Status
from tests.domain.sources.oneroster.packages import claim, source

RESULT: dict[str, Any] = {
    "sourcedId": "d0e2a6c4-result",
    "status": "active",
    "dateLastModified": "2026-11-20T08:00:00.000Z",
    "metadata": {},
    "lineItem": {"href": "https://sis.example.edu/lineItems/li-1", "sourcedId": "li-1", "type": "lineItem"},
    "student": {"href": "https://sis.example.edu/users/stu-1", "sourcedId": "stu-1", "type": "user"},
    "class": {"href": "https://sis.example.edu/classes/cls-1", "sourcedId": "cls-1", "type": "class"},
    "scoreStatus": "fully graded",
    "score": Decimal("67.0"),
    "scoreDate": "2026-11-19",
    "comment": "excellent, Ada",
    "learningObjectiveSet": [{"source": "case", "learningObjectiveResults": [{"learningObjectiveId": "x", "textScore": "B"}]}],
    "inProgress": "false",
    "incomplete": "false",
    "late": "true",
    "missing": "false",
}
LINE_ITEM = {"resultValueMin": Decimal(0), "resultValueMax": Decimal(80)}


def sent(lineitem: Any = LINE_ITEM, user: Any = None, **changes: Any) -> dict[str, Any]:
    result = {name: value for name, value in (RESULT | changes).items() if value is not None}
    more = {"lineItem": lineitem, "user": user}
    return {"result": result} | {name: value for name, value in more.items() if value is not None}


def test_a_fully_graded_result_is_a_score() -> None:
    found = claim(sent())
    assert found.activity == "li-1"
    assert found.names == (Name("oneroster:user", "stu-1"),)
    assert found.time == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert found.said == Result(Status.SCORED, Score(raw=Decimal(67), max=Decimal(80)))


@pytest.mark.parametrize("status", ["exempt", "not submitted"])
def test_who_is_exempt_or_has_handed_nothing_in_has_no_result(status: str) -> None:
    assert claim(sent(scoreStatus=status, score=None)).said == Result(Status.CLEARED)


@pytest.mark.parametrize("status", ["submitted", "partially graded", "ext:contested"])
def test_what_is_being_graded_leaves_the_last_result(status: str) -> None:
    assert isinstance(read(sent(scoreStatus=status), source()), Nothing)


def test_a_source_can_say_what_its_statuses_mean() -> None:
    where = source(statuses={"ext:final": "counts", "exempt": "ignored"})
    assert claim(sent(scoreStatus="ext:final"), where).said == claim(sent()).said
    assert isinstance(read(sent(scoreStatus="exempt"), where), Nothing)
    with pytest.raises(ValidationError, match="no scoreStatus"):
        source(statuses={"done": "counts"})


def test_what_is_to_be_deleted_takes_the_result_back() -> None:
    assert claim(sent(status="tobedeleted")).said == Result(Status.CLEARED)


def test_the_last_modification_orders_and_names_a_result() -> None:
    first, second = (claim(sent(dateLastModified=f"2026-11-20T08:00:0{n}Z", score=Decimal(n))) for n in (1, 2))
    assert first.time < second.time
    assert first.id != second.id
    assert claim(sent()).id == claim(sent(dateLastModified="2026-11-20T09:00:00+01:00")).id


def test_in_bulk_files_the_date_of_the_score_stands_for_it() -> None:
    found = claim(sent(dateLastModified=None, status=None), source(zone="America/Chicago"))
    assert found.time == datetime(2026, 11, 19, 6, tzinfo=UTC)


def test_a_text_score_is_a_grade() -> None:
    assert claim(sent(score=None, textScore="B+")).said == Result(Status.SCORED, None, "B+")
    assert claim(sent(textScore="B+")).said == Result(Status.SCORED, Score(raw=Decimal(67), max=Decimal(80)), "B+")


def test_scores_go_from_the_line_items_least_to_its_most() -> None:
    said = claim(sent({"resultValueMin": "1", "resultValueMax": "6"}, score="4.5")).said
    assert isinstance(said, Result)
    assert said.score == Score(scaled=Decimal("0.7"))


@pytest.mark.parametrize("score", [80.5, -1])
def test_a_score_beyond_what_the_line_item_allows_is_wrong(score: float) -> None:
    with pytest.raises(Wrong, match="between the least and the most") as caught:
        read(sent(score=Decimal(str(score))), source())
    assert caught.value.place == "score"


def test_a_score_out_of_nobody_knows_what_is_wrong_unless_the_source_says_it() -> None:
    with pytest.raises(Wrong, match="out of") as caught:
        read(sent(None), source())
    assert caught.value.place == "lineItem.resultValueMax"
    where = source(maxima=[{"of": "li-*", "points": "134"}])
    assert claim(sent(None), where).said == Result(Status.SCORED, Score(raw=Decimal(67), max=Decimal(134)))


def test_a_learner_goes_by_every_name_that_is_known_and_the_sourced_id_first() -> None:
    user = {"identifier": "S-1", "username": "ada", "email": "ada@example.edu", "userIds": [{"type": "LTI", "identifier": "17"}]}
    assert [(n.kind, n.value) for n in claim(sent(user=user)).names] == [
        ("oneroster:user", "stu-1"),
        ("oneroster:identifier", "S-1"),
        ("oneroster:username", "ada"),
        ("oneroster:email", "ada@example.edu"),
        ("oneroster:userId:LTI", "17"),
    ]


def test_neither_comments_nor_ids_of_persons_leave_the_original() -> None:
    found = claim(sent())
    assert "Ada" not in repr(found)
    assert "stu-1" not in found.id


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"sourcedId": None}, "sourcedId"),
        ({"status": "gone"}, "status"),
        ({"dateLastModified": "lately"}, "dateLastModified"),
        ({"dateLastModified": None, "scoreDate": None}, "scoreDate"),
        ({"dateLastModified": "0001-01-01T00:00:00Z"}, "dateLastModified"),
        ({"student": None}, "student.sourcedId"),
        ({"lineItem": "li-1"}, "lineItem.sourcedId"),
        ({"scoreStatus": None}, "scoreStatus"),
        ({"scoreStatus": "graded"}, "scoreStatus"),
        ({"score": "a lot"}, "score"),
        ({"score": None}, "score"),
        ({"textScore": "A" * 101}, "textScore"),
    ],
)
def test_a_wrong_result_is_told_where_it_is_wrong(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(Wrong) as caught:
        read(sent(**changes), source())
    assert caught.value.place == place
    assert "stu-1" not in str(caught.value)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["sourcedId", "type", "identifier", ""]), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*RESULT, "textScore"]), values), values, values)
def test_whatever_is_sent_is_read_or_wrong(changes: dict[str, Any], lineitem: Any, user: Any) -> None:
    for original in ({"result": {**RESULT, **changes}, "lineItem": lineitem, "user": user}, lineitem, {"result": user}):
        with suppress(Wrong):
            read(original, source())
