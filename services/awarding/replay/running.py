"""The replay of awarding: what was said, remembered from its topic; then learner after learner decided anew."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

import orjson

from services.awarding.api import NAME
from services.awarding.documents import from_document
from services.awarding.domain.decisions import IDENTITIES
from services.awarding.domain.ids import PublicIds
from services.awarding.domain.record import Identity, Record
from services.awarding.domain.rules import Rules, rules_of
from services.awarding.replay.collections import COLLECTIONS
from services.awarding.replay.deciding import Difference, decide
from services.awarding.replay.handed_over import HandedOver, check, number_of, of_partition
from services.awarding.replay.remembering import flow
from services.awarding.store import SHARES, create_indexes
from shared.broadcast import Broadcast, Snapshot
from shared.broker import broker_of
from shared.mongo import Document, by_ids
from shared.replay.command import Differs, Replay
from shared.replay.copying import copy_all, portions_of
from shared.replay.course import Course, Step
from shared.replay.folding import Folding, Write
from shared.replay.ground import check_stopped
from shared.replay.reading import Topics
from shared.stream.checkpoint import Checkpoint
from shared.stream.flow import Role
from shared.stream.records import COLLECTION as RECORDS
from shared.topics import AWARDS, PUBLICATIONS, REQUESTS, VERDICTS
from shared.topics import IDENTITIES as IDENTITIES_SHARED

PORTION: Final = 100
INPUTS: Final[Mapping[Role, str]] = {
    "reads": VERDICTS.name,
    "asks": REQUESTS[NAME].name,
    "beside": IDENTITIES_SHARED.name,
}
DIFFERENCES: Final = "differences.jsonl"


async def replay(asked: Replay) -> None:
    """Awards, credentials and status lists from `awarding.awards`, the publications and the verdicts of assessment's replay.

    Raises Occupied, Running, Unknown; and, when all is done, Differs if learners were told that they hold what the archive
    doesn't support. May be called again after it was interrupted.
    """
    check(asked.verdicts)
    await check_stopped(broker_of(asked.settings), NAME)
    course = await Course.open(asked.target, NAME, asked.tell)
    await create_indexes(asked.target)
    ids = PublicIds(asked.settings.secret_of_public_ids())
    async with Topics.open(broker_of(asked.settings)) as topics, Broadcast(broker_of(asked.settings), PUBLICATIONS) as broadcast:
        work = _Work(asked, course, topics, await broadcast.caught_up(), ids)
        partitions = await topics.partitions(AWARDS.name)
        await work.remember(partitions)
        if asked.origin is not None:
            copied = [name for name, what in COLLECTIONS.items() if what == "copied"]
            await copy_all(course, asked.origin, copied, tuple(COLLECTIONS))
        await work.forget_of_former_lives()
        await work.decide(partitions)
    await course.end()
    if lost := work.contradictions():
        shown = "; ".join(f"{one['learner']}: {one['achievement']} is said to be held" for one in lost[:5])
        raise Differs(f"{len(lost)} awards don't follow from the archive and were left as they were said: {shown}")


class _Work:
    def __init__(self, asked: Replay, course: Course, topics: Topics, snapshot: Snapshot, ids: PublicIds) -> None:
        self._asked = asked
        self._database = asked.target
        self._course = course
        self._topics = topics
        self._snapshot = snapshot
        self._rules: Rules = rules_of(snapshot.publications, ids)
        self._folding = Folding(flow(ids), asked.target, self._rules)

    async def remember(self, partitions: int) -> None:
        """All that was ever said, partition by partition; the checkpoints say how far that is."""
        ends = [await self._topics.end(AWARDS.name, number) for number in range(partitions)]
        step = await self._course.step("awards", sum(ends))
        if step.ended:
            return
        done = 0
        for partition, end in enumerate(ends):
            held = await self._folding.take_over(partition, 0)
            start = held.offsets.get("reads", -1) + 1
            async for moved in self._folding.fold(held, self._topics.read(AWARDS.name, partition, "reads", start, end)):
                await step.moved(done + moved.offsets["reads"] + 1)
            done += end
        await step.end()

    async def forget_of_former_lives(self) -> None:
        """What is copied may be older than an erasure: shares know of how many, and an identity whether anything says it."""
        for collection in (SHARES, IDENTITIES):
            async for portion in portions_of(self._database[collection].find({})):
                await self._forget(collection, portion)

    async def _forget(self, collection: str, documents: Sequence[Document]) -> None:
        learners = {document.get("learner", document["_id"]) for document in documents}
        found = await by_ids(self._database[RECORDS], sorted(learners))
        records = {one["_id"]: from_document(one["_id"], _own(one)) for one in found}
        gone = [
            document["_id"]
            for document in documents
            if (record := records.get(document.get("learner", document["_id"]))) is not None and _is_former(document, record)
        ]
        if gone:
            await self._database[collection].delete_many({"_id": {"$in": gone}})

    async def decide(self, partitions: int) -> None:
        step = await self._course.step("learners' verdicts", number_of(self._asked.verdicts))
        committed = await self._topics.committed(NAME, INPUTS.values())
        for partition in range(partitions):
            if step.cursor is not None and partition < step.cursor[0]:
                continue
            await self._partition(partition, committed, step)
        await self._folding.close()
        await step.end()

    async def _partition(self, partition: int, committed: Mapping[tuple[str, int], int], step: Step) -> None:
        checkpoint = await self._folding.take_over(partition, 0)
        passed, tells = step.cursor[1:] if step.cursor is not None and step.cursor[0] == partition else (0, False)
        everybody = self._everybody(partition, committed.get((VERDICTS.name, partition), 0))
        seen = 0
        async for portion in everybody:
            seen += len(portion)
            if seen <= passed:
                continue
            checkpoint, differ = await self._decided(checkpoint, portion)
            tells = tells or any(not one.pending and (self._asked.heal or not one.takes) for one in differ)
            self._note(differ)
            await step.moved(step.done + sum(len(one.verdicts) for one in portion), [partition, seen, tells])
        offsets = {role: committed[topic, partition] - 1 for role, topic in INPUTS.items() if (topic, partition) in committed}
        rules = 0 if tells else self._snapshot.revision
        await self._folding.put(checkpoint, {}, (), checkpoint.moved(offsets=offsets, rules=rules, sweep=None))
        await step.moved(step.done, [partition + 1, 0, False])

    async def _everybody(self, partition: int, read_up_to: int) -> AsyncIterator[list[HandedOver]]:
        """Who has verdicts, and then who only has a record."""
        known: set[str] = set()
        for portion in _portions(of_partition(self._asked.verdicts, partition, read_up_to)):
            known.update(one.learner for one in portion)
            yield portion
        found = self._database[RECORDS].find({"partition": partition}, {"_id": 1})
        others = sorted([one["_id"] async for one in found if one["_id"] not in known])
        for portion in _portions(map(HandedOver, others)):
            yield portion

    async def _decided(self, checkpoint: Checkpoint, portion: Sequence[HandedOver]) -> tuple[Checkpoint, list[Difference]]:
        learners = {one.learner: checkpoint.partition for one in portion}
        records = await self._folding.records(learners)
        shared = {one["_id"]: one async for one in self._database[IDENTITIES].find({"_id": {"$in": list(learners)}})}
        after: dict[str, Record] = {}
        writes: list[Write] = []
        differ: list[Difference] = []
        for one in portion:
            record = _with_identity(records.get(one.learner) or Record(one.learner), shared.get(one.learner))
            decided = decide(record, one.verdicts, one.pending, self._rules)
            after[one.learner] = decided.record
            writes += decided.progress
            differ += decided.differences
        return await self._folding.put(checkpoint, after, writes, checkpoint), differ

    def _note(self, differ: Iterable[Difference]) -> None:
        with (self._asked.verdicts / DIFFERENCES).open("ab") as file:
            file.writelines(orjson.dumps(one.to_json() | {"takes": one.takes}) + b"\n" for one in differ)

    def contradictions(self) -> list[Document]:
        """What learners were told they hold and doesn't follow; unless that is to be put right."""
        path = self._asked.verdicts / DIFFERENCES
        if self._asked.heal or not path.exists():
            return []
        found = {(one["award"]): one for one in map(orjson.loads, path.read_bytes().splitlines())}
        return [one for one in found.values() if one["takes"] and not one["pending"]]


def _portions(everybody: Iterable[HandedOver]) -> Iterator[list[HandedOver]]:
    waiting = iter(everybody)
    while portion := list(islice(waiting, PORTION)):
        yield portion


def _own(document: Document) -> Document:
    return {name: value for name, value in document.items() if name not in ("_id", "partition", "due_at")}


def _is_former(document: Document, record: Record) -> bool:
    """Whether it is of before the learner was erased."""
    if record.erasures == 0:
        return False
    if "erasures" in document:
        return int(document["erasures"]) < record.erasures
    return document["revision"] not in {issued.identity for issued in record.credentials.values()}


def _with_identity(record: Record, shared: Document | None) -> Record:
    """What was shared is known from what was taken over; what credentials say of it tells at least which revision it had."""
    known = record.identity
    if shared is not None:
        identity = Identity(shared["revision"], True)
    elif known is not None:
        identity = Identity(known.revision, False)
    else:
        return record
    return replace(record, identity=identity)
