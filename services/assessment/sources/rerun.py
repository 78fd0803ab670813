"""What came in is read again by today's document of its source, and what differs is said: or shown only, in a dry run.

reruns  {_id, source, dry_run, since, until, state, made_at, made_by, changed_at, cursor: [at, parcel, place], originals, done,
         counts: {change: number}, examples: [{id, change, before, after}], until_then, by}

Each step changes what is kept, the counts and the cursor in one transaction: whatever ends the process, the next one goes on
where it was, and nothing is said twice. Only what came before the rerun was asked for is read.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from services.assessment.domain.archive import original_id
from services.assessment.sources.claims import Outcome
from services.assessment.sources.document import Source
from services.assessment.sources.ledger import Ledger
from services.assessment.sources.outbox import PARCELS, Outbox, Settled
from services.assessment.sources.people import NOBODY, People
from services.assessment.sources.registry import Registry
from services.assessment.sources.rereading import Change, example, reread
from services.assessment.sources.saying import Saying
from services.assessment.sources.settling import Settlement, opened
from services.assessment.sources.tallies import Tally, day_of
from services.assessment.sources.understanding import Found, Understanding
from services.assessment.sources.writing import original_in
from services.assessment.store import Shelves
from shared import kafka
from shared.events.envelope import Envelope
from shared.mongo import ASCENDING, DESCENDING, Database, DatabaseError, Document, UpdateOne, insert_own
from shared.stream.loop import Steps, no_steps

log = logging.getLogger(__name__)

RERUNS: Final = "reruns"
AT_ONCE: Final = 50
PARCELS_AT_ONCE: Final = 500
MOST_EXAMPLES: Final = 100
LEASE: Final = timedelta(seconds=60)
LOOKED_FOR_EVERY: Final = 2.0
UNDER_WAY: Final = ["waiting", "running"]
UNREADABLE: Final = "unreadable"
HELD: Final = "held"


class UnderWay(Exception):
    """There is one of the source already, `id`, that isn't done."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        super().__init__(id_)


@dataclass(frozen=True)
class Asked:
    """Originals that came in from `since` on and before `until`; None: all, up to now."""

    source: str
    by: str
    dry_run: bool
    since: datetime | None = None
    until: datetime | None = None


