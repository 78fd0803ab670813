"""What a line of a CSV file says, by the options of its source."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.assessment.sources.claims import Claim, Name, Nothing, Result, Wrong
from services.assessment.sources.formats.csv import read
from shared.events.completions import Score, Status
from tests.domain.sources.csv.tables import said, source

ROW = {"Matriculation": "07-123-456", "Module": "MA101", "Graded": "24.11.2026 13:05", "Points": "42,5", "Out of": "50"}


def one(row: dict[str, str], **options: Any) -> Claim:
    found = said(row, source(**options))
    assert not isinstance(found, Nothing), found.reason
    (claim,) = found
    return claim


def result(row: dict[str, str], **options: Any) -> Result:
    found = one(row, **options).said
    assert isinstance(found, Result)
    return found


def test_a_line_says_what_its_columns_are_mapped_to() -> None:
    claim = one(ROW)
    assert claim.names == (Name("sis:matriculation", "07-123-456"),)
    assert claim.activity == "MA101"
    assert claim.said == Result(Status.SCORED, Score(raw=Decimal("42.5"), max=Decimal(50)))


def test_a_time_without_an_offset_is_that_of_the_sources_zone() -> None:
    assert one(ROW).time == datetime(2026, 11, 24, 12, 5, tzinfo=UTC)
    assert one(ROW | {"Graded": "24.07.2026 13:05"}).time == datetime(2026, 7, 24, 11, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "format_"),
    [
        ("2026-11-24T13:05:00+01:00", "iso"),
        ("2026-11-24 13:05", "iso"),
        ("1795521900", "epoch"),
        ("11/24/26 01:05 PM +0100", "%m/%d/%y %I:%M %p %z"),
    ],
)
def test_times_are_read_as_the_source_writes_them(written: str, format_: str) -> None:
    time = {"column": "Graded", "format": format_, "zone": "Europe/Zurich"}
    assert one(ROW | {"Graded": written}, time=time).time == datetime(2026, 11, 24, 12, 5, tzinfo=UTC)


def test_a_date_is_the_beginning_of_that_day_at_the_source() -> None:
    time = {"column": "Graded", "zone": "Europe/Zurich"}
    assert one(ROW | {"Graded": "2026-11-24"}, time=time).time == datetime(2026, 11, 23, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("score", "cells", "share"),
    [
        ({"raw": "Points", "max_is": "50"}, {"Points": "42.5"}, "0.85"),
        ({"raw": "Points", "max": "Out of", "min_is": "10"}, {"Points": "42"}, "0.8"),
        ({"percent": "Points"}, {"Points": "85 %"}, "0.85"),
        ({"percent": "Points", "decimal": ","}, {"Points": "85,5"}, "0.855"),
        ({"scaled": "Points"}, {"Points": "0.85"}, "0.85"),
        ({"raw": "Points", "max_is": "50"}, {"Points": "50"}, "1"),
        ({"raw": "Points", "max": "Out of", "min_is": "10"}, {"Points": "10"}, "0"),
    ],
)
def test_scores_are_read_as_the_source_writes_them(score: dict[str, str], cells: dict[str, str], share: str) -> None:
    found = result(ROW | cells, score=score).score
    assert found is not None
    assert found.share == Decimal(share)


@pytest.mark.parametrize(("text", "status"), [("bestanden", "passed"), (" NICHT bestanden ", "failed"), ("Krank", "withdrawn")])
def test_a_status_is_looked_up_whatever_its_case(text: str, status: str) -> None:
    values = {"Bestanden": "passed", "nicht bestanden": "failed", "krank": "withdrawn"}
    assert result(ROW | {"Status": text}, status={"column": "Status", "values": values}).status is Status(status)


def test_a_status_that_is_not_in_the_table_is_wrong_unless_the_table_says_otherwise() -> None:
    table = {"column": "Status", "values": {"ok": "passed"}}
    with pytest.raises(Wrong, match="one of ok") as caught:
        said(ROW | {"Status": "vielleicht"}, source(status=table))
    assert caught.value.place == "Status"
    assert isinstance(said(ROW | {"Status": ""}, source(status=table | {"otherwise": "ignored"})), Nothing)


def test_a_completion_needs_no_score() -> None:
    assert result(ROW | {"Points": ""}, status_is="completed") == Result(Status.COMPLETED)


@pytest.mark.parametrize("nothing", ["", "-", "  "])
def test_an_empty_score_says_nothing_and_a_dash_is_empty(nothing: str) -> None:
    assert isinstance(said(ROW | {"Points": nothing}, source()), Nothing)


def test_an_empty_score_clears_where_the_source_says_so() -> None:
    assert result(ROW | {"Points": "-"}, without_score="clears") == Result(Status.CLEARED)


def test_an_empty_score_is_wrong_where_the_source_says_so() -> None:
    with pytest.raises(Wrong) as caught:
        said(ROW | {"Points": ""}, source(without_score="refused"))
    assert caught.value.place == "Points"


def test_grade_attempt_and_evidence_come_from_their_columns() -> None:
    row = ROW | {"Grade": "5.5", "Try": "2", "Link": "https://example.edu/w/1"}
    found = result(row, score=None, grade="Grade", attempt="Try", evidence=["Link"])
    assert found == Result(Status.SCORED, None, "5.5", 2, ("https://example.edu/w/1",))


def test_one_activity_for_all_lines_needs_no_column() -> None:
    assert one(ROW, activity=None, activity_is="urn:course:x").activity == "urn:course:x"


@pytest.mark.parametrize(
    ("cells", "place"),
    [
        ({"Matriculation": ""}, "Matriculation"),
        ({"Module": ""}, "Module"),
        ({"Graded": ""}, "Graded"),
        ({"Graded": "2026-11-24"}, "Graded"),
        ({"Graded": "31.02.2026 10:00"}, "Graded"),
        ({"Graded": "01.01.1066 10:00"}, "Graded"),
        ({"Points": "viele"}, "Points"),
        ({"Points": "4.2"}, "Points"),
        ({"Points": "1_0"}, "Points"),
        ({"Points": "NaN"}, "Points"),
        ({"Out of": ""}, "Out of"),
        ({"Out of": "0"}, "Out of"),
        ({"Out of": "-50"}, "Out of"),
        ({"Points": "158,5", "Out of": "100"}, "Points"),
        ({"Points": "-0,5"}, "Points"),
    ],
)
def test_a_wrong_line_is_told_by_its_column_and_keeps_what_it_says_to_itself(cells: dict[str, str], place: str) -> None:
    with pytest.raises(Wrong) as caught:
        said(ROW | cells, source())
    assert caught.value.place == place
    assert "07-123-456" not in str(caught.value)


@pytest.mark.parametrize("said", ["100.5 %", "-1"])
def test_more_than_all_and_less_than_nothing_are_slips(said: str) -> None:
    with pytest.raises(Wrong, match="between the least and the most") as caught:
        result(ROW | {"Points": said}, score={"percent": "Points"})
    assert caught.value.place == "Points"


def test_a_line_is_known_again_by_the_cells_that_are_mapped_so_that_others_may_change() -> None:
    nightly = [one(ROW | {"Last download": day}).id for day in ("Monday", "Tuesday")]
    assert nightly[0] == nightly[1]
    assert one(ROW | {"Points": "43"}).id != nightly[0]
    assert "07-123-456" not in nightly[0]


def test_a_line_is_known_by_its_own_id_where_it_has_one() -> None:
    assert one(ROW | {"Nr": "r-17"}, id=["Nr"]).id == "r-17"
    assert one(ROW | {"Nr": "r-17"}, id=["Nr", "Graded"]).id == one(ROW | {"Nr": "r-17", "Points": "1"}, id=["Nr", "Graded"]).id


@pytest.mark.parametrize(
    "options",
    [
        {"activity": None},
        {"activity_is": "x"},
        {"score": None},
        {"score": {"raw": "Points"}},
        {"score": {"scaled": "Points", "max_is": "5"}},
        {"score": {"scaled": "a", "percent": "b"}},
        {"time": {"column": "Graded", "format": "%H:%M"}},
        {"time": {"column": "Graded", "format": "%Q"}},
        {"time": {"column": "Graded", "zone": "Mars/Olympus"}},
        {"delimiter": '"'},
        {"delimiter": ";;"},
        {"header": False},
        {"columns": ["Matriculation"]},
        {"learner": []},
        {"encoding": "klingon"},
        {"colour": "red"},
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        source(**options)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FULL = source(
    grade="Grade",
    attempt="Try",
    evidence=["Link"],
    status={"column": "Status", "values": {"ok": "passed"}, "otherwise": "scored"},
)


@given(st.one_of(anything, st.dictionaries(st.sampled_from([*ROW, "Grade", "Try", "Link", "Status", ""]), anything)))
def test_whatever_a_line_is_it_is_read_or_wrong(changes: Any) -> None:
    for original in (changes, {**ROW, **changes} if isinstance(changes, dict) else changes):
        for where in (FULL, source(), source(time={"column": "Graded", "format": "epoch"}, score={"percent": "Points"})):
            with suppress(Wrong):
                read(original, where)
