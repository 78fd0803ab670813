"""What the services' databases have of some learners. It is an operator's tool: the services themselves never look so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from services.assessment.domain.archive import entry_id
from services.assessment.domain.record import Record as Assessed
from services.assessment.store import from_document as assessed
from services.awarding.documents import from_document as awarded
from services.awarding.domain.ids import credential_of
from services.awarding.domain.record import Record as Awarded
from services.notifications.domain.telling import Told
from services.notifications.store import told_from_document
from shared.mongo import Database, Document, by_ids
from shared.settings import Settings
from shared.stream.checkpoint import Checkpoint, Checkpoints
from shared.stream.records import OF_THE_ENGINE

STREAMS: Final = ("assessment", "awarding", "notifications")
SERVICES: Final = ("catalog", *STREAMS)


@dataclass(slots=True)
class Kept:
    """Of one learner. `entries` are those documents of the archive that the record names."""

    learner: str
    assessed: Assessed | None = None
    awarded: Awarded | None = None
    told: Told | None = None
    entries: dict[str, Document] = field(default_factory=dict)
    decisions: list[Document] = field(default_factory=list)
    awards: dict[str, Document] = field(default_factory=dict)
    progress: dict[str, Document] = field(default_factory=dict)
    credentials: dict[str, Document] = field(default_factory=dict)
    places: dict[tuple[str, int], bool] = field(default_factory=dict)
    inbox: dict[str, Document] = field(default_factory=dict)
    deliveries: dict[str, Document] = field(default_factory=dict)


class Databases:
    """All four. Nothing is ever written."""

    def __init__(self, settings: Settings) -> None:
        self.of = {service: Database.of(settings, settings.database(service)) for service in SERVICES}

    def close(self) -> None:
        for database in self.of.values():
            database.close()

    async def checkpoints(self, partitions: int) -> Mapping[str, Mapping[int, Checkpoint]]:
        return {service: await Checkpoints(self.of[service], "consistency").read(range(partitions)) for service in STREAMS}

    async def learners(self, partition: int) -> set[str]:
        """Everybody of whom a service has a record."""
        found: set[str] = set()
        for service in STREAMS:
            async for one in self.of[service]["records"].find({"partition": partition}, {"_id": 1}):
                found.add(one["_id"])
        return found

    async def kept(self, learners: Sequence[str], bits: Mapping[str, Mapping[int, bool]]) -> dict[str, Kept]:
        """`bits` are the places of status lists that were set or cleared."""
        found = {learner: Kept(learner) for learner in learners}
        await self._assessment(found)
        await self._awarding(found, bits)
        await self._notifications(found)
        return found

    async def kept_by_assessment(self, learners: Sequence[str]) -> dict[str, Kept]:
        found = {learner: Kept(learner) for learner in learners}
        for one in await by_ids(self.of["assessment"]["records"], list(found)):
            found[one["_id"]].assessed = assessed(one["_id"], _own(one))
        return found

    async def _assessment(self, found: dict[str, Kept]) -> None:
        database = self.of["assessment"]
        for one in await by_ids(database["records"], list(found)):
            found[one["_id"]].assessed = assessed(one["_id"], _own(one))
        for kept in found.values():
            if kept.assessed is not None:
                keys = [*kept.assessed.entries, *kept.assessed.retractions]
                ids = [entry_id(kept.learner, *key) for key in keys]
                kept.entries = {one["_id"]: one for one in await by_ids(database["entries"], ids)}
                made = [*kept.assessed.decisions, *kept.assessed.withdrawals]
                kept.decisions = await by_ids(database["decisions"], made) if made else []

    async def _awarding(self, found: dict[str, Kept], bits: Mapping[str, Mapping[int, bool]]) -> None:
        database = self.of["awarding"]
        for one in await by_ids(database["records"], list(found)):
            found[one["_id"]].awarded = awarded(one["_id"], _own(one))
        for award in await self._of("awarding", "awards", found):
            found[award["learner"]].awards[award["_id"]] = award
        for way in await self._of("awarding", "progress", found):
            found[way["learner"]].progress[way["_id"]] = way
        ids = {credential_of(award): kept for kept in found.values() for award in _awards_of(kept)}
        for one in await by_ids(database["credentials"], sorted(ids)):
            ids[one["_id"]].credentials[one["_id"]] = one
        for kept in found.values():
            if kept.awarded is not None:
                issued = kept.awarded.credentials.values()
                kept.places = {(one.list, one.index): bits.get(one.list, {}).get(one.index, False) for one in issued}

    async def _notifications(self, found: dict[str, Kept]) -> None:
        for one in await by_ids(self.of["notifications"]["records"], list(found)):
            found[one["_id"]].told = told_from_document(one["_id"], _own(one))
        for message in await self._of("notifications", "inbox", found):
            found[message["learner"]].inbox[message["_id"]] = message
        for delivery in await self._of("notifications", "deliveries", found):
            found[delivery["learner"]].deliveries[delivery["_id"]] = delivery

    async def _of(self, service: str, collection: str, found: Mapping[str, Any]) -> list[Document]:
        """By learner, for which there is an index."""
        documents: list[Document] = []
        learners = list(found)
        for start in range(0, len(learners), 50):
            where = {"learner": {"$in": learners[start : start + 50]}}
            documents += await self.of[service][collection].find(where).to_list(None)
        return documents


def _awards_of(kept: Kept) -> set[str]:
    return {*kept.awards, *(kept.awarded.credentials if kept.awarded is not None else ())}


def _own(document: Document) -> Document:
    return {name: value for name, value in document.items() if name not in OF_THE_ENGINE}
