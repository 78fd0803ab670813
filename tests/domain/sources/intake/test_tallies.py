"""Counts are added per source and day, with a bounded number of reasons and refusals."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.assessment.sources.claims import Kind, Outcome
from services.assessment.sources.settling import refusal
from services.assessment.sources.tallies import MOST_REASONS, REFUSALS_A_MINUTE, Adding, Tally, day_of
from shared.stream.incoming import Incoming
from shared.stream.readings import Readings

OUTCOMES = st.builds(Outcome, st.sampled_from(Kind), detail=st.one_of(st.none(), st.sampled_from(["a", "b", "c" * 300])))


def changes(adding: Adding, *tallies: Tally) -> list[dict[str, Any]]:
    return [dict(change._doc) for change in adding.changes(tallies)]  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["lms", "sis"]), st.sampled_from(["2026-01-01", "2026-01-02"]), OUTCOMES), max_size=30))
def test_what_is_added_is_what_came_for_each_source_and_day(came: list[tuple[str, str, Outcome]]) -> None:
    tallies = []
    for source, day, outcome in came:
        tally = Tally(source, day)
        tally.add(outcome)
        tallies.append(tally)
    found: Counter[tuple[str, str, str]] = Counter()
    for change in changes(Adding("p"), *tallies):
        source, day = change["$set"]["source"], change["$set"]["day"]
        found.update({(source, day, name): number for name, number in change.get("$inc", {}).items() if "." not in name})
    assert found == Counter((source, day, outcome.kind.value) for source, day, outcome in came)


def test_a_reason_says_where_but_not_which_of_many() -> None:
    tally = Tally("lms", "2026-01-01")
    for place in ("userId", "items.3.userId", "items.14.userId", "results[2].score"):
        tally.add(Outcome(Kind.REFUSED, detail="it is missing", place=place))
    tally.add(Outcome(Kind.REFUSED, detail="it is missing"))
    assert tally.reasons == {
        (Kind.REFUSED, "userId: it is missing"): 1,
        (Kind.REFUSED, "items.*.userId: it is missing"): 2,
        (Kind.REFUSED, "results[*].score: it is missing"): 1,
        (Kind.REFUSED, "it is missing"): 1,
    }


def test_a_day_has_a_bounded_number_of_reasons() -> None:
    adding = Adding("p")
    tally = Tally("lms", "2026-01-01")
    for number in range(MOST_REASONS + 20):
        tally.add(Outcome(Kind.REFUSED, detail=f"reason {number}"))
    (change,) = changes(adding, tally)
    reasons = {name: number for name, number in change["$inc"].items() if name.startswith("reasons.")}
    assert len(reasons) == MOST_REASONS + 1
    assert reasons["reasons.other_refused.n"] == 20


def test_many_reasons_of_one_kind_leave_room_for_those_of_another() -> None:
    adding = Adding("p")
    tally = Tally("lms", "2026-01-01")
    for number in range(MOST_REASONS + 20):
        tally.add(Outcome(Kind.IGNORED, detail=f"reason {number}"))
    tally.add(Outcome(Kind.REFUSED, detail="its time is later than now"))
    (change,) = changes(adding, tally)
    assert "its time is later than now" in change["$set"].values()


def test_a_flood_of_refusals_is_no_flood_of_documents() -> None:
    now, adding = datetime(2026, 1, 1, tzinfo=UTC), Adding("p")
    flood = [refusal("lms", Outcome(Kind.REFUSED, detail="no"), now) for _ in range(REFUSALS_A_MINUTE + 50)]
    assert len(adding.noted(flood)) == REFUSALS_A_MINUTE
    assert adding.noted([refusal("sis", Outcome(Kind.REFUSED), now)])
    assert adding.noted([refusal("lms", Outcome(Kind.REFUSED), now + timedelta(minutes=1))])


def test_a_day_is_that_of_utc() -> None:
    assert day_of(datetime.fromisoformat("2026-01-01T23:30:00-05:00")) == "2026-01-02"


def incoming(source: bytes | None, role: Any = "reads") -> Incoming:
    headers = () if source is None else (("ce_source", source),)
    return Incoming(role, "completions", 3, 7, b"ada", b"{}", headers, datetime(2026, 1, 1, 23, tzinfo=UTC))


def test_what_the_stream_reads_is_counted_by_source_and_day_of_its_main_input_only() -> None:
    readings = Readings()
    for _ in range(2):
        readings.add(incoming(b"urn:a"), "new")
    readings.add(incoming(b"urn:a"), "dead")
    readings.add(incoming(b"urn:a", "asks"), "new")
    readings.add(incoming(None), "dead")
    readings.add(incoming(b"\xff" + b"x" * 600), "dead")
    found = {dict(change._filter)["_id"]: dict(change._doc)["$inc"] for change in readings.changes()}  # type: ignore[arg-type]
    assert found["urn:a|2026-01-01|3"] == {"new": 2, "dead": 1}
    assert found["?|2026-01-01|3"] == {"dead": 1}
    assert max(map(len, found)) < 520
