"""A learner's way is told in the order of time, with traces, and without what people wrote."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.operations.journey import Kind, Step, in_order, journey, step_of_fact, trace_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def step(id_: str, kind: Kind = "fact", minutes: int = 0, noted: int | None = None) -> Step:
    return Step(
        service="awarding",
        kind=kind,
        at=NOON + timedelta(minutes=minutes),
        noted_at=None if noted is None else NOON + timedelta(minutes=noted),
        type="t",
        id=id_,
        about="a",
        says={},
    )


def fact(**data: Any) -> dict[str, Any]:
    cause = {"kind": "completion", "id": "e-1", "source": "lms", "time": NOON.isoformat()}
    return {
        "_id": "f-1",
        "type": "cairn.award.granted.v1",
        "subject": "award/1",
        "time": NOON + timedelta(seconds=1),
        "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01",
        "data": json.dumps({"learner": "ada", "cause": cause, **data}),
    }


def test_what_happened_at_the_same_time_comes_in_the_order_in_which_the_way_goes() -> None:
    steps = [step("m", "message"), step("f2", noted=2), step("f1", noted=1), step("e", "entry"), step("early", minutes=-1)]
    assert [one.id for one in in_order(steps)] == ["early", "e", "f1", "f2", "m"]


def test_a_message_whose_time_lost_its_microseconds_does_not_come_before_what_it_tells_of() -> None:
    entry = step("e", "entry").model_copy(update={"at": NOON.replace(microsecond=123_456)})
    message = step("m", "message").model_copy(update={"at": NOON.replace(microsecond=123_000)})
    assert [one.id for one in in_order([message, entry])] == ["e", "m"]


def test_of_a_long_way_the_latest_steps_are_told_and_that_there_are_earlier_ones() -> None:
    told = journey("awarding", "ada", [step(str(n), minutes=n) for n in range(5)], most=3)
    assert ([one.id for one in told.steps], told.more) == (["2", "3", "4"], True)
    assert not journey("awarding", "ada", told.steps, most=3).more


def test_a_fact_is_told_with_its_cause_its_trace_and_its_plain_values() -> None:
    told = step_of_fact("awarding", fact(status="valid", level={"stack": "ropes", "level": "bronze"}, version=2))
    assert (told.about, told.trace, told.at) == ("award/1", TRACE, NOON)
    assert told.cause is not None
    assert (told.cause.kind, told.cause.id) == ("completion", "e-1")
    assert told.says == {"status": "valid", "stack": "ropes", "level": "bronze", "version": 2}


def test_nothing_that_a_person_wrote_is_told() -> None:
    told = step_of_fact("awarding", fact(note="She was ill.", reason="private", achievement={"name": "nested"}))
    assert told.says == {}


def test_a_traceparent_that_is_none_gives_no_trace() -> None:
    for text in (None, "", "nonsense", "00-short-00f067aa0ba902b7-01", TRACE):
        assert trace_of(text) is None
