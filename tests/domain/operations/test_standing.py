"""How a stream stands follows from what broker, checkpoints and processes say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.operations.standing import (
    Bounds,
    consumers_of,
    instances_of,
    lag_of,
    last_error,
    state_of,
    sweeps_of,
    total_lag,
)
from shared.stream.checkpoint import Checkpoint, Sweep
from shared.stream.presence import GONE_AFTER, Failure, Worker
from shared.stream.switch import Pause

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=1)


def worker(name: str = "one", **said: Any) -> Worker:
    return Worker(**{"instance": name, "at": NOW, "stopped": False, **said})


@pytest.mark.parametrize(
    ("last", "bounds", "lag"),
    [
        (None, Bounds(0, 0), 0),
        (None, Bounds(0, 7), 7),
        (6, Bounds(0, 7), 0),
        (2, Bounds(0, 7), 4),
        (2, Bounds(5, 7), 2),
        (None, Bounds(5, 7), 2),
        (9, Bounds(0, 7), 0),
    ],
    ids=["empty", "never read", "all read", "behind", "what the topic lost is not counted", "nor at first", "topic made anew"],
)
def test_lag_is_what_is_there_and_not_read(last: int | None, bounds: Bounds, lag: int) -> None:
    assert lag_of(last, bounds) == lag


def test_a_stream_stands_as_its_processes_say_unless_somebody_paused_it() -> None:
    pause = Pause("ada", NOW, "why")
    assert state_of(None, [worker()], NOW) == "running"
    assert state_of(None, [worker(), worker("two", trouble="committing: Unavailable")], NOW) == "waiting"
    assert state_of(None, [worker(at=NOW - GONE_AFTER - timedelta(seconds=1))], NOW) == "stopped"
    assert state_of(None, [worker(stopped=True)], NOW) == "stopped"
    assert state_of(None, [], NOW) == "stopped"
    assert state_of(pause, [worker(trouble="any")], NOW) == "paused"
    assert state_of(pause, [], NOW) == "paused"


def test_each_partition_of_each_topic_is_shown_with_who_holds_it_and_how_fast_it_is() -> None:
    checkpoints = {0: Checkpoint(0, 1, 0, {"reads": 4}), 1: Checkpoint(1, 1, 0)}
    bounds = {(topic, partition): Bounds(0, 10) for topic in ("events", "requests") for partition in (0, 1)}
    there = [
        worker("one", partitions=frozenset({0}), rates={("events", 0): 2.5}),
        worker("gone", partitions=frozenset({1}), at=LONG_AGO, rates={("events", 1): 9.0}),
    ]
    shown = consumers_of({"reads": "events", "asks": "requests"}, {1, 0}, bounds, checkpoints, there, NOW)
    assert [(one.topic, one.partition, one.owner, one.position, one.lag, one.rate) for one in shown] == [
        ("events", 0, "one", 5, 5, 2.5),
        ("events", 1, None, None, 10, 0.0),
        ("requests", 0, "one", None, 10, 0.0),
        ("requests", 1, None, None, 10, 0.0),
    ]
    assert total_lag(shown) == 35


def test_without_the_broker_all_is_shown_but_what_it_alone_knows() -> None:
    shown = consumers_of({"reads": "events"}, {0}, None, {0: Checkpoint(0, 1, 0, {"reads": 4})}, [worker()], NOW)
    assert [(one.position, one.end, one.lag) for one in shown] == [(5, None, None)]
    assert total_lag(shown) is None


def test_of_two_processes_that_say_they_hold_a_partition_the_latest_is_believed() -> None:
    before = worker("before", at=NOW - timedelta(seconds=5), partitions=frozenset({0}))
    after = worker("after", partitions=frozenset({0}))
    (shown,) = consumers_of({"reads": "events"}, {0}, None, {}, [after, before], NOW)
    assert shown.owner == "after"


def test_the_last_error_is_the_latest_of_all_those_that_ended_included() -> None:
    early, late = Failure("early", LONG_AGO), Failure("late", NOW)
    found = last_error([worker("one", failure=early), worker("two", failure=late, stopped=True), worker("three")])
    assert found is not None
    assert (found.says, found.instance) == ("late", "two")
    assert last_error([worker()]) is None


def test_only_processes_that_are_there_are_shown() -> None:
    shown = instances_of([worker("b"), worker("a"), worker("c", stopped=True), worker("d", at=LONG_AGO)], NOW)
    assert [one.name for one in shown] == ["a", "b"]


def test_sweeps_are_shown_with_how_far_they_are() -> None:
    checkpoints = {
        1: Checkpoint(1, 1, 2, sweep=Sweep(1, "ben", 40, 100)),
        0: Checkpoint(0, 1, 2, sweep=Sweep(1)),
        2: Checkpoint(2, 1, 2),
    }
    assert [(one.of, one.done, one.total) for one in sweeps_of(checkpoints)] == [
        ("partition 0", 0, None),
        ("partition 1", 40, 100),
    ]
