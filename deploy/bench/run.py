"""The platform measured: how much goes through at full speed, and how long one completion takes at half of that."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from time import monotonic, time
from typing import Final

from deploy.bench import floor, issuing
from deploy.bench.cpu import CpuTime
from deploy.bench.floor import INSERTED, WAY, Outcome, Share
from deploy.bench.issuing import Compared
from deploy.bench.log import Line, caused, delays, lines
from deploy.demo.chain import Chain
from deploy.demo.cohort import SEED, Cohort, cohort
from deploy.demo.documents import FIRST, REVISIONS, documents
from deploy.demo.office import Office
from deploy.demo.run import Keyed
from deploy.demo.witness import median_and_p95
from deploy.local.platform import PARTITIONS, Platform
from deploy.local.process import Process
from shared.events.awarding import AwardGranted, StackUpgraded
from shared.kafka import Outgoing, Publisher
from shared.mongo import Database, Document
from shared.topics import AWARDS, COMPLETIONS, REQUESTS, VERDICTS, Topic

SECONDS_AT_HALF: Final = 20
QUIET_FOR: Final = 4.0
"""Longer than awarding waits before it looks again for what fell due."""
WITHIN: Final = 900.0


@dataclass(frozen=True)
class Speed:
    """At full speed. `seconds` from the first completion's stamp to the last write of notifications about any of them.

    `cpu` is the processor time of each process until the last mail, in seconds.
    """

    completions: int
    verdicts: int
    awards: int
    upgrades: int
    facts: int
    mails: int
    seconds: float
    mailed_after: float
    batch: Mapping[str, float]
    cpu: Mapping[str, float]


@dataclass(frozen=True)
class Latency:
    """Seconds from a completion to what it led to, by the broker's stamps: median and 95th percentile; None if there was none."""

    rate: float
    completions: int
    award: tuple[float, float] | None
    upgrade: tuple[float, float] | None


@dataclass(frozen=True)
class Measured:
    speed: Speed
    latency: Latency
    floor: Outcome
    issuing: Compared


class Watch:
    """Notes when notifications has written up to where, by its checkpoints, and in how many batches (at least)."""

    def __init__(self, database: Database) -> None:
        self._checkpoints = database["checkpoints"]
        self._seen: list[tuple[float, dict[int, int]]] = []
        self.batches: set[str] = set()

    async def follow(self) -> None:
        while True:
            now = time()
            found: list[Document] = await self._checkpoints.find({}, {"offsets": 1, "batch.id": 1}).to_list(None)
            reached = {one["_id"]: offset for one in found if (offset := one["offsets"]["reads"]) is not None}
            self.batches |= {one["batch"]["id"] for one in found}
            if not self._seen or self._seen[-1][1] != reached:
                self._seen.append((now, reached))
            await asyncio.sleep(0.1)

    def reached(self, facts: Sequence[Line]) -> float:
        """When all of these had been written."""
        last: dict[int, int] = {}
        for line in facts:
            last[line.partition] = max(line.offset, last.get(line.partition, -1))
        return next(at for at, found in self._seen if all(found.get(place, -1) >= offset for place, offset in last.items()))


async def measure(folder: Path, learners: int) -> Measured:
    """On a platform of its own. It judges nothing."""
    everybody = cohort(learners=learners)
    async with Platform(folder, env={"CAIRN_LOG_LEVEL": "WARNING"}) as platform:
        async with Publisher(platform.bootstrap) as publisher, Office(platform) as office, Chain(platform.bootstrap) as chain:
            await office.publish(documents(FIRST))
            await office.publish(documents(REVISIONS))
            speed = await _full_speed(platform, publisher, office, chain, everybody)
            completions = sorted(await _said(platform, COMPLETIONS), key=lambda line: line.stamp)
            shares = await _shares(platform, speed.batch)
            half = speed.completions / speed.seconds / 2
            latency = await _latency(platform, publisher, office, chain, half, learners)
        for instance in platform.instances:
            await instance.stop()
        below = await floor.measure(completions, shares, platform, folder / "logs")
        compared = await issuing.measure(await _said(platform, VERDICTS), platform, folder / "logs")
    return Measured(speed, latency, below, compared)


