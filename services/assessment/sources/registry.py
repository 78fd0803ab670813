"""The registered sources, each as the document says it.

sources           {_id: slug, event_source, document (JSON text), revision, paused, made_at, changed_at, changed_by}
source_revisions  {_id: slug@revision, document, changed_at, changed_by}: every document that was ever in force
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Final

from services.assessment.sources.document import Source
from shared.events.reviews import REVIEWERS, not_to_judge
from shared.mongo import ASCENDING, Database, Document, DuplicateKey

SEEN_FOR: Final = 2.0
"""Seconds after which another instance's change is seen."""

MOST_REMEMBERED: Final = 1_000

OURS: Final = {REVIEWERS: "reviews"}
"""What assessment says itself, by its CloudEvents source, and as whom: nobody registers it, and nobody else speaks so."""


class Moved(Exception):
    """The source's revision isn't the expected one: somebody else has changed it in the meantime. `current` is its revision, 0
    if there is no such source."""

    def __init__(self, current: int) -> None:
        self.current = current
        super().__init__(f"the source is at revision {current}")


class NotPossible(Exception):
    """A good document that can't be in force: `place` says where it is in the way of what is there already."""

    def __init__(self, place: str, says: str) -> None:
        self.place = place
        self.says = says
        super().__init__(f"{place}: {says}")


@dataclass(frozen=True, slots=True)
class Registered:
    """`revision` counts the documents that were in force, from 1. Nothing is taken from a source that is `paused`."""

    source: Source
    revision: int
    paused: bool
    made_at: datetime
    changed_at: datetime
    changed_by: str


