"""The floor to measure against: as many documents and messages by three bare loops, with nothing decided, told or mailed.

Each hop is a process: take as many messages as the service had in a transaction, write in one what it wrote for so many, publish
as much as it published, commit. What that is was counted in a run of the services just before.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import monotonic, time
from typing import Any, Final

from deploy.bench import counts
from deploy.bench.counts import Asked, Counters, Served
from deploy.bench.hop import CHECKPOINTS, MAILED, PROGRESS, Plan, Writes
from deploy.bench.log import Line, lines
from deploy.bench.samples import Samples
from deploy.bench.throughput import LOOK_EVERY, STREAMS, Said, Speed, open_database
from deploy.local.platform import PARTITIONS, Platform
from deploy.local.process import Process, ProcessFailed
from deploy.local.service import ROOT
from shared.kafka import Outgoing, Publisher, create_topics
from shared.mongo import Collection, Database, Document
from shared.topics import AWARDS, COMPLETIONS, VERDICTS, Topic

SAMPLES: Final = 300
WITHIN: Final = 600.0
AT_ONCE: Final = 1_000


def bare(topic: Topic, turn: str = "") -> Topic:
    """Beside the topic, for loops to use; each turn has its own."""
    return replace(topic, name=f"floor{turn}.{topic.name}")


@dataclass(frozen=True)
class Outcome:
    """`seconds` from the first message's stamp to the last hop's last write; the mean `batch` of each hop.

    `cpu`, `memory`, `written`, `served` and `topics` as of the services' run. `delays` are the sorted seconds from each message
    sent to the first that the second hop said because of it, by the broker's stamps.
    """

    completions: int
    seconds: float
    batch: Mapping[str, float]
    cpu: Mapping[str, float]
    memory: Mapping[str, float]
    written: Mapping[str, int]
    served: Served
    topics: Mapping[str, tuple[int, int]]
    delays: Sequence[float]

    @property
    def per_second(self) -> float:
        return self.completions / self.seconds


async def plans(platform: Platform, speed: Speed, said: Said, turn: str) -> dict[str, Plan]:
    """What the services' run, which is just over, comes to for each message of each hop. The newest documents are samples."""
    made: dict[str, Plan] = {}
    for service, (reads, says) in STREAMS.items():
        messages, asked = said.read_by(service), speed.asked[service]
        writes = writes_of(asked, messages)
        noted = counts.documents(asked, "update").get(MAILED, 0) / messages if service == "notifications" else 0.0
        new = writes[MAILED].new if MAILED in writes else 0.0
        notes = round(noted / new) if new else 0
        async with open_database(platform, service) as database:
            collections = (*writes, CHECKPOINTS)
            plan = Plan(
                service=service,
                reads=reads.name,
                topic=None,
                database="",
                batch=max(1, round(speed.batch[service])),
                says=0.0 if says is None else len(said.of(says)) / messages,
                writes=writes,
                noted=min(new, noted / notes) * speed.mailed_share if notes else 0.0,
                notes=notes,
                indexes={name: await indexes_of(database[name]) for name in collections},
                samples={name: await newest(database[name]) for name in collections},
                said=[] if says is None else [(line.value, list(line.headers)) for line in said.of(says)[:SAMPLES]],
            )
        made[service] = renamed(plan, turn)
    return made


def renamed(plan: Plan, turn: str) -> Plan:
    """The same on other topics, in another database."""
    reads, says = STREAMS[plan.service]
    topic = None if says is None else bare(says, turn).name
    return replace(plan, reads=bare(reads, turn).name, topic=topic, database=f"floor{turn}_{plan.service}")


def writes_of(asked: Asked, messages: int) -> dict[str, Writes]:
    """For each message, by collection. Checkpoints are left out: there is one for each partition of a transaction.

    What is updated of deliveries is noted outside the transaction, and left out as well.
    """
    found: dict[str, Writes] = {}
    inserted, updated = counts.documents(asked, "insert"), counts.documents(asked, "update")
    for name in sorted({*inserted, *updated} - {CHECKPOINTS}):
        put = asked.get((name, "update"), counts.NONE)[2]
        replaced = 0 if name == MAILED else updated.get(name, 0) - put
        found[name] = Writes(inserted.get(name, 0) / messages, put / messages, replaced / messages)
    return found


async def indexes_of(collection: Collection) -> list[list[tuple[str, int]]]:
    """The keys of each, but of the one that every collection has."""
    known = await collection.index_information()
    return [[(field, int(order)) for field, order in index["key"]] for name, index in known.items() if name != "_id_"]


