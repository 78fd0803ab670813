"""What people judged, in the entries that a finding names. Only what is said carries it: it decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from services.assessment.domain.attempts import Archive
from services.assessment.domain.leaves import Also
from shared.requirements.model import EntryLeaf, WeightedMean
from shared.requirements.tree import Finding, Judged, joined

MOST_JUDGED: Final = 200
"""How many levels reached a finding has at most: the first ones."""


def with_results(found: Finding, leaf: EntryLeaf, path: str, archive: Archive, also: Also) -> Finding:
    """The finding at a leaf, with the rubrics' results of the entries that count there."""
    judged = tuple(islice(_judged(frozenset(found.by), leaf, path, archive, also), MOST_JUDGED)) if found.by else ()
    return replace(found, results=judged) if judged else found


def _judged(by: frozenset[str], leaf: EntryLeaf, path: str, archive: Archive, also: Also) -> Iterator[Judged]:
    for activity in dict.fromkeys(_activities(leaf, path, also)):
        for report in archive.effective(activity) if archive.reported(frozenset((activity,))) else ():
            if report.id in by and report.until is None:
                for result in report.entry.results:
                    yield Judged(activity, result.criterion, result.level, result.points or None)


def _activities(leaf: EntryLeaf, path: str, also: Also) -> Iterator[str]:
    if isinstance(leaf, WeightedMean):
        for i, item in enumerate(leaf.of):
            yield item.activity
            yield from also.get(joined(path, f"of/{i}"), ())
    else:
        yield leaf.activity
        yield from also.get(path, ())
