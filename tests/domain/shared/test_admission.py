"""What a process has in hand is bounded, and who finds no room is told when to come again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter, FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st

from shared.http import create_app
from shared.http.admission import LARGE, Full, Load, Room
from tests.platform.eventually import eventually

MOST, MOST_BYTES, LONGEST = 3, 400_000, 3_000_000


class Slow:
    """A service whose handlers wait, as for a database, until they are let go."""

    def __init__(self) -> None:
        self.answered = asyncio.Event()
        router = APIRouter()

        @router.post("/work")
        async def work(request: Request) -> int:
            body = await request.body()
            await self.answered.wait()
            return len(body)

        async def ready() -> dict[str, bool | str]:
            return {"database": True}

        self.app: FastAPI = create_app("slow", routers=[router], ready=ready, largest=LONGEST)
        self.app.state.room.allow(MOST, MOST_BYTES)
        self.room: Room = self.app.state.room


@pytest_asyncio.fixture
async def slow() -> Slow:
    return Slow()


@pytest_asyncio.fixture
async def client(slow: Slow) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(slow.app), base_url="http://slow") as opened:
        yield opened


async def in_chunks(size: int) -> AsyncIterator[bytes]:
    for start in range(0, size, 10_000):
        yield bytes(min(10_000, size - start))


async def test_more_requests_than_there_is_room_for_are_refused_until_one_is_answered(
    slow: Slow, client: httpx.AsyncClient
) -> None:
    working = [asyncio.create_task(client.post("/work")) for _ in range(MOST)]
    await eventually(lambda: slow.room.requests == MOST)
    refused = await client.post("/work", content=b"more")
    assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
    assert int(refused.headers["retry-after"]) >= 1
    slow.answered.set()
    assert {(await one).status_code for one in working} == {200}
    assert (await client.post("/work", content=b"again")).json() == 5
    assert (slow.room.requests, slow.room.bytes) == (0, 0)


async def test_bodies_are_refused_when_all_together_would_be_too_many_bytes_however_they_come(
    slow: Slow, client: httpx.AsyncClient
) -> None:
    first = asyncio.create_task(client.post("/work", content=bytes(300_000)))
    await eventually(lambda: slow.room.requests == 1)
    for body in (bytes(200_000), in_chunks(200_000)):
        assert (await client.post("/work", content=body)).status_code == 429
    assert slow.room.bytes == 300_000
    second = asyncio.create_task(client.post("/work", content=bytes(100_000)))
    await eventually(lambda: slow.room.requests == 2)
    slow.answered.set()
    assert [(await one).json() for one in (first, second)] == [300_000, 100_000]
    assert slow.room.bytes == 0


async def test_one_large_body_has_room_and_leaves_the_others_theirs(slow: Slow, client: httpx.AsyncClient) -> None:
    large = asyncio.create_task(client.post("/work", content=bytes(LONGEST)))
    await eventually(lambda: slow.room.requests == 1)
    small = asyncio.create_task(client.post("/work", content=bytes(MOST_BYTES)))
    await eventually(lambda: slow.room.requests == 2)
    assert (await client.post("/work", content=bytes(LARGE + 1))).status_code == 429
    slow.answered.set()
    assert [(await one).json() for one in (large, small)] == [LONGEST, MOST_BYTES]


async def test_a_body_too_long_is_too_long_however_full_it_is(slow: Slow, client: httpx.AsyncClient) -> None:
    large = asyncio.create_task(client.post("/work", content=bytes(LONGEST)))
    await eventually(lambda: slow.room.requests == 1)
    slow.answered.set()
    await large
    assert (await client.post("/work", content=bytes(LONGEST + 1))).status_code == 413
    assert slow.room.bytes == 0


async def test_who_is_slow_to_send_holds_the_bytes_that_came_and_no_place(slow: Slow, client: httpx.AsyncClient) -> None:
    goes_on = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield bytes(50_000)
        await goes_on.wait()
        yield bytes(50_000)

    slow.answered.set()
    late = asyncio.create_task(client.post("/work", content=slowly(), headers={"content-length": "100000"}))
    await eventually(lambda: slow.room.bytes == 50_000)
    assert slow.room.requests == 0
    goes_on.set()
    assert (await late).json() == 100_000
    assert slow.room.bytes == 0


async def test_how_the_process_is_can_be_asked_when_there_is_no_room(slow: Slow, client: httpx.AsyncClient) -> None:
    working = [asyncio.create_task(client.post("/work")) for _ in range(MOST)]
    await eventually(lambda: slow.room.requests == MOST)
    assert [(await client.get(f"/health/{what}")).status_code for what in ("live", "ready")] == [200, 200]
    slow.answered.set()
    await asyncio.gather(*working)


async def test_every_operation_says_that_it_may_be_refused(slow: Slow) -> None:
    document = slow.app.openapi()
    assert "429" in document["paths"]["/work"]["post"]["responses"]
    assert "429" not in document["paths"]["/health/live"]["get"]["responses"]


@pytest.fixture
def room() -> Room:
    return Room(requests=MOST, size=MOST_BYTES)


sizes = st.lists(st.lists(st.integers(0, 2 * LARGE), max_size=4), max_size=12)


@given(sizes)
def test_bytes_in_hand_are_those_that_came_and_never_more_than_there_is_room_for(bodies: list[list[int]]) -> None:
    room = Room(requests=MOST, size=MOST_BYTES)
    with ExitStack() as inside:
        loads = [inside.enter_context(room.loading()) for _ in bodies]
        for load, size in turns(loads, bodies):
            before = load.size
            try:
                load.add(size)
            except Full:
                assert load.size == before
            small = [one.size for one in loads if one.size <= LARGE]
            large = [one.size for one in loads if one.size > LARGE]
            assert room.bytes == sum(small) + sum(large)
            for held in (small, large):
                assert sum(held) <= MOST_BYTES or len([size for size in held if size]) == 1
    assert room.bytes == 0


def turns(loads: list[Load], bodies: list[list[int]]) -> Iterator[tuple[Load, int]]:
    """One piece of each body after the other."""
    for piece in range(4):
        for load, body in zip(loads, bodies, strict=True):
            if piece < len(body):
                yield load, body[piece]
