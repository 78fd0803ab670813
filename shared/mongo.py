"""MongoDB. The only file that names its driver, so that another one can take its place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self, cast

from bson.binary import UUID_SUBTYPE, Binary
from bson.errors import BSONError
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession, AsyncIOMotorCollection
from pymongo import ASCENDING, DESCENDING, DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne, WriteConcern
from pymongo.errors import (
    BulkWriteError,
    CollectionInvalid,
    ConnectionFailure,
    DocumentTooLarge,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)

from shared.certificates import show, trusting
from shared.settings import Settings, Unset
from shared.telemetry import recording
from shared.telemetry.database import Commands

Document = dict[str, Any]
Collection = AsyncIOMotorCollection[Document]
Session = AsyncIOMotorClientSession
DuplicateKey = DuplicateKeyError
Unavailable = ConnectionFailure
DatabaseError = PyMongoError

__all__ = [
    "ASCENDING",
    "DESCENDING",
    "BSONError",
    "Collection",
    "Database",
    "DatabaseError",
    "DeleteMany",
    "DeleteOne",
    "Document",
    "DuplicateKey",
    "InsertOne",
    "ReplaceOne",
    "Session",
    "Unavailable",
    "UpdateMany",
    "UpdateOne",
    "by_ids",
    "insert_new",
    "insert_own",
    "is_conflict",
    "is_duplicate",
    "is_impossible",
    "name_of",
]

_NAMESPACE_EXISTS: Final = 48
_DUPLICATE: Final = 11000
_PORTION: Final = 50
_IMPOSSIBLE: Final = frozenset({2, 9, 52, 55, 10334, 11000, 17280, 17419, 17420})
"""Bad value, failed to parse, bad field names, invalid `_id`, too large a document or key, duplicate key."""


def is_duplicate(error: BaseException) -> bool:
    """Whether a write failed only because documents with the same ids (or other unique values) are there already."""
    if isinstance(error, BulkWriteError):
        failures = (error.details or {}).get("writeErrors", ())
        return bool(failures) and all(failure.get("code") == _DUPLICATE for failure in failures)
    return isinstance(error, DuplicateKeyError)


async def by_ids(collection: Collection, ids: Sequence[Any], fields: Sequence[str] | None = None) -> list[Document]:
    """The documents with these ids, as many as there are, with all their fields unless some are named.

    Asked for in portions: long lists are slow in the embedded database.
    """
    portions = [ids[start : start + _PORTION] for start in range(0, len(ids), _PORTION)]
    found: list[Document] = []
    for portion in portions:
        found += await collection.find({"_id": {"$in": list(portion)}}, fields).to_list(None)
    return found


async def insert_new(collection: Collection, documents: Sequence[Document]) -> set[int]:
    """Insert those whose `_id` (or other unique value) isn't there yet; the indexes of the others."""
    if not documents:
        return set()
    try:
        await collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        if not is_duplicate(error):
            raise
        return {int(failure["index"]) for failure in (error.details or {}).get("writeErrors", ())}
    return set()


async def insert_own(collection: Collection, document: Document) -> None:
    """Insert a document under an `_id` that was drawn for it and that nobody else can have. That it is there already says that it
    was inserted and the answer was lost: drivers then try again by themselves, and not every server knows the second try again.
    """
    try:
        await collection.insert_one(document)
    except DuplicateKeyError as error:
        if (error.details or {}).get("keyPattern") != {"_id": 1}:
            raise


def is_impossible(error: BaseException) -> bool:
    """Whether a write fails because of the documents themselves, so that it would fail again; otherwise the trouble may pass."""
    if isinstance(error, BSONError | DocumentTooLarge | OverflowError | DuplicateKeyError):
        return True
    if isinstance(error, BulkWriteError):
        details = error.details or {}
        codes = [failure.get("code") for failure in details.get("writeErrors", ())]
        return bool(codes) and all(code in _IMPOSSIBLE for code in codes)
    return isinstance(error, OperationFailure) and not isinstance(error, WTimeoutError) and error.code in _IMPOSSIBLE


def is_conflict(error: BaseException) -> bool:
    """Whether a transaction was aborted because another one wrote the same: nothing of it is there, and it may be tried again."""
    return (
        isinstance(error, PyMongoError)
        and not isinstance(error, ConnectionFailure)
        and error.has_error_label("TransientTransactionError")
    )


