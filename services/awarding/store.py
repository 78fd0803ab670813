"""The collections of this service, for those who ask.

`records`, `facts` and `checkpoints` are the stream's; `awards` and `progress` are written by the fold, in its transaction,
`shares` by the HTTP side.
"""

from __future__ import annotations

from typing import Any, Final

from services.awarding.documents import from_document
from services.awarding.domain.record import Record
from shared.mongo import ASCENDING, Database, Document, by_ids
from shared.stream.checkpoint import SweepProgress, sweeps
from shared.stream.records import COLLECTION as RECORDS
from shared.stream.transaction import FACTS

AWARDS: Final = "awards"
PROGRESS: Final = "progress"
SHARES: Final = "shares"


async def create_indexes(database: Database) -> None:
    """Facts are found by their learner, who is known from the award."""
    await database.create(AWARDS, [("achievement", ASCENDING), ("_id", ASCENDING)], [("learner", ASCENDING)])
    await database.create(PROGRESS, [("stack", ASCENDING), ("learner", ASCENDING)], [("learner", ASCENDING)])
    await database.create(FACTS, [("learner", ASCENDING)])
    await database.create(SHARES, [("learner", ASCENDING)])


class Shelves:
    """What can be looked up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, learner: str) -> Record:
        """A blank one for a learner never seen."""
        document = await self._database[RECORDS].find_one({"_id": learner})
        return Record(learner) if document is None else from_document(learner, document)

    async def records(self, learners: list[str]) -> list[Record]:
        """In the order of the learners; those never seen are left out."""
        found = await by_ids(self._database[RECORDS], learners)
        by_learner = {document["_id"]: from_document(document["_id"], document) for document in found}
        return [by_learner[learner] for learner in learners if learner in by_learner]

    async def award(self, id_: str) -> Document | None:
        return await self._database[AWARDS].find_one({"_id": id_})

    async def awards_of(self, learner: str) -> list[Document]:
        """The oldest first."""
        found = await self._database[AWARDS].find({"learner": learner}).to_list(None)
        return sorted(found, key=lambda award: (award["awarded_at"], award["_id"]))

    async def awards_for(self, achievement: str, status: str | None, after: str | None, limit: int) -> list[Document]:
        """Awards of one achievement in the order of their ids, from after `after`."""
        where: dict[str, Any] = {"achievement": achievement}
        if status is not None:
            where["status"] = status
        if after is not None:
            where["_id"] = {"$gt": after}
        return await self._database[AWARDS].find(where).sort("_id", ASCENDING).limit(limit).to_list(limit)

    async def begun(self, stack: str, after: str | None, limit: int) -> list[str]:
        """The learners who have begun a stack, in the order of their ids, from after `after`."""
        where: dict[str, Any] = {"stack": stack}
        if after is not None:
            where["learner"] = {"$gt": after}
        found = self._database[PROGRESS].find(where, {"learner": 1}).sort("learner", ASCENDING).limit(limit)
        return [document["learner"] async for document in found]

    async def facts(self, learner: str, subject: str) -> list[Document]:
        """All that was said about an award, the oldest first."""
        found = await self._database[FACTS].find({"learner": learner, "subject": subject}).to_list(None)
        return sorted(found, key=lambda fact: int(fact["revision"]))

    async def sweeps(self) -> list[SweepProgress]:
        return await sweeps(self._database)
