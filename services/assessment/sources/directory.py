"""Which learner a name in a source's words means. Names themselves are not kept, only marks that nobody else can compute.

names  {_id: mark of (directory, kind, name), directory, learner, at}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from services.assessment.sources.resolving import Lookup
from services.assessment.sources.vault import Vault
from shared.mongo import ASCENDING, Database, Document, ReplaceOne, by_ids


class Directory:
    """Names are looked up anew each time, so that one that was forgotten is."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._names = database["names"]
        self._vault = vault

    async def create_indexes(self) -> None:
        await self._database.create("names", [("learner", ASCENDING)])

    def mark(self, lookup: Lookup) -> str:
        return self._vault.name(*lookup)

    async def learners(self, lookups: Iterable[Lookup]) -> dict[Lookup, str]:
        """Those that are known, found with one question."""
        marks = {self.mark(lookup): lookup for lookup in lookups}
        found = await by_ids(self._names, list(marks))
        return {marks[document["_id"]]: document["learner"] for document in found}

    async def enter(self, names: Mapping[Lookup, str]) -> None:
        """These names mean these learners from now on, whoever they meant before."""
        now = datetime.now(UTC)
        documents: list[Document] = [
            {"_id": self.mark(lookup), "directory": lookup.directory, "learner": learner, "at": now}
            for lookup, learner in names.items()
        ]
        if documents:
            await self._names.bulk_write([ReplaceOne({"_id": one["_id"]}, one, upsert=True) for one in documents], ordered=False)

    async def forget(self, lookups: Iterable[Lookup]) -> int:
        """How many of them were known."""
        marks = [self.mark(lookup) for lookup in lookups]
        return int((await self._names.delete_many({"_id": {"$in": marks}})).deleted_count) if marks else 0

    async def size(self, directory: str) -> tuple[int, int]:
        """How many names it has, and of how many learners."""
        learners: set[str] = set()
        names = 0
        async for document in self._names.find({"directory": directory}, {"learner": 1}):
            names += 1
            learners.add(document["learner"])
        return names, len(learners)