def name_of(session: Session) -> bytes:
    """The name by which the database knows a session."""
    return bytes(cast("Mapping[str, bytes]", session.session_id)["id"])


class Database:
    """One service's database. What is acknowledged is on disk, on a majority; datetimes are in UTC and aware of it.

    `away_after` is the time in seconds after which an operation raises Unavailable when no server can be reached.
    """

    def __init__(
        self, url: str, name: str, *, away_after: float = 5.0, ca: Path | None = None, certificate: Path | None = None
    ) -> None:
        self.name = name
        files = {"tlsCAFile": ca, "tlsCertificateKeyFile": certificate}
        tls: dict[str, Any] = {option: str(path) for option, path in files.items() if path is not None}
        self._client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
            url,
            tz_aware=True,
            tzinfo=UTC,
            uuidRepresentation="standard",
            serverSelectionTimeoutMS=int(away_after * 1000),
            connectTimeoutMS=int(away_after * 1000),
            socketTimeoutMS=60_000,
            appname="cairn",
            **tls,
            event_listeners=[Commands()] if recording() else [],
        )
        self._database = self._client.get_database(name, write_concern=WriteConcern(w="majority", j=True))

    @classmethod
    def of(cls, settings: Settings, name: str, url: str | None = None) -> Self:
        """The database `name` of the settings' server (or the one at `url`), over TLS if they say how.

        Raises Unset where the connection string, or a file, can't be used.
        """
        ca, certificate = settings.mongodb_ca, settings.mongodb_certificate
        context = trusting("CAIRN_MONGODB_CA", ca)
        if certificate is not None:
            show(context, "CAIRN_MONGODB_CERTIFICATE", certificate)
        try:
            return cls(url or settings.mongodb, name, ca=ca, certificate=certificate)
        except (PyMongoError, ValueError) as error:
            tls = " where CAIRN_MONGODB_CA or CAIRN_MONGODB_CERTIFICATE ask for TLS" if ca or certificate else ""
            raise Unset(f"CAIRN_MONGODB: not a connection string that can be used{tls} ({type(error).__name__})") from error

    def __getitem__(self, collection: str) -> Collection:
        return self._database[collection]

    async def ping(self) -> None:
        """Raises Unavailable (or another DatabaseError) if the database does not answer."""
        await self._client.admin.command("ping")

    async def time(self) -> datetime:
        """By the server's clock: those of its clients' machines may say anything."""
        answer = await self._client.admin.command("hello")
        return cast("datetime", answer["localTime"]).replace(tzinfo=UTC)

    async def session(self) -> Session:
        """One to be kept, whose transactions others can abort by its name, should we die in the middle of one."""
        return await self._client.start_session()

    @asynccontextmanager
    async def transaction(self, session: Session | None = None) -> AsyncIterator[Session]:
        """Commits at the end of the block and aborts if it raises. Nothing is tried again here: the caller decides.

        It belongs to `session`, which has one at a time, or to one of its own.
        """
        if session is not None:
            async with session.start_transaction():
                yield session
            return
        async with await self._client.start_session() as own, own.start_transaction():
            yield own

    async def abort_of(self, name: bytes) -> None:
        """Abort what is under way in a session. The transaction of a client that was killed would hold its locks for a minute."""
        await self._client.admin.command("killSessions", [{"id": Binary(name, UUID_SUBTYPE)}])

    async def create(self, collection: str, *indexes: Sequence[tuple[str, int]] | Mapping[str, Any]) -> Collection:
        """The collection, made if it is not there yet, with the indexes: their keys, or a mapping of `keys` and options."""
        try:
            await self._database.create_collection(collection)
        except CollectionInvalid:
            pass
        except OperationFailure as error:
            if error.code != _NAMESPACE_EXISTS:
                raise
        for index in indexes:
            if isinstance(index, Mapping):
                options = dict(index)
                await self[collection].create_index(options.pop("keys"), **options)
            else:
                await self[collection].create_index(list(index))
        return self[collection]

    async def collections(self) -> list[str]:
        """The names of all that there are."""
        return sorted(await self._database.list_collection_names())

    async def drop(self) -> None:
        """Remove the whole database."""
        await self._client.drop_database(self.name)

    def close(self) -> None:
        self._client.close()
