"""What was asked of the database and what stands on topics: numbers from before and after, to be told apart."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from pymongo import AsyncMongoClient

from deploy.local.platform import PARTITIONS
from shared.topics import Topic

COUNTING: Final = Path(__file__).with_name("counting")

Numbers = tuple[int, int, int]
Asked = dict[tuple[str, str], Numbers]
"""By collection and command: how many commands, how many documents were in them, and how many of these were upserted."""

NONE: Final = (0, 0, 0)


def counted(folder: Path) -> dict[str, str]:
    """What to add to a service's environment so that it counts what it asks of the database."""
    folder.mkdir(parents=True, exist_ok=True)
    return {"PYTHONPATH": str(COUNTING), "CAIRN_COUNTS": str(folder)}


def asked_by(folder: Path, service: str) -> Asked:
    """By all instances that a service has had, until at most half a second ago."""
    found: Asked = {}
    for path in folder.glob(f"{service}-*.json"):
        for collection, commands in json.loads(path.read_text()).items():
            for command, numbers in commands.items():
                first, second, third = found.get((collection, command), NONE)
                found[collection, command] = first + numbers[0], second + numbers[1], third + numbers[2]
    return found


def since(before: Asked, now: Asked) -> Asked:
    """What has come to it."""
    grown: Asked = {}
    for name, numbers in now.items():
        was = before.get(name, NONE)
        grown[name] = numbers[0] - was[0], numbers[1] - was[1], numbers[2] - was[2]
    return {name: numbers for name, numbers in grown.items() if numbers[0]}


def commands(asked: Asked) -> int:
    return sum(number for number, _, _ in asked.values())


def documents(asked: Asked, *names: str) -> dict[str, int]:
    """How many documents of each collection the commands of these names had."""
    found: Counter[str] = Counter()
    for (collection, command), (_, number, _) in asked.items():
        if command in names and number:
            found[collection] += number
    return dict(found)


@dataclass(frozen=True)
class Served:
    """What the database itself has counted: operations by kind, and by database.collection how many, and in how many seconds.

    `by_place` is empty for a database that doesn't tell (`top` isn't everywhere, nor for everybody).
    """

    operations: Mapping[str, int]
    by_place: Mapping[str, tuple[int, float]]

    def since(self, before: Served) -> Served:
        operations = {kind: number - before.operations.get(kind, 0) for kind, number in self.operations.items()}
        places = {
            place: (number - before.by_place.get(place, (0, 0.0))[0], round(seconds - before.by_place.get(place, (0, 0.0))[1], 3))
            for place, (number, seconds) in self.by_place.items()
        }
        return Served(operations, {place: numbers for place, numbers in places.items() if numbers[0]})


class Counters:
    """Asks the database for its counters."""

    def __init__(self, mongodb: str) -> None:
        self._client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongodb)

    async def now(self) -> Served:
        status = await self._client.admin.command("serverStatus")
        top = (await self._client.admin.command("top"))["totals"]
        places = {
            place: (int(found["total"]["count"]), found["total"]["time"] / 1e6)
            for place, found in top.items()
            if isinstance(found, dict)
        }
        return Served({kind: int(number) for kind, number in status["opcounters"].items()}, places)

    async def stored(self, database: str) -> tuple[int, int]:
        """Bytes of its documents and of its indexes. The embedded database reads them all for that."""
        stats = await self._client[database].command("dbStats")
        return int(stats["dataSize"]), int(stats["indexSize"])

    async def close(self) -> None:
        await self._client.close()


Ends = dict[str, dict[int, int]]
"""By topic and partition: the offset of the message that comes next."""


async def ends(bootstrap: str, topics: Iterable[Topic], partitions: int = PARTITIONS) -> Ends:
    """All topics must have so many partitions."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(topic.name, number) for topic in topics for number in range(partitions)]
        found: Ends = {}
        for place, end in (await consumer.end_offsets(places)).items():
            found.setdefault(place.topic, {})[place.partition] = end
        return found
    finally:
        await consumer.stop()
