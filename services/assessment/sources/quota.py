"""How much each source may bring, counted in the database so that it holds however many instances there are.

source_quotas  {_id: slug, minutes: {0 to 59: {of, count, beside}}}: `of` is the minute's number since 1970, `beside` what was
               brought without the quota's leave

A source's minutes are the clock's. One conditional write counts a request, or several that come at once; a second one begins a
new minute. What stays of the last hour says how busy the source is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from time import time
from typing import Final

from services.assessment.sources.document import Source
from services.assessment.sources.gathering import Gathering
from shared.http import Problem
from shared.mongo import Database, DuplicateKey

MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class _Asked:
    """Room for so many; `most` is what the source may bring in a minute."""

    slug: str
    originals: int
    most: int


class Quotas:
    def __init__(self, database: Database, *, clock: Callable[[], float] = time) -> None:
        self._database = database
        self._quotas = database["source_quotas"]
        self._clock = clock
        self._gatherings: dict[str, Gathering[_Asked, bool]] = {}

    async def create_indexes(self) -> None:
        await self._database.create("source_quotas")

    async def admit(self, source: Source, originals: int) -> None:
        """Count them. Raises the 429 problem, with Retry-After, when there is no room for all of them in this minute; what
        is not admitted counts nothing."""
        most = source.quota.per_minute
        if originals > most:
            detail = f"{originals} at once are more than the source may bring in a minute: {most}. Send smaller batches."
            raise Problem(413, "More than the source's quota", detail, quota=most)
        gathering = self._gatherings.setdefault(source.id, Gathering(self._admitted))
        if not await gathering.made(_Asked(source.id, originals, most)):
            seconds = max(1, ceil(MINUTE - self._clock() % MINUTE))
            detail = f"The source may bring {most} a minute; for {originals} more there is room in {seconds} seconds."
            raise Problem(429, "Over the source's quota", detail, headers={"retry-after": str(seconds)}, quota=most)

    async def note(self, source: Source, originals: int) -> None:
        """Count what its quota doesn't limit: how busy the source is shows it, too."""
        minute = int(self._clock() // MINUTE)
        place = f"minutes.{minute % 60}"
        for _ in range(2):
            added = {"$inc": {f"{place}.beside": originals}}
            if (await self._quotas.update_one({"_id": source.id, f"{place}.of": minute}, added)).matched_count:
                return
            if await self._begun(source.id, minute, {"count": 0, "beside": originals}):
                return

    async def last_hour(self, slug: str) -> list[int]:
        """How many it brought in each of the last sixty minutes, this one last."""
        found = await self._quotas.find_one({"_id": slug})
        minutes = (
            {}
            if found is None
            else {each["of"]: int(each["count"]) + int(each.get("beside", 0)) for each in found["minutes"].values()}
        )
        now = int(self._clock() // MINUTE)
        return [minutes.get(minute, 0) for minute in range(now - 59, now + 1)]

    async def _admitted(self, together: Sequence[_Asked]) -> list[bool]:
        """All at once if there is room for all of them, and otherwise those, in their order, for which there is."""
        slug, most = together[0].slug, min(asked.most for asked in together)
        originals = sum(asked.originals for asked in together)
        if len(together) > 1 and originals <= most and await self._counted(slug, originals, most):
            return [True] * len(together)
        admitted, too_many = [], None
        for asked in together:
            if too_many is not None and asked.originals >= too_many:
                admitted.append(False)
                continue
            admitted.append(await self._counted(slug, asked.originals, asked.most))
            if not admitted[-1]:
                too_many = asked.originals
        return admitted

    async def _counted(self, slug: str, originals: int, most: int) -> bool:
        minute = int(self._clock() // MINUTE)
        place = f"minutes.{minute % 60}"
        room = {"_id": slug, f"{place}.of": minute, f"{place}.count": {"$lte": most - originals}}
        for _ in range(2):
            if (await self._quotas.update_one(room, {"$inc": {f"{place}.count": originals}})).matched_count:
                return True
            if await self._begun(slug, minute, {"count": originals}):
                return True
        return False

    async def _begun(self, slug: str, minute: int, counts: Mapping[str, int]) -> bool:
        """False: the minute has begun before: it is full, or another instance has begun it just now."""
        place = f"minutes.{minute % 60}"
        begun = {"$set": {place: {"of": minute, **counts}}}
        try:
            await self._quotas.update_one({"_id": slug, f"{place}.of": {"$ne": minute}}, begun, upsert=True)
        except DuplicateKey:
            return False
        return True
