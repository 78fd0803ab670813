"""How much a sender may have in hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.notifications.hand import Hand


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def mailed(hand: Hand, clock: Clock, number: int, each: float) -> None:
    for _ in range(number):
        hand.take(1)
        clock.now += each
        hand.done()


def test_room_is_what_is_mailed_in_some_seconds_at_the_pace_of_late() -> None:
    clock = Clock()
    hand = Hand(10, 1_000, 8.0, clock)
    assert hand.size == hand.room == 10
    mailed(hand, clock, 201, 0.01)
    assert 780 <= hand.size <= 800
    mailed(hand, clock, 100, 0.1)
    assert 70 <= hand.size <= 80


def test_time_with_nothing_in_hand_is_no_time_of_slowness() -> None:
    clock = Clock()
    hand = Hand(10, 1_000, 8.0, clock)
    for _ in range(300):
        mailed(hand, clock, 1, 0.01)
        clock.now += 60.0
    assert 780 <= hand.size <= 800


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0, 5), st.integers(0, 50)), max_size=60))
def test_the_size_keeps_to_its_bounds_and_the_room_is_never_less_than_none(turns: list[tuple[int, float, int]]) -> None:
    clock = Clock()
    hand = Hand(5, 100, 8.0, clock)
    held = 0
    for taken, seconds, done in turns:
        hand.take(taken)
        clock.now += seconds
        for _ in range(min(done, held + taken)):
            hand.done()
        held = max(0, held + taken - done)
        assert 5 <= hand.size <= 100
        assert hand.room == max(0, hand.size - held)
