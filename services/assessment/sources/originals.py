"""What came in, as it came: so that every entry leads to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.assessment.domain.archive import AGAIN, original_id
from services.assessment.sources.claims import Claim
from services.assessment.sources.document import Source
from services.assessment.sources.formats import FORMATS
from services.assessment.sources.ledger import HELD, Ledger
from services.assessment.sources.people import People
from services.assessment.sources.settling import opened
from services.assessment.sources.understanding import Understanding
from services.assessment.sources.writing import original_in
from shared.events.envelope import Envelope
from shared.mongo import ASCENDING, Database, Document

LONGEST_ACTIVITY: Final = 1_000
"""Characters that are shown of one that isn't known; a document can't name a longer one."""
TRIES: Final = 3
"""Originals that are opened to find what a mark stands for, where the first can't be read any more."""


class NotKept(Exception):
    """It came in, but nobody can read it any more."""


@dataclass(frozen=True, slots=True)
class Original:
    """`text` is its JSON; `said` all events that followed from it, in order. `awaits` is empty unless it is held."""

    id: str
    at: datetime
    learner: str | None
    awaits: tuple[str, ...]
    text: bytes
    said: tuple[Envelope, ...]


class Originals:
    def __init__(self, database: Database, people: People, ledger: Ledger, understanding: Understanding) -> None:
        self._held = database[HELD]
        self._people = people
        self._ledger = ledger
        self._understanding = understanding

    async def one(self, event_source: str, id_: str) -> Original | None:
        """By its own id or that of an event that followed from it. None: it never came. Raises NotKept."""
        for name in dict.fromkeys((id_, AGAIN.sub("", id_))):
            place = original_id(event_source, name)
            found = (await self._ledger.whole([place])).get(place)
            if found is not None and "of" in found:
                found = (await self._ledger.whole([found["of"]])).get(found["of"])
            if found is not None:
                return await self._read(found)
        return None

    async def read(self, documents: Sequence[Document]) -> Mapping[str, bytes]:
        """The texts of held originals, by the ids of their documents; those that can be read."""
        kept = await self._ledger.whole(document["_id"] for document in documents)
        owners = await self._people.known(one["owner"] for one in kept.values())
        return {id_: found[0] for id_, one in kept.items() if (found := opened(one, owners)) is not None}

    async def held(self, source: Source, limit: int, after: tuple[datetime, str] | None = None) -> list[Document]:
        """The documents of what is held of a source, the oldest first."""
        where: Document = {"source": source.id}
        if after is not None:
            at, id_ = after
            where["$or"] = [{"at": {"$gt": at}}, {"at": at, "_id": {"$gt": id_}}]
        cursor = self._held.find(where).sort([("at", ASCENDING), ("_id", ASCENDING)]).limit(limit)
        return await cursor.to_list(limit)

    async def held_with(self, source: Source, ids: Sequence[str], activity: str | None) -> list[Document]:
        """What is held of these ids, or of an unknown activity in the source's words."""
        where: Document = {"source": source.id}
        if activity is not None:
            where["awaits"] = f"activity:{self._understanding.mark(source, activity)}"
        if ids:
            where["_id"] = {"$in": [original_id(source.event_source, id_) for id_ in ids]}
        return await self._held.find(where).to_list(None)

    async def activities(self, source: Source, held: Sequence[Document]) -> dict[str, str]:
        """What the unknown activities are in the source's words, by their marks, as far as an original can be read that names
        them: nothing but originals has the words, for a mistaken column may have put a person's name there.
        """
        naming: dict[str, list[Document]] = {}
        for document in held:
            for mark in activity_marks(document):
                naming.setdefault(mark, []).append(document)
        words: dict[str, str] = {}
        for at in range(TRIES):
            wanted = [found[at] for mark, found in naming.items() if mark not in words and at < len(found)]
            for text in (await self.read(wanted)).values() if wanted else ():
                named = {claim.activity for claim in claims_of(source, text) if claim.activity is not None}
                words |= {self._understanding.mark(source, activity): activity[:LONGEST_ACTIVITY] for activity in named}
        return {mark: words[mark] for mark in naming if mark in words}

    async def _read(self, found: Document) -> Original:
        text = opened(found, await self._people.known([found["owner"]]))
        if text is None:
            raise NotKept(found["_id"])
        held = await self._held.find_one({"_id": found["_id"]}) if found["held"] else None
        awaits = () if held is None else tuple(held["awaits"])
        return Original(found["claim"], found["at"], found["learner"], awaits, *text)


def activity_marks(held: Document) -> list[str]:
    """Of the unknown activities that it waits for."""
    return [awaited.partition(":")[2] for awaited in held["awaits"] if awaited.startswith("activity:")]


def claims_of(source: Source, text: bytes) -> list[Claim]:
    """As the source's document reads the original now; none if it can't any more."""
    try:
        found = FORMATS[source.format].read(original_in(text), source)
    except Exception:  # noqa: BLE001 - a reader's trouble is no reason not to show the rest
        return []
    return list(found) if isinstance(found, (list, tuple)) else []
