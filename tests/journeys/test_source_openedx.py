"""Open edX's event bus is read as it is: its own producer publishes, a real registry has its schemas."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from deploy.local.schema_registry import SchemaRegistry, unpacked
from services.assessment.sources.claims import Kind
from services.assessment.sources.document import Source
from services.assessment.sources.opening import open_sources
from services.assessment.sources.sources import Sources
from tests.domain.sources.openedx.bus import (
    CCX,
    COURSE,
    PROGRAM,
    badge,
    ccx_passing,
    certificate,
    enrollment,
    exam,
    grade,
    open_edx,
    passing,
    program,
)
from tests.interop.openedx.installed import Missing, python
from tests.journeys.openedx_bus import PARTITIONS, Bus, in_background, long_ago, of_user, raw
from tests.journeys.sources_town import SourcesTown
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def registry(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SchemaRegistry]:
    try:
        python()
        await asyncio.to_thread(unpacked)
    except (Missing, OSError, RuntimeError, ValueError) as reason:
        pytest.skip(f"Open edX's producer, or a schema registry, can't be had here: {reason}")
    async with SchemaRegistry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest_asyncio.fixture
async def bus(kafka: Broker, registry: SchemaRegistry, prefix: str) -> Bus:
    return await Bus.open(kafka.bootstrap, registry, prefix)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def good(kafka: Broker, registry: SchemaRegistry) -> Any:
    """A message as Open edX's producer wrote it: Ana passes the course."""
    bus = await Bus.open(kafka.bootstrap, registry, f"test-{uuid4().hex[:12]}.")
    await bus.publish(passing(True))
    (message,) = await bus.messages()
    return message


@pytest_asyncio.fixture
async def town(
    request: pytest.FixtureRequest,
    kafka: Broker,
    mongodb: DatabaseServer,
    bus: Bus,
    database_name: str,
    prefix: str,
    tmp_path: Path,
) -> AsyncIterator[SourcesTown]:
    """With its stream where the test is called with it."""
    stream = getattr(request, "param", False)
    url = bus.registry.url
    async with SourcesTown.open(kafka, mongodb, database_name, prefix, tmp_path, stream=stream, schema_registry=url) as opened:
        await opened.learners("openedx", {("openedx:user", "42"): "ana", ("openedx:user", "43"): "ben"})
        yield opened


async def registered(town: SourcesTown, bus: Bus, **options: Any) -> Source:
    source, _, _ = await town.register(open_edx(**{"topics": [bus.topic], **options}), key_kind=None)
    return source


async def counted(town: SourcesTown, source: Source, **expected: int) -> None:
    wanted = {Kind(kind): number for kind, number in expected.items()}

    async def as_expected() -> bool:
        found = await town.counts(source)
        assert found == wanted
        return True

    await eventually(as_expected, within=30)


LIFE = [
    enrollment("enrollment.created"),
    passing(False, "2026-11-20T09:00:00+00:00"),
    grade(Decimal("0.4"), "", "2026-11-20T09:00:01+00:00"),
    passing(True, "2026-11-21T09:00:00+00:00"),
    passing(True, "2026-11-21T09:30:00+00:00"),
    grade(Decimal("0.93"), "A", "2026-11-21T09:00:01+00:00"),
    certificate("changed", time="2026-11-22T08:59:59+00:00"),
    certificate("created", time="2026-11-22T09:00:00+00:00"),
    ccx_passing(True),
    program("awarded"),
    exam("verified"),
    badge("awarded"),
    certificate("revoked", "unavailable", "2026-11-23T09:00:00+00:00"),
]


