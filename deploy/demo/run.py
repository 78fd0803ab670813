"""The main job, from an empty platform to who holds what."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from time import monotonic
from typing import Any

from deploy.demo.chain import Chain, Position
from deploy.demo.meter import Meter
from deploy.demo.office import Office
from deploy.demo.oulad import Holding
from deploy.demo.witness import Witness
from shared.events.envelope import Envelope
from shared.kafka import Outgoing, Publisher
from shared.topics import COMPLETIONS

Keyed = tuple[str, Envelope]
AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Level:
    """A stack's level: its name, and the achievement it is awarded as."""

    name: str
    achievement: str


@dataclass(frozen=True)
class Shape:
    """The ids and names of what was published. Levels are in order, the lowest first."""

    achievements: Mapping[str, str]
    stacks: Mapping[str, str]
    levels: Mapping[str, Sequence[Level]]


@dataclass(frozen=True)
class Stage:
    """A running platform with somebody to publish, to ask and to count."""

    office: Office
    publisher: Publisher
    chain: Chain
    witness: Witness
    meter: Meter


async def send(stage: Stage, completions: Iterable[Keyed], total: int, rate: int | None, title: str) -> float:
    """Publish them on their topic, `rate` in a second (None: as fast as the broker confirms). Gives the seconds it took."""
    started, sent = monotonic(), 0
    waiting = iter(completions)
    portion = AT_ONCE if rate is None else max(1, rate // 10)
    while batch := [Outgoing.of(COMPLETIONS.name, learner, envelope) for learner, envelope in islice(waiting, portion)]:
        await stage.publisher.publish_all(batch, within=60)
        sent += len(batch)
        stage.meter.moved(title, sent, total)
        if rate is not None:
            await asyncio.sleep(max(0.0, started + sent / rate - monotonic()))
    return monotonic() - started


async def settle(stage: Stage) -> None:
    """Wait until nothing is on its way: no lag, no sweep, no mail."""

    async def watch(positions: dict[str, Position]) -> bool:
        for service, position in positions.items():
            stage.meter.moved(f"{service}: messages applied", position.messages - position.lag, position.messages)
        if any(position.lag for position in positions.values()) or await stage.office.sweeping():
            return False
        return await stage.office.mails_waiting() == 0

    await stage.chain.settled(watch)
    await stage.witness.caught_up()


async def held(stage: Stage, shape: Shape) -> list[Holding]:
    """Who holds what now, by the awarding service's own word: valid awards, and for a stack the level one stands at."""
    total = len(shape.achievements) + len(shape.stacks)
    found: list[Holding] = []
    for done, achievement in enumerate(shape.achievements, 1):
        found += [Holding(learner, "achievement", achievement) for learner in await holders(stage.office, achievement)]
        stage.meter.moved("asking awarding who holds what", done, total)
    for done, (stack, levels) in enumerate(shape.levels.items(), len(shape.achievements) + 1):
        standing: dict[str, str] = {}
        for level in levels:
            standing.update(dict.fromkeys(await holders(stage.office, level.achievement), level.name))
        found += [Holding(learner, "stack", stack, level) for learner, level in standing.items()]
        stage.meter.moved("asking awarding who holds what", done, total)
    return sorted(found)


async def holders(office: Office, achievement: str) -> list[str]:
    return [award["learner"] async for award in office.pages("awarding", f"/achievements/{achievement}/awards", status="valid")]


def shape_of(documents: Iterable[Mapping[str, Any]]) -> Shape:
    """Of the documents, as they were applied."""
    achievements: dict[str, str] = {}
    stacks: dict[str, str] = {}
    levels: dict[str, list[Level]] = {}
    for document in documents:
        if "stack" in document:
            stack = document["stack"]
            stacks[stack] = document["name"]
            levels[stack] = [Level(level["name"], f"{stack}.{level['level']}") for level in document["levels"]]
        else:
            achievements[document["achievement"]] = document["name"]
    return Shape(achievements, stacks, levels)
