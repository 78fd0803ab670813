"""A topic folded into a database once more: decided as the stream decides, written in its transactions, and nothing published."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import uuid4

from shared.decisions import Amend, Drop, Put
from shared.mongo import Database
from shared.stream.batch import Batch, Fold, read_all
from shared.stream.checkpoint import Checkpoint, Checkpoints
from shared.stream.flow import Flow
from shared.stream.incoming import Incoming, Reader
from shared.stream.loop import furthest, no_steps
from shared.stream.records import Records
from shared.stream.transaction import documents_of, write

R = TypeVar("R")
K = TypeVar("K")

Write = Put | Drop | Amend
Writes = Sequence[Write]
Rewrite = Callable[[Writes], Iterable[Write]]


class Folding(Generic[R, K]):
    """Folds messages of one partition at a time; the partition's checkpoint says how far it is.

    `rewritten` is asked of the documents that follow from a batch. `unread` counts the messages that no stream could apply.
    """

    def __init__(self, flow: Flow[R, K], database: Database, rules: K, rewritten: Rewrite = lambda writes: writes) -> None:
        self._flow = flow
        self._database = database
        self._rules = rules
        self._rewritten = rewritten
        self._reader = Reader(flow)
        self._records: Records[R] = Records(flow, database, most=50_000)
        self._checkpoints = Checkpoints(database, "replay")
        self.unread = 0

    async def take_over(self, partition: int, rules: int) -> Checkpoint:
        return await self._checkpoints.take_over(partition, rules)

    async def close(self) -> None:
        await self._checkpoints.close()

    async def fold(self, held: Checkpoint, messages: AsyncIterator[list[Incoming]]) -> AsyncIterator[Checkpoint]:
        """The checkpoint after each batch. Raises Fenced if somebody else writes for the partition."""
        async for taken in messages:
            held = await self._folded(held, taken)
            yield held
        self._records.forget([held.partition])

    async def _folded(self, held: Checkpoint, taken: Sequence[Incoming]) -> Checkpoint:
        partition = held.partition
        reads = read_all(self._reader, taken)
        learners = {read.event.data.learner: partition for read in reads if read.event is not None}
        fold = Fold(self._flow, self._rules, await self._records.load(learners), {partition: held.numbers}, _now)
        fold.events(reads)
        batch = fold.batch
        self.unread += len(batch.buried)
        batch.said.clear()
        batch.writes = list(self._rewritten(batch.writes))
        moved = {**held.offsets, **furthest(taken)[partition]}
        return await self._written(held, held.moved(offsets=moved, numbers=batch.numbers[partition]), batch)

    async def records(self, learners: Mapping[str, int]) -> dict[str, R | None]:
        return await self._records.load(learners)

    async def put(self, held: Checkpoint, records: Mapping[str, R], writes: Writes, then: Checkpoint) -> Checkpoint:
        """Records and documents that follow from something else than a message."""
        batch: Batch[R] = Batch(dict(records))
        batch.changed = dict.fromkeys(records)
        batch.partitions = dict.fromkeys(records, held.partition)
        batch.writes = list(writes)
        return await self._written(held, then, batch)

    async def _written(self, held: Checkpoint, then: Checkpoint, batch: Batch[R]) -> Checkpoint:
        then = then.moved(batch=uuid4().hex, facts=then.facts)
        await write(self._database, self._checkpoints, batch, documents_of(batch, self._records), [(held, then)], _nothing)
        self._records.keep({learner: (held.partition, batch.records[learner]) for learner in batch.changed})
        return then


async def _nothing() -> None:
    await no_steps("written")


def _now() -> datetime:
    return datetime.now(UTC)
