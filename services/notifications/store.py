"""The collections of this service: records and inboxes that the stream writes, deliveries, and the contact book.

`records`, `facts` and `checkpoints` are the stream's. `inbox` and `deliveries` are inserted by the fold, in its transaction;
what becomes of a delivery, the mark that a message was read, and `contacts` are written directly.
"""

from __future__ import annotations

from collections.abc import Collection as Some
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

import orjson

from services.notifications.domain.contact import Contact, wanted, wishes
from services.notifications.domain.delivery import Delivery, Outcome, State
from services.notifications.domain.identity import Choice
from services.notifications.domain.kinds import Kind
from services.notifications.domain.telling import CONTACTS, DELIVERIES, INBOX, Shown, Told
from shared.events.envelope import rfc3339
from shared.mongo import ASCENDING, DESCENDING, Database, Document, UpdateMany, UpdateOne
from shared.stream.transaction import FACTS

T = TypeVar("T")

TOGETHER: Final = 64

INDEXES: Final[Mapping[str, tuple[tuple[tuple[str, int], ...], ...]]] = {
    INBOX: ((("learner", ASCENDING), ("number", DESCENDING)),),
    DELIVERIES: ((("state", ASCENDING),), (("learner", ASCENDING),)),
    CONTACTS: (),
    FACTS: ((("learner", ASCENDING),),),
}


async def create_indexes(database: Database) -> None:
    for collection, indexes in INDEXES.items():
        await database.create(collection, *indexes)


def told_to_document(told: Told) -> Document:
    """What was told last of each subject is one text, which costs the same however many there are."""
    document: Document = {"newest": orjson.dumps(dict(told.newest)).decode(), "messages": told.messages}
    if told.erased is not None:
        document["erased"] = told.erased
    if (shown := told.identity) is not None:
        asked = None if shown.asked is None else [rfc3339(shown.asked[0]), shown.asked[1]]
        document["identity"] = [shown.revision, shown.shared, asked]
    return document


def told_from_document(learner: str, document: Document) -> Told:
    shown = None
    if "identity" in document:
        revision, shared, asked = document["identity"]
        shown = Shown(revision, shared, asked and (datetime.fromisoformat(asked[0]), asked[1]))
    kept = document["newest"]
    newest = orjson.loads(kept) if isinstance(kept, str) else dict(kept)
    return Told(learner, newest, document["messages"], document.get("erased"), shown)


@dataclass(frozen=True, slots=True)
class Claim:
    """A sender's lease of some deliveries. When it ends before they are noted, another sender may take them."""

    id: str
    until: datetime

    def document(self) -> Document:
        return {"claim": self.id, "until": self.until}


@dataclass(frozen=True, slots=True)
class Note:
    """What became of a delivery that was held under a claim."""

    delivery: str
    outcome: Outcome
    claim: Claim


class Deliveries:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._all = database[DELIVERIES]

    async def time(self) -> datetime:
        """By the clock that all senders share."""
        return await self._database.time()

    async def claim(self, claim: Claim, limit: int) -> list[Delivery]:
        """Lease up to `limit` that wait. Each is given to one claim only, however many are made at once."""
        waiting = await self._all.find({"state": State.WAITING.value}, limit=limit).to_list(limit)
        claimed: list[Document] = []
        for portion in portions(waiting):
            found = [document["_id"] for document in portion]
            lease = {"$set": {"state": State.LEASED.value, "lease": claim.document()}}
            leased = await self._all.update_many({"_id": {"$in": found}, "state": State.WAITING.value}, lease)
            if leased.modified_count < len(found):
                portion = await self._all.find({"_id": {"$in": found}, "lease.claim": claim.id}).to_list(None)
            claimed += portion
        return [delivery_of(document) for document in claimed]

    async def note(self, notes: Sequence[Note], now: datetime) -> None:
        """An acceptance counts whoever holds the lease by now; anything else only under the claim it was made with.

        Those that became the same are noted in one command: a database that makes each change durable by itself would be busy
        with that alone. Not in a transaction: that of a sender which was killed would hold its locks for a minute.
        """
        alike: dict[tuple[Outcome, str | None], list[str]] = {}
        for note in notes:
            whose = None if note.outcome.state is State.SENT else note.claim.id
            alike.setdefault((note.outcome, whose), []).append(note.delivery)
        writes = [
            UpdateMany({"_id": {"$in": list(portion)}, **mine}, changes)
            for (outcome, whose), deliveries in alike.items()
            for mine, changes in [({} if whose is None else {"lease.claim": whose}, _noted(outcome, now))]
            for portion in portions(deliveries)
        ]
        await self._all.bulk_write(writes, ordered=False)

    async def wake(self, now: datetime) -> None:
        """Let those wait again whose time has come."""
        again = {"$set": {"state": State.WAITING.value}, "$unset": {"lease": ""}}
        await self._all.update_many({"state": State.DEFERRED.value, "next_at": {"$lte": now}}, again)

    async def end_leases(self, now: datetime) -> None:
        """Let those wait again whose lease ended without a note. Looks at all that are leased, which may be many."""
        again = {"$set": {"state": State.WAITING.value}, "$unset": {"lease": ""}}
        await self._all.update_many({"state": State.LEASED.value, "lease.until": {"$lte": now}}, again)

    async def server_is_back(self) -> None:
        """Those put off because the server was away are due now."""
        await self._all.update_many({"state": State.DEFERRED.value, "away": True}, {"$set": {"state": State.WAITING.value}})

    async def one(self, id_: str) -> Document | None:
        return await self._all.find_one({"_id": id_})

    async def in_state(self, state: State, after: str | None, limit: int) -> list[Document]:
        """In the order of their ids, those after `after`."""
        where: Document = {"state": state.value} if after is None else {"state": state.value, "_id": {"$gt": after}}
        return await self._all.find(where).sort("_id", ASCENDING).limit(limit).to_list(limit)

    async def count(self) -> dict[str, int]:
        """What was sent is what is left of all: it alone grows without end, and nobody waits until it is counted through."""
        others = {
            state.value: await self._all.count_documents({"state": state.value}) for state in State if state is not State.SENT
        }
        sent = await self._all.estimated_document_count() - sum(others.values())
        return {state.value: others.get(state.value, max(sent, 0)) for state in State}

    async def waiting(self) -> int:
        return await self._all.count_documents({"state": State.WAITING.value})

    async def retry(self, id_: str, states: Some[State], now: datetime) -> bool:
        """Let it wait again with its attempts forgotten, if it is in one of these states."""
        where = {"_id": id_, "state": {"$in": [state.value for state in states]}}
        again = {"state": State.WAITING.value, "attempts": 0, "next_at": None, "changed_at": now}
        return (await self._all.update_one(where, {"$set": again})).matched_count == 1