@pytest.mark.parametrize("town", [True], indirect=True, ids=["folded"])
async def test_what_open_edx_publishes_ends_in_the_same_entries_in_whatever_order_it_comes(town: SourcesTown, bus: Bus) -> None:
    source = await registered(town, bus)
    await bus.publish(*LIFE, *of_user(43, reversed(LIFE)))
    assert len({message.partition for message in await bus.messages()}) > 1
    async with in_background(town.sources):
        await counted(town, source, accepted=20, ignored=6)
        ana, ben = [_shown(await town.entries(learner, 10)) for learner in ("ana", "ben")]
    assert sorted(ana) == sorted(ben)
    assert sorted(ana)[-1] == ("2026-11-23T09:00:00Z", COURSE, "cleared")
    assert {activity for _, activity, _ in ana} == {COURSE, CCX, f"program:{PROGRAM}"}
    for headers, value in await town.town.on(town.town.topics.completions):
        for personal in (b"example.edu", b"Ana", b'"ana@'):
            assert personal not in value + repr(headers).encode()


def _shown(entries: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(each["time"], each["data"]["activity"], each["data"]["status"]) for each in entries]


async def test_what_cannot_be_read_is_refused_and_kept_sealed_and_the_next_message_is_read(
    town: SourcesTown, bus: Bus, good: Any
) -> None:
    _, headers = raw(good)
    await bus.put(
        raw(good),
        (b"ana@example.edu, and no Avro", headers),
        (b"\0\0\0\3\xe7" + good.value[5:], headers),
        (good.value + b"more", headers),
        (good.value[:-10], headers),
        raw(good, ce_id=None),
        (None, headers),
        raw(good, ce_id="afterwards"),
        at=long_ago(),
    )
    source = await registered(town, bus)
    async with in_background(town.sources):
        await counted(town, source, accepted=2, refused=6)
    reasons = {each["reason"]: each["place"] for each in await town.sources.accounts.refusals(source.id)}
    assert reasons["the headers lack ce_id"] == "headers"
    assert reasons["the schema registry knows no schema 999"] == "value"
    kept = await town.town.database["unread"].find({}).to_list(None)
    assert len(kept) == 6
    assert all(b"ana@" not in bytes(each["sealed"]) for each in kept)


async def test_what_came_before_its_schema_was_known_is_read_when_it_is(town: SourcesTown, bus: Bus, good: Any) -> None:
    number = await bus.register("an earlier one") + 1
    await bus.put((b"\0" + number.to_bytes(4, "big") + good.value[5:], raw(good)[1]), at=long_ago())
    source = await registered(town, bus)
    async with in_background(town.sources):
        await counted(town, source, refused=1)
    assert await bus.register("of this event", like=int.from_bytes(good.value[1:5], "big")) == number
    async with in_background(town.sources):
        await counted(town, source, accepted=1, refused=1)
    assert await town.town.database["unread"].count_documents({}) == 0


async def test_while_the_registry_is_away_messages_wait_and_none_is_lost(town: SourcesTown, bus: Bus, good: Any) -> None:
    await bus.put(raw(good), raw(good, ce_id="another"))
    source = await registered(town, bus)

    async def topics() -> dict[str, Any]:
        health = await town.ask("GET", f"/sources/{source.id}/health", "sources:read")
        found: dict[str, Any] = health.raise_for_status().json()["topics"]
        return found

    async def waiting() -> bool:
        return "registry does not answer" in " ".join((await topics())["waits_for"])

    assert (await topics())["waits_for"] == ["no process is reading its topics"]
    bus.registry.freeze()
    try:
        async with in_background(town.sources):
            await eventually(waiting, within=40)
            assert (await town.ask("GET", f"/sources/{source.id}/health", "sources:read")).json()["state"] == "waiting"
            assert await town.counts(source) == {}
            bus.registry.thaw()
            await counted(town, source, accepted=2)
            well = {"partitions": PARTITIONS, "waits_for": [], "unread": 0}
            await eventually(lambda: _is(topics, well), within=20)
    finally:
        bus.registry.thaw()


async def _is(read: Callable[[], Awaitable[Any]], expected: object) -> bool:
    assert await read() == expected
    return True


