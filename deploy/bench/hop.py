"""One bare loop of the floor: takes, writes, publishes, commits, and decides nothing.

`python -m deploy.bench.hop <plan>` runs one until it is killed; the plan is a BSON file. It writes documents of the sizes that
the service wrote, by the same kinds of operations, as many for each message, in one transaction for as many messages.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import cycle
from math import ceil
from pathlib import Path
from statistics import mean
from time import monotonic
from typing import Any, Final, Self

import bson
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.platform import PARTITIONS
from shared.kafka import Outgoing, Publisher
from shared.mongo import Database, Document, InsertOne, ReplaceOne, UpdateOne
from shared.stream.worker import GATHERED_FOR, MOST_AT_ONCE

RECORDS: Final = "records"
CHECKPOINTS: Final = "checkpoints"
MAILED: Final = "deliveries"
PROGRESS: Final = "progress_of_the_hop"
PORTIONS: Final = 8
"""A record that grows is written in so many sizes."""
LONG: Final = 64


@dataclass(frozen=True)
class Writes:
    """What one message led to in a collection, on average: documents inserted, put where none was, and replaced."""

    inserted: float = 0.0
    put: float = 0.0
    replaced: float = 0.0

    @property
    def new(self) -> float:
        return self.inserted + self.put


@dataclass(frozen=True)
class Plan:
    """`batch` messages are read at once, and `says` of them said for each. `noted` deliveries are noted for each, outside the
    transaction, in `notes` steps. `samples` are documents that the service wrote, `said` (value, headers) what it said.
    """

    service: str
    reads: str
    topic: str | None
    database: str
    batch: int
    says: float
    writes: Mapping[str, Writes]
    noted: float = 0.0
    notes: int = 0
    indexes: Mapping[str, Sequence[Sequence[tuple[str, int]]]] = field(default_factory=dict)
    samples: Mapping[str, Sequence[Document]] = field(default_factory=dict)
    said: Sequence[tuple[bytes, Sequence[tuple[str, bytes]]]] = ()

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bson.encode({**asdict(self), "writes": {name: asdict(each) for name, each in self.writes.items()}}))

    @classmethod
    def load(cls, path: Path) -> Self:
        found = bson.decode(path.read_bytes())
        return cls(**{**found, "writes": {name: Writes(**each) for name, each in found["writes"].items()}})


class Even:
    """Whole numbers that come to `share` for each message on average."""

    def __init__(self, share: float) -> None:
        self._share, self._seen, self._given = share, 0, 0

    def of(self, messages: int) -> int:
        self._seen += messages
        due = round(self._seen * self._share) - self._given
        self._given += due
        return due


def sizes(name: str, writes: Writes, samples: Sequence[Document]) -> list[list[Document]]:
    """Each sample in the sizes in which it is written: only records grow, as often as they are replaced."""
    times = ceil(1 + writes.replaced / writes.new) if name == RECORDS and writes.new else 1
    portions = min(times, PORTIONS)
    return [[part_of(sample, portion / portions) for portion in range(1, portions + 1)] for sample in samples or [{}]]


def bytes_written(plan: Plan) -> float:
    """Of documents, for each message read. A document that is noted is written as a whole."""
    deliveries = [len(bson.encode(document)) for document in plan.samples.get(MAILED, ())]
    total = plan.noted * plan.notes * mean(deliveries) if deliveries else 0.0
    for name, writes in plan.writes.items():
        sized = [[len(bson.encode(document)) for document in each] for each in sizes(name, writes, plan.samples.get(name, ()))]
        later = [size for each in sized for size in (each[1:] or each)]
        total += writes.new * mean(each[0] for each in sized) + writes.replaced * mean(later)
    return total


class Shelf:
    """Makes the operations on one collection. A document that is replaced is one that has been written before, the oldest first.

    Records grow: they are put small and replaced by ever larger ones, so that their mean size is that of the service's.
    """

    def __init__(self, name: str, writes: Writes, samples: Sequence[Document]) -> None:
        sized = sizes(name, writes, samples)
        self._first = cycle([each[0] for each in sized])
        self._later = cycle([document for grown in zip(*(each[1:] or each for each in sized), strict=True) for document in grown])
        self._inserted, self._put, self._replaced = Even(writes.inserted), Even(writes.put), Even(writes.replaced)
        self._name, self._number = name, 0
        self._ids: deque[str] = deque()

    def operations(self, messages: int) -> tuple[list[Any], list[str]]:
        """What so many messages lead to, and the ids of the new documents."""
        new: list[str] = []
        made: list[Any] = [InsertOne({**next(self._first), "_id": self._new(new)}) for _ in range(self._inserted.of(messages))]
        for _ in range(self._put.of(messages)):
            id_ = self._new(new)
            made.append(ReplaceOne({"_id": id_}, {**next(self._first), "_id": id_}, upsert=True))
        for _ in range(self._replaced.of(messages) if self._ids else 0):
            id_ = self._ids.popleft()
            self._ids.append(id_)
            made.append(ReplaceOne({"_id": id_}, {**next(self._later), "_id": id_}, upsert=True))
        self._ids.extend(new)
        return made, new

    def _new(self, new: list[str]) -> str:
        self._number += 1
        new.append(f"{self._name}-{self._number:09}")
        return new[-1]


def part_of(document: Document, share: float) -> Document:
    """The same fields, with so much of what is long."""
    return {name: value[: ceil(len(value) * share)] if _is_long(value) else value for name, value in document.items()}


def _is_long(value: Any) -> bool:
    return (isinstance(value, str) and len(value) > LONG) or (isinstance(value, list) and len(value) > 1)


class Hop:
    """The loop."""

    def __init__(self, plan: Plan, bootstrap: str, mongodb: str) -> None:
        self._plan = plan
        self._batch = min(plan.batch, MOST_AT_ONCE)
        self._even = Even(plan.says)
        self._noted = Even(plan.noted)
        self._shelves = {name: Shelf(name, writes, plan.samples.get(name, ())) for name, writes in plan.writes.items()}
        self._checkpoint: Document = next(iter(plan.samples.get(CHECKPOINTS, ())), {})
        self._bootstrap = bootstrap
        self._database = Database(mongodb, plan.database)
        self._to_note: deque[str] = deque()

    async def run(self) -> None:
        """Until it is killed. Prints `ready` when it is."""
        for name in self._plan.writes:
            await self._database.create(name, *self._plan.indexes.get(name, ()))
        await self._database.create(CHECKPOINTS)
        await self._database.create(PROGRESS)
        said: Iterator[Any] = cycle(self._plan.said or [(b"", ())])
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, group_id=self._plan.reads, enable_auto_commit=False)
        async with consumer, Publisher(self._bootstrap) as publisher:
            places = [TopicPartition(self._plan.reads, number) for number in range(PARTITIONS)]
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            print("ready", flush=True)
            while True:
                if taken := await self._taken(consumer):
                    await self._write(taken)
                    await self._publish(publisher, taken, said)
                    await consumer.commit()

    async def _taken(self, consumer: AIOKafkaConsumer) -> list[Any]:
        taken: list[Any] = []
        until: float | None = None
        while len(taken) < self._batch and (until is None or monotonic() < until):
            wait = 200 if until is None else max(1, int((until - monotonic()) * 1_000))
            for records in (await consumer.getmany(timeout_ms=wait, max_records=self._batch - len(taken))).values():
                taken += records
            if taken and until is None:
                until = monotonic() + GATHERED_FOR
        return taken

    async def _write(self, taken: Sequence[Any]) -> None:
        offsets = {record.partition: record.offset for record in taken}
        progress = {"$inc": {"messages": len(taken), "batches": 1}}
        writes: dict[str, list[Any]] = {
            CHECKPOINTS: [
                ReplaceOne({"_id": place}, {**self._checkpoint, "_id": place, "offset": offset}, upsert=True)
                for place, offset in offsets.items()
            ],
            PROGRESS: [UpdateOne({"_id": PROGRESS}, progress, upsert=True)],
        }
        for name, shelf in self._shelves.items():
            writes[name], new = shelf.operations(len(taken))
            if name == MAILED:
                self._to_note.extend(new)
        async with self._database.transaction() as session:
            for name, operations in writes.items():
                if operations:
                    await self._database[name].bulk_write(operations, ordered=False, session=session)
        await self._note(self._noted.of(len(taken)))

    async def _note(self, number: int) -> None:
        """Leased and noted, as the sender does, or noted only."""
        ids = [self._to_note.popleft() for _ in range(min(number, len(self._to_note)))]
        if not ids:
            return
        if self._plan.notes > 1:
            await self._database[MAILED].update_many({"_id": {"$in": ids}}, {"$set": {"state": "leased"}})
        notes = [UpdateOne({"_id": id_}, {"$set": {"state": "sent"}}) for id_ in ids]
        await self._database[MAILED].bulk_write(notes, ordered=False)

    async def _publish(self, publisher: Publisher, taken: Sequence[Any], said: Iterator[Any]) -> None:
        """As large as the service's own, each with the key and the id of one that was read, so that one sees where it is from."""
        number = self._even.of(len(taken))
        if self._plan.topic is None or not number:
            return
        outgoing = []
        for _, record in zip(range(number), cycle(taken), strict=False):
            value, headers = next(said)
            id_ = next(raw for name, raw in record.headers if name == "ce_id")
            named = [("ce_id", id_) if name == "ce_id" else (name, raw) for name, raw in headers]
            outgoing.append(Outgoing(self._plan.topic, record.key, value, named))
        await publisher.publish_all(outgoing, within=60)


def main(plan: str) -> None:
    asyncio.run(Hop(Plan.load(Path(plan)), os.environ["CAIRN_KAFKA"], os.environ["CAIRN_MONGODB"]).run())


if __name__ == "__main__":
    main(*sys.argv[1:])
