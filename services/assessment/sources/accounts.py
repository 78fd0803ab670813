"""What came in and what became of it, added up.

What a source sent and what assessment's stream read of it are counted each by themselves, so that they can be compared.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

from services.assessment.sources.claims import Kind
from services.assessment.sources.tallies import REFUSALS, TALLIES
from shared.mongo import ASCENDING, DESCENDING, Database, Document

MOST_REFUSALS = 200


@dataclass
class Day:
    """One source's day. `reasons` says of how many why they were held, ignored or refused; `said` events followed from it."""

    source: str
    day: date
    kinds: Counter[Kind] = field(default_factory=Counter)
    reasons: Counter[tuple[Kind, str]] = field(default_factory=Counter)
    said: int = 0
    last: datetime | None = None

    @property
    def received(self) -> int:
        return sum(self.kinds.values())


@dataclass
class ReadDay:
    """What assessment's stream read of one CloudEvents source on one day, by the broker's stamp: `repeated` changed nothing,
    `dead` became dead letters.
    """

    source: str
    day: date
    new: int = 0
    repeated: int = 0
    dead: int = 0


class Accounts:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def days(self, first: date, last: date, source: str | None = None) -> list[Day]:
        """In the order of day and source, those of one source if it is named."""
        where: Document = {"day": {"$gte": first.isoformat(), "$lte": last.isoformat()}}
        if source is not None:
            where["source"] = source
        found: dict[tuple[str, str], Day] = {}
        async for document in self._database[TALLIES].find(where):
            key = (document["day"], document["source"])
            _add(found.setdefault(key, Day(document["source"], date.fromisoformat(document["day"]))), document)
        return [found[key] for key in sorted(found)]

    async def readings(self, first: date, last: date, source: str | None = None) -> list[ReadDay]:
        """By day and CloudEvents source, those of one if it is named; whoever published."""
        where: Document = {"day": {"$gte": first.isoformat(), "$lte": last.isoformat()}}
        if source is not None:
            where["source"] = source
        found: dict[tuple[str, str], ReadDay] = {}
        async for one in self._database["readings"].find(where):
            key = (one["day"], one["source"])
            into = found.setdefault(key, ReadDay(one["source"], date.fromisoformat(one["day"])))
            into.new += one.get("new", 0)
            into.repeated += one.get("repeated", 0)
            into.dead += one.get("dead", 0)
        return [found[key] for key in sorted(found)]

    async def refusals(self, source: str) -> list[Document]:
        """The latest, the newest first: {at, id, place, reason, status}."""
        cursor = self._database[REFUSALS].find({"source": source}).sort("at", DESCENDING)
        return await cursor.to_list(MOST_REFUSALS)

    async def forget_old_refusals(self, source: str) -> None:
        kept = await self.refusals(source)
        if len(kept) == MOST_REFUSALS:
            await self._database[REFUSALS].delete_many({"source": source, "at": {"$lt": kept[-1]["at"]}})

    async def create_indexes(self) -> None:
        await self._database.create(TALLIES, [("day", ASCENDING)])
        await self._database.create(REFUSALS, [("source", ASCENDING), ("at", ASCENDING)])


def _add(into: Day, document: Document) -> None:
    for kind in Kind:
        into.kinds[kind] += document.get(kind.value, 0)
    for reason in document.get("reasons", {}).values():
        into.reasons[Kind(reason["kind"]), reason["said"]] += reason["n"]
    into.said += document.get("said", 0)
    last = document.get("last")
    if last is not None:
        into.last = last if into.last is None else max(into.last, last)