async def _full_speed(platform: Platform, publisher: Publisher, office: Office, chain: Chain, everybody: Cohort) -> Speed:
    await office.enter_contacts([person.contact() for person in everybody.people])
    await _quiet(office, chain)
    async with _database(platform, "notifications") as notifications:
        watch = Watch(notifications)
        following = asyncio.create_task(watch.follow(), name="watch notifications")
        cpu, started = CpuTime(_processes(platform)), time()
        await _send(publisher, everybody.completions)
        mailed_at = await _quiet(office, chain)
        used = cpu.seconds()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    awards = await _said(platform, AWARDS)
    batch = await _batches(platform) | {"notifications": len(awards) / len(watch.batches)}
    earned = [line for line, _ in caused(awards)]
    completions = await _said(platform, COMPLETIONS)
    first = min(line.stamp for line in completions)
    return Speed(
        completions=len(everybody.completions),
        verdicts=len(await _said(platform, VERDICTS)),
        awards=sum(line.type == AwardGranted.TYPE for line in earned),
        upgrades=sum(line.type == StackUpgraded.TYPE for line in earned),
        facts=len(earned),
        mails=int((await office.get("notifications", "/deliveries/states")).get("sent", 0)),
        seconds=watch.reached(earned) - first,
        mailed_after=mailed_at - started,
        batch=batch,
        cpu=used,
    )


async def _latency(platform: Platform, publisher: Publisher, office: Office, chain: Chain, rate: float, learners: int) -> Latency:
    """At that rate, with learners whom nobody has seen before."""
    others = cohort(SEED + 1, learners)
    completions = _of_some(others, int(rate * SECONDS_AT_HALF))
    ids = {envelope.id for _, envelope in completions}
    await office.enter_contacts([person.contact() for person in others.people])
    await _quiet(office, chain)
    await _send(publisher, completions, rate)
    await _quiet(office, chain)
    sent = [line for line in await _said(platform, COMPLETIONS) if line.id in ids]
    awards = await _said(platform, AWARDS)
    return Latency(
        rate=rate,
        completions=len(completions),
        award=median_and_p95(delays(sent, awards, AwardGranted.TYPE)),
        upgrade=median_and_p95(delays(sent, awards, StackUpgraded.TYPE)),
    )


def _of_some(others: Cohort, number: int) -> list[Keyed]:
    """At least so many completions, if there are: the whole histories of some learners, in the order in which they were sent."""
    each = Counter(learner for learner, _ in others.completions if learner != others.story)
    chosen = {learner for learner, before in zip(each, accumulate(each.values(), initial=0), strict=False) if before < number}
    return [(learner, envelope) for learner, envelope in others.completions if learner in chosen]


async def _send(publisher: Publisher, completions: Sequence[Keyed], rate: float | None = None) -> None:
    """So many in a second, or as fast as the broker confirms."""
    started, portion = monotonic(), 1_000 if rate is None else max(1, int(rate / 20))
    for start in range(0, len(completions), portion):
        together = completions[start : start + portion]
        await publisher.publish_all(
            [Outgoing.of(COMPLETIONS.name, learner, envelope) for learner, envelope in together], within=60
        )
        if rate is not None:
            await asyncio.sleep(max(0.0, started + (start + len(together)) / rate - monotonic()))


async def _quiet(office: Office, chain: Chain) -> float:
    """Wait until nothing has been on its way for a while; gives the time since when."""
    since: float | None = None
    async with asyncio.timeout(WITHIN):
        while since is None or time() - since < QUIET_FOR:
            positions = await chain.positions()
            idle = not any(position.lag for position in positions.values()) and not await office.mails_waiting()
            if not idle or await office.sweeping():
                since = None
            elif since is None:
                since = time()
            await asyncio.sleep(0.3)
    return since


async def _shares(platform: Platform, batch: Mapping[str, float]) -> dict[str, Share]:
    """What one message of each service's input led to. Requests count as messages of the input."""
    shares: dict[str, Share] = {}
    for service, (reads, says) in WAY.items():
        read = len(await _said(platform, reads)) + len(await _said(platform, REQUESTS[service]))
        said = 0 if says is None else len(await _said(platform, says))
        async with _database(platform, service) as database:
            written = [await database[name].count_documents({}) for name in INSERTED[service]]
        shares[service] = Share(round(batch[service]), said / read, tuple(number / read for number in written))
    return shares


async def _batches(platform: Platform) -> dict[str, float]:
    """The mean size of the batches in which something was said, in messages read."""
    found: dict[str, float] = {}
    for service, (reads, says) in WAY.items():
        if says is not None:
            async with _database(platform, service) as database:
                batches = await database["facts"].distinct("batch")
            found[service] = len(await _said(platform, reads)) / max(len(batches), 1)
    return found


def _processes(platform: Platform) -> dict[str, Process]:
    return {server.name.removesuffix("-1"): server.process for server in [*platform.instances, *platform.servers]}


async def _said(platform: Platform, topic: Topic) -> list[Line]:
    return await lines(platform.bootstrap, topic.name, PARTITIONS)


@asynccontextmanager
async def _database(platform: Platform, service: str) -> AsyncIterator[Database]:
    database = Database(platform.mongodb, f"cairn_{service}")
    try:
        yield database
    finally:
        database.close()
