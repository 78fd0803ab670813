"""A workload through the whole chain as fast as it goes, and what that took."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import time
from typing import Final

from deploy.bench import counts
from deploy.bench.counts import Asked, Counters, Served, asked_by
from deploy.bench.log import Line, caused, lines
from deploy.bench.samples import Samples, processes_of
from deploy.bench.sending import Stage, quiet, send
from deploy.bench.workloads import Workload
from deploy.local.platform import PARTITIONS, Platform
from shared.events.awarding import AwardGranted, CredentialIssued, StackUpgraded
from shared.mongo import Database, Document
from shared.topics import AWARDS, COMPLETIONS, REQUESTS, VERDICTS, Topic

LOOK_EVERY: Final = 0.1
STREAMS: Final[dict[str, tuple[Topic, Topic | None]]] = {
    "assessment": (COMPLETIONS, VERDICTS),
    "awarding": (VERDICTS, AWARDS),
    "notifications": (AWARDS, None),
}
"""What each streaming service reads and says."""
OWN: Final = (COMPLETIONS, VERDICTS, AWARDS, *REQUESTS.values())


@dataclass(frozen=True)
class Said:
    """What came onto the topics during a run."""

    lines: Mapping[str, Sequence[Line]]

    def of(self, topic: Topic) -> Sequence[Line]:
        return self.lines[topic.name]

    def read_by(self, service: str) -> int:
        """Messages of a service's inputs; requests count as such."""
        return len(self.of(STREAMS[service][0])) + len(self.of(REQUESTS[service]))


@dataclass(frozen=True)
class Speed:
    """At full speed, with `completions` as a number.

    `seconds` from the first completion's stamp to the last write of notifications about any of them, `mailed_after` to the last
    mail. `batch` is the mean number of messages in a transaction of each service. `cpu` is the processor time of each process
    until both were through, in seconds; `memory` its peak in megabytes until then, `written` its bytes to disk.
    `commands` and `documents` are what each service asked of the database, by collection and command; `served` is the
    database's own count. `topics`: messages and bytes.
    """

    mix: str
    completions: int
    verdicts: int
    awards: int
    upgrades: int
    credentials: int
    facts: int
    mails: int
    seconds: float
    mailed_after: float
    batch: Mapping[str, float]
    cpu: Mapping[str, float]
    memory: Mapping[str, float]
    written: Mapping[str, int]
    asked: Mapping[str, Asked]
    served: Served
    topics: Mapping[str, tuple[int, int]]
    mailed_share: float

    @property
    def per_second(self) -> float:
        return self.completions / self.seconds

    @property
    def awards_per_second(self) -> float:
        return self.awards / self.seconds


class Watch:
    """Notes when notifications has written up to where, by its checkpoints, and how many of its mails were noted by then."""

    def __init__(self, stage: Stage, database: Database) -> None:
        self._stage = stage
        self._checkpoints = database["checkpoints"]
        self._seen: list[tuple[float, dict[int, int], int]] = []

    async def follow(self) -> None:
        while True:
            found: list[Document] = await self._checkpoints.find({}, {"offsets": 1}).to_list(None)
            reached = {one["_id"]: offset for one in found if (offset := one["offsets"]["reads"]) is not None}
            if not self._seen or self._seen[-1][1] != reached:
                noted = counts.documents(asked_by(self._stage.counts, "notifications"), "update").get("deliveries", 0)
                self._seen.append((time(), reached, noted))
            await asyncio.sleep(LOOK_EVERY)

    def reached(self, facts: Sequence[Line]) -> tuple[float, int]:
        """When all of these had been written, and how many notes about mails then."""
        last: dict[int, int] = {}
        for line in facts:
            last[line.partition] = max(line.offset, last.get(line.partition, -1))
        for at, found, noted in self._seen:
            if all(found.get(place, -1) >= offset for place, offset in last.items()):
                return at, noted
        raise RuntimeError("notifications has not written all of it")


async def at_full_speed(stage: Stage, workload: Workload) -> tuple[Speed, Said]:
    """All at once; the platform must be prepared and quiet. Waits until it is quiet again."""
    platform = stage.platform
    counters = Counters(platform.mongodb)
    asked = {service: asked_by(stage.counts, service) for service in STREAMS}
    before, served = await counts.ends(platform.bootstrap, OWN), await counters.now()
    mails = sum(1 for _ in stage.mails.iterdir())
    async with open_database(platform, "notifications") as notifications, Samples(processes_of(platform)) as samples:
        watch = Watch(stage, notifications)
        following = asyncio.create_task(watch.follow(), name="watch notifications")
        started = time()
        await send(stage.publisher, workload.completions)
        stage.say(f"{workload.name}: {len(workload.completions):,} completions are on the topic, waiting until all is through")
        await quiet(stage)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    served, asked = (
        (await counters.now()).since(served),
        {service: counts.since(found, asked_by(stage.counts, service)) for service, found in asked.items()},
    )
    await counters.close()
    said = Said({topic.name: await lines(platform.bootstrap, topic.name, PARTITIONS, before[topic.name]) for topic in OWN})
    earned = [line for line, _ in caused(said.of(AWARDS))]
    first = min(line.stamp for line in said.of(COMPLETIONS))
    written_at, noted = watch.reached(earned)
    sent = [path.stat().st_mtime for path in stage.mails.iterdir() if path.stat().st_mtime > started]
    last_mail = max(sent, default=written_at)
    all_noted = counts.documents(asked["notifications"], "update").get("deliveries", 0)
    noted -= counts.documents(asked_by(stage.counts, "notifications"), "update").get("deliveries", 0) - all_noted
    through = max(written_at, last_mail)
    speed = Speed(
        mix=workload.name,
        completions=len(workload.completions),
        verdicts=len(said.of(VERDICTS)),
        awards=sum(line.type == AwardGranted.TYPE for line in earned),
        upgrades=sum(line.type == StackUpgraded.TYPE for line in earned),
        credentials=sum(line.type == CredentialIssued.TYPE for line in earned),
        facts=len(earned),
        mails=sum(1 for _ in stage.mails.iterdir()) - mails,
        seconds=written_at - first,
        mailed_after=last_mail - first,
        batch={service: mean_batch(said.read_by(service), found) for service, found in asked.items()},
        cpu=samples.cpu(through),
        memory=samples.peaks(through),
        written=samples.written(through),
        asked=asked,
        served=served,
        topics={topic: (len(found), sum(line.size for line in found)) for topic, found in said.lines.items()},
        mailed_share=noted / all_noted if all_noted else 1.0,
    )
    stage.say(f"{workload.name}: {speed.per_second:,.0f} completions/s, {speed.awards_per_second:,.0f} awards/s")
    return speed, said


def mean_batch(messages: int, asked: Asked) -> float:
    """Messages for each transaction that went through."""
    transactions = asked.get(("", "commitTransaction"), counts.NONE)[0]
    return messages / max(transactions, 1)


@asynccontextmanager
async def open_database(platform: Platform, service: str) -> AsyncIterator[Database]:
    database = Database(platform.mongodb, f"cairn_{service}")
    try:
        yield database
    finally:
        database.close()