async def newest(collection: Collection) -> list[Document]:
    found: list[Document] = await collection.find({}).hint([("$natural", -1)]).limit(SAMPLES).to_list(None)
    return found


async def measure(
    platform: Platform, completions: Sequence[Line], made: Mapping[str, Plan], folder: Path, turn: str, rate: float | None = None
) -> Outcome:
    """Run the three hops over these completions, on the platform's broker and database, `rate` in a second or all at once.

    The platform's services should not be running. Raises ProcessFailed.
    """
    topics = [bare(topic, turn) for topic in (COMPLETIONS, VERDICTS, AWARDS)]
    await create_topics(platform.bootstrap, PARTITIONS, topics=topics)
    hops = {service: _process(platform, plan, folder, turn) for service, plan in made.items()}
    databases = {service: Database(platform.mongodb, plan.database) for service, plan in made.items()}
    counters = Counters(platform.mongodb)
    try:
        for hop in hops.values():
            hop.start()
        for hop in hops.values():
            await hop.ready(partial(_says_ready, hop), within=60)
        before = await counters.now()
        async with Samples(hops | {server.name: server.process for server in platform.servers}) as samples:
            await _send(platform, topics[0], completions, rate)
            reached = await _through(hops, databases, made, len(completions))
        served = (await counters.now()).since(before)
        read = {topic.name: await lines(platform.bootstrap, topic.name, PARTITIONS) for topic in topics}
        first = min(line.stamp for line in read[topics[0].name])
        return Outcome(
            completions=len(completions),
            seconds=reached["notifications"][0] - first,
            batch={service: batch for service, (_, batch) in reached.items()},
            cpu=samples.cpu(),
            memory=samples.peaks(),
            written=samples.written(),
            served=served,
            topics={topic: (len(found), sum(line.size for line in found)) for topic, found in read.items()},
            delays=delays(read[topics[0].name], read[topics[2].name]),
        )
    finally:
        for hop in hops.values():
            if hop.running:
                await hop.kill()
        for database in databases.values():
            database.close()
        await counters.close()


def delays(sent: Sequence[Line], said: Sequence[Line]) -> list[float]:
    """Sorted: from each message to the first with its id that the loops said."""
    stamps: dict[str, float] = {}
    for line in said:
        stamps[line.id] = min(line.stamp, stamps.get(line.id, line.stamp))
    first: dict[str, float] = {}
    for line in sent:
        first.setdefault(line.id, line.stamp)
    return sorted(stamps[id_] - stamp for id_, stamp in first.items() if id_ in stamps)


def _process(platform: Platform, plan: Plan, folder: Path, turn: str) -> Process:
    path = folder / f"floor{turn}-{plan.service}.bson"
    plan.save(path)
    env = {**os.environ, "CAIRN_KAFKA": platform.bootstrap, "CAIRN_MONGODB": platform.mongodb}
    command = [sys.executable, "-m", "deploy.bench.hop", str(path.absolute())]
    return Process(f"floor of {plan.service}", command, log=path.with_suffix(".log"), env=env, cwd=ROOT)


async def _send(platform: Platform, topic: Topic, completions: Sequence[Line], rate: float | None) -> None:
    """The same bytes as the services read."""
    async with Publisher(platform.bootstrap) as publisher:
        messages = [Outgoing(topic.name, line.key, line.value, list(line.headers)) for line in completions]
        started, portion = monotonic(), AT_ONCE if rate is None else max(1, int(rate / 20))
        for start in range(0, len(messages), portion):
            together = messages[start : start + portion]
            await publisher.publish_all(together, within=60)
            if rate is not None:
                await asyncio.sleep(max(0.0, started + (start + len(together)) / rate - monotonic()))


async def _through(
    hops: Mapping[str, Process], databases: Mapping[str, Database], made: Mapping[str, Plan], completions: int
) -> dict[str, tuple[float, float]]:
    """When each hop had written for all its messages, and the mean size of its batches."""
    ends: dict[str, tuple[float, float]] = {}
    deadline, expected = monotonic() + WITHIN, completions
    for service, database in databases.items():
        while (found := await _progress(database)).get("messages", 0) < expected:
            if not hops[service].running or monotonic() > deadline:
                raise ProcessFailed(f"{hops[service].name} has not come through\n{hops[service].tail()}")
            await asyncio.sleep(LOOK_EVERY)
        ends[service] = time(), found["messages"] / max(found["batches"], 1)
        expected = round(expected * made[service].says)
    return ends


async def _progress(database: Database) -> Any:
    """`messages` written for, and in how many `batches`."""
    return await database[PROGRESS].find_one({}) or {}


async def _says_ready(hop: Process) -> bool:
    return "ready" in hop.tail().splitlines()
