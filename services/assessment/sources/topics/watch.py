"""What processes that read a source's topics wait for, for others to see.

listening   {_id: source|instance, source, at, partitions, trouble}: as each process has seen it last
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.mongo import ASCENDING, Database, UpdateOne

LISTENING: Final = "listening"
FRESH: Final = timedelta(seconds=90)
"""A process that has said nothing for so long has ended."""


@dataclass(frozen=True, slots=True)
class Seen:
    """`partitions` are this process's own; `trouble` is what it waits for, if anything."""

    partitions: int
    trouble: str | None


class Watch:
    def __init__(self, database: Database, instance: str) -> None:
        self._database = database
        self._listening = database[LISTENING]
        self._instance = instance

    async def create_indexes(self) -> None:
        await self._database.create(LISTENING, [("source", ASCENDING)])

    async def say(self, seen: Mapping[str, Seen]) -> None:
        """How this process finds its sources; of all others it has nothing to say any more."""
        now = datetime.now(UTC)
        changes = [
            UpdateOne(
                {"_id": f"{source}|{self._instance}"},
                {"$set": {"source": source, "at": now, "partitions": one.partitions, "trouble": one.trouble}},
                upsert=True,
            )
            for source, one in seen.items()
        ]
        if changes:
            await self._listening.bulk_write(changes)
        await self._listening.delete_many({"at": {"$lt": now - FRESH}})

    async def of(self, source: str) -> list[Seen]:
        """By the processes that read it now."""
        found = await self._listening.find({"source": source, "at": {"$gte": datetime.now(UTC) - FRESH}}).to_list(None)
        return [Seen(document["partitions"], document["trouble"]) for document in found]
