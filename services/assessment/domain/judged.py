"""What people judged, in the entries that a finding names, and what learners show of it. Only what is said carries it: it decides
nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from services.assessment.domain.attempts import Archive
from services.assessment.domain.entries import Entry
from services.assessment.domain.leaves import Also
from shared.requirements.model import EntryLeaf, WeightedMean
from shared.requirements.tree import Finding, Judged, joined

MOST_JUDGED: Final = 200
MOST_LINKS: Final = 20
"""How many levels reached and links a finding has at most: the first ones."""


def with_judgement(found: Finding, leaf: EntryLeaf, path: str, archive: Archive, also: Also) -> Finding:
    """The finding at a leaf, with the rubrics' results of the entries that count there, and the links to what was judged."""
    entries = tuple(_judged(frozenset(found.by), leaf, path, archive, also)) if found.by else ()
    if not entries:
        return found
    results = (
        Judged(entry.activity, result.criterion, result.level, result.points or None)
        for entry in entries
        for result in entry.results
    )
    links = dict.fromkeys(link for entry in entries for link in entry.links)
    return replace(found, results=tuple(islice(results, MOST_JUDGED)), links=tuple(islice(links, MOST_LINKS)) or None)


def _judged(by: frozenset[str], leaf: EntryLeaf, path: str, archive: Archive, also: Also) -> Iterator[Entry]:
    for activity in dict.fromkeys(_activities(leaf, path, also)):
        for report in archive.effective(activity) if archive.reported(frozenset((activity,))) else ():
            if report.id in by and report.until is None and report.entry.results:
                yield report.entry


def _activities(leaf: EntryLeaf, path: str, also: Also) -> Iterator[str]:
    if isinstance(leaf, WeightedMean):
        for i, item in enumerate(leaf.of):
            yield item.activity
            yield from also.get(joined(path, f"of/{i}"), ())
    else:
        yield leaf.activity
        yield from also.get(path, ())
