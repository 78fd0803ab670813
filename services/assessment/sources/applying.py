"""Held originals, looked at again: applied when what they wait for is known, or discarded.

Each step is one transaction with the counts and with a parcel in the outbox, from which it is published: so it happens once,
whoever else tries, and whatever ends the process in between.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Final

from services.assessment.sources.claims import Kind, Outcome
from services.assessment.sources.document import Source
from services.assessment.sources.ledger import HELD, Ledger
from services.assessment.sources.outbox import Outbox, Settled
from services.assessment.sources.people import People
from services.assessment.sources.registry import Registry
from services.assessment.sources.resolving import Ready, waits_for
from services.assessment.sources.saying import Saying
from services.assessment.sources.settling import ERASED, Settlement, opened, was_erased
from services.assessment.sources.understanding import Found, Understanding
from services.assessment.sources.writing import original_in
from shared import kafka
from shared.mongo import Database, DatabaseError, Document, insert_new
from shared.stream.loop import Steps, no_steps

log = logging.getLogger(__name__)

AT_ONCE: Final = 100
SEEN_FOR: Final = 2.0


class AwaitedReports:
    """Which reports of a source are awaited by what takes them back: mostly none, as was so at most two seconds ago."""

    def __init__(self, database: Database) -> None:
        self._held = database[HELD]
        self._seen: dict[str, frozenset[str]] = {}
        self._seen_at = float("-inf")

    async def of(self, source: str) -> frozenset[str]:
        if monotonic() - self._seen_at > SEEN_FOR:
            self._seen_at = monotonic()
            found: dict[str, set[str]] = {}
            async for document in self._held.find({"takes_back": True}, {"source": 1, "awaits": 1}):
                found.setdefault(document["source"], set()).update(document["awaits"])
            self._seen = {name: frozenset(awaits) for name, awaits in found.items()}
        return self._seen.get(source, frozenset())


class Applying:
    """`when_applied` is told which originals, by their places in the ledger, were held and aren't any more."""

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
        steps: Steps = no_steps,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._held = database[HELD]
        self._known = database["known"]
        self._registry = registry
        self._understanding = understanding
        self._people = people
        self._ledger = ledger
        self._outbox = outbox
        self._saying = saying
        self._step = steps
        self._clock = clock
        self._reports = AwaitedReports(database)
        self.when_applied: Callable[[Source, Sequence[str], datetime], Awaitable[None]] | None = None

    async def came(self, source: Source, found: Sequence[Found]) -> None:
        """These were reported: apply what takes them back and came before them. Left to the upkeep if anything is away."""
        try:
            awaited = await self._reports.of(source.id)
            if awaited and (marks := awaited.intersection(self._marks(source, found))):
                await self.known(marks)
        except (DatabaseError, kafka.Unavailable):
            log.warning("what takes back what came now is applied later", extra={"source": source.id})

    async def known(self, awaited: Iterable[str]) -> int:
        """These have become known: look again at what awaits one of them. How many are applied.

        What was applied may be what others take back, so it goes on with those.
        """
        waiting, applied = list(awaited), 0
        while waiting:
            now, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
            found = await self._held.find({"awaits": {"$in": now}}).to_list(None)
            for slug in sorted({document["source"] for document in found}):
                marks, number = await self._again(slug, [document for document in found if document["source"] == slug])
                applied += number
                waiting += marks
        return applied

    async def learners_known(self, marks: Sequence[str], most: int) -> int:
        """These names have become known. Up to so many originals are applied at once, the rest by the upkeep."""
        awaited = [f"learner:{mark}" for mark in marks]
        waiting = 0
        for start in range(0, len(awaited), AT_ONCE):
            portion = awaited[start : start + AT_ONCE]
            waiting += len(await self._held.find({"awaits": {"$in": portion}}, {"_id": 1}).to_list(most + 1))
        if not waiting:
            return 0
        if waiting > most:
            await insert_new(self._known, [{"_id": mark} for mark in awaited])
            return 0
        return await self.known(awaited)

    async def applied_later(self) -> int:
        """What was left to the upkeep."""
        applied = 0
        while noted := await self._known.find({}).to_list(AT_ONCE):
            marks = [document["_id"] for document in noted]
            applied += await self.known(marks)
            await self._known.delete_many({"_id": {"$in": marks}})
        return applied

    async def again(self, slug: str, held: Sequence[Document]) -> int:
        """Look again at held originals of a source, and at what takes them back. How many are applied."""
        marks, applied = await self._again(slug, held)
        return applied + (await self.known(marks) if marks else 0)

    async def held(self, ids: Sequence[str]) -> list[Document]:
        """Those of these originals that are held."""
        return await self._held.find({"_id": {"$in": list(ids)}}).to_list(None)

    async def discard(self, held: Sequence[Document], reason: str) -> int:
        """They count as refused for this reason, and may be sent again. How many they were."""
        discarded = 0
        for one in await self._outbox.counted_of(held):
            settlement = Settlement(one["source"], self._clock())
            settlement.dropped(one, Outcome(Kind.REFUSED, one["claim"], reason, status=422))
            discarded += await self._settled(settlement)
        return discarded

    async def _again(self, slug: str, held: Sequence[Document]) -> tuple[list[str], int]:
        """What of it is reported now, as marks that others may await; and how many were applied."""
        registered = await self._registry.one(slug)
        marks: list[str] = []
        applied = 0
        if registered is not None:
            for start in range(0, len(held), AT_ONCE):
                counted = await self._outbox.counted_of(held[start : start + AT_ONCE])
                accepted, number = await self._looked_at(registered.source, counted)
                marks += accepted
                applied += number
        return marks, applied

    async def _looked_at(self, source: Source, held: Sequence[Document]) -> tuple[list[str], int]:
        settlement, accepted = await self._settlement(source, held)
        if not await self._settled(settlement):
            if len(held) == 1:
                return [], 0
            halves = [await self._looked_at(source, half) for half in (held[: len(held) // 2], held[len(held) // 2 :])]
            return [mark for marks, _ in halves for mark in marks], sum(number for _, number in halves)
        if accepted and self.when_applied is not None:
            await self.when_applied(source, [one.read.ids[0] for one in accepted], self._clock())
        return self._marks(source, accepted), len(accepted)

    def _marks(self, source: Source, found: Iterable[Found]) -> list[str]:
        claims = [claim for one in found for claim in one.read.claims]
        return [f"report:{self._understanding.mark(source, claim.id)}" for claim in claims]

    async def _settlement(self, source: Source, held: Sequence[Document]) -> tuple[Settlement, list[Found]]:
        settlement, accepted = Settlement(source.id, self._clock()), list[Found]()
        kept = await self._ledger.whole(document["_id"] for document in held)
        owners = await self._people.known(document["owner"] for document in kept.values())
        readable: list[Document] = []
        originals = []
        for document in held:
            found = opened(kept[document["_id"]], owners) if document["_id"] in kept else None
            if found is None:
                settlement.dropped(document, Outcome(Kind.REFUSED, document["claim"], ERASED, status=422))
            else:
                readable.append(document)
                originals.append(self._understanding.read(source, original_in(found[0]), document["at"]))
        meant = await self._understanding.found(source, originals, self._clock())
        owners |= await self._people.owners(one.owner for one in meant if isinstance(one, Found))
        for document, one in zip(readable, meant, strict=True):
            if isinstance(one, Outcome):
                settlement.dropped(document, one)
            elif was_erased(one, owners):
                settlement.dropped(document, Outcome(Kind.REFUSED, one.read.id, ERASED, status=422))
            elif isinstance(one.says, Ready):
                settlement.accepted(document, one, one.says, owners[one.owner])
                accepted.append(one)
            else:
                settlement.still_held(document, one, owners[one.owner], waits_for(one.says.awaits))
        return settlement, accepted

    async def _settled(self, settlement: Settlement) -> bool:
        """And published. False: somebody else has settled some of it, and nothing was done here."""
        if settlement.is_empty:
            return True
        try:
            parcel = await self._outbox.settle(settlement)
        except Settled:
            return False
        await self._step("settled")
        if parcel is not None:
            await self._saying.publish(settlement.said)
            await self._step("published")
            await self._outbox.leave(parcel)
        return True
