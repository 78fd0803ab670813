"""The floor to measure against: as many documents and messages by three bare loops, with nothing decided, told or mailed.

Each hop is a process: take as many messages as the service had in a batch, write in one transaction what it wrote for so many,
publish as much as it published, commit. `python -m deploy.bench.floor <service> <share>...` is one of them.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle
from pathlib import Path
from time import monotonic, time
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.bench.cpu import CpuTime
from deploy.bench.log import Line, lines
from deploy.local.platform import PARTITIONS, Platform
from deploy.local.process import Process, ProcessFailed
from deploy.local.service import ROOT
from shared.kafka import Outgoing, Publisher, create_topics
from shared.mongo import ASCENDING, Collection, Database, Document, InsertOne, ReplaceOne, UpdateOne
from shared.stream.worker import GATHERED_FOR, MOST_AT_ONCE
from shared.topics import AWARDS, COMPLETIONS, VERDICTS, Topic

WAY: Final[dict[str, tuple[Topic, Topic | None]]] = {
    "assessment": (COMPLETIONS, VERDICTS),
    "awarding": (VERDICTS, AWARDS),
    "notifications": (AWARDS, None),
}
MAILED: Final = "deliveries"
INSERTED: Final = {
    "assessment": ("facts", "entries"),
    "awarding": ("facts", "awards", "progress", "credentials"),
    "notifications": ("inbox", MAILED),
}
INDEXED: Final = {
    "records": ("partition",),
    "facts": ("learner",),
    "entries": ("learner",),
    "awards": ("achievement", "learner"),
    "progress": ("stack", "learner"),
    "credentials": ("signed_with",),
    "inbox": ("learner",),
    MAILED: ("state", "learner"),
}
PROGRESS: Final = "progress_of_the_hop"
SAMPLES: Final = 300
WITHIN: Final = 600.0


def bare(topic: Topic) -> Topic:
    return replace(topic, name=f"floor.{topic.name}")


@dataclass(frozen=True)
class Share:
    """What one message of a service's input led to, on average: messages, and documents in the order of `INSERTED`.

    `batch` is the number of messages that were read at once.
    """

    batch: int
    says: float
    inserts: tuple[float, ...]


@dataclass(frozen=True)
class Outcome:
    """`seconds` from the first message sent to the last hop's last write; the mean `batch` of each hop.

    `cpu` is the processor time of each process meanwhile, in seconds.
    """

    seconds: float
    batch: Mapping[str, float]
    cpu: Mapping[str, float]


class Even:
    """Whole numbers that come to `share` for each message on average."""

    def __init__(self, share: float) -> None:
        self._share, self._seen, self._given = share, 0, 0

    def of(self, messages: int) -> int:
        self._seen += messages
        due = round(self._seen * self._share) - self._given
        self._given += due
        return due


class Hop:
    """One of the loops."""

    def __init__(self, service: str, share: Share, bootstrap: str, mongodb: str) -> None:
        reads, says = WAY[service]
        self._reads = bare(reads)
        self._says = None if says is None else (says, bare(says))
        self._batch = min(share.batch, MOST_AT_ONCE)
        self._even = Even(share.says)
        self._inserts = {name: Even(each) for name, each in zip(INSERTED[service], share.inserts, strict=True)}
        self._bootstrap = bootstrap
        self._real = Database(mongodb, f"cairn_{service}")
        self._own = Database(mongodb, f"floor_{service}")
        self._samples: dict[str, Iterator[Document]] = {}
        self._written = 0

    async def run(self) -> None:
        """Until it is killed. Prints `ready` when it is."""
        for name in ("records", *self._inserts):
            found: list[Document] = await self._real[name].find({}).limit(SAMPLES).to_list(None)
            self._samples[name] = cycle(found or [{}])
            await self._own.create(name, *([(field, ASCENDING)] for field in INDEXED[name]))
        await self._own.create("checkpoints")
        await self._own.create(PROGRESS)
        said = [] if self._says is None else await lines(self._bootstrap, self._says[0].name, PARTITIONS)
        values = cycle([line.value for line in said[:SAMPLES]] or [b""])
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, group_id=self._reads.name, enable_auto_commit=False)
        async with consumer, Publisher(self._bootstrap) as publisher:
            places = [TopicPartition(self._reads.name, number) for number in range(PARTITIONS)]
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            print("ready", flush=True)
            while True:
                if taken := await self._taken(consumer):
                    outgoing = self._even.of(len(taken))
                    await self._write(taken)
                    await self._publish(publisher, taken, outgoing, values)
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
        homes = {record.key.decode(): record.partition for record in taken}
        offsets = {record.partition: record.offset for record in taken}
        progress = {"$set": {"at": time()}, "$inc": {"messages": len(taken), "batches": 1}}
        writes: dict[str, list[Any]] = {
            "checkpoints": [
                ReplaceOne({"_id": place}, {"_id": place, "offset": offset}, upsert=True) for place, offset in offsets.items()
            ],
            PROGRESS: [UpdateOne({"_id": PROGRESS}, progress, upsert=True)],
            "records": [self._record(learner, partition) for learner, partition in homes.items()],
        }
        mailed: list[str] = []
        for name, even in self._inserts.items():
            documents = [self._sample(name) for _ in range(even.of(len(taken)))]
            writes[name] = [InsertOne(document) for document in documents]
            if name == MAILED:
                mailed = [document["_id"] for document in documents]
        async with self._own.transaction() as session:
            for name, operations in writes.items():
                if operations:
                    await self._own[name].bulk_write(operations, ordered=False, session=session)
        if mailed:
            await self._noted(self._own[MAILED], mailed)

    async def _publish(self, publisher: Publisher, taken: Sequence[Any], number: int, values: Iterator[bytes]) -> None:
        if self._says is None or not number:
            return
        topic = self._says[1].name
        keys = cycle([record.key for record in taken])
        headers = [(name, raw) for name, raw in taken[0].headers]
        await publisher.publish_all([Outgoing(topic, next(keys), next(values), headers) for _ in range(number)])

    @staticmethod
    async def _noted(deliveries: Collection, ids: list[str]) -> None:
        """Leased and noted, as the sender does."""
        await deliveries.update_many({"_id": {"$in": ids}}, {"$set": {"state": "leased"}})
        await deliveries.bulk_write([UpdateOne({"_id": id_}, {"$set": {"state": "sent"}}) for id_ in ids], ordered=False)

    def _record(self, learner: str, partition: int) -> ReplaceOne[Document]:
        document = {**next(self._samples["records"]), "_id": learner, "partition": partition}
        return ReplaceOne({"_id": learner}, document, upsert=True)

    def _sample(self, name: str) -> Document:
        self._written += 1
        return {**next(self._samples[name]), "_id": f"{name}-{self._written:09}"}


async def measure(completions: Sequence[Line], shares: Mapping[str, Share], platform: Platform, folder: Path) -> Outcome:
    """Run the three hops over these completions, on the platform's broker and database. Its services should not be running."""
    bootstrap, mongodb = platform.bootstrap, platform.mongodb
    first = bare(COMPLETIONS)
    await create_topics(bootstrap, PARTITIONS, topics=[bare(COMPLETIONS), bare(VERDICTS), bare(AWARDS)])
    env = {**os.environ, "CAIRN_KAFKA": bootstrap, "CAIRN_MONGODB": mongodb}
    hops = {
        service: Process(
            f"floor of {service}",
            [sys.executable, "-m", "deploy.bench.floor", service, *map(str, (share.batch, share.says, *share.inserts))],
            log=folder / f"floor-{service}.log",
            env=env,
            cwd=ROOT,
        )
        for service, share in shares.items()
    }
    databases = {service: Database(mongodb, f"floor_{service}") for service in shares}
    try:
        for hop in hops.values():
            hop.start()
        for hop in hops.values():
            await hop.ready(partial(_says_ready, hop), within=60)
        cpu = CpuTime(hops | {server.name: server.process for server in platform.servers})
        async with Publisher(bootstrap) as publisher:
            messages = [Outgoing(first.name, line.key, line.value, [("ce_id", line.id.encode())]) for line in completions]
            started = time()
            for start in range(0, len(messages), 1_000):
                await publisher.publish_all(messages[start : start + 1_000], within=60)
        expected = len(completions)
        ends: dict[str, tuple[float, float]] = {}
        deadline = monotonic() + WITHIN
        for service, database in databases.items():
            hop = hops[service]
            while (found := await _progress(database))[0] < expected:
                if not hop.running or monotonic() > deadline:
                    raise ProcessFailed(f"{hop.name} has not come through\n{hop.tail()}")
                await asyncio.sleep(0.1)
            ends[service] = found[1], found[0] / max(found[2], 1)
            expected = round(expected * shares[service].says)
        seconds = ends["notifications"][0] - started
        return Outcome(seconds, {service: batch for service, (_, batch) in ends.items()}, cpu.seconds())
    finally:
        for hop in hops.values():
            if hop.running:
                await hop.kill()
        for database in databases.values():
            database.close()


async def _says_ready(hop: Process) -> bool:
    return "ready" in hop.tail().splitlines()


async def _progress(database: Database) -> tuple[int, float, int]:
    """Messages written for, when the last was, and in how many batches."""
    found: Document = await database[PROGRESS].find_one({}) or {}
    return found.get("messages", 0), found.get("at", 0.0), found.get("batches", 0)


def main(service: str, batch: str, says: str, *inserts: str) -> None:
    share = Share(int(batch), float(says), tuple(map(float, inserts)))
    asyncio.run(Hop(service, share, os.environ["CAIRN_KAFKA"], os.environ["CAIRN_MONGODB"]).run())


if __name__ == "__main__":
    main(*sys.argv[1:])
