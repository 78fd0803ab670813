"""Calls that come while others are under way wait for those, and then go on together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Final, Generic, TypeVar

One = TypeVar("One")
Made = TypeVar("Made")

MOST: Final = 1_000
"""Calls that go together where nothing else bounds them."""


class Gathering(Generic[One, Made]):
    """One at a time is under way; a call that finds nobody under way goes at once, alone.

    `work` is given those that go together, in the order in which they came, and makes something for each; what it raises, each of
    them gets. It begins after all of them have come, so what it finds is not older than any of them. It goes on when a caller is
    cancelled, for it is the others' too; whoever is cancelled before it begins is left out.

    `room` says whether one more goes with those, `full` whether so many wait that they needn't any longer. `blames` says that a
    failure may be one's own: then each is tried again alone, so that none fails for another's.
    """

    def __init__(
        self,
        work: Callable[[Sequence[One]], Awaitable[Sequence[Made]]],
        *,
        room: Callable[[Sequence[One], One], bool] = lambda together, one: len(together) < MOST,
        full: Callable[[Sequence[One]], bool] = lambda waiting: False,
        blames: Callable[[Exception], bool] = lambda failure: False,
    ) -> None:
        self._work = work
        self._room = room
        self._full = full
        self._blames = blames
        self._waiting: list[tuple[One, asyncio.Future[Made]]] = []
        self._under_way = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def under_way(self) -> bool:
        return self._under_way > 0

    async def made(self, one: One) -> Made:
        """What became of it. Raises what `work` raises."""
        made: asyncio.Future[Made] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, made))
        if not self._under_way or self._full([each for each, _ in self._waiting]):
            # In no caller's context: what is done for all belongs to nobody's trace.
            task = asyncio.create_task(self._go_on(self._next()), context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            self._under_way += 1
        return await made

    async def _go_on(self, together: list[tuple[One, asyncio.Future[Made]]]) -> None:
        try:
            while together:
                await self._done(together)
                together = self._next()
        finally:
            # At once: whoever has its answer may come again before the task's end is told.
            self._under_way -= 1

    async def _done(self, together: list[tuple[One, asyncio.Future[Made]]]) -> None:
        (made,) = await asyncio.gather(self._worked([one for one, _ in together]), return_exceptions=True)
        if len(together) > 1 and isinstance(made, Exception) and self._blames(made):
            for each in together:
                await self._done([each])
            return
        for index, (_, future) in enumerate(together):
            if future.done():
                continue
            if isinstance(made, BaseException):
                future.set_exception(made)
            else:
                future.set_result(made[index])

    async def _worked(self, together: Sequence[One]) -> Sequence[Made]:
        return await self._work(together)

    def _next(self) -> list[tuple[One, asyncio.Future[Made]]]:
        """The first that waits, and those that go with it."""
        together: list[tuple[One, asyncio.Future[Made]]] = []
        ones: list[One] = []
        left: list[tuple[One, asyncio.Future[Made]]] = []
        for one, future in self._waiting:
            if future.done():
                continue
            if not ones or self._room(ones, one):
                together.append((one, future))
                ones.append(one)
            else:
                left.append((one, future))
        self._waiting = left
        return together
