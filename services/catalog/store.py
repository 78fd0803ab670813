"""The catalog's collections. Each commit moves the catalog's revision: what was validated against an older one is refused.

state          {_id: "catalog", revision}
versions       {_id: id@version, the version as it was last announced}
announcements  {_id: the fact's id, key, revision, number, sent, ...}: what is to be said on the topic, in this order
drafts         {_id: kind/id, document, ...}
leases         {_id: what for, holder, until}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import orjson
from pydantic import TypeAdapter

from services.catalog.domain.document import Kind
from services.catalog.domain.drafts import Draft
from services.catalog.domain.versions import Shelf, Version
from shared.events.catalog import Endorsement
from shared.events.definitions import Achievement, Stack
from shared.events.envelope import Envelope, envelope_of
from shared.mongo import ASCENDING, Database, DatabaseError, Document, DuplicateKey, InsertOne, ReplaceOne

T = TypeVar("T")

SOURCE: Final = "cairn/catalog"
STATE: Final = "catalog"

_ACHIEVEMENT: Final = TypeAdapter(Achievement)
_STACK: Final = TypeAdapter(Stack)


class Moved(Exception):
    """Somebody else has published in the meantime."""


async def create_indexes(database: Database) -> None:
    """Collections with their indexes; harmless where they are there already."""
    for name in ("state", "versions", "drafts", "leases"):
        await database.create(name)
    await database.create("announcements", [("sent", ASCENDING)], [("key", ASCENDING)])
    try:
        await database["state"].insert_one({"_id": STATE, "revision": 0})
    except DuplicateKey:
        return


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is said of one version, once. `number` orders all announcements of the catalog."""

    id: str
    key: str
    revision: int
    number: int
    sent: bool
    time: datetime


class Versions:
    """Published versions and their announcements, written together or not at all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def revision(self) -> int:
        state = await self._database["state"].find_one({"_id": STATE})
        return int(state["revision"]) if state else 0

    async def shelf(self) -> Shelf:
        """Everything published, read anew."""
        versions = [version_of(document) async for document in self._database["versions"].find({})]
        return Shelf({}).with_(versions)

    async def commit(
        self, revision: int, changed: Sequence[Version], traceparent: str | None, published_drafts: Sequence[Draft] = ()
    ) -> None:
        """Write the versions and what is to be announced of them, and drop the drafts they were made of.

        Raises Moved when the catalog's revision isn't `revision` any more; nothing is written then.
        """
        try:
            async with self._database.transaction() as session:
                moved = await self._database["state"].update_one(
                    {"_id": STATE, "revision": revision}, {"$set": {"revision": revision + 1}}, session=session
                )
                if moved.matched_count == 0:
                    raise Moved
                for portion in portions(list(enumerate(changed))):
                    await self._database["versions"].bulk_write([_write(version) for _, version in portion], session=session)
                    await self._database["announcements"].bulk_write(
                        [
                            InsertOne(announcement_of(version, (revision + 1) * 1_000_000 + i, traceparent))
                            for i, version in portion
                        ],
                        session=session,
                    )
                for draft in published_drafts:
                    # One that was changed since is kept.
                    where = {"_id": draft.key, "revision": draft.revision}
                    await self._database["drafts"].delete_one(where, session=session)
        except DatabaseError as trouble:
            if trouble.has_error_label("TransientTransactionError") or isinstance(trouble, DuplicateKey):
                raise Moved from trouble
            raise


class Announcements:
    """The outbox: what was committed with a version stays here until the topic has it."""

    def __init__(self, database: Database) -> None:
        self._collection = database["announcements"]

    async def waiting(self) -> list[tuple[str, str, Envelope]]:
        """Id, key and message of what the topic doesn't have yet, in order."""
        found = [document async for document in self._collection.find({"sent": False})]
        found.sort(key=lambda document: int(document["number"]))
        return [(document["_id"], document["key"], _envelope(document)) for document in found]

    async def note_sent(self, ids: Sequence[str], now: datetime) -> None:
        """The topic has them; what they said is kept with the versions."""
        await self._collection.update_many(
            {"_id": {"$in": list(ids)}}, {"$set": {"sent": True, "sent_at": now}, "$unset": {"data": ""}}
        )

    async def send_again(self, version: Version) -> None:
        """The topic lacks the last announcement of a version, or an older one stands behind it."""
        fact = version.announcement()
        found = await self._collection.find_one({"_id": fact.id})
        if found and found["sent"]:
            data = fact.to_json().decode()
            await self._collection.update_one({"_id": fact.id, "sent": True}, {"$set": {"sent": False, "data": data}})

    async def list(self, sent: bool | None = None, key: str | None = None) -> list[Announcement]:
        """In the order in which they are said."""
        where: dict[str, Any] = {} if sent is None else {"sent": sent}
        found = [
            Announcement(d["_id"], d["key"], d["revision"], int(d["number"]), d["sent"], d["time"])
            async for d in self._collection.find(where | ({"key": key} if key else {}))
        ]
        return sorted(found, key=lambda announcement: announcement.number)