class Registry:
    """Sources are written directly, each write conditional on the revision it was made from."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = monotonic) -> None:
        self._database = database
        self._sources = database["sources"]
        self._revisions = database["source_revisions"]
        self._clock = clock
        self._remembered: dict[str, tuple[float, Registered]] = {}
        self._speakers: dict[str, tuple[float, str | None]] = {}

    async def create_indexes(self) -> None:
        await self._database.create("sources", {"keys": [("event_source", ASCENDING)], "unique": True})
        await self._database.create("source_revisions")

    async def one(self, slug: str) -> Registered | None:
        """As it is, or was at most two seconds ago."""
        at, known = self._remembered.get(slug, (0.0, None))
        if known is not None and self._clock() - at < SEEN_FOR:
            return known
        return await self.fresh(slug)

    async def fresh(self, slug: str) -> Registered | None:
        """As it is now."""
        document = await self._sources.find_one({"_id": slug})
        if document is None:
            self._remembered.pop(slug, None)
            return None
        return self._remember(document)

    async def all(self) -> list[Registered]:
        """In the order of their slugs."""
        found = await self._sources.find({}).to_list(None)
        return sorted(map(self._remember, found), key=lambda registered: registered.source.id)

    async def stamps(self) -> dict[str, tuple[int, bool]]:
        """Of each source its revision, and whether it is paused: what changes when a source does, without the documents."""
        found = self._sources.find({}, {"revision": 1, "paused": 1})
        return {document["_id"]: (document["revision"], document["paused"]) async for document in found}

    async def speaking_as(self, event_source: str) -> str | None:
        """The slug of the source whose completions have this CloudEvents source, if it is a registered one's."""
        if event_source in OURS:
            return OURS[event_source]
        at, slug = self._speakers.get(event_source, (float("-inf"), None))
        if self._clock() - at < SEEN_FOR:
            return slug
        found = await self._sources.find_one({"event_source": event_source}, {"_id": 1})
        if len(self._speakers) >= MOST_REMEMBERED:
            self._speakers.clear()
        slug = None if found is None else str(found["_id"])
        self._speakers[event_source] = (self._clock(), slug)
        return slug

    async def put(self, document: Source, by: str, *, expected: int | None = None) -> Registered:
        """Register the source, or put another document in force. The same document changes nothing, whatever was expected.

        `expected` is the revision that the change was made from, 0 for a source that must not be there yet. Raises Moved if
        it is another one, and NotPossible.
        """
        _is_not_ours(document)
        while True:
            current = await self.fresh(document.id)
            if current is not None and current.source == document:
                return current
            at = 0 if current is None else current.revision
            if expected is not None and expected != at:
                raise Moved(at)
            if current is not None:
                _lasting(current.source, document)
            if (written := await self._written(document, by, current)) is not None:
                return written

    async def would_be(self, document: Source, by: str) -> Registered:
        """What `put` would answer. Nothing is written. Raises NotPossible."""
        _is_not_ours(document)
        current = await self.fresh(document.id)
        if current is not None and current.source == document:
            return current
        if current is not None:
            _lasting(current.source, document)
        elif await self._sources.find_one({"event_source": document.event_source}, {"_id": 1}) is not None:
            raise NotPossible("speaks_as", f"another source speaks as {document.event_source} already")
        now = datetime.now(UTC)
        if current is None:
            return Registered(document, 1, False, now, now, by)
        return Registered(document, current.revision + 1, current.paused, current.made_at, now, by)

    async def pause(self, slug: str, paused: bool) -> Registered | None:
        """Take nothing from it until it goes on. None: there is no such source."""
        await self._sources.update_one({"_id": slug}, {"$set": {"paused": paused}})
        return await self.fresh(slug)

    async def revision(self, slug: str, number: int) -> Source | None:
        """The document that was in force as this revision."""
        found = await self._revisions.find_one({"_id": f"{slug}@{number}"})
        if found is not None:
            return Source.model_validate_json(found["document"])
        # Whoever put it may not have come to keep it.
        current = await self.fresh(slug)
        return current.source if current is not None and current.revision == number else None

    async def _written(self, document: Source, by: str, current: Registered | None) -> Registered | None:
        """As it was written, whatever came after it. None: somebody else was faster."""
        now = datetime.now(UTC)
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        revision = 1 if current is None else current.revision + 1
        fields: Document = {
            "event_source": document.event_source,
            "document": document.model_dump_json(exclude_defaults=True),
            "revision": revision,
            "changed_at": now,
            "changed_by": by,
        }
        made: Document = {"paused": False, "made_at": now}
        try:
            if current is None:
                await self._sources.insert_one({"_id": document.id, **fields, **made})
            else:
                made = {"paused": current.paused, "made_at": current.made_at}
                where = {"_id": document.id, "revision": current.revision}
                if (await self._sources.update_one(where, {"$set": fields})).matched_count == 0:
                    return None
        except DuplicateKey as error:
            if await self.fresh(document.id) is None:
                says = f"another source speaks as {document.event_source} already"
                raise NotPossible("speaks_as", says) from error
            return None
        kept = {name: fields[name] for name in ("document", "changed_at", "changed_by")}
        await self._revisions.replace_one({"_id": f"{document.id}@{revision}"}, kept, upsert=True)
        self._speakers.clear()
        return self._remember({"_id": document.id, **fields, **made})

    def _remember(self, found: Document) -> Registered:
        """What was read before of the same revision isn't read again: documents may be long."""
        _, known = self._remembered.get(found["_id"], (0.0, None))
        same = known is not None and known.revision == found["revision"] and known.changed_at == found["changed_at"]
        registered = Registered(
            source=known.source if known is not None and same else Source.model_validate_json(found["document"]),
            revision=found["revision"],
            paused=found["paused"],
            made_at=found["made_at"],
            changed_at=found["changed_at"],
            changed_by=found["changed_by"],
        )
        self._remembered[found["_id"]] = (self._clock(), registered)
        return registered


def _is_not_ours(document: Source) -> None:
    if document.id in OURS.values():
        raise NotPossible("source", f"{document.id} is what assessment calls itself; register it by another name")
    if document.event_source in OURS:
        raise NotPossible("speaks_as", f"nobody but assessment speaks as {document.event_source}")
    named = {f"may_publish.{i}": glob for i, glob in enumerate(document.may_publish)}
    named |= {f"activities.{i}.is": rule.is_ for i, rule in enumerate(document.activities)}
    for place, activity in named.items():
        if (wrong := not_to_judge(document.event_source, activity)) is not None:
            raise NotPossible(place, wrong[1])


def _lasting(was: Source, becomes: Source) -> None:
    """Originals are kept in the format in which they came, and entries name who said so."""
    if becomes.format != was.format:
        says = f"the source is of the format {was.format}, and stays so; register another source for another format"
        raise NotPossible("format", says)
    if becomes.event_source != was.event_source:
        says = f"the source speaks as {was.event_source}, and entries name it so; register another source for another name"
        raise NotPossible("speaks_as", says)
