"""How far a replay is: kept in the database that it fills, so that it goes on there after it was killed, and reported.

A document of the collection `replay` is a step's: {_id, done, total, cursor, ended}.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, Self

from shared.mongo import Database, Document, Session
from shared.replay.ground import COURSE, begun

EVERY: Final = 1.0


@dataclass(frozen=True, slots=True)
class Report:
    """A step's progress. `rate` is in pieces a second, `left` in seconds; both are None before anything is known of them."""

    service: str
    step: str
    done: int
    total: int
    rate: float | None = None
    left: float | None = None

    def __str__(self) -> str:
        share = f" ({self.done * 100 // self.total} %)" if self.total else ""
        pace = "" if self.rate is None else f", {self.rate:,.0f} a second"
        left = "" if self.left is None or self.done >= self.total else f", {self.left:,.0f} s left"
        return f"{self.service}: {self.step}: {self.done:,} of {self.total:,}{share}{pace}{left}"

    def to_json(self) -> dict[str, Any]:
        return {
            "service": self.service,
            "step": self.step,
            "done": self.done,
            "total": self.total,
            "rate": None if self.rate is None else round(self.rate, 1),
            "left": None if self.left is None else round(self.left, 1),
        }


Tell = Callable[[Report], None]


def tell_nobody(_report: Report) -> None:
    pass


class Step:
    """One step. `cursor` is where it was when it was last noted; the rate is that of this run."""

    def __init__(self, course: Course, name: str, document: Document) -> None:
        self._course = course
        self.name = name
        self.done: int = document["done"]
        self.total: int = document["total"]
        self.cursor: Any = document["cursor"]
        self.ended: bool = document["ended"]
        self._began = (monotonic(), self.done)
        self._told_at = float("-inf")

    async def moved(self, done: int, cursor: Any = None, session: Session | None = None) -> None:
        """In the same transaction as the work, where that is one."""
        self.done, self.cursor = done, cursor
        changes = {"done": done, "total": max(done, self.total), "cursor": cursor}
        await self._course.database[COURSE].update_one({"_id": self.name}, {"$set": changes}, session=session)
        self.tell()

    async def end(self) -> None:
        self.total, self.ended = self.done, True
        changes = {"done": self.done, "total": self.total, "ended": True}
        await self._course.database[COURSE].update_one({"_id": self.name}, {"$set": changes})
        self.tell(last=True)

    def tell(self, *, last: bool = False) -> None:
        now = monotonic()
        if not last and now - self._told_at < EVERY:
            return
        self._told_at = now
        since, then = self._began
        rate = (self.done - then) / (now - since) if now > since and self.done > then else None
        left = (self.total - self.done) / rate if rate else None
        self._course.tell(Report(self._course.service, self.name, self.done, max(self.total, self.done), rate, left))


class Course:
    """The steps of one service's replay into one database."""

    def __init__(self, database: Database, service: str, tell: Tell = tell_nobody) -> None:
        self.database = database
        self.service = service
        self.tell = tell

    @classmethod
    async def open(cls, database: Database, service: str, tell: Tell = tell_nobody) -> Self:
        """Raises Occupied."""
        await begun(database)
        await database.create(COURSE)
        return cls(database, service, tell)

    async def step(self, name: str, total: int) -> Step:
        """A step as it stands; a new one is to do `total` pieces."""
        steps = self.database[COURSE]
        document = await steps.find_one({"_id": name})
        if document is None:
            document = {"_id": name, "done": 0, "total": total, "cursor": None, "ended": False}
            await steps.insert_one(document)
        return Step(self, name, document)

    async def end(self) -> None:
        """Nothing but the service's own collections stays."""
        await self.database[COURSE].drop()
