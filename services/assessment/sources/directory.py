"""Which learner a name in a source's words means. Names themselves are not kept, only marks that nobody else can compute.

names  {_id: mark of (directory, kind, name), directory, learner, at, hash}

An address is entered with its hash, by which some systems name the same learner: such an entry is a `hash`. Of addresses of the
kind `email`, also of a format's own, letters small and capital are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from services.assessment.sources.claims import Name
from services.assessment.sources.formats.xapi.actors import with_hash
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
        value = lookup.value.lower() if lookup.kind.rpartition(":")[2] == "email" else lookup.value
        return self._vault.name(lookup.directory, lookup.kind, value)

    async def learners(self, lookups: Iterable[Lookup]) -> dict[Lookup, str]:
        """Those that are known, found with one question."""
        marks = {lookup: self.mark(lookup) for lookup in lookups}
        found = {document["_id"]: document["learner"] for document in await by_ids(self._names, list(set(marks.values())))}
        return {lookup: found[mark] for lookup, mark in marks.items() if mark in found}

    async def enter(self, names: Mapping[Lookup, str]) -> list[str]:
        """These names mean these learners from now on, whoever they meant before. The marks of all that means them now."""
        now = datetime.now(UTC)
        documents: dict[str, Document] = {}
        for named, learner in names.items():
            for lookup in _with_hash(named):
                entry = {"directory": lookup.directory, "learner": learner, "at": now}
                documents[self.mark(lookup)] = entry if lookup == named else entry | {"hash": True}
        if documents:
            writes = [ReplaceOne({"_id": mark}, {"_id": mark, **entry}, upsert=True) for mark, entry in documents.items()]
            await self._names.bulk_write(writes, ordered=False)
        return list(documents)

    async def forget(self, lookups: Iterable[Lookup]) -> None:
        marks = [self.mark(lookup) for named in lookups for lookup in _with_hash(named)]
        if marks:
            await self._names.delete_many({"_id": {"$in": marks}})

    async def size(self, directory: str) -> tuple[int, int]:
        """How many names it has, and of how many learners."""
        learners: set[str] = set()
        names = 0
        async for document in self._names.find({"directory": directory, "hash": None}, {"learner": 1}):
            names += 1
            learners.add(document["learner"])
        return names, len(learners)


def _with_hash(lookup: Lookup) -> list[Lookup]:
    return [Lookup(lookup.directory, name.kind, name.value) for name in with_hash(Name(lookup.kind, lookup.value))]