class Drafts:
    """What authors work on. Written directly, each write conditional on the revision it was made from."""

    def __init__(self, database: Database) -> None:
        self._collection = database["drafts"]

    async def get(self, kind: Kind, id_: str) -> Draft | None:
        document = await self._collection.find_one({"_id": f"{kind}/{id_}"})
        return _draft_of(document) if document else None

    async def list(self) -> list[Draft]:
        return sorted([_draft_of(d) async for d in self._collection.find({})], key=lambda draft: draft.key)

    async def put(self, draft: Draft) -> bool:
        """Insert revision 1, or replace the revision before. False when the draft has moved on since."""
        document = {
            "_id": draft.key,
            "kind": draft.kind,
            "id": draft.id,
            "revision": draft.revision,
            "document": orjson.dumps(draft.document).decode(),
            "changed_at": draft.changed_at,
        }
        if draft.revision == 1:
            try:
                await self._collection.insert_one(document)
            except DuplicateKey:
                return False
            return True
        replaced = await self._collection.replace_one({"_id": draft.key, "revision": draft.revision - 1}, document)
        return bool(replaced.matched_count)

    async def delete(self, kind: Kind, id_: str, revision: int | None = None) -> bool:
        where: dict[str, Any] = {"_id": f"{kind}/{id_}"} | ({} if revision is None else {"revision": revision})
        return bool((await self._collection.delete_one(where)).deleted_count)


class Lease:
    """The right to do something alone, for a while. Two clocks may disagree: whoever holds it must not rely on being alone."""

    def __init__(self, database: Database, name: str, holder: str, lasts: timedelta = timedelta(seconds=10)) -> None:
        self._collection = database["leases"]
        self._name = name
        self._holder = holder
        self._lasts = lasts

    async def take(self, now: datetime) -> bool:
        """Take or prolong it; False while somebody else has it."""
        mine: Document = {"_id": self._name, "holder": self._holder, "until": now + self._lasts}
        held = await self._collection.find_one({"_id": self._name})
        if held is None:
            try:
                await self._collection.insert_one(mine)
            except DuplicateKey:
                return False
            return True
        if held["holder"] == self._holder and held["until"] - now > self._lasts / 2:
            return True
        if held["holder"] != self._holder and held["until"] > now:
            return False
        where = {"_id": self._name, "holder": held["holder"], "until": held["until"]}
        return bool((await self._collection.replace_one(where, mine)).matched_count)

    async def give_back(self) -> None:
        await self._collection.delete_one({"_id": self._name, "holder": self._holder})


def portions(all_: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    """One after another: one bulk of ten thousand may take longer than the database lets a request last."""
    return (all_[start : start + size] for start in range(0, len(all_), size))


def _write(version: Version) -> InsertOne[Document] | ReplaceOne[Document]:
    document = document_of(version)
    return InsertOne(document) if version.revision == 1 else ReplaceOne({"_id": version.key}, document)


def document_of(version: Version) -> Document:
    return {
        "_id": version.key,
        "id": version.id,
        "kind": version.kind,
        "number": version.number,
        "revision": version.revision,
        "announced_at": version.announced_at,
        "published_at": version.published_at,
        "effective_from": version.effective_from,
        "teach_out_ends": version.teach_out_ends,
        "retired": version.retired,
        # As text, because it is read whole, and its decimals are exact so.
        "definition": version.definition.model_dump_json(),
        "endorsements": [endorsement.model_dump_json() for endorsement in version.endorsements],
    }


def version_of(document: Document) -> Version:
    read = _STACK if document["kind"] == "stack" else _ACHIEVEMENT
    definition: Achievement | Stack = read.validate_json(document["definition"])
    return Version(
        definition=definition,
        number=document["number"],
        revision=document["revision"],
        announced_at=document["announced_at"],
        published_at=document["published_at"],
        effective_from=document["effective_from"],
        teach_out_ends=document["teach_out_ends"],
        retired=document["retired"],
        endorsements=tuple(Endorsement.model_validate_json(each) for each in document.get("endorsements", ())),
    )


def announcement_of(version: Version, number: int, traceparent: str | None) -> Document:
    envelope = envelope_of(version.announcement(), SOURCE, traceparent)
    return {
        "_id": envelope.id,
        "key": version.key,
        "revision": version.revision,
        "number": number,
        "sent": False,
        "type": envelope.type,
        "subject": envelope.subject,
        "time": envelope.time,
        "traceparent": traceparent,
        "data": envelope.data.decode(),
    }


def _envelope(document: Document) -> Envelope:
    return Envelope(
        id=document["_id"],
        type=document["type"],
        source=SOURCE,
        time=document["time"],
        subject=document["subject"],
        traceparent=document["traceparent"],
        data=document["data"].encode(),
    )


def _draft_of(document: Document) -> Draft:
    return Draft(
        kind=document["kind"],
        id=document["id"],
        revision=document["revision"],
        document=orjson.loads(document["document"]),
        changed_at=document["changed_at"],
    )


def now() -> datetime:
    """In whole milliseconds, as the database keeps it."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
