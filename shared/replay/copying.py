"""What nothing else determines is taken over as it was, from the database before or a backup of it."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from typing import Final

from shared.mongo import Database, Document, insert_new
from shared.replay.course import Course

PORTION: Final = 500

Keep = Callable[[Document], bool]


class Unknown(Exception):
    """The database holds collections of which it isn't said what becomes of them. The text names them."""


async def copy(course: Course, origin: Database, collection: str, keep: Keep = lambda _document: True) -> None:
    """All documents for which `keep` holds. Begun anew after it was interrupted: what is there already stays as it is."""
    total = await origin[collection].count_documents({})
    step = await course.step(f"copy {collection}", total)
    if step.ended:
        return
    done = 0
    async for portion in portions_of(origin[collection].find({})):
        await insert_new(course.database[collection], [document for document in portion if keep(document)])
        done += len(portion)
        await step.moved(done)
    await step.end()


async def portions_of(documents: AsyncIterable[Document]) -> AsyncIterator[list[Document]]:
    portion: list[Document] = []
    async for document in documents:
        portion.append(document)
        if len(portion) == PORTION:
            yield portion
            portion = []
    if portion:
        yield portion


async def copy_all(course: Course, origin: Database, collections: Sequence[str], known: Sequence[str]) -> None:
    """Those that the origin has. Raises Unknown if it has any that isn't among the `known`."""
    there = set(await origin.collections())
    if strange := sorted(there - set(known)):
        raise Unknown(f"{origin.name} holds {', '.join(strange)}, and nobody has said what a replay does with that")
    for collection in collections:
        if collection in there:
            await copy(course, origin, collection)
