"""Waiting in tests: for a condition, with a deadline, never for a time."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar, overload

T = TypeVar("T")


@overload
async def eventually(condition: Callable[[], Awaitable[T]], *, within: float = 10.0, every: float = 0.05, why: str = "") -> T: ...


@overload
async def eventually(condition: Callable[[], T], *, within: float = 10.0, every: float = 0.05, why: str = "") -> T: ...


async def eventually(condition: Callable[[], T | Awaitable[T]], *, within: float = 10.0, every: float = 0.05, why: str = "") -> T:
    """The first true value that `condition` (a plain or an async function) gives.

    An AssertionError of the condition means "not yet". After `within` seconds raises AssertionError, with `why`,
    the last value and the last refusal in it.
    """
    deadline = monotonic() + within
    value: object = None
    refusal: AssertionError | None = None
    while True:
        try:
            answer = condition()
            value = result = await answer if inspect.isawaitable(answer) else answer
            refusal = None
            if result:
                return result
        except AssertionError as error:
            refusal = error
        if monotonic() > deadline:
            said = f": {refusal}" if refusal else f", the last value was {value!r}"
            raise AssertionError(f"{why or 'it did not happen'} within {within:g} s{said}") from refusal
        await asyncio.sleep(every)
