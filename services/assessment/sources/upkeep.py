"""What must be done though nobody asks for it: finish what was interrupted, apply what is held, forget what was erased or is old.

Each piece of work may be done by several processes at once and still happens once; taking turns only saves work.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import Final

import orjson

from services.assessment.sources.accounts import Accounts
from services.assessment.sources.applying import Applying
from services.assessment.sources.claims import Kind, Outcome
from services.assessment.sources.ledger import HELD, ORIGINALS, Ledger, other_claims, slot_of
from services.assessment.sources.outbox import PARCELS, Closing, Outbox, Parcel
from services.assessment.sources.people import ERASED_LISTED_FOR, People
from services.assessment.sources.registry import Registry
from services.assessment.sources.saying import Saying
from services.assessment.sources.settling import opened
from services.assessment.sources.tallies import Tally
from shared import kafka
from shared.mongo import ASCENDING, Database, DatabaseError, Document

log = logging.getLogger(__name__)

INTERRUPTED_AFTER: Final = timedelta(seconds=30)
EXPIRED: Final = "it was not known within the time for which the source's originals are kept"
HELD_AT_ONCE: Final = 1_000
AT_ONCE: Final = 200

OVERLAP: Final = timedelta(seconds=6)
LONGEST_PAUSE: Final = timedelta(minutes=5)
TURN_EVERY: Final = 3.0
REFUSALS_EVERY: Final = 60.0
WHOLE_EVERY: Final = 600.0
OLD_EVERY: Final = 3_600.0


class Upkeep:
    def __init__(
        self,
        database: Database,
        registry: Registry,
        people: People,
        ledger: Ledger,
        outbox: Outbox,
        saying: Saying,
        applying: Applying,
        accounts: Accounts,
        *,
        forgets: Sequence[Callable[[str], Awaitable[None]]] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._registry = registry
        self._people = people
        self._ledger = ledger
        self._outbox = outbox
        self._saying = saying
        self._applying = applying
        self._accounts = accounts
        self._forgets = forgets
        self._clock = clock
        self._revisions: dict[str, int] = {}
        self._looked_at: datetime | None = None

    async def run(self) -> None:
        """For ever. What passes is tried again in the next turn, and so is what nobody foresaw; neither keeps the rest from
        being done.
        """
        whole_at = old_at = trimmed_at = float("-inf")
        while True:
            await self._tried(self.finish)
            await self._tried(self.forget_erased)
            await self._tried(self._applying.applied_later)
            whole = monotonic() > whole_at + WHOLE_EVERY
            if await self._tried(partial(self.look_again, whole=whole)) and whole:
                whole_at = monotonic()
            if monotonic() > trimmed_at + REFUSALS_EVERY and await self._tried(self.forget_old_refusals):
                trimmed_at = monotonic()
            if monotonic() > old_at + OLD_EVERY and await self._tried(self.forget_old):
                old_at = monotonic()
            await asyncio.sleep(TURN_EVERY)

    async def _tried(self, work: Callable[[], Awaitable[object]]) -> bool:
        try:
            await work()
        except (DatabaseError, kafka.Unavailable) as error:
            log.warning("the upkeep of sources goes on later: %s", type(error).__name__)
            return False
        except Exception:
            log.exception("a part of the upkeep of sources failed")
            return False
        return True

    async def finish(self, interrupted_after: timedelta = INTERRUPTED_AFTER) -> int:
        """Publish and count what lies in the outbox for so long; how many parcels that were."""
        before, finished = self._clock() - interrupted_after, 0
        while parcels := await self._outbox.waiting(before):
            for parcel in parcels:
                await self._finish(parcel)
            finished += len(parcels)
        if finished:
            log.warning("%d interrupted parcels of originals were published and counted", finished)
        return finished

    async def _finish(self, parcel: Parcel) -> None:
        kept = await self._ledger.whole(parcel.ids)
        taken = parcel.kind == "taken"
        ours = [one for one in kept.values() if not taken or one["parcel"] == parcel.id]
        said = [one for one in ours if not one.get("held")]
        owners = await self._people.known(one["owner"] for one in said)
        events = [event for one in said if (found := opened(one, owners)) is not None for event in found[1]]
        await self._saying.publish((orjson.loads(event.data)["learner"], (event,)) for event in events)
        if not taken:
            return await self._outbox.leave(parcel)
        await self._ledger.enter([document for one in ours for document in other_claims(one)])
        there = {one["_id"] for one in ours}
        held = [document for document in parcel.held if document["_id"] in there]
        await self._hold_again(held)
        mains = [one for one in ours if "of" not in one]
        tally = Tally(parcel.source, parcel.day, said=len(events), last=parcel.at)
        tally.kinds[Kind.ACCEPTED] = len(mains) - len(held)
        for document in held:
            tally.add(Outcome(Kind.HELD, detail=document["detail"]))
        new = tuple(id_ for one in ours for id_ in (one["_id"], *one.get("more", ())))
        await self._outbox.close(Closing(tally, parcel, new))
        return None

    async def _hold_again(self, held: list[Document]) -> None:
        """What was entered as held, but is not among what is held yet."""
        for document in held:
            async with self._database.transaction() as session:
                where = {"_id": document["_id"], "held": True}
                found = await self._database[ORIGINALS].update_one(where, {"$set": {"held": True}}, session=session)
                if found.matched_count:
                    change = {"$setOnInsert": {name: value for name, value in document.items() if name != "_id"}}
                    await self._database[HELD].update_one({"_id": document["_id"]}, change, upsert=True, session=session)

    async def forget_erased(self) -> None:
        """Of those who were erased lately nothing is held any more, but what is later than the erasure; others forget their part.

        That is seen to when an erasure is found, and again when it need not be listed any more.
        """
        now = self._clock()
        async for document in self._database["erasures"].find({}):
            one, seen = {"_id": document["_id"], "at": document["at"]}, document.get("seen")
            if seen is not None and seen + ERASED_LISTED_FOR > now:
                continue
            await self._apply({"learner": document["_id"]})
            for forget in self._forgets:
                await forget(document["_id"])
            if seen is None:
                await self._database["erasures"].update_one(one, {"$set": {"seen": now}})
            else:
                await self._database["erasures"].delete_one(one)

    async def look_again(self, *, whole: bool = False) -> int:
        """At what is held of sources whose documents have changed, at what came lately, or at all of it; how many are applied.

        Mostly it is applied in the request that makes it known. This is for what came at the same moment, and for processes
        that ended in between.
        """
        now = self._clock()
        since, self._looked_at = self._looked_at, now
        revisions = {registered.source.id: registered.revision for registered in await self._registry.all()}
        changed = [slug for slug, revision in revisions.items() if self._revisions.get(slug) != revision]
        self._revisions = revisions
        if whole or since is None or now - since > LONGEST_PAUSE:
            return await self._apply({})
        lately = list(range(slot_of(since - OVERLAP), slot_of(now) + 1))
        applied = await self._apply({"slot": {"$in": lately}})
        if changed:
            applied += await self._apply({"source": {"$in": changed}, "slot": {"$nin": lately}})
        return applied

    async def _apply(self, where: Document) -> int:
        """Of what is held, some at a time: there may be any number."""
        applied, portion = 0, list[Document]()
        async for document in self._database[HELD].find(where):
            portion.append(document)
            if len(portion) == HELD_AT_ONCE:
                applied += await self._applied(portion)
                portion = []
        return applied + await self._applied(portion)

    async def _applied(self, held: list[Document]) -> int:
        applied = 0
        for slug in sorted({document["source"] for document in held}):
            applied += await self._applying.again(slug, [document for document in held if document["source"] == slug])
        return applied

    async def forget_old(self) -> None:
        """The texts of originals, and what is held, that came before the time for which their source keeps them."""
        for registered in await self._registry.all():
            source = registered.source
            before = self._clock() - source.keeps_originals
            expired = await self._database[HELD].find({"source": source.id, "at": {"$lt": before}}).to_list(None)
            await self._applying.discard(expired, EXPIRED)
            while parcels := await self._old_parcels(source.id, before):
                ids = [id_ for parcel in parcels for id_ in parcel["ids"]]
                for start in range(0, len(ids), AT_ONCE):
                    portion = {"_id": {"$in": ids[start : start + AT_ONCE]}}
                    await self._database[ORIGINALS].update_many(portion, {"$unset": {"sealed": 1}})
                await self._database[PARCELS].delete_many({"_id": {"$in": [parcel["_id"] for parcel in parcels]}})

    async def forget_old_refusals(self) -> None:
        """All but the latest of each source."""
        for registered in await self._registry.all():
            await self._accounts.forget_old_refusals(registered.source.id)

    async def _old_parcels(self, source: str, before: datetime) -> list[Document]:
        where = {"source": source, "at": {"$lt": before}}
        return await self._database[PARCELS].find(where).sort("at", ASCENDING).to_list(AT_ONCE)
