"""The collections of this service, for those who ask.

`records`, `facts` and `checkpoints` are the stream's; `awards`, `progress`, `credentials`, `status_changes` and `identities` are
written by the fold, in its transaction, `shares` by the HTTP side.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from services.awarding.documents import from_document
from services.awarding.domain.decisions import IDENTITIES
from services.awarding.domain.ids import credential_of
from services.awarding.domain.issuing import CREDENTIALS
from services.awarding.domain.record import Record
from services.awarding.domain.status_lists import CHANGES, ListId
from shared.mongo import ASCENDING, Database, Document, by_ids
from shared.stream.checkpoint import SweepProgress, numbers_of, sweeps
from shared.stream.records import COLLECTION as RECORDS
from shared.stream.transaction import FACTS, data_of

AWARDS: Final = "awards"
PROGRESS: Final = "progress"
SHARES: Final = "shares"


async def create_indexes(database: Database) -> None:
    """Facts are found by their learner, who is known from the award."""
    await database.create(AWARDS, [("achievement", ASCENDING), ("_id", ASCENDING)], [("learner", ASCENDING)])
    await database.create(PROGRESS, [("stack", ASCENDING), ("learner", ASCENDING)], [("learner", ASCENDING)])
    await database.create(FACTS, [("learner", ASCENDING)])
    await database.create(CREDENTIALS, [("signed_with", ASCENDING)])
    await database.create(CHANGES, [("list", ASCENDING), ("n", ASCENDING)])
    await database.create(IDENTITIES)
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
        return [{**fact, "data": data_of(fact)} for fact in sorted(found, key=lambda fact: int(fact["revision"]))]

    async def credential(self, id_: str) -> Document | None:
        """The newest edition of a credential, with its `fact`."""
        found = await self._database[CREDENTIALS].find_one({"_id": id_})
        return None if found is None else _with_fact(found)

    async def credentials_of(self, learner: str) -> list[Document]:
        """The newest editions, each with its `fact`, in the order of their ids."""
        record = await self.record(learner)
        found = await by_ids(self._database[CREDENTIALS], sorted(credential_of(award) for award in record.credentials))
        return sorted(map(_with_fact, found), key=lambda credential: str(credential["_id"]))

    async def identity(self, learner: str) -> Document | None:
        """What the learner shares: `revision` and `sealed`."""
        return await self._database[IDENTITIES].find_one({"_id": learner})

    async def has_begun(self, list_: ListId) -> bool:
        """Whether a place in the status list has ever been given; so it stays, whoever is forgotten."""
        return list_.given(await numbers_of(self._database, list_.partition)) > 0

    async def changes(self, list_: str, after: int = 0) -> list[Document]:
        """The changes of a status list that come after the n-th, in their order: {n, index, set}."""
        where = {"list": list_, "n": {"$gt": after}}
        return await self._database[CHANGES].find(where).sort("n", ASCENDING).to_list(None)

    async def sweeps(self) -> list[SweepProgress]:
        return await sweeps(self._database)


def _with_fact(credential: Document) -> Document:
    return {**credential, "fact": orjson.loads(credential["fact"])}