async def test_a_cluster_that_nobody_named_is_said(town: SourcesTown, bus: Bus) -> None:
    source = await registered(town, bus, cluster="elsewhere")
    async with in_background(town.sources):
        wanted = "the operators have named no cluster elsewhere"
        await eventually(lambda: town.sources.listeners.troubles == {source.id: wanted}, within=20)


async def test_pausing_and_changing_a_source_stop_and_start_its_consumer_without_a_restart(
    town: SourcesTown, bus: Bus, good: Any
) -> None:
    other = f"{bus.topic}-other"
    await bus.make(other)
    async with in_background(town.sources):
        source = await registered(town, bus)
        await bus.put(raw(good))
        await counted(town, source, accepted=1)
        await town.sources.registry.pause(source.id, True)
        await eventually(lambda: town.sources.listeners.listening == set(), within=15)
        await bus.put(raw(good, ce_id="while it was paused"))
        await town.sources.registry.pause(source.id, False)
        await counted(town, source, accepted=2)
        await registered(town, bus, topics=[other])
        await bus.put(raw(good, ce_id="on the other topic"), topic=other)
        await counted(town, source, accepted=3)


async def test_what_is_read_again_because_nobody_could_say_that_it_was_read_is_applied_once(
    town: SourcesTown, bus: Bus, good: Any
) -> None:
    source = await registered(town, bus)
    await bus.put(raw(good), raw(good, ce_id="another"))
    async with in_background(town.sources):
        await counted(town, source, accepted=2)
    await bus.rewind(f"{town.town.database.name}.source.{source.id}")
    async with in_background(town.sources):
        await counted(town, source, accepted=2, duplicated=2)
    assert len(await town.published()) == 2


async def test_several_instances_share_a_sources_partitions_and_take_over_from_one_that_is_gone(
    town: SourcesTown, bus: Bus, good: Any
) -> None:
    source = await registered(town, bus)
    topic = town.town.topics.completions
    settings = town.settings.model_copy(update={"instance": "2"})
    async with (
        open_sources(settings, town.town.database, town.town.publisher, completions=topic) as another,
        in_background(town.sources),
    ):
        async with in_background(another):
            await eventually(lambda: _partitions(town.sources, another) == {PARTITIONS}, within=40)
            await bus.put(*(raw(good, ce_id=f"shared-{n}") for n in range(40)))
            await counted(town, source, accepted=40)
        await bus.put(*(raw(good, ce_id=f"alone-{n}") for n in range(40)))
        await counted(town, source, accepted=80)


def _partitions(*opened: Sources) -> set[int]:
    """Those that all of them have together, if each has some."""
    found = [sources.listeners.partitions("openedx") for sources in opened]
    return {sum(found)} if all(found) else set()


async def test_cloud_events_are_read_from_a_topic_of_the_sources_own_in_both_modes(town: SourcesTown, bus: Bus) -> None:
    document = {
        "source": "hub",
        "name": "The hub",
        "owner": "Integration",
        "format": "cloudevents",
        "learners": [{"are": "ids"}],
        "may_publish": ["urn:hub:*"],
        "options": {"topics": [bus.topic]},
    }
    source, _, _ = await town.register(document)
    attributes = {
        "specversion": "1.0",
        "type": "cairn.completion.reported.v1",
        "source": source.event_source,
        "time": "2026-11-20T09:30:00Z",
    }
    data = {"learner": "ana", "activity": "urn:hub:a", "status": "passed"}
    binary = {f"ce_{name}": said for name, said in attributes.items()} | {"ce_id": "1", "content-type": "application/json"}
    structured = {**attributes, "id": "2", "data": data}
    await bus.put(
        (json.dumps(data).encode(), binary),
        (json.dumps(structured).encode(), {"content-type": "application/cloudevents+json; charset=utf-8"}),
        (json.dumps(data).encode(), {"content-type": "application/json"}),
    )
    async with in_background(town.sources):
        await counted(town, source, accepted=2, refused=1)
    assert [each["id"] for each in await town.published()] == ["1", "2"]
