"""The one transaction of a batch: records, facts, other writes and checkpoints, all of them or none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from shared.decisions import Amend, Drop, Put
from shared.events.envelope import Envelope
from shared.kafka import Outgoing
from shared.mongo import (
    BSONError,
    Database,
    DatabaseError,
    DeleteMany,
    DeleteOne,
    Document,
    InsertOne,
    ReplaceOne,
    UpdateOne,
    by_ids,
    is_duplicate,
    is_impossible,
)
from shared.stream import records as learners
from shared.stream.batch import Batch, Said
from shared.stream.checkpoint import Checkpoint, Checkpoints
from shared.stream.records import Records

FACTS: Final = "facts"

Step = tuple[Checkpoint, Checkpoint]
Write = InsertOne[Document] | ReplaceOne[Document] | UpdateOne | DeleteOne | DeleteMany


class Impossible(Exception):
    """The documents can't be written, now or later. The text is the reason."""


def documents_of(batch: Batch[Any], records: Records[Any]) -> list[Document]:
    """The records to be stored. Raises Impossible if one can't be made a document."""
    try:
        return [
            records.document(learner, batch.partitions[learner], record)
            for learner in batch.changed
            if (record := batch.records[learner]) is not None
        ]
    except Exception as bug:
        raise Impossible(f"the record can't be made a document: {type(bug).__name__}") from bug


async def write(
    database: Database,
    checkpoints: Checkpoints,
    batch: Batch[Any],
    documents: Sequence[Document],
    steps: Sequence[Step],
    written: Callable[[], Awaitable[None]],
    readings: str | None = None,
) -> None:
    """`written` is called when all is written and nothing committed. `readings` is the collection of what was read, if any.

    Raises Fenced, Impossible, or a DatabaseError that may pass; nothing is written then, unless the answer itself was lost.
    """
    gone: list[Write] = [DeleteOne({"_id": learner}) for learner in batch.changed if batch.records[learner] is None]
    by_collection: dict[str, list[Put | Drop | Amend]] = {}
    for one in batch.writes:
        by_collection.setdefault(one.collection, []).append(one)
    facts = facts_of(batch.said, {checkpoint.partition: checkpoint.batch for _, checkpoint in steps})

    async def attempt(put: Callable[[Document, bool], Write]) -> None:
        changes = gone + [put(document, document["_id"] in batch.fresh) for document in documents]
        async with checkpoints.transaction() as session:
            await checkpoints.move(steps, session)
            if changes:
                await database[learners.COLLECTION].bulk_write(changes, ordered=False, session=session)
            if facts:
                await database[FACTS].bulk_write([put(fact, True) for fact in facts], ordered=False, session=session)
            for collection, together in by_collection.items():
                operations = [_operation(write, put) for write in together]
                await database[collection].bulk_write(operations, session=session)
            if readings is not None and (counted := batch.readings.changes()):
                await database[readings].bulk_write(counted, ordered=False, session=session)
            await written()

    try:
        try:
            await attempt(_insert_if_new)
        except DatabaseError as error:
            if not is_duplicate(error):
                raise
            await attempt(_put)
    except DatabaseError as error:
        if is_impossible(error):
            raise Impossible(f"the database refuses it: {type(error).__name__}") from error
        raise
    except (BSONError, OverflowError, UnicodeEncodeError) as error:
        raise Impossible(f"the database refuses it: {type(error).__name__}") from error


def _put(document: Document, _new: bool) -> Write:
    return ReplaceOne({"_id": document["_id"]}, document, upsert=True)


def _insert_if_new(document: Document, new: bool) -> Write:
    return InsertOne(document) if new else _put(document, new)


def _operation(write: Put | Drop | Amend, put: Callable[[Document, bool], Write]) -> Write:
    match write:
        case Drop():
            return DeleteMany(write.where)
        case Amend():
            return UpdateOne({"_id": write.id}, {"$set": write.fields})
        case Put():
            return put(write.document, write.new)


def facts_of(said: Iterable[Said], batches: dict[int, str]) -> list[Document]:
    now = datetime.now(UTC)
    return [
        {
            "_id": one.envelope.id,
            "type": one.envelope.type,
            "subject": one.fact.subject,
            "key": one.fact.key,
            "revision": one.fact.revision,
            "time": now,
            "learner": one.learner,
            "at": one.envelope.time,
            "data": one.envelope.data.decode(),
            "traceparent": one.envelope.traceparent,
            "batch": batches[one.partition],
        }
        for one in said
    ]


async def said_in(database: Database, topic: str, source: str, checkpoint: Checkpoint) -> list[Outgoing]:
    """The messages of the facts of the last batch of a partition, once more, as they were."""
    found = await by_ids(database[FACTS], checkpoint.facts)
    by_id = {document["_id"]: document for document in found}
    return [_again(topic, source, by_id[name]) for name in checkpoint.facts if name in by_id]


def data_of(fact: Document) -> dict[str, Any]:
    """What a fact says. It is kept as one text, which databases write much faster than its many values."""
    kept = fact["data"]
    found: dict[str, Any] = orjson.loads(kept) if isinstance(kept, str) else kept
    return found


def _again(topic: str, source: str, fact: Document) -> Outgoing:
    """The time is taken from the data: the database keeps milliseconds only."""
    data = data_of(fact)
    envelope = Envelope(
        id=fact["_id"],
        type=fact["type"],
        source=source,
        time=datetime.fromisoformat(data["cause"]["time"]),
        subject=fact["subject"],
        traceparent=fact["traceparent"],
        data=orjson.dumps(data),
    )
    return Outgoing.of(topic, fact["key"], envelope)
