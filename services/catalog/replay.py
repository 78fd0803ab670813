"""The catalog rebuilt: versions and announcements from `catalog.publications`, drafts from the database before or its backup.

`python -m services.catalog.replay --into <prefix> [--from <prefix>]`
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.catalog.domain.versions import Version
from services.catalog.store import STATE, announcement_of, create_indexes, document_of
from shared.broker import broker_of
from shared.events.catalog import AchievementPublished, Published, StackPublished
from shared.events.envelope import Malformed, read_envelope
from shared.mongo import Document, insert_new
from shared.replay.command import Replay, command
from shared.replay.copying import copy_all
from shared.replay.course import Course
from shared.replay.reading import Topics
from shared.topics import PUBLICATIONS

NAME: Final = "catalog"

COLLECTIONS: Final = {
    "state": "rebuilt",
    "versions": "rebuilt",
    "announcements": "rebuilt",
    "drafts": "copied",
    "leases": "left",
}

_NUMBERS: Final = 1_000_000
_MODELS: Final[dict[str, type[Published]]] = {model.TYPE: model for model in (AchievementPublished, StackPublished)}


@dataclass(frozen=True, slots=True)
class Announced:
    """An announcement as it stands on the topic; `at` is the broker's stamp."""

    published: Published
    offset: int
    traceparent: str | None
    at: datetime


async def replay(asked: Replay) -> None:
    """Raises Occupied, Unknown. May be called again after it was interrupted."""
    course = await Course.open(asked.target, NAME, asked.tell)
    await create_indexes(asked.target)
    if asked.origin is not None:
        copied = [name for name, what in COLLECTIONS.items() if what == "copied"]
        await copy_all(course, asked.origin, copied, tuple(COLLECTIONS))
    async with Topics.open(broker_of(asked.settings)) as topics:
        announced = [one async for one in _announced(topics)]
    await _put(course, announced)
    await course.end()


async def _announced(topics: Topics) -> Any:
    async for taken in topics.read(PUBLICATIONS.name, 0, "reads"):
        for incoming in taken:
            try:
                envelope = read_envelope(incoming.headers, incoming.value)
                published = _MODELS[envelope.type].model_validate_json(envelope.data)
            except (Malformed, KeyError, ValueError):
                continue
            yield Announced(published, incoming.offset, envelope.traceparent, incoming.stamp)


async def _put(course: Course, announced: list[Announced]) -> None:
    step = await course.step("publications", len(announced))
    if step.ended:
        return
    database = course.database
    documents = list(announcements(announced))
    await insert_new(database["versions"], [document_of(version) for version in versions(announced)])
    await insert_new(database["announcements"], documents)
    revision = max((int(document["number"]) // _NUMBERS for document in documents), default=0)
    await database["state"].update_one({"_id": STATE}, {"$set": {"revision": revision}})
    await step.moved(len(announced))
    await step.end()


def versions(announced: Iterable[Announced]) -> list[Version]:
    """Each as it was last announced. Where nobody recorded when it was first announced, the oldest announcement kept says it."""
    newest: dict[str, Version] = {}
    first: dict[str, datetime] = {}
    for one in announced:
        key, version = one.published.key, version_of(one.published)
        first[key] = min(version.published_at, first.get(key, version.published_at))
        if key not in newest or newest[key].revision < version.revision:
            newest[key] = version
    return [replace(version, published_at=first[key]) for key, version in newest.items()]


def version_of(published: Published) -> Version:
    assert isinstance(published, AchievementPublished | StackPublished)
    return Version(
        definition=published.definition,
        number=published.version,
        revision=published.revision,
        announced_at=published.announced_at,
        published_at=published.published_at or published.announced_at,
        effective_from=published.effective_from,
        teach_out_ends=published.teach_out_ends,
        retired=published.retired,
        endorsements=published.endorsements,
    )


def announcements(announced: Iterable[Announced]) -> Iterable[Document]:
    """All that is on the topic was sent. What compaction removed said less than what came after it."""
    there: set[str] = set()
    for one in announced:
        number = (len(there) + 1) * _NUMBERS
        document = announcement_of(version_of(one.published), number, one.traceparent)
        if document["_id"] not in there:
            there.add(document["_id"])
            del document["data"]
            yield {**document, "sent": True, "sent_at": one.at}


if __name__ == "__main__":
    command(NAME, replay)
