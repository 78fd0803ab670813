"""The platform on which the curves are measured: grown in place, and asked what a thousand completions cost on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Final, Self

from deploy.bench import counts
from deploy.bench.counts import Counters, asked_by
from deploy.bench.cpu import CpuTime
from deploy.bench.curves_campus import histories
from deploy.bench.seeding import Signers, Stencil, seed
from deploy.demo.chain import Chain
from deploy.demo.run import Keyed
from deploy.local.platform import PARTITIONS, Platform
from deploy.local.process import Process
from services.notifications.domain.delivery import State
from shared.broadcast import Broadcast
from shared.events.catalog import Published
from shared.events.envelope import envelope_of
from shared.kafka import Outgoing, Publisher
from shared.mongo import Database
from shared.stream.checkpoint import COLLECTION as CHECKPOINTS
from shared.topics import COMPLETIONS, PUBLICATIONS

STREAMING: Final = ("assessment", "awarding", "notifications")
IDLE_FOR: Final = 6.0
WITHIN: Final = 900.0
LOOK_EVERY: Final = 0.25
AT_ONCE: Final = 1_000


@dataclass(frozen=True)
class Cost:
    """Of 1,000 completions: processor time of each process in seconds, until nothing was on its way any more; operations that
    each service asked of the database; and how long the database was at it, by database and collection, in seconds.
    """

    cpu: Mapping[str, float]
    operations: Mapping[str, float]
    places: Mapping[str, float]


@dataclass(frozen=True)
class Point:
    """A place on a curve: the median of some turns. `idle` is processor time in a second without any completion."""

    at: int
    cost: Cost
    idle: Mapping[str, float]
    turns: Sequence[Cost]
    cold: Cost | None = None
    """Of completions of learners whose records were not in memory, where that was measured."""


class Ground:
    """`async with Ground.open(folder) as ground`. The services run between `resume` and `pause`."""

    def __init__(self, platform: Platform, publisher: Publisher, chain: Chain, counters: Counters, say: Callable[[str], None]):
        self._platform = platform
        self._publisher = publisher
        self._chain = chain
        self._counters = counters
        self._asked_in = platform.folder / "counts"
        self._published: set[str] = set()
        self._running = True
        self.say = say
        self.databases = {service: Database(platform.mongodb, f"cairn_{service}") for service in STREAMING}
        keys = platform.keys
        awarding, catalog = platform.address("awarding"), platform.address("catalog")
        self.signers = Signers.of(keys.public_id_key, keys.issuer_keys, awarding, catalog)

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, say: Callable[[str], None]) -> AsyncIterator[Self]:
        env = {"CAIRN_LOG_LEVEL": "WARNING", **counts.counted(folder / "counts")}
        async with AsyncExitStack() as stack:
            platform = await stack.enter_async_context(Platform(folder, services=STREAMING, env=env))
            publisher = await stack.enter_async_context(Publisher(platform.bootstrap, client="curves"))
            chain = await stack.enter_async_context(Chain(platform.bootstrap))
            counters = Counters(platform.mongodb)
            stack.push_async_callback(counters.close)
            ground = cls(platform, publisher, chain, counters, say)
            yield ground
            for database in ground.databases.values():
                database.close()

    async def pause(self) -> None:
        """Stop the services: their memory is forgotten."""
        if self._running:
            for instance in self._platform.instances:
                await instance.stop()
            self._running = False

    async def resume(self) -> None:
        """Start them, and wait until they work by the newest rules and have looked again at whoever was there."""
        if not self._running:
            await asyncio.gather(*[instance.start() for instance in self._platform.instances])
            self._running = True
        async with Broadcast(self._platform.bootstrap, PUBLICATIONS) as broadcast:
            revision = (await broadcast.caught_up()).revision
        await self._until(lambda: self._in_force(revision))

    async def publish(self, publications: Sequence[Published]) -> None:
        """Those that aren't yet, as the catalog would."""
        new = [published for published in publications if published.subject not in self._published]
        for start in range(0, len(new), AT_ONCE):
            messages = [
                Outgoing.of(PUBLICATIONS.name, published.subject, envelope_of(published, "cairn/catalog", None), 0)
                for published in new[start : start + AT_ONCE]
            ]
            await self._publisher.publish_all(messages, within=60)
        self._published |= {published.subject for published in new}

    async def seed(self, made: Stencil, learners: Sequence[str]) -> None:
        """The services must be paused."""
        began = told = monotonic()

        def progress(done: int) -> None:
            nonlocal told
            if monotonic() - told > 10:
                told = monotonic()
                self.say(f"seeded {done:,} of {len(learners):,} learners")

        written = await seed(self.databases, [(made, learners)], self.signers.ids, PARTITIONS, progress)
        self.say(f"seeded {len(learners):,} learners: {written.total():,} documents in {monotonic() - began:.0f} s")

    async def through(self, completions: Sequence[Keyed]) -> None:
        """Send them, and wait until nothing is on its way any more."""
        for start in range(0, len(completions), AT_ONCE):
            some = completions[start : start + AT_ONCE]
            await self._publisher.publish_all([Outgoing.of(COMPLETIONS.name, who, what) for who, what in some], within=60)
        await self._until(self._quiet)

    async def warm(self, name: str, achievements: Sequence[str], learners: int = 100) -> None:
        """Let some go through who are not measured."""
        await self.through(list(histories([f"warm-{name}-{number:04}" for number in range(learners)], achievements)))

    async def idle(self) -> dict[str, float]:
        """Processor seconds of each process in a second in which nothing is to be done."""
        cpu, began = CpuTime(self._processes()), monotonic()
        await asyncio.sleep(IDLE_FOR)
        elapsed = monotonic() - began
        return {name: used / elapsed for name, used in cpu.seconds().items()}

    async def cost(self, completions: Sequence[Keyed]) -> Cost:
        asked = {service: asked_by(self._asked_in, service) for service in STREAMING}
        served = await self._counters.now()
        cpu = CpuTime(self._processes())
        await self.through(completions)
        used = cpu.seconds()
        await asyncio.sleep(2 * LOOK_EVERY)
        by_place = (await self._counters.now()).since(served).by_place
        per = 1_000 / len(completions)
        now = {service: counts.since(asked[service], asked_by(self._asked_in, service)) for service in STREAMING}
        return Cost(
            {name: round(seconds * per, 4) for name, seconds in used.items()},
            {service: round(counts.commands(found) * per, 1) for service, found in now.items()},
            {place: round(seconds * per, 4) for place, (_, seconds) in by_place.items() if seconds * per >= 0.001},
        )

    def _processes(self) -> dict[str, Process]:
        servers = [*self._platform.instances, *self._platform.servers]
        return {
            server.name.removesuffix("-1"): server.process for server in servers if server.name not in ("mailbox", "provider")
        }

    async def _until(self, agreed: Callable[[], object]) -> None:
        quiet = 0
        async with asyncio.timeout(WITHIN):
            while quiet < 2:
                found = agreed()
                quiet = quiet + 1 if (await found if asyncio.iscoroutine(found) else found) else 0
                await asyncio.sleep(LOOK_EVERY)

    async def _quiet(self) -> bool:
        if any(position.lag for position in (await self._chain.positions()).values()):
            return False
        deliveries = self.databases["notifications"]["deliveries"]
        return not any([await deliveries.find_one({"state": state.value}) for state in (State.WAITING, State.LEASED)])

    async def _in_force(self, revision: int) -> bool:
        for service in STREAMING:
            found = await self.databases[service][CHECKPOINTS].find({}).to_list(None)
            if len(found) < PARTITIONS or any(one["rules"] < revision or one["sweep"] for one in found):
                return False
        return True


def middle(turns: Sequence[Cost]) -> Cost:
    """The median of each figure."""

    def of(found: Sequence[Mapping[str, float]]) -> dict[str, float]:
        names = dict.fromkeys(name for each in found for name in each)
        return {name: round(median(each.get(name, 0.0) for each in found), 4) for name in names}

    return Cost(of([turn.cpu for turn in turns]), of([turn.operations for turn in turns]), of([turn.places for turn in turns]))
