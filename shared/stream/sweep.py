"""Sweeps: the owner of a partition walks its own learners after the rules have changed."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.mongo import Database
from shared.stream.checkpoint import Checkpoint, Sweep
from shared.stream.records import COLLECTION


@dataclass(frozen=True, slots=True)
class Slice:
    """The learners to look at next, and the sweep as it stands now and after them (None: it is done)."""

    partition: int
    learners: tuple[str, ...]
    now: Sweep
    then: Sweep | None


class Sweeper:
    """Knows the learners of the partitions that are being swept. They are read once per sweep, beside the batches.

    The list is made after the checkpoint holds the new rules: a learner who comes later is decided on by those anyway.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lists: dict[int, tuple[int, asyncio.Task[list[str]]]] = {}

    def slice(self, checkpoint: Checkpoint, room: int) -> Slice | None:
        """None as long as the list isn't there. Raises what reading it raised; it is read again at the next call."""
        sweep = checkpoint.sweep
        assert sweep is not None
        known = self._lists.get(checkpoint.partition)
        if known is None or known[0] != checkpoint.rules:
            self.forget([checkpoint.partition])
            reading = asyncio.create_task(self._read(checkpoint.partition), name=f"learners of {checkpoint.partition}")
            self._lists[checkpoint.partition] = (checkpoint.rules, reading)
            return None
        reading = known[1]
        if not reading.done():
            return None
        if reading.cancelled() or reading.exception() is not None:
            self.forget([checkpoint.partition])
            return None
        learners = reading.result()
        start = bisect_right(learners, sweep.cursor)
        chosen = tuple(learners[start : start + room])
        done = start + len(chosen)
        if done >= len(learners):
            return Slice(checkpoint.partition, chosen, sweep, None)
        return Slice(checkpoint.partition, chosen, sweep, Sweep(sweep.since, chosen[-1], done, len(learners)))

    def forget(self, partitions: Iterable[int]) -> None:
        for partition in partitions:
            if partition in self._lists:
                self._lists.pop(partition)[1].cancel()

    async def _read(self, partition: int) -> list[str]:
        found = self._database[COLLECTION].find({"partition": partition}, {"_id": 1})
        return sorted([document["_id"] async for document in found])


def one_by_one(slice_: Slice) -> Iterable[Slice]:
    """The same walk in slices of one learner each."""
    now = slice_.now
    for number, learner in enumerate(slice_.learners, start=1):
        then = Sweep(now.since, learner, slice_.now.done + number, now.total)
        yield Slice(slice_.partition, (learner,), now, slice_.then if number == len(slice_.learners) else then)


def under_new_rules(checkpoint: Checkpoint, revision: int, changed: Mapping[str, object], revises: bool) -> Checkpoint:
    """The checkpoint with the rules of a later revision in force. What changed is swept; a sweep under way begins anew."""
    if revision <= checkpoint.rules:
        return checkpoint
    since = checkpoint.sweep.since if checkpoint.sweep else checkpoint.rules
    sweep = Sweep(since) if revises and (changed or checkpoint.sweep) else None
    return checkpoint.moved(rules=revision, sweep=sweep)