class Reruns:
    def __init__(
        self,
        database: Database,
        registry: Registry,
        understanding: Understanding,
        people: People,
        ledger: Ledger,
        outbox: Outbox,
        saying: Saying,
        *,
        process: str,
        steps: Steps = no_steps,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._reruns = database[RERUNS]
        self._registry = registry
        self._understanding = understanding
        self._people = people
        self._ledger = ledger
        self._outbox = outbox
        self._saying = saying
        self._shelves = Shelves(database)
        self._process = f"{process}/{uuid4().hex[:8]}"
        self._step = steps
        self._clock = clock

    async def create_indexes(self) -> None:
        await self._database.create(RERUNS, [("source", ASCENDING)])

    async def ask(self, asked: Asked) -> Document:
        """To be done by the upkeep. Raises UnderWay."""
        async for other in self._reruns.find({"source": asked.source, "state": {"$in": UNDER_WAY}}):
            raise UnderWay(other["_id"])
        now = self._clock()
        until = now if asked.until is None else min(asked.until, now)
        document: Document = {
            "_id": uuid4().hex,
            "source": asked.source,
            "dry_run": asked.dry_run,
            "since": asked.since,
            "until": until,
            "state": "waiting",
            "made_at": now,
            "made_by": asked.by,
            "changed_at": now,
            "cursor": None,
            "originals": None,
            "done": 0,
            "counts": {},
            "examples": [],
            "until_then": now,
            "by": None,
        }
        await insert_own(self._reruns, document)
        return document

    async def one(self, source: str, id_: str) -> Document | None:
        found: Document | None = await self._reruns.find_one({"_id": id_, "source": source})
        return found

    async def all(self, source: str) -> list[Document]:
        """The newest first."""
        return await self._reruns.find({"source": source}).sort("made_at", DESCENDING).to_list(100)

    async def run(self) -> None:
        """For ever: what is asked for is done, by whichever process is first."""
        while True:
            try:
                await self.work()
            except (DatabaseError, kafka.Unavailable) as error:
                log.warning("reading originals again goes on later: %s", type(error).__name__)
            await asyncio.sleep(LOOKED_FOR_EVERY)

    async def work(self) -> int:
        """Go on with what is to be done and nobody else works at; how many reruns were ended."""
        ended = 0
        while (job := await self._claimed()) is not None:
            try:
                ended += await self._worked(job)
            except (DatabaseError, kafka.Unavailable):
                raise
            except Exception:
                log.exception("reading the originals of a source again failed", extra={"source": job["source"]})
                await self._reruns.update_one({"_id": job["_id"]}, {"$set": {"state": "failed", "by": None}})
        return ended

    async def _claimed(self) -> Document | None:
        now = self._clock()
        where = {"state": {"$in": UNDER_WAY}, "until_then": {"$lte": now}}
        async for job in self._reruns.find(where):
            lease = {"by": self._process, "until_then": now + LEASE, "state": "running"}
            done = await self._reruns.update_one({"_id": job["_id"], "until_then": job["until_then"]}, {"$set": lease})
            if done.modified_count:
                return dict(job) | lease
        return None

    async def _worked(self, job: Document) -> bool:
        """False: it is somebody else's by now."""
        if job["originals"] is None:
            job["originals"] = await self._count(job)
            await self._reruns.update_one({"_id": job["_id"]}, {"$set": {"originals": job["originals"]}})
        while parcels := await self._following(job):
            for parcel in parcels:
                cursor = job["cursor"]
                place = cursor[2] if cursor is not None and cursor[1] == parcel["_id"] else 0
                while place < len(parcel["ids"]):
                    ids = parcel["ids"][place : place + AT_ONCE]
                    place += len(ids)
                    if not await self._portion(job, ids, [parcel["at"], parcel["_id"], place]):
                        return False
        done = {"state": "done", "changed_at": self._clock(), "by": None}
        await self._reruns.update_one({"_id": job["_id"], "by": self._process}, {"$set": done})
        return True

    def _range(self, job: Document) -> Document:
        between: Document = {"$lt": job["until"]}
        if job["since"] is not None:
            between["$gte"] = job["since"]
        return {"source": job["source"], "at": between}

    async def _count(self, job: Document) -> int:
        return sum([len(parcel["ids"]) async for parcel in self._database[PARCELS].find(self._range(job), {"ids": 1})])

    async def _following(self, job: Document) -> list[Document]:
        """The parcel in hand and some after it, in the order of time: none when all are read."""
        where, found = self._range(job), list[Document]()
        if (cursor := job["cursor"]) is not None:
            at, id_, place = cursor
            in_hand = await self._database[PARCELS].find_one({"_id": id_})
            if in_hand is not None and place < len(in_hand["ids"]):
                found.append(in_hand)
            where["$or"] = [{"at": {"$gt": at}}, {"at": at, "_id": {"$gt": id_}}]
        order = [("at", ASCENDING), ("_id", ASCENDING)]
        return found + await self._database[PARCELS].find(where).sort(order).to_list(PARCELS_AT_ONCE)

    async def _portion(self, job: Document, ids: Sequence[str], cursor: list[Any]) -> bool:
        """Read these again. False: the lease is somebody else's by now."""
        registered = await self._registry.one(job["source"])
        if registered is None:
            return False
        while True:
            settlement, counts, examples = await self._reread(registered.source, ids, dry_run=job["dry_run"])
            now = self._clock()
            room = MOST_EXAMPLES - len(job["examples"])
            change: Document = {
                "$set": {"cursor": cursor, "changed_at": now, "until_then": now + LEASE},
                "$inc": {"done": len(ids), **{f"counts.{name}": number for name, number in counts.items()}},
                "$push": {"examples": {"$each": examples[:room]}},
            }
            where = {"_id": job["_id"], "by": self._process, "cursor": job["cursor"]}
            settlement.beside.append((RERUNS, UpdateOne(where, change)))
            try:
                parcel = await self._outbox.settle(settlement)
                break
            except Settled:
                mine = await self._reruns.find_one({"_id": job["_id"], "by": self._process})
                if mine is None or mine["cursor"] != job["cursor"]:
                    return False
        await self._step("settled")
        job["cursor"] = cursor
        job["examples"] += examples[:room]
        if parcel is not None:
            await self._saying.publish(settlement.said)
            await self._step("published")
            await self._outbox.leave(parcel)
        return True

    async def _reread(
        self, source: Source, ids: Sequence[str], *, dry_run: bool
    ) -> tuple[Settlement, Counter[str], list[Document]]:
        now = self._clock()
        settlement, counts, examples = Settlement(source.id, now), Counter[str](), list[Document]()
        kept = [one for one in (await self._ledger.whole(ids)).values() if "of" not in one]
        counts[HELD] += sum(one["held"] for one in kept)
        owners = await self._people.known(one["owner"] for one in kept)
        readable = [(one, found) for one in kept if not one["held"] and (found := opened(one, owners)) is not None]
        counts[UNREADABLE] += sum(not one["held"] for one in kept) - len(readable)
        read = [self._understanding.read(source, original_in(text), one["at"]) for one, (text, _) in readable]
        today = await self._understanding.found(source, read, now)
        taken = await self._taken(source, [(one, said, meant) for (one, (_, said)), meant in zip(readable, today, strict=True)])
        tried = [reread(said, meant, now, (), taken=taken) for (_, (_, said)), meant in zip(readable, today, strict=True)]
        changing = [learner for one in tried for learner, _ in one.says]
        superseded = await self._superseded(source, [*changing, *(whose(one) for one, _ in readable)] if changing else [])
        people = await self._people.owners(
            meant.owner for meant, one in zip(today, tried, strict=True) if one.says and isinstance(meant, Found) and not dry_run
        )
        for (document, (text, said)), meant, first in zip(readable, today, tried, strict=True):
            again = reread(said, meant, now, superseded, taken=taken) if first.says else first
            counts[again.change.value] += 1
            if again.says or again.change is Change.LEFT:
                examples.append(example(document["claim"], said, again))
            if again.says and not dry_run:
                owner = meant.owner if isinstance(meant, Found) else document["owner"]
                key = (people.get(owner) or owners.get(owner, NOBODY)).key
                assert key is not None
                settlement.read_again(document, owner, key, text, said, again)
                settlement.tallies.append(Tally(source.id, day_of(now), said=len(again.says)))
        return settlement, +counts, examples

    async def _taken(
        self, source: Source, read: Sequence[tuple[Document, Sequence[Envelope], Found | Outcome]]
    ) -> frozenset[str]:
        """The ids under which one of these would be said, and under which another original came or was said again."""
        taken: set[str] = set()
        now = self._clock()
        while True:
            wanted: dict[str, str] = {}
            for document, said, meant in read:
                own = {document["_id"], *document.get("more", ())}
                ids = {event.id for _, event in reread(said, meant, now, (), taken=taken).says}
                wanted |= {place: id_ for id_ in ids if (place := original_id(source.event_source, id_)) not in own}
            if not (entered := await self._ledger.entered(wanted)):
                return frozenset(taken)
            taken.update(wanted[place] for place in entered)

    async def _superseded(self, source: Source, learners: Sequence[str]) -> frozenset[str]:
        """The ids of what the source itself has taken back or corrected of these learners. Who has no record has nothing."""
        found: set[str] = set()
        for learner in set(learners):
            record = await self._shelves.record(learner)
            named = [(one.source, one.retracts) for one in record.retractions.values()]
            named += [(one.source, one.corrects) for one in record.entries.values() if one.corrects is not None]
            found.update(id_ for speaker, id_ in named if speaker == source.event_source)
        return frozenset(found)


def whose(document: Document) -> str:
    return str(document["learner"])
