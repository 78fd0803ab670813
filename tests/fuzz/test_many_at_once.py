"""Many clients of one source at the same time, while staff changes it: all is taken once, and counted as it was answered."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from services.assessment.sources.claims import Kind
from tests.fuzz.doors import DOORS, Door, anew, basic, source, written
from tests.fuzz.scene import Scene
from tests.platform.parts import Broker, DatabaseServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLIENTS = 10
BATCHES = {door.name: door for door in DOORS if door.around is not None and door.name in ("statements", "caliper", "events")}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(kafka: Broker, mongodb: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    name = uuid4().hex[:12]
    async with Scene.open(kafka, mongodb, f"test_{name}", f"test-{name}.", tmp_path_factory.mktemp("many")) as opened:
        yield opened


def batch(door: Door, first: int, number: int) -> bytes:
    assert door.around is not None
    return written(door.around([anew(door.good[0], first + one) for one in range(number)]))


@pytest.mark.parametrize("door", BATCHES.values(), ids=BATCHES)
async def test_the_same_batch_from_many_clients_at_once_is_taken_once(scene: Scene, door: Door) -> None:
    before = await scene.town.counts(door.format)
    body = batch(door, 1_000, 20)
    answers = await asyncio.gather(*(scene.send(door, body) for _ in range(CLIENTS)))
    assert {answer.is_success for answer in answers} == {True}, [answer.text for answer in answers if not answer.is_success]
    counted = await scene.town.counts(door.format) - before
    assert counted == {Kind.ACCEPTED: 20, Kind.DUPLICATED: 20 * (CLIENTS - 1)}


@pytest.mark.parametrize("door", BATCHES.values(), ids=BATCHES)
async def test_batches_that_overlap_are_taken_once_while_staff_changes_the_source(scene: Scene, door: Door) -> None:
    town, slug = scene.town, door.format
    before = await town.counts(slug)
    key = await town.sources.keys.make(slug, "secret", "staff")
    headers = basic(key.key.id, key.secret or "")
    retired = asyncio.Event()

    async def send(client: int) -> list[httpx.Response]:
        answers = []
        for number in range(6):
            given = headers if client % 2 else {}
            answers.append(await scene.send(door, batch(door, 5_000 + 7 * number + client, 10), **given))
        return answers

    async def change() -> None:
        for number, path in enumerate(("pause", "resume", "pause", "resume")):
            answer = await town.ask("POST", f"/sources/{slug}/{path}", "sources:write")
            assert answer.status_code == 200, answer.text
            named = source(slug) | {"name": f"{slug}, the {number}th", "speaks_as": f"urn:cairn:source:{slug}"}
            answer = await town.ask("PUT", f"/sources/{slug}", "sources:write", body=named)
            assert answer.status_code in (200, 201), answer.text
        answer = await town.ask("POST", f"/sources/{slug}/keys/{key.key.id}/retire", "sources:write", body={})
        assert answer.status_code == 200, answer.text
        retired.set()

    *sent, _ = await asyncio.gather(*(send(client) for client in range(CLIENTS)), change())
    answers = [answer for some in sent for answer in some or ()]
    assert {answer.status_code for answer in answers} <= {200, 202, 401, 503}, [a.text for a in answers if a.status_code == 400]
    assert all("retry-after" in answer.headers for answer in answers if answer.status_code == 503)
    assert (await scene.send(door, batch(door, 1, 1), **headers)).status_code == 401
    counted = await town.counts(slug) - before
    assert sum(counted.values()) == 10 * sum(answer.is_success for answer in answers)
    assert set(counted) <= {Kind.ACCEPTED, Kind.DUPLICATED}
    if slug != "xapi":
        told = Counter(item["status"] for answer in answers if answer.is_success for item in answer.json()["items"])
        assert {kind.value: number for kind, number in counted.items()} == told


async def test_what_was_taken_is_kept_and_on_the_topic_once(scene: Scene) -> None:
    await scene.nothing_is_half_stored()
