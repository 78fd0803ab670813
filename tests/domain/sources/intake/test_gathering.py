"""What goes together, and what becomes of each of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.assessment.sources.gathering import Gathering


class Work:
    """Doubles numbers; each piece of work waits until it is `let`."""

    def __init__(self) -> None:
        self.done: list[list[int]] = []
        self.let = asyncio.Event()

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.done.append(list(numbers))
        await self.let.wait()
        if 13 in numbers:
            raise ValueError("thirteen")
        return [number * 2 for number in numbers]


async def begun(gathering: Gathering[int, int], *numbers: int) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(gathering.made(number)) for number in numbers]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


async def test_who_finds_nobody_under_way_goes_at_once_and_the_next_go_together() -> None:
    work = Work()
    tasks = await begun(Gathering(work), 1, 2, 3)
    assert work.done == [[1]]
    work.let.set()
    assert await asyncio.gather(*tasks) == [2, 4, 6]
    assert work.done == [[1], [2, 3]]


async def test_what_has_no_room_goes_with_the_next() -> None:
    work = Work()
    tasks = await begun(Gathering(work, room=lambda together, one: one % 2 == together[0] % 2), 1, 2, 3, 4, 5)
    work.let.set()
    assert await asyncio.gather(*tasks) == [2, 4, 6, 8, 10]
    assert work.done == [[1], [2, 4], [3, 5]]


async def test_as_many_as_go_together_do_not_wait() -> None:
    work = Work()
    tasks = await begun(Gathering(work, full=lambda waiting: len(waiting) >= 2), 1, 2, 3, 4)
    assert work.done == [[1], [2, 3]]
    work.let.set()
    assert await asyncio.gather(*tasks) == [2, 4, 6, 8]


async def test_a_failure_is_everybodys_unless_it_may_be_ones_own() -> None:
    work = Work()
    work.let.set()
    shared = await asyncio.gather(*await begun(Gathering(work), 1, 2, 13), return_exceptions=True)
    assert [type(one) for one in shared] == [int, ValueError, ValueError]
    own = await asyncio.gather(*await begun(Gathering(work, blames=lambda _: True), 1, 2, 13), return_exceptions=True)
    assert [type(one) for one in own] == [int, int, ValueError]


async def test_who_is_cancelled_stops_nobody_and_is_left_out_if_nothing_has_begun() -> None:
    work = Work()
    first, second, third = await begun(Gathering(work), 1, 2, 3)
    first.cancel()
    second.cancel()
    work.let.set()
    assert await third == 6
    assert work.done == [[1], [3]]
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_who_comes_again_with_its_answer_finds_nobody_under_way() -> None:
    work = Work()
    work.let.set()
    gathering = Gathering(work)
    assert [await asyncio.wait_for(gathering.made(number), 5) for number in range(3)] == [0, 2, 4]


@dataclass(frozen=True)
class Call:
    """`after` so many turns of the loop; `fails` alone too, `leaves` (if at all) after so many turns more."""

    number: int
    after: int
    fails: bool
    leaves: int | None


CALLS = st.lists(st.tuples(st.integers(0, 12), st.booleans(), st.none() | st.integers(0, 8)), min_size=1, max_size=25).map(
    lambda drawn: [Call(number, *one) for number, one in enumerate(drawn)]
)


@settings(deadline=None)
@given(CALLS, st.integers(1, 6), st.integers(1, 9), st.integers(0, 4), st.randoms(use_true_random=False))
def test_each_gets_its_own_whoever_fails_or_leaves_and_nothing_is_done_twice(
    calls: list[Call], most: int, enough: int, slow: int, random: Random
) -> None:
    failing = {call.number for call in calls if call.fails}
    done: list[list[int]] = []

    async def work(numbers: Sequence[int]) -> list[str]:
        for _ in range(random.randint(0, slow)):
            await asyncio.sleep(0)
        if failing.intersection(numbers):
            raise ValueError(str(sorted(failing.intersection(numbers))))
        done.append(list(numbers))
        return [f"made of {number}" for number in numbers]

    async def all_of_them() -> list[str | BaseException]:
        gathering = Gathering(
            work,
            room=lambda together, one: len(together) < most,
            full=lambda waiting: len(waiting) >= enough,
            blames=lambda failure: isinstance(failure, ValueError),
        )

        async def one(call: Call) -> str:
            for _ in range(call.after):
                await asyncio.sleep(0)
            asked = asyncio.ensure_future(gathering.made(call.number))
            if call.leaves is not None:
                for _ in range(call.leaves):
                    await asyncio.sleep(0)
                asked.cancel()
            return await asked

        ended = await asyncio.wait_for(asyncio.gather(*map(one, calls), return_exceptions=True), 10)
        while gathering.under_way:
            await asyncio.sleep(0)
        return list(ended)

    for call, made in zip(calls, asyncio.run(all_of_them()), strict=True):
        if isinstance(made, asyncio.CancelledError):
            assert call.leaves is not None
        elif call.fails:
            assert str(made) == str([call.number])
        else:
            assert made == f"made of {call.number}"
    worked = [number for together in done for number in together]
    assert len(worked) == len(set(worked))
    assert all(len(together) <= most for together in done)
    assert {call.number for call in calls if not call.fails and call.leaves is None} <= set(worked)
