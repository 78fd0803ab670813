"""Keeps a listener for each source that names topics, as long as it is registered, not paused, and says the same of them."""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import Final

from services.assessment.sources.formats.topics import OnTopics
from services.assessment.sources.gate import Gate
from services.assessment.sources.intake import Intake
from services.assessment.sources.registry import Registered, Registry
from services.assessment.sources.topics.clusters import Clusters
from services.assessment.sources.topics.listener import TROUBLES, Leaving, Listener
from services.assessment.sources.topics.unpacking import UNPACK
from services.assessment.sources.topics.unread import Unread
from services.assessment.sources.topics.watch import Seen, Watch
from shared.mongo import DatabaseError

log = logging.getLogger(__name__)

EVERY: Final = 2.0
"""Seconds between looks at which sources there are."""

SAYS_EVERY: Final = 20.0
"""Seconds after which a process says how it finds its sources, though nothing has changed."""

AGAIN: Final = 3_600.0
"""Seconds after which what could not be read is tried again; it is also when a listener starts."""


class Listeners:
    """`group` is the beginning of the consumer groups' names: `<group>.source.<slug>`. Runs in every process of the stream."""

    def __init__(
        self,
        clusters: Clusters,
        registry: Registry,
        gate: Gate,
        intake: Intake,
        unread: Unread,
        watch: Watch,
        *,
        group: str,
        instance: str,
    ) -> None:
        self._clusters = clusters
        self._registry = registry
        self._gate = gate
        self._intake = intake
        self._unread = unread
        self._watch = watch
        self._group = group
        self._client = f"cairn-assessment-{instance}"
        self._running: dict[str, Listener] = {}
        self._nowhere: dict[str, str] = {}
        self._stamps: dict[str, tuple[int, bool]] | None = None
        self._again_at: dict[str, float] = {}
        self._forgotten_at = 0.0
        self._said: tuple[float, dict[str, Seen]] = (0.0, {})

    async def run(self) -> None:
        """Until it is cancelled; then every listener finishes what it has in hand."""
        try:
            while True:
                try:
                    await self.align()
                    await self._say()
                    await self._look_again()
                except DatabaseError as error:
                    log.warning("which sources there are can't be seen now: %s", type(error).__name__)
                await asyncio.sleep(EVERY)
        finally:
            await asyncio.gather(*(listener.stop() for listener in self._running.values()))
            self._running.clear()
            self._stamps = None

    @property
    def troubles(self) -> dict[str, str]:
        """What this process waits out, by source."""
        return {slug: seen.trouble for slug, seen in self._seen().items() if seen.trouble is not None}

    @property
    def listening(self) -> set[str]:
        """The sources that this process listens for."""
        return set(self._running)

    def partitions(self, slug: str) -> int:
        """How many partitions of the source's topics are this process's now."""
        listener = self._running.get(slug)
        return 0 if listener is None else listener.partitions

    async def align(self) -> None:
        """Start and stop listeners, so that they are those of the sources as they are registered now."""
        stamps = await self._registry.stamps()
        if stamps == self._stamps:
            return
        wanted = {one.source.id: one for one in await self._registry.all() if not one.paused and on_topics(one)}
        over = [
            slug
            for slug, listener in self._running.items()
            if slug not in wanted or _elsewhere(listener.options, wanted[slug].source.options)
        ]
        await asyncio.gather(*(self._running.pop(slug).stop() for slug in over))
        self._nowhere = {slug: trouble for slug, trouble in self._nowhere.items() if slug in wanted}
        for slug, registered in wanted.items():
            if slug not in self._running:
                self._start(slug, registered)
        self._stamps = stamps

    def _start(self, slug: str, registered: Registered) -> None:
        options = registered.source.options
        assert isinstance(options, OnTopics)
        cluster = self._clusters.get(options.cluster)
        if cluster is None:
            if slug not in self._nowhere:
                log.error("the source %s names the cluster %s, which CAIRN_SOURCE_CLUSTERS doesn't", slug, options.cluster)
            self._nowhere[slug] = f"the operators have named no cluster {options.cluster}"
            return
        self._nowhere.pop(slug, None)
        listener = Listener(
            registered,
            cluster,
            f"{self._group}.source.{slug}",
            self._client,
            self._registry,
            self._gate,
            self._intake,
            self._unread,
        )
        self._running[slug] = listener
        self._again_at[slug] = monotonic()
        listener.start()

    def _seen(self) -> dict[str, Seen]:
        nowhere = {slug: Seen(0, trouble) for slug, trouble in self._nowhere.items()}
        return nowhere | {slug: Seen(listener.partitions, listener.trouble) for slug, listener in self._running.items()}

    async def _say(self) -> None:
        seen, (at, said) = self._seen(), self._said
        if seen != said or at + SAYS_EVERY < monotonic():
            await self._watch.say(seen)
            self._said = (monotonic(), seen)

    async def _look_again(self) -> None:
        now = monotonic()
        for slug, listener in self._running.items():
            if self._again_at[slug] <= now:
                self._again_at[slug] = now + AGAIN
                try:
                    await listener.again()
                except (*TROUBLES, Leaving) as trouble:
                    log.info("what %s said unreadably is tried again later: %s", slug, type(trouble).__name__)
        if self._forgotten_at + AGAIN < now or self._forgotten_at == 0.0:
            await self._unread.forget()
            self._forgotten_at = now


def on_topics(registered: Registered) -> bool:
    """Whether the source publishes on topics of its own."""
    source = registered.source
    return isinstance(source.options, OnTopics) and bool(source.options.topics) and source.format in UNPACK


def _elsewhere(was: OnTopics, options: object) -> bool:
    """Whether other topics are meant by now."""
    return not isinstance(options, OnTopics) or (was.topics, was.cluster, was.begins) != (
        options.topics,
        options.cluster,
        options.begins,
    )
