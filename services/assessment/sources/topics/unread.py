"""Messages that can't be read: their bytes are kept, sealed, with the reason and where they lay.

unread   {_id: source|cluster|topic/partition/offset, source, at, place, id, reason, again, sealed}

They are no dead letters, for what Open edX writes has people's names and addresses in clear, and no topic of ours may carry
these. Nobody knows whose they are, so no erasure finds them: they are kept for a short time only. Those whose schema wasn't known
are read again when it may be.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from services.assessment.sources.claims import Wrong
from services.assessment.sources.topics.messages import Message
from services.assessment.sources.topics.schemas import UnknownSchema
from services.assessment.sources.vault import Unreadable, Vault
from shared.mongo import ASCENDING, Database, Document, insert_new

UNREAD: Final = "unread"
KEPT: Final = timedelta(days=30)
AT_ONCE: Final = 100


class Unread:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._unread = database[UNREAD]
        self._vault = vault

    async def create_indexes(self) -> None:
        await self._database.create(UNREAD, [("source", ASCENDING), ("at", ASCENDING)], [("at", ASCENDING)])

    async def keep(self, source: str, cluster: str | None, found: Sequence[tuple[Message, Wrong]]) -> None:
        """The same message is kept once."""
        now = datetime.now(UTC)
        await insert_new(self._unread, [self._document(source, cluster, message, wrong, now) for message, wrong in found])

    async def number(self, source: str) -> int:
        return await self._unread.count_documents({"source": source})

    async def again(self, source: str, after: str = "") -> list[tuple[str, Message]]:
        """Those that may be readable by now, with their ids, a hundred at once after the id `after`."""
        where = {"source": source, "again": True, "_id": {"$gt": after}}
        found = await self._unread.find(where).sort("_id", ASCENDING).to_list(AT_ONCE)
        return [(document["_id"], message) for document in found if (message := self._message(document)) is not None]

    async def read(self, ids: Sequence[str]) -> None:
        """These are taken now."""
        await self._unread.delete_many({"_id": {"$in": list(ids)}})

    async def forget(self) -> None:
        """What has been kept long enough."""
        await self._unread.delete_many({"at": {"$lt": datetime.now(UTC) - KEPT}})

    def _document(self, source: str, cluster: str | None, message: Message, wrong: Wrong, now: datetime) -> Document:
        id_ = f"{source}|{cluster or ''}|{message.place}"
        return {
            "_id": id_,
            "source": source,
            "at": now,
            "place": message.place,
            "id": wrong.id,
            "reason": wrong.detail,
            "again": isinstance(wrong, UnknownSchema),
            "sealed": self._vault.seal(_text(message), id_),
        }

    def _message(self, document: Document) -> Message | None:
        try:
            return _read(self._vault.unseal(bytes(document["sealed"]), document["_id"]))
        except Unreadable:
            return None


def _text(message: Message) -> bytes:
    value = None if message.value is None else b64encode(message.value).decode()
    headers = [[name, b64encode(raw).decode()] for name, raw in message.headers]
    return orjson.dumps([message.topic, message.partition, message.offset, value, headers, message.stamp.isoformat()])


def _read(text: bytes) -> Message:
    topic, partition, offset, value, headers, stamp = orjson.loads(text)
    return Message(
        topic,
        partition,
        offset,
        None if value is None else b64decode(value),
        tuple((name, b64decode(raw)) for name, raw in headers),
        datetime.fromisoformat(stamp),
    )
