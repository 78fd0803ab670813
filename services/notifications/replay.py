"""Notifications rebuilt: what was told, told once more to nobody.

`python -m services.notifications.replay --into <prefix> [--from <prefix>]`
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from services.notifications.api import NAME
from services.notifications.domain.delivery import State
from services.notifications.domain.names import Names, names_of
from services.notifications.domain.telling import CONTACTS, DELIVERIES, INBOX, Shown, Told
from services.notifications.store import create_indexes, told_from_document
from services.notifications.stream import FLOW
from shared.broadcast import Broadcast, Snapshot
from shared.broker import broker_of
from shared.decisions import Drop, Put
from shared.mongo import Database, Document, ReplaceOne, UpdateOne, by_ids
from shared.replay.command import Replay
from shared.replay.copying import copy, copy_all, portions_of
from shared.replay.course import Course
from shared.replay.folding import Folding, Write, Writes
from shared.replay.ground import check_stopped
from shared.replay.reading import Topics
from shared.stream.checkpoint import Checkpoint, Checkpoints
from shared.stream.flow import Role
from shared.stream.incoming import Incoming
from shared.stream.records import COLLECTION as RECORDS
from shared.stream.records import OF_THE_ENGINE
from shared.stream.transaction import FACTS
from shared.topics import AWARDS, PUBLICATIONS, REQUESTS, SUBMISSIONS

COLLECTIONS: Final = {
    "records": "rebuilt",
    "checkpoints": "rebuilt",
    "switches": "copied",
    "workers": "left",
    "inbox": "rebuilt",
    "deliveries": "rebuilt",
    "contacts": "copied",
    "facts": "copied",
}
"""`facts` are sealed identities that were said, which topics keep for a week only."""

INPUTS: Final[Mapping[Role, str]] = {"reads": AWARDS.name, "asks": REQUESTS[NAME].name, "beside": SUBMISSIONS.name}

Amended = UpdateOne | ReplaceOne[Document]


async def replay(asked: Replay) -> None:
    """Inboxes from `awarding.awards` (and from `assessment.reviews`, as far as it is kept). Nothing is mailed again: what became
    of a mail is taken over as it was, and where nobody knows, it is not repeated.

    Raises Occupied, Running, Unknown. May be called again after it was interrupted.
    """
    await check_stopped(broker_of(asked.settings), NAME)
    course = await Course.open(asked.target, NAME, asked.tell)
    await create_indexes(asked.target)
    async with Topics.open(broker_of(asked.settings)) as topics, Broadcast(broker_of(asked.settings), PUBLICATIONS) as broadcast:
        await _Work(asked, course, topics, await broadcast.caught_up()).all()
    await course.end()


class _Work:
    def __init__(self, asked: Replay, course: Course, topics: Topics, snapshot: Snapshot) -> None:
        self._asked = asked
        self._course = course
        self._topics = topics
        self._snapshot = snapshot
        rules: Names = names_of(snapshot.publications)
        self._folding = Folding(FLOW, asked.target, rules, not_to_be_mailed)

    async def all(self) -> None:
        await self._tell_nobody()
        if (origin := self._asked.origin) is not None:
            await copy_all(self._course, origin, (), tuple(COLLECTIONS))
            erased = await self._erased()

            def lives(learner: str, since: datetime) -> bool:
                return learner not in erased or since > erased[learner]

            await copy(self._course, origin, CONTACTS, lambda contact: lives(contact["_id"], contact["changed_at"]))
            await copy(self._course, origin, FACTS, lambda fact: lives(fact["learner"], fact["at"]))
            await self._as_it_was(origin)
            await self._identities(origin)
        await self._folding.close()

    async def _tell_nobody(self) -> None:
        """Up to what the stream has done: what came later it tells itself, and mails."""
        partitions = await self._topics.partitions(AWARDS.name)
        committed = await self._acknowledged(partitions)
        ends = [await self._end(AWARDS.name, number, committed) for number in range(partitions)]
        step = await self._course.step("inboxes", sum(ends))
        if step.ended:
            return
        done = 0
        for partition, end in enumerate(ends):
            held = await self._folding.take_over(partition, self._snapshot.revision)
            start = held.offsets.get("reads", -1) + 1
            async for moved in self._folding.fold(held, self._messages(held, partition, start, end, committed)):
                held = moved
                await step.moved(done + held.offsets.get("reads", -1) + 1)
            offsets = {role: committed[topic, partition] - 1 for role, topic in INPUTS.items() if (topic, partition) in committed}
            await self._folding.put(held, {}, (), held.moved(offsets={**held.offsets, **offsets}))
            done += end
        await step.end()

    async def _acknowledged(self, partitions: int) -> dict[tuple[str, int], int]:
        """By topic and partition, the offset from which the stream goes on. The database as it was knows it best: brokers are
        told a second later.
        """
        found = dict(await self._topics.committed(NAME, INPUTS.values()))
        if self._asked.origin is not None:
            before = await Checkpoints(self._asked.origin, "replay").read(range(partitions))
            for partition, checkpoint in before.items():
                for role, offset in checkpoint.offsets.items():
                    place = INPUTS[role], partition
                    found[place] = max(offset + 1, found.get(place, 0))
        return found

    async def _messages(
        self, held: Checkpoint, partition: int, start: int, end: int, committed: Mapping[tuple[str, int], int]
    ) -> AsyncIterator[list[Incoming]]:
        """The submissions' messages among the awards', as the broker's stamps have it: inboxes number them together."""
        beside: list[Incoming] = []
        last = await self._end(SUBMISSIONS.name, partition, committed)
        async for taken in self._topics.read(SUBMISSIONS.name, partition, "beside", held.offsets.get("beside", -1) + 1, last):
            beside += taken
        async for taken in self._topics.read(AWARDS.name, partition, "reads", start, end):
            earlier = [one for one in beside if one.stamp < taken[-1].stamp]
            beside = beside[len(earlier) :]
            yield sorted([*taken, *earlier], key=lambda one: one.stamp)
        if beside:
            yield beside

    async def _end(self, topic: str, partition: int, committed: Mapping[tuple[str, int], int]) -> int:
        end = await self._topics.end(topic, partition)
        return min(end, committed.get((topic, partition), end))

    async def _erased(self) -> dict[str, datetime]:
        """Who was erased, and when: what is copied may be from before that."""
        found = {}
        async for document in self._asked.target[RECORDS].find({"erased": {"$exists": True}}):
            told = _told(document)
            if told.erased is not None:
                found[told.learner] = told.erased
        return found

    async def _as_it_was(self, origin: Database) -> None:
        """Which messages were read, and what became of mails. A mail that waited goes on waiting."""
        await self._each(origin, INBOX, lambda was: UpdateOne({"_id": was["_id"]}, {"$set": _marks(was)}))
        await self._each(origin, DELIVERIES, lambda was: ReplaceOne({"_id": was["_id"]}, was))

    async def _each(self, origin: Database, collection: str, amended: Callable[[Document], Amended]) -> None:
        """Only what was told anew: the rest was erased."""
        step = await self._course.step(f"{collection} as it was", await origin[collection].count_documents({}))
        if step.ended:
            return
        target = self._asked.target[collection]
        done = 0
        async for portion in portions_of(origin[collection].find({})):
            there = {one["_id"] for one in await by_ids(target, [one["_id"] for one in portion], ["_id"])}
            if writes := [amended(document) for document in portion if document["_id"] in there]:
                await target.bulk_write(writes, ordered=False)
            done += len(portion)
            await step.moved(done)
        await step.end()

    async def _identities(self, origin: Database) -> None:
        """How often each learner shared who they are: as it was, for nothing else says it."""
        where = {"identity": {"$exists": True}}
        step = await self._course.step("identities", await origin[RECORDS].count_documents(where))
        if step.ended:
            return
        held: dict[int, Checkpoint] = {}
        async for portion in portions_of(origin[RECORDS].find(where)):
            found = await by_ids(self._asked.target[RECORDS], [one["_id"] for one in portion])
            told = {one["_id"]: _told(one) for one in found}
            for partition in {one["partition"] for one in portion}:
                was = [_told(one) for one in portion if one["partition"] == partition]
                now = {one.learner: _sharing(told.get(one.learner) or Told(one.learner), one) for one in was}
                if partition not in held:
                    held[partition] = await self._folding.take_over(partition, self._snapshot.revision)
                held[partition] = await self._folding.put(held[partition], now, (), held[partition])
            await step.moved(step.done + len(portion))
        await step.end()


def _sharing(told: Told, was: Told) -> Told:
    """Of what was shared before an erasure only the count stays."""
    if was.identity is None:
        return told
    former = told.erased is not None and (was.erased is None or was.erased < told.erased)
    return replace(told, identity=Shown(was.identity.revision) if former else was.identity)


def _marks(message: Document) -> Document:
    return {name: message[name] for name in ("read", "read_at") if name in message}


def not_to_be_mailed(writes: Writes) -> Iterable[Write]:
    """Nobody knows whether it was mailed; it isn't mailed again. Contacts aren't touched: they are taken over afterwards."""
    for write in writes:
        if isinstance(write, Put) and write.collection == DELIVERIES:
            yield replace(write, document={**write.document, "state": State.NOT_REPEATED.value})
        elif not (isinstance(write, Drop) and write.collection == CONTACTS):
            yield write


def _told(document: Document) -> Told:
    own = {name: value for name, value in document.items() if name not in OF_THE_ENGINE}
    return told_from_document(document["_id"], own)


if __name__ == "__main__":
    from shared.replay.command import command

    command(NAME, replay)
