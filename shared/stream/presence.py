"""What each process that streams says of itself every few seconds, so that any other process of the service can tell it.

A document of `workers`, `_id` a name that no other process has:

    {instance, started_at, at, stopped, partitions: [numbers], rates: [[topic, partition, per second]], trouble,
     error: {says, at} | null}
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final
from uuid import uuid4

from shared.mongo import Database, DatabaseError, Document
from shared.stream.incoming import Incoming

log = logging.getLogger(__name__)

COLLECTION: Final = "workers"
BEATS_EVERY: Final = 3.0
GONE_AFTER: Final = timedelta(seconds=15)
FORGOTTEN_AFTER: Final = timedelta(days=1)

Place = tuple[str, int]
"""Topic and partition."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, without anything of the data, and when."""

    says: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Worker:
    """A process as it last said it was. `trouble` is what it waits out now, `failure` what went wrong last."""

    instance: str
    at: datetime
    stopped: bool
    partitions: frozenset[int] = frozenset()
    rates: Mapping[Place, float] = field(default_factory=dict)
    trouble: str | None = None
    failure: Failure | None = None

    def is_there(self, now: datetime) -> bool:
        return not self.stopped and now - self.at <= GONE_AFTER


class Presence:
    """Of this process. `partitions` are those it holds, `trouble` is what it waits out; `took` is called with each batch."""

    def __init__(
        self, database: Database, instance: str, partitions: Callable[[], Iterable[int]], trouble: Callable[[], str | None]
    ) -> None:
        self._all = database[COLLECTION]
        self._id = f"{instance}/{uuid4().hex}"
        self._instance = instance
        self._partitions = partitions
        self._trouble = trouble
        self._started_at = datetime.now(UTC)
        self._counts: Counter[Place] = Counter()
        self._since = monotonic()
        self._failure: Failure | None = None

    def took(self, incoming: Iterable[Incoming]) -> None:
        self._counts.update((one.topic, one.partition) for one in incoming)

    def failed(self, says: str) -> None:
        self._failure = Failure(says, datetime.now(UTC))

    async def keep_saying(self) -> None:
        """Until cancelled."""
        while True:
            await self.say()
            await asyncio.sleep(BEATS_EVERY)

    async def say(self, *, stopped: bool = False) -> None:
        """If the database is away, nobody is told."""
        elapsed = max(monotonic() - self._since, 0.001)
        counts, self._counts, self._since = self._counts, Counter(), monotonic()
        document: Document = {
            "instance": self._instance,
            "started_at": self._started_at,
            "at": datetime.now(UTC),
            "stopped": stopped,
            "partitions": [] if stopped else sorted(self._partitions()),
            "rates": [[topic, partition, round(count / elapsed, 1)] for (topic, partition), count in sorted(counts.items())],
            "trouble": self._trouble(),
            "error": self._failure and {"says": self._failure.says, "at": self._failure.at},
        }
        try:
            async with asyncio.timeout(BEATS_EVERY):
                await self._all.replace_one({"_id": self._id}, document, upsert=True)
        except (DatabaseError, TimeoutError) as away:
            log.debug("nobody was told how this process is: %s", type(away).__name__)

    async def forget_others(self) -> None:
        """Those that have said nothing for a day."""
        await self._all.delete_many({"at": {"$lt": datetime.now(UTC) - FORGOTTEN_AFTER}})


async def workers(database: Database) -> list[Worker]:
    """All that said something within a day, the latest first."""
    found = [_worker(document) async for document in database[COLLECTION].find({})]
    return sorted(found, key=lambda worker: worker.at, reverse=True)


def _worker(document: Document) -> Worker:
    error = document["error"]
    return Worker(
        instance=document["instance"],
        at=document["at"],
        stopped=document["stopped"],
        partitions=frozenset(document["partitions"]),
        rates={(topic, partition): rate for topic, partition, rate in document["rates"]},
        trouble=document["trouble"],
        failure=error and Failure(error["says"], error["at"]),
    )
