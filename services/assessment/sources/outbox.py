"""What is entered and must still be published and counted, so that no crash in between loses any of it.

outbox   {_id: parcel, kind, at, source, day, ids, held}: what was entered together and is not yet published and counted; `held`
         are the documents of what of it is held
parcels  {_id: parcel, source, at, ids}: what came in together, in the order of time

Counting and leaving the outbox are one transaction; requests that end at the same time share it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import uuid4

from services.assessment.sources.claims import Kind
from services.assessment.sources.gathering import Gathering
from services.assessment.sources.ledger import HELD, ORIGINALS
from services.assessment.sources.tallies import REFUSALS, TALLIES, Adding, Tally, day_of
from shared.mongo import ASCENDING, Database, DatabaseError, Document, InsertOne, UpdateOne, insert_own, is_conflict, is_duplicate

if TYPE_CHECKING:
    from services.assessment.sources.settling import Settlement

OUTBOX: Final = "outbox"
PARCELS: Final = "parcels"
TRIES: Final = 20


@dataclass(frozen=True)
class Parcel:
    """`ids` are the ledger's. `taken`: what came in; what of it was new is found in the ledger by the parcel's id.

    `applied`: what was entered before and is to be published (again), already counted.
    """

    id: str
    source: str
    at: datetime
    day: str
    ids: tuple[str, ...]
    kind: Literal["taken", "applied"] = "taken"
    held: tuple[Document, ...] = ()

    def document(self) -> Document:
        fields = {"_id": self.id, "kind": self.kind, "source": self.source, "at": self.at, "day": self.day}
        return fields | {"ids": list(self.ids), "held": list(self.held)}

    @classmethod
    def from_document(cls, found: Document) -> Parcel:
        held = tuple(found["held"])
        return cls(found["_id"], found["source"], found["at"], found["day"], tuple(found["ids"]), found["kind"], held)


@dataclass(frozen=True)
class Closing:
    """What ends a request: `parcel` leaves the outbox, its new originals in `new`, and all is counted."""

    tally: Tally
    parcel: Parcel | None = None
    new: tuple[str, ...] = ()
    refusals: tuple[Document, ...] = field(default=())


class Settled(Exception):
    """Somebody else has settled some of it in the meantime, and nothing was changed."""


class Gone(Exception):
    """These parcels are not in the outbox any more: somebody else has published and counted them."""

    def __init__(self, parcels: frozenset[str]) -> None:
        self.parcels = parcels
        super().__init__(", ".join(parcels))


class Outbox:
    """`process` names the documents of counts that it alone adds to."""

    def __init__(self, database: Database, process: str) -> None:
        self._database = database
        self._adding = Adding(process)
        self._closing = Gathering(self._counted)

    async def create_indexes(self) -> None:
        await self._database.create(OUTBOX, [("at", ASCENDING)])
        await self._database.create(PARCELS, [("source", ASCENDING), ("at", ASCENDING)])

    async def put(self, parcel: Parcel) -> None:
        await insert_own(self._database[OUTBOX], parcel.document())

    async def waiting(self, before: datetime, most: int = 100) -> list[Parcel]:
        """Those that lie there since before then, the oldest first."""
        found = await self._database[OUTBOX].find({"at": {"$lt": before}}).sort("at", ASCENDING).to_list(most)
        return [Parcel.from_document(document) for document in found]

    async def leave(self, parcel: Parcel) -> None:
        """It is published, and was counted before."""
        await self._database[OUTBOX].delete_one({"_id": parcel.id})

    async def counted_of(self, held: Sequence[Document]) -> list[Document]:
        """Those whose parcel is counted: what is held can become something else only after it was counted as held."""
        parcels = {document["parcel"] for document in held}
        async for waiting in self._database[OUTBOX].find({"_id": {"$in": list(parcels)}, "kind": "taken"}, {"_id": 1}):
            parcels.discard(waiting["_id"])
        return [document for document in held if document["parcel"] in parcels]

    async def close(self, closing: Closing) -> None:
        """Returns when it is counted. Raises a DatabaseError, and then nobody knows, unless the upkeep counts it later."""
        await self._closing.made(closing)

    async def _counted(self, closings: Sequence[Closing]) -> Sequence[None]:
        """What somebody else has counted in the meantime is left out: they count what was new, and nothing else."""
        for attempt in range(TRIES):
            try:
                await self._commit(closings)
                break
            except Gone as gone:
                closings = [_without_what_was_new(one, gone.parcels) for one in closings]
            except DatabaseError as error:
                if not is_conflict(error) or attempt == TRIES - 1:
                    raise
                await asyncio.sleep(0.005 * (attempt + 1))
        return [None] * len(closings)

    async def _commit(self, closings: Sequence[Closing]) -> None:
        parcels = [one.parcel for one in closings if one.parcel is not None]
        ids = [parcel.id for parcel in parcels]
        came = [
            {"_id": one.parcel.id, "source": one.parcel.source, "at": one.parcel.at, "ids": list(one.new)}
            for one in closings
            if one.parcel is not None and one.new
        ]
        refusals = self._adding.noted(refusal for one in closings for refusal in one.refusals)
        async with self._database.transaction() as session:
            if ids:
                gone = (await self._database[OUTBOX].delete_many({"_id": {"$in": ids}}, session=session)).deleted_count
                if gone != len(ids):
                    raise Gone(await self._missing(ids))
            if came:
                await self._database[PARCELS].insert_many(came, session=session)
            if changes := self._adding.changes([one.tally for one in closings]):
                await self._database[TALLIES].bulk_write(changes, session=session)
            if refusals:
                await self._database[REFUSALS].bulk_write([InsertOne(one) for one in refusals], session=session)

    async def settle(self, settlement: Settlement) -> Parcel | None:
        """All of it or nothing; the parcel that is to be published. Raises Settled if somebody else has settled some of it."""
        parcel = settlement.parcel
        for attempt in range(TRIES):
            try:
                await self._settled(settlement, parcel)
                return parcel
            except DatabaseError as error:
                if is_duplicate(error):
                    raise Settled from error
                if not is_conflict(error) or attempt == TRIES - 1:
                    raise
                await asyncio.sleep(0.005 * (attempt + 1))
        return parcel

    async def _settled(self, settlement: Settlement, parcel: Parcel | None) -> None:
        must: list[tuple[str, list[UpdateOne]]] = [
            (HELD, settlement.held),
            (ORIGINALS, settlement.changes),
            *((collection, [change]) for collection, change in settlement.beside),
        ]
        may: list[tuple[str, list[Any]]] = [
            (ORIGINALS, [*settlement.others, *map(InsertOne, settlement.new)]),
            (TALLIES, list(self._adding.changes(settlement.tallies))),
            (REFUSALS, [InsertOne(one) for one in self._adding.noted(settlement.refusals)]),
        ]
        async with self._database.transaction() as session:
            if gone := settlement.gone:
                found = await self._database[HELD].delete_many({"_id": {"$in": gone}}, session=session)
                if found.deleted_count != len(gone):
                    raise Settled
            if forgotten := settlement.forgotten:
                await self._database[ORIGINALS].delete_many({"_id": {"$in": forgotten}}, session=session)
            if parcel is not None:
                await self._database[OUTBOX].insert_one(parcel.document(), session=session)
            for collection, changes in must:
                if changes and (await self._database[collection].bulk_write(changes, session=session)).matched_count != len(
                    changes
                ):
                    raise Settled
            for collection, writes in may:
                if writes:
                    await self._database[collection].bulk_write(writes, session=session)

    async def _missing(self, ids: Sequence[str]) -> frozenset[str]:
        there = {document["_id"] async for document in self._database[OUTBOX].find({"_id": {"$in": list(ids)}}, {"_id": 1})}
        return frozenset(ids) - there


def _without_what_was_new(closing: Closing, gone: frozenset[str]) -> Closing:
    if closing.parcel is None or closing.parcel.id not in gone:
        return closing
    kinds = closing.tally.kinds.copy()
    kinds.pop(Kind.ACCEPTED, None)
    kinds.pop(Kind.HELD, None)
    reasons = closing.tally.reasons.copy()
    for kind, reason in list(reasons):
        if kind is Kind.HELD:
            del reasons[kind, reason]
    return Closing(replace(closing.tally, kinds=kinds, reasons=reasons, said=0), refusals=closing.refusals)


def new_parcel(source: str, at: datetime, ids: Sequence[str]) -> Parcel:
    return Parcel(uuid4().hex, source, at, day_of(at), tuple(ids))
