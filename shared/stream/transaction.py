"""The one transaction of a batch: records, facts, other writes and checkpoints, all of them or none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final

import orjson

from shared.decisions import Drop, Put
from shared.events.envelope import Envelope
from shared.kafka import Outgoing
from shared.mongo import Database, DatabaseError, DeleteMany, DeleteOne, Document, DuplicateKey, ReplaceOne, is_impossible
from shared.stream import records as learners
from shared.stream.batch import Batch, Said
from shared.stream.checkpoint import Checkpoint, Checkpoints
from shared.stream.records import Records

FACTS: Final = "facts"

Step = tuple[Checkpoint, Checkpoint]


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
) -> None:
    """Raises Fenced, Impossible, or a DatabaseError that may pass; nothing is written then, unless the answer itself was lost."""
    gone = [learner for learner in batch.changed if batch.records[learner] is None]
    changes: list[ReplaceOne[Document] | DeleteOne] = [DeleteOne({"_id": learner}) for learner in gone]
    changes += [ReplaceOne({"_id": document["_id"]}, document, upsert=True) for document in documents]
    try:
        async with database.transaction() as session:
            await checkpoints.move(steps, session)
            if changes:
                await database[learners.COLLECTION].bulk_write(changes, ordered=False, session=session)
            if batch.said:
                facts = facts_of(batch.said, {checkpoint.partition: checkpoint.batch for _, checkpoint in steps})
                await database[FACTS].bulk_write(
                    [ReplaceOne({"_id": fact["_id"]}, fact, upsert=True) for fact in facts], ordered=False, session=session
                )
            for collection, together in groupby(batch.writes, key=lambda write: write.collection):
                await database[collection].bulk_write([_operation(write) for write in together], session=session)
    except DatabaseError as error:
        if is_impossible(error) and not isinstance(error, DuplicateKey):
            raise Impossible(f"the database refuses it: {type(error).__name__}") from error
        raise
    except OverflowError as error:
        raise Impossible(f"the database refuses it: {error}") from error


def _operation(write: Put | Drop) -> ReplaceOne[Document] | DeleteMany:
    if isinstance(write, Drop):
        return DeleteMany(write.where)
    return ReplaceOne({"_id": write.document["_id"]}, write.document, upsert=True)


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
            "data": orjson.loads(one.envelope.data),
            "traceparent": one.envelope.traceparent,
            "batch": batches[one.partition],
        }
        for one in said
    ]


async def said_in(database: Database, topic: str, source: str, checkpoint: Checkpoint) -> list[Outgoing]:
    """The messages of the facts of the last batch of a partition, once more, as they were."""
    found = await database[FACTS].find({"_id": {"$in": list(checkpoint.facts)}}).to_list(None)
    by_id = {document["_id"]: document for document in found}
    return [_again(topic, source, by_id[name]) for name in checkpoint.facts if name in by_id]


def _again(topic: str, source: str, fact: Document) -> Outgoing:
    """The time is taken from the data: the database keeps milliseconds only."""
    envelope = Envelope(
        id=fact["_id"],
        type=fact["type"],
        source=source,
        time=datetime.fromisoformat(fact["data"]["cause"]["time"]),
        subject=fact["subject"],
        traceparent=fact["traceparent"],
        data=orjson.dumps(fact["data"]),
    )
    return Outgoing.of(topic, fact["key"], envelope)
