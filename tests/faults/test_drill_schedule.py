"""What befalls a platform in a drill: a function of the seed, fit for what it is to show."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.drill.schedule import NAMES, SHAPES, STREAMING, WAYS, Fault, Kind, UnknownFault, each, schedule
from shared.stream.worker import SESSION_ENDS_AFTER

SEEDS = st.integers(min_value=0, max_value=2**40)
SECONDS = st.floats(min_value=1, max_value=1_800)
CHOICES = st.lists(st.sampled_from([*NAMES, *(kind.value for kind in Kind)]), max_size=6)


@given(SEEDS, SECONDS, CHOICES)
def test_the_same_seed_gives_the_same_schedule(seed: int, seconds: float, only: list[str]) -> None:
    assert schedule(seed, seconds, only) == schedule(seed, seconds, only)


@given(SEEDS, SECONDS, CHOICES)
def test_every_fault_is_one_that_there_is_and_is_over_before_the_end(seed: int, seconds: float, only: list[str]) -> None:
    found = schedule(seed, seconds, only)
    assert found == sorted(found, key=lambda fault: fault.at)
    for fault in found:
        shape = SHAPES[fault.kind]
        assert fault.target in shape.targets
        assert shape.lasts[0] <= fault.lasts <= shape.lasts[1]
        assert fault.amount in (0.0, *shape.amounts)
        assert 0 < fault.at <= fault.until <= seconds + 0.1
        assert not only or fault.name in only or fault.kind.value in only


@given(SEEDS, SECONDS, CHOICES)
def test_never_are_there_three_at_once_nor_two_of_one_thing(seed: int, seconds: float, only: list[str]) -> None:
    found = schedule(seed, seconds, only)
    for number, fault in enumerate(found):
        beside = [one for one in found[:number] if one.until > fault.at]
        assert len(beside) <= 1
        assert fault.target not in [one.target for one in beside]


@given(SEEDS)
def test_ten_minutes_have_every_kind_and_an_hour_every_fault(seed: int) -> None:
    kinds = Counter(fault.kind for fault in schedule(seed, 600))
    assert set(kinds) == set(Kind)
    assert max(kinds.values()) - min(kinds.values()) <= 1
    assert {fault.name for fault in schedule(seed, 3_600)} == set(NAMES)


@given(SEEDS)
def test_each_fault_comes_once_with_nothing_beside_it(seed: int) -> None:
    found = each(seed)
    assert found == each(seed)
    assert [fault.name for fault in found] == list(NAMES)
    assert all(before.until + 20 <= after.at for before, after in pairwise(found))


def test_other_seeds_give_other_schedules() -> None:
    assert len({tuple(schedule(seed, 600)) for seed in range(50)}) == 50


def test_a_frozen_worker_outsleeps_its_session_and_every_way_is_cut_slowed_and_held() -> None:
    assert SHAPES[Kind.FREEZE].lasts[0] > SESSION_ENDS_AFTER
    assert {way.rpartition(".")[0] or way for way in WAYS} >= {*STREAMING, "broker", "mailbox"}
    for kind in (Kind.CUT, Kind.SLOW, Kind.HOLD):
        assert SHAPES[kind].targets == WAYS


def test_a_fault_that_there_is_not_is_named() -> None:
    with pytest.raises(UnknownFault, match="'kill the lights'"):
        schedule(1, 600, ["kill the lights"])


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault(1, Kind.SLOW, "broker", 8, 0.1), "slow broker for 8.0 s, answers 100 ms later"),
        (Fault(1, Kind.CLOCK, "awarding", 15, -90), "clock awarding for 15.0 s, -90 s"),
        (Fault(1, Kind.FREEZE, "awarding", 12, 1), "freeze awarding for 12.0 s, with another to take over"),
        (Fault(1, Kind.JOIN, "awarding", 15, 1), "join awarding for 15.0 s, then killed"),
    ],
)
def test_a_fault_says_what_it_is(fault: Fault, says: str) -> None:
    assert str(fault) == says
