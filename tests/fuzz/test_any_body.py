"""Whatever comes to a door of sources: it is taken, or refused with a reason, counted once, and never half stored."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.doors import DOORS, Door, anew, written
from tests.fuzz.scene import Scene
from tests.fuzz.spoiling import STRANGE, requests
from tests.platform.parts import Broker, DatabaseServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG = "CAIRN_FUZZ" in os.environ
EXAMPLES = int(os.environ.get("CAIRN_FUZZ", "15"))
"""Requests to each door; `make fuzz` sends many more."""

NAMED = {door.name: door for door in DOORS}
ANY = st.sampled_from(DOORS).flatmap(lambda door: st.tuples(st.just(door), requests(door)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(kafka: Broker, mongodb: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    name = uuid4().hex[:12]
    async with Scene.open(kafka, mongodb, f"test_{name}", f"test-{name}.", tmp_path_factory.mktemp("fuzz")) as opened:
        yield opened


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
async def test_a_good_request_comes_in(scene: Scene, door: Door) -> None:
    for number, good in enumerate(door.good):
        if isinstance(good, str) or door.method == "PUT":
            answer = await scene.send(door, good.encode() if isinstance(good, str) else written(good))
        else:
            said = anew(good, number + 1)
            answer = await scene.send(door, written(door.around([said]) if door.around else said))
        assert answer.is_success, answer.text


async def test_what_is_hardly_a_body_is_answered_as_a_person_would_expect(scene: Scene) -> None:
    every = 1 if LONG else 3
    for number, door in enumerate(DOORS):
        for body in STRANGE[number % every :: every]:
            await scene.check(door, body, {})


@settings(
    max_examples=EXAMPLES * len(DOORS),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(ANY)
async def test_whatever_comes_is_counted_as_it_is_answered(
    scene: Scene, asked: tuple[Door, tuple[bytes, dict[str, str]]]
) -> None:
    door, (body, headers) = asked
    await scene.check(door, body, headers)


async def test_what_was_accepted_is_kept_and_on_the_topic_once_and_nothing_else_is(scene: Scene) -> None:
    await scene.nothing_is_half_stored()
