"""Checkpoints: how far a partition has come, and who may write for it.

There is one per partition number: all that is read about a learner has the same partition number, and whoever moves one of its
offsets changes the learner's record. A document, `_id` the partition:

    {epoch, offsets: {reads, asks, beside}, rules, sweep: {since, cursor, done, total} | null, batch: {id, facts: [ids]},
     numbers: [[name, number]], instance, session, at}

`offsets` are the last ones applied. `numbers` are counters that only the partition's writer moves; checkpoints from before there
were any have none, nor the offset `beside`. `rules` is the revision of the publications in force. `session` is the one in which
the instance writes: who takes over aborts what is under way in it, for a killed instance may have left a transaction open.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, get_args

from shared.mongo import Collection, Database, DatabaseError, Document, Session, name_of
from shared.stream.flow import Role

log = logging.getLogger(__name__)

COLLECTION = "checkpoints"
ROLES: Final[tuple[Role, ...]] = get_args(Role)


class Fenced(Exception):
    """Somebody else has taken the partitions over, or a checkpoint isn't what it was known to be."""

    def __init__(self, partitions: Sequence[int]) -> None:
        super().__init__(f"no longer the writer of partitions {', '.join(map(str, partitions))}")
        self.partitions = tuple(partitions)


@dataclass(frozen=True, slots=True)
class Sweep:
    """A walk over a partition's learners because of what was published at revision `since` or later.

    `cursor` is the last learner that was looked at; `total` is None until the learners have been counted.
    """

    since: int
    cursor: str = ""
    done: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    partition: int
    epoch: int
    rules: int
    offsets: Mapping[Role, int] = field(default_factory=dict)
    sweep: Sweep | None = None
    batch: str = ""
    facts: tuple[str, ...] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)

    def moved(self, **changes: Any) -> Checkpoint:
        return replace(self, **changes)

    def same_place(self, other: Checkpoint | None) -> bool:
        """Whether nobody has written since."""
        mine = (self.epoch, self.offsets, self.batch)
        return other is not None and mine == (other.epoch, other.offsets, other.batch)

    def to_document(self) -> Document:
        sweep = self.sweep
        return {
            "_id": self.partition,
            "epoch": self.epoch,
            "offsets": {role: self.offsets.get(role) for role in ROLES},
            "rules": self.rules,
            "sweep": sweep and {"since": sweep.since, "cursor": sweep.cursor, "done": sweep.done, "total": sweep.total},
            "batch": {"id": self.batch, "facts": list(self.facts)},
            "numbers": [[name, number] for name, number in self.numbers.items()],
        }

    @classmethod
    def from_document(cls, document: Document) -> Checkpoint:
        sweep = document["sweep"]
        return cls(
            partition=document["_id"],
            epoch=document["epoch"],
            rules=document["rules"],
            offsets={role: offset for role, offset in document["offsets"].items() if offset is not None},
            sweep=sweep and Sweep(sweep["since"], sweep["cursor"], sweep["done"], sweep["total"]),
            batch=document["batch"]["id"],
            facts=tuple(document["batch"]["facts"]),
            numbers=dict(document.get("numbers", ())),
        )


class Checkpoints:
    """The checkpoints of one service, as written by one instance of it."""

    def __init__(self, database: Database, instance: str) -> None:
        self._database = database
        self._instance = instance
        self._session: Session | None = None

    @property
    def _collection(self) -> Collection:
        return self._database[COLLECTION]

    async def read(self, partitions: Sequence[int]) -> dict[int, Checkpoint]:
        """Those that exist."""
        found = await self._collection.find({"_id": {"$in": list(partitions)}}).to_list(None)
        return {document["_id"]: Checkpoint.from_document(document) for document in found}

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """In the one session of this instance; one at a time."""
        if self._session is None:
            self._session = await self._database.session()
        async with self._database.transaction(self._session) as session:
            yield session

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.end_session()

    async def take_over(self, partition: int, rules: int) -> Checkpoint:
        """Raise the epoch, so that nobody who knows an earlier one can write any more. `rules` are those of a fresh partition.

        A concurrent commit of the one who holds it makes this fail with a write conflict: try again.
        """
        await self._abort_of_others(partition)
        async with self.transaction() as session:
            document = await self._collection.find_one({"_id": partition}, session=session)
            if document is None:
                checkpoint = Checkpoint(partition, epoch=1, rules=rules)
                await self._collection.insert_one(self._document(checkpoint, session), session=session)
                return checkpoint
            known = Checkpoint.from_document(document)
            checkpoint = known.moved(epoch=known.epoch + 1)
            await self.move([(known, checkpoint)], session)
        return checkpoint

    async def _abort_of_others(self, partition: int) -> None:
        found = await self._collection.find_one({"_id": partition}, {"session": 1})
        if found is None or (self._session is not None and found["session"] == name_of(self._session)):
            return
        try:
            await self._database.abort_of(found["session"])
        except DatabaseError as refusal:
            log.warning("the last writer's session can't be ended, it will end by itself: %s", type(refusal).__name__)

    def _document(self, checkpoint: Checkpoint, session: Session) -> Document:
        who = {"instance": self._instance, "session": name_of(session), "at": datetime.now(UTC)}
        return checkpoint.to_document() | who

    async def move(self, steps: Sequence[tuple[Checkpoint, Checkpoint]], session: Session) -> None:
        """From what is known to what is to be, in a transaction. Raises Fenced, upon which the transaction must be aborted."""
        lost = []
        for known, next_ in steps:
            condition: Document = {"_id": known.partition, "epoch": known.epoch}
            condition |= {f"offsets.{role}": known.offsets.get(role) for role in ROLES}
            condition |= {"batch.id": known.batch}
            done = await self._collection.replace_one(condition, self._document(next_, session), session=session)
            if done.matched_count != 1:
                lost.append(known.partition)
        if lost:
            raise Fenced(lost)


@dataclass(frozen=True, slots=True)
class SweepProgress:
    """How far a sweep has come in one partition. `total` is None until its learners have been counted."""

    partition: int
    since: int
    rules: int
    done: int
    total: int | None


async def sweeps(database: Database) -> list[SweepProgress]:
    """The sweeps under way in a service, whichever instance does them, in the order of partitions; none: all is done."""
    running = []
    async for document in database[COLLECTION].find({}):
        checkpoint = Checkpoint.from_document(document)
        if (sweep := checkpoint.sweep) is not None:
            running.append(SweepProgress(checkpoint.partition, sweep.since, checkpoint.rules, sweep.done, sweep.total))
    return sorted(running, key=lambda progress: progress.partition)


async def numbers_of(database: Database, partition: int) -> Mapping[str, int]:
    """The counters of a partition, as committed last; none for a partition that nobody has worked on."""
    found = await database[COLLECTION].find_one({"_id": partition})
    return {} if found is None else Checkpoint.from_document(found).numbers