def _noted(outcome: Outcome, now: datetime) -> Document:
    """What a first attempt can't have left behind is not written over."""
    changes: Document = {
        "state": outcome.state.value,
        "attempts": outcome.attempts,
        "answer": outcome.answer,
        "changed_at": now,
    }
    if outcome.attempts > 1 or outcome.state is State.DEFERRED:
        changes |= {"next_at": outcome.next_at, "away": outcome.away}
    return {"$set": changes, "$unset": {"lease": ""}}


def portions(found: Sequence[T]) -> Iterator[Sequence[T]]:
    """Long lists of ids are slow in the embedded database."""
    return (found[start : start + TOGETHER] for start in range(0, len(found), TOGETHER))


def delivery_of(document: Document) -> Delivery:
    return Delivery(
        id=document["_id"],
        learner=document["learner"],
        kind=document["kind"],
        data=document["data"],
        attempts=document["attempts"],
        traceparent=document.get("traceparent"),
    )


class Contacts:
    def __init__(self, database: Database) -> None:
        self._all = database[CONTACTS]

    async def of(self, learners: Some[str]) -> dict[str, Contact]:
        """Those that the contact book has."""
        found = self._all.find({"_id": {"$in": list(learners)}})
        return {document["_id"]: _contact(document) async for document in found}

    async def one(self, learner: str) -> tuple[Contact, datetime] | None:
        """The entry and when it was changed."""
        document = await self._all.find_one({"_id": learner})
        return None if document is None else (_contact(document), document["changed_at"])

    async def put(self, contacts: Mapping[str, Contact], now: datetime) -> None:
        """Insert or replace each, by learner. What a learner chose to share of it stays chosen."""
        writes = [
            UpdateOne({"_id": learner}, {"$set": {**contact.to_document(), "changed_at": now}}, upsert=True)
            for learner, contact in contacts.items()
        ]
        await self._all.bulk_write(writes, ordered=False)

    async def sharing(self, learners: Some[str]) -> dict[str, tuple[Contact, Choice]]:
        """Those of the learners whose credentials say something of who they are, with what they chose."""
        found = self._all.find({"_id": {"$in": list(learners)}, "shares": {"$exists": True}})
        return {document["_id"]: (_contact(document), Choice(**document["shares"])) async for document in found}

    async def choose(self, learner: str, choice: Choice | None) -> bool:
        """Whether the contact book has an entry for the learner, in which it is noted."""
        noted = {"$unset": {"shares": ""}} if choice is None else {"$set": {"shares": choice.model_dump()}}
        return (await self._all.update_one({"_id": learner}, noted)).matched_count == 1

    async def prefer(self, learner: str, language: str, wants: Some[Kind], now: datetime) -> bool:
        """Whether the contact book has an entry for the learner; nothing else of it is touched."""
        noted = {"language": language, "changed_at": now} | wishes(wants)
        return (await self._all.update_one({"_id": learner}, {"$set": noted})).matched_count == 1

    async def delete(self, learner: str) -> bool:
        return (await self._all.delete_one({"_id": learner})).deleted_count == 1


def _contact(document: Mapping[str, Any]) -> Contact:
    """Checked when it was entered, so not again."""
    return Contact.model_construct(
        address=document["address"],
        name=document.get("name"),
        language=document["language"],
        wants=wanted(document),
    )


class Inbox:
    def __init__(self, database: Database) -> None:
        self._all = database[INBOX]

    async def of(self, learner: str, *, unread: bool, before: int | None, limit: int) -> list[Document]:
        """A learner's messages, the newest first; those with a number below `before`."""
        where: Document = {"learner": learner}
        if before is not None:
            where["number"] = {"$lt": before}
        if unread:
            where["read"] = False
        return await self._all.find(where).sort("number", DESCENDING).limit(limit).to_list(limit)

    async def unread(self, learner: str) -> int:
        return await self._all.count_documents({"learner": learner, "read": False})

    async def mark_read(self, learner: str, message: str, now: datetime) -> Document | None:
        """The message as it is then; one that was read before keeps its time."""
        where = {"_id": message, "learner": learner}
        await self._all.update_one({**where, "read": False}, {"$set": {"read": True, "read_at": now}})
        return await self._all.find_one(where)
