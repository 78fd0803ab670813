"""Whether an operator has paused a service's stream. It is kept in the service's database, so that all its processes obey it,
and those that are started later as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from shared.mongo import Database, DatabaseError

log = logging.getLogger(__name__)

COLLECTION: Final = "switches"
STREAM: Final = "stream"
LOOKS_EVERY: Final = 1.0
NOTICES_EVERY: Final = 0.1


@dataclass(frozen=True, slots=True)
class Pause:
    """Who paused the stream, when, and why."""

    by: str
    at: datetime
    reason: str


class Switch:
    """A pause that is asked for while there is one takes its place; to resume what runs changes nothing."""

    def __init__(self, database: Database) -> None:
        self._all = database[COLLECTION]

    async def read(self) -> Pause | None:
        """None: the stream may run."""
        found = await self._all.find_one({"_id": STREAM})
        return Pause(found["by"], found["at"], found["reason"]) if found is not None else None

    async def pause(self, by: str, reason: str) -> Pause:
        pause = Pause(by, datetime.now(UTC), reason)
        await self._all.replace_one({"_id": STREAM}, {"by": by, "at": pause.at, "reason": reason}, upsert=True)
        return pause

    async def resume(self) -> None:
        await self._all.delete_one({"_id": STREAM})


class Brake:
    """What one process knows of the switch. While the database is away, what it said last counts."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._pause: Pause | None = None

    @property
    def is_on(self) -> bool:
        return self._pause is not None

    async def look(self) -> None:
        before, self._pause = self.is_on, await self._switch.read()
        if before is not self.is_on:
            log.warning("the stream is paused" if self.is_on else "the stream goes on")

    async def keep_looking(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOKS_EVERY)
            with suppress(DatabaseError):
                await self.look()

    async def released(self, leaving: Callable[[], bool]) -> bool:
        """Waits as long as the stream is paused. False: we are leaving meanwhile, so that nothing may be begun."""
        while self.is_on:
            if leaving():
                return False
            await asyncio.sleep(NOTICES_EVERY)
        return True
