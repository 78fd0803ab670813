"""What of a source is held, gathered by what it waits for: whom its names may mean, and what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.assessment.sources.document import Source
from services.assessment.sources.originals import TRIES, activity_marks, claims_of
from services.assessment.sources.resolving import Lookup, plan_of
from services.assessment.sources.sources import Sources
from shared.mongo import Document

LOOKED_AT: Final = 20_000
"""The oldest of what is held."""
SHOWN: Final = 50
AT_ONCE: Final = 500


@dataclass
class Waiting:
    """Originals that wait for the same. `mark` stands for it in addresses and forms, `words` are the source's for an activity,
    if an original can be read that has them.
    """

    mark: str
    since: datetime
    documents: list[Document] = field(default_factory=list)
    words: str | None = None

    @property
    def held(self) -> int:
        return len(self.documents)

    @property
    def ids(self) -> list[str]:
        return [document["claim"] for document in self.documents]


@dataclass(frozen=True)
class Unknown:
    """A learner whom nobody knows yet, with the names under which the source knows them."""

    waiting: Waiting
    names: tuple[Lookup, ...]


@dataclass(frozen=True)
class Held:
    """`learners` are the first of `unknown` ones."""

    number: int
    learners: list[Unknown]
    unknown: int
    activities: list[Waiting]
    reports: list[Waiting]
    more: bool


async def held(at: Sources, source: Source) -> Held:
    found = await at.originals.held(source, LOOKED_AT + 1)
    more, found = len(found) > LOOKED_AT, found[:LOOKED_AT]
    learners = _by_learner(found)
    activities = _gathered((mark, one) for one in found for mark in activity_marks(one))
    activities.sort(key=lambda one: (-one.held, one.since, one.mark))
    words = await at.originals.activities(source, [one for waiting in activities[:SHOWN] for one in waiting.documents[:TRIES]])
    for waiting in activities:
        waiting.words = words.get(waiting.mark)
    reports = [one for one in found if one.get("takes_back")]
    return Held(
        len(found),
        await _named(at, source, learners[:SHOWN]),
        len(learners),
        activities,
        _gathered((one["claim"], one) for one in reports),
        more,
    )


async def waiting_for(at: Sources, source: Source, what: str, mark: str) -> list[Document]:
    """What waits for a `learner`, an `activity` or a `report`, by its mark."""
    found = await at.originals.held(source, LOOKED_AT)
    if what == "activity":
        return [one for one in found if mark in activity_marks(one)]
    if what == "report":
        return [one for one in found if one.get("takes_back") and one["claim"] == mark]
    return next((one.documents for one in _by_learner(found) if one.mark == mark), [])


async def unknown_learner(at: Sources, source: Source, mark: str) -> Unknown | None:
    """Who that is in the source's words; None if nobody of that mark is waited for any more."""
    found = _by_learner(await at.originals.held(source, LOOKED_AT))
    waiting = next((one for one in found if one.mark == mark), None)
    if waiting is None:
        return None
    (named,) = await _named(at, source, [waiting])
    return named


def _by_learner(found: Iterable[Document]) -> list[Waiting]:
    """What takes something back waits for its report or its learner: there is nobody to be entered for it."""
    awaiting = (("".join(_learners(one)), one) for one in found if not one.get("takes_back"))
    return _gathered((mark, one) for mark, one in awaiting if mark)


def _learners(document: Document) -> list[str]:
    return sorted(awaited.partition(":")[2] for awaited in document["awaits"] if awaited.startswith("learner:"))


def _gathered(found: Iterable[tuple[str, Document]]) -> list[Waiting]:
    """In the order in which the first of each came."""
    waiting: dict[str, Waiting] = {}
    for mark, document in found:
        waiting.setdefault(mark, Waiting(mark, document["at"])).documents.append(document)
    return list(waiting.values())


async def _named(at: Sources, source: Source, learners: list[Waiting]) -> list[Unknown]:
    """With the names, as far as the originals can be read by the document that is in force."""
    texts = await at.originals.read([one.documents[0] for one in learners])
    return [Unknown(one, _names(at, source, one.documents[0], texts.get(one.documents[0]["_id"]))) for one in learners]


def _names(at: Sources, source: Source, document: Document, text: bytes | None) -> tuple[Lookup, ...]:
    awaited = set(_learners(document))
    return tuple(lookup for lookup in _lookups(source, text) if at.directory.mark(lookup) in awaited)


def _lookups(source: Source, text: bytes | None) -> list[Lookup]:
    return [] if text is None else sorted(plan_of(source).lookups(claims_of(source, text)))


async def enter(at: Sources, unknown: Unknown, learner: str) -> int:
    """These names mean this learner from now on. How many held originals could be applied at once."""
    return await at.applying.learners_known(await at.directory.enter(dict.fromkeys(unknown.names, learner)), AT_ONCE)
