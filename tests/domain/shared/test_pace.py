"""A sweep takes its share of the time and leaves the rest to live events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.stream.pace import BESIDE_LIVE, LIVELY, SHARE, WHEN_IDLE, Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_with_nothing_else_to_do_it_takes_large_portions_one_after_the_other() -> None:
    pace = Pace(Clock())
    pace.spent(1.0, WHEN_IDLE, 0)
    assert pace.room() == WHEN_IDLE


def test_beside_live_events_it_stands_still_for_as_long_as_its_share_asks() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.live()
    assert pace.room() == BESIDE_LIVE
    pace.spent(0.6, BESIDE_LIVE, 0)
    assert pace.room() == 0
    clock.now += 0.6 * (1 / SHARE - 1)
    assert pace.room() == BESIDE_LIVE


def test_of_a_transaction_that_was_for_both_only_its_own_part_is_counted() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.live()
    pace.spent(0.6, 50, 150)
    clock.now += 0.15 * (1 / SHARE - 1)
    assert pace.room() == BESIDE_LIVE


def test_a_portion_that_had_nobody_in_it_costs_nothing() -> None:
    pace = Pace(Clock())
    pace.live()
    pace.spent(0.6, 0, 0)
    assert pace.room() == BESIDE_LIVE


def test_when_no_live_event_has_come_for_a_while_it_waits_no_more() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.live()
    pace.spent(60.0, BESIDE_LIVE, 0)
    clock.now += LIVELY
    assert pace.room() == WHEN_IDLE


@given(st.lists(st.floats(0.01, 2.0), min_size=20, max_size=60))
def test_however_long_its_portions_take_it_has_its_share_of_a_busy_time_and_not_more(portions: list[float]) -> None:
    clock = Clock()
    pace, began, spent = Pace(clock), clock.now, 0.0
    for portion in portions:
        while True:
            pace.live()
            if pace.room():
                break
            clock.now += 0.01
        clock.now += portion
        spent += portion
        pace.spent(portion, BESIDE_LIVE, 0)
    passed = clock.now - began
    assert spent - max(portions) <= SHARE * passed
    assert spent >= SHARE * (passed - 0.02 * len(portions)) * 0.99
