"""What the record keeps of an entry: as little as decides. The whole entry is a document of its own."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from shared.decisions import Event
from shared.events.completions import CompletionReported, CompletionRetracted
from shared.requirements.wordings import plain

SCORE_PLACES: Final = 10
"""Scores are whole numbers of ten-billionths of the highest score, so that sums and comparisons are exact."""

WEIGHT_PLACES: Final = 6

Key = tuple[str, str]
"""What names an event: its source and its id."""


class Scored(NamedTuple):
    """The level reached by one criterion of a rubric, with its points as text (empty: none were said)."""

    criterion: str
    level: str
    points: str = ""


class Entry(NamedTuple):
    """One report about an activity. Entries compare in source-time order, ties by id. `links` are what the learner shows of what
    people judged."""

    time: datetime
    id: str
    source: str
    digest: str
    activity: str
    status: str
    score: int | None
    grade: str | None
    attempt: int
    corrects: str | None
    results: tuple[Scored, ...] = ()
    links: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        return self.source, self.id


class Retraction(NamedTuple):
    """A source took back one of its entries, which may not be known yet."""

    time: datetime
    id: str
    source: str
    digest: str
    retracts: str

    @property
    def key(self) -> Key:
        return self.source, self.id


def as_entry(event: Event[CompletionReported]) -> Entry:
    said = event.data
    return Entry(
        event.time,
        event.id,
        event.source,
        event.digest,
        said.activity,
        said.status.value,
        None if said.score is None else score_units(said.score.share),
        said.grade,
        said.attempt,
        said.corrects,
        tuple(Scored(each.criterion, each.level, "" if each.points is None else plain(each.points)) for each in said.results)
        if said.results
        else (),
        said.evidence if said.results else (),
    )


def as_retraction(event: Event[CompletionRetracted]) -> Retraction:
    return Retraction(event.time, event.id, event.source, event.digest, event.data.retracts)


@lru_cache(maxsize=65_536)
def score_units(share: Decimal) -> int:
    """A share with at most ten decimal places, exactly."""
    return int(share.scaleb(SCORE_PLACES))


@lru_cache(maxsize=65_536)
def weight_units(weight: Decimal) -> int:
    """A weight with at most six decimal places, exactly."""
    return int(weight.scaleb(WEIGHT_PLACES))


def in_words(units: int) -> str:
    """A score as a plain decimal: `0.85`."""
    text = f"{units:0{SCORE_PLACES + 1}d}"
    return f"{text[:-SCORE_PLACES]}.{text[-SCORE_PLACES:]}".rstrip("0").rstrip(".")
