"""The replay of assessment: everything copied that nothing determines, then learner after learner decided anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from services.assessment.desk import NAME
from services.assessment.domain.archive import erasure_writes
from services.assessment.domain.record import Record
from services.assessment.domain.rules import Rules, rules
from services.assessment.replay.archived import REQUESTED_BY, Kept, kept
from services.assessment.replay.buckets import Buckets
from services.assessment.replay.collections import COLLECTIONS
from services.assessment.replay.handing_over import VerdictsFile
from services.assessment.replay.heard import Heard, heard, with_people
from services.assessment.replay.rebuilding import Erased, Rebuilt, rebuilt, record_of
from services.assessment.store import create_indexes
from services.assessment.stream import FLOW
from shared.broadcast import Broadcast, Snapshot
from shared.broker import broker_of
from shared.decisions import Amend, Drop, Event, Put
from shared.events.assessment import ErasureRequested, LearnerErased
from shared.events.envelope import Cause, Fact, envelope_of
from shared.kafka import home
from shared.replay.command import Replay
from shared.replay.copying import Unknown, copy_all
from shared.replay.course import Course, Step
from shared.replay.folding import Folding
from shared.replay.ground import check_stopped
from shared.replay.reading import Topics
from shared.stream.batch import Said
from shared.stream.checkpoint import Checkpoint, Checkpoints
from shared.stream.flow import Role
from shared.stream.transaction import FACTS, facts_of
from shared.topics import COMPLETIONS, PUBLICATIONS

PORTION: Final = 100
SOURCE: Final = f"cairn/{NAME}"
ERASED_BY: Final = "cairn/replay"
"""Who is named for an erasure that the archive was too old to have: the request itself named somebody."""

Write = Put | Drop | Amend


@dataclass(slots=True)
class Portion:
    """What is written in one transaction."""

    records: dict[str, Record] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    unsaid: list[str] = field(default_factory=list)


async def replay(asked: Replay) -> None:
    """Records and verdicts from the archive; everything else as it was. Leaves the verdicts for awarding's replay.

    Raises Occupied, Running, Unknown. May be called again after it was interrupted.
    """
    if asked.origin is None:
        raise Unknown("the archive of entries is in the database as it was: say which that is")
    await check_stopped(broker_of(asked.settings), NAME)
    course = await Course.open(asked.target, NAME, asked.tell)
    await create_indexes(asked.target)
    copied = [name for name, what in COLLECTIONS.items() if what == "copied"]
    await copy_all(course, asked.origin, copied, tuple(COLLECTIONS))
    async with Topics.open(broker_of(asked.settings)) as topics, Broadcast(broker_of(asked.settings), PUBLICATIONS) as broadcast:
        partitions = await topics.partitions(COMPLETIONS.name)
        work = _Work(asked, course, topics, await broadcast.caught_up(), partitions)
        await work.all()
    await course.end()


class _Work:
    def __init__(self, asked: Replay, course: Course, topics: Topics, snapshot: Snapshot, partitions: int) -> None:
        assert asked.origin is not None
        self._origin = asked.origin
        self._database = asked.target
        self._folder = asked.verdicts
        self._course = course
        self._topics = topics
        self._snapshot = snapshot
        self._rules: Rules = rules(snapshot.publications)
        self._partitions = partitions
        self._folding = Folding(FLOW, asked.target, self._rules)

    async def all(self) -> None:
        documents = [await self._database[name].count_documents({}) for name in ("entries", "decisions")]
        applied = await self._applied()
        step = await self._course.step("records", sum(documents))
        if step.ended:
            return
        with Buckets(self._folder / "scratch", self._partitions, sum(documents)) as buckets:
            for collection in ("entries", "decisions"):
                async for document in self._database[collection].find({}):
                    if (learner := document.get("learner")) is not None:
                        buckets.put(learner, document)
            for partition in range(self._partitions):
                found = await heard(self._topics, partition)
                mine = {learner: one for learner, one in applied.items() if home(learner, self._partitions) == partition}
                found_only_here = with_people(found, mine)
                for learner in found.erased:
                    buckets.put(learner, None)
                await self._partition(partition, buckets, Heeded(found, mine, frozenset(found_only_here)), step)
        await self._folding.close()
        (self._folder / "complete").touch()
        await step.end()

    async def _applied(self) -> dict[str, Erased]:
        """Whose erasure the archive has seen, and when; by which request is found by the time."""
        made = {one["at"]: one["_id"] async for one in self._database["decisions"].find({"kind": "erasure"})}
        found = {}
        async for one in self._database["people"].find({"erased_at": {"$ne": None}}):
            if (text := one.get("erased_at")) is not None:
                at = datetime.fromisoformat(text)
                cause = Cause(kind="erasure", id=made.get(text, text), source=REQUESTED_BY, time=at)
                found[one["_id"]] = Erased(at, 1, cause)
        return found

    async def _partition(self, partition: int, buckets: Buckets, heeded: Heeded, step: Step) -> None:
        checkpoint = await self._folding.take_over(partition, 0)
        unsaid = list(checkpoint.facts)
        for number in buckets.of(partition):
            place = [partition, number]
            if step.cursor is not None and list(step.cursor) >= place:
                continue
            by_learner = buckets.documents(partition, number)
            with VerdictsFile(self._folder, partition, number) as file:
                for portion in self._portions(by_learner, heeded, partition, file):
                    unsaid += portion.unsaid
                    then = checkpoint.moved(facts=tuple(dict.fromkeys(unsaid)))
                    checkpoint = await self._folding.put(checkpoint, portion.records, portion.writes, then)
            await step.moved(step.done + sum(map(len, by_learner.values())), place)
        await self._position(checkpoint)

    async def _position(self, checkpoint: Checkpoint) -> None:
        """To go on exactly after what the archive has; without a checkpoint from before, from the topics' beginnings."""
        before = (await Checkpoints(self._origin, "replay").read([checkpoint.partition])).get(checkpoint.partition)
        offsets: dict[Role, int] = {"reads": -1, "asks": -1}
        if before is not None:
            offsets |= before.offsets
        then = checkpoint.moved(offsets=offsets, rules=self._snapshot.revision, sweep=None)
        await self._folding.put(checkpoint, {}, (), then)

    def _portions(
        self, by_learner: dict[str, list[dict[str, Any]]], heeded: Heeded, partition: int, file: VerdictsFile
    ) -> Iterator[Portion]:
        portion = Portion()
        for learner, documents in by_learner.items():
            self._learner(portion, learner, kept(documents), heeded, partition, file)
            if len(portion.records) == PORTION:
                yield portion
                portion = Portion()
        if portion.records:
            yield portion

    def _learner(self, portion: Portion, learner: str, archive: Kept, heeded: Heeded, partition: int, file: VerdictsFile) -> None:
        found = heeded.found
        erasure, applied = found.erased.get(learner), heeded.applied.get(learner)
        facts: list[Fact] = []
        unsaid: set[str] = set()
        if erasure is not None:
            if applied is None or applied.at < erasure.at:
                portion.writes += _erased(learner, archive, erasure)
            archive = archive.after(erasure.at)
            facts.append(LearnerErased(learner=learner, revision=erasure.times, cause=erasure.cause))
            unsaid.update(fact.id for fact in facts if learner in heeded.unsaid)
        before = record_of(learner, archive, erasure, found.floors.get(learner, 0))
        after = rebuilt(before, archive, found.verdicts.get(learner, {}), self._rules)
        portion.records[learner] = after.record
        facts += after.verdicts
        unsaid.update(fact.id for fact in after.verdicts if _is_unsaid(after, fact.achievement, found))
        portion.writes += [Put(FACTS, document, new=True) for document in _documents(facts, learner, partition)]
        portion.unsaid += sorted(unsaid)
        file.put(after, unsaid)


@dataclass(frozen=True, slots=True)
class Heeded:
    """What the topics have, the erasures that the archive has seen, and whose of those were never told."""

    found: Heard
    applied: Mapping[str, Erased]
    unsaid: frozenset[str]


def _is_unsaid(after: Rebuilt, achievement: str, found: Heard) -> bool:
    """What is on no topic any more was said, unless another verdict on the same stands there."""
    return achievement in after.unsaid and (not found.lapsed or achievement in found.verdicts.get(after.record.learner, {}))


def _erased(learner: str, archive: Kept, erasure: Erased) -> Iterable[Write]:
    """What an erasure leaves, done again: the archive is older than it."""
    cause = erasure.cause
    data = ErasureRequested(learner=learner, reason="replay", decided_by=ERASED_BY)
    event = Event(data, cause.id, cause.source or SOURCE, data.TYPE, cause.time, "")
    return erasure_writes(record_of(learner, archive, None, 0), event)


def _documents(facts: Iterable[Fact], learner: str, partition: int) -> list[dict[str, Any]]:
    said = [Said(fact, envelope_of(fact, SOURCE, None), learner, partition) for fact in facts]
    return facts_of(said, {partition: ""})
