"""A learner's record: an immutable value with all that decides, and what was said last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from services.assessment.domain.decisions import Decision, Ruling, Withdrawal
from services.assessment.domain.entries import Entry, Key, Retraction
from shared.decisions import Refused
from shared.pieces import Pieces, having

MOST_ENTRIES: Final = 50_000
MOST_TEXT: Final = 8_000_000
"""Bytes in the ids, sources, activities, grades and results of one record: a document in the database has 16 MB at most."""

Turns = tuple[tuple[datetime, datetime | None], ...]
"""From each instant on, the part was known to be met since the other instant, or not to be met."""


@dataclass(frozen=True, slots=True)
class PartSaid:
    """What was said of a part that ever was met. `evidence` is a digest of what meets it, empty when nothing does."""

    turns: Turns
    again: tuple[datetime, ...]
    evidence: str

    @property
    def since(self) -> datetime | None:
        return self.turns[-1][1] if self.turns else None


PartKey = tuple[int, str]
"""A part's version and path."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was said last of an achievement: parts that were never met are left out."""

    revision: int
    met: bool | None
    parts: Mapping[PartKey, PartSaid]


Named = tuple[datetime, str, bool]
"""When an entry is named by a correction or retraction, the id of that, and whether it retracts."""


@dataclass(frozen=True, slots=True)
class Record:
    """`activities` has the entries of each activity in order of arrival; `named` those that something corrects or retracts.

    A learner who was erased has nothing but `erased`, how often that was, and a floor above which revisions go on.
    """

    learner: str
    entries: Mapping[Key, Entry] = field(default_factory=dict)
    activities: Mapping[str, tuple[Entry, ...]] = field(default_factory=Pieces)
    retractions: Mapping[Key, Retraction] = field(default_factory=dict)
    named: Mapping[Key, tuple[Named, ...]] = field(default_factory=dict)
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    withdrawals: Mapping[str, Withdrawal] = field(default_factory=dict)
    said: Mapping[str, Said] = field(default_factory=Pieces)
    text: int = 0
    erased: datetime | None = None
    erasures: int = 0
    floor: int = 0

    def knows(self, key: Key, digest: str) -> bool:
        """Whether the event was seen before. Raises Refused when that one had other content."""
        known = self.entries.get(key) or self.retractions.get(key)
        if known is None:
            return False
        if known.digest != digest:
            raise Refused("its source has sent an event with the same id before, with other content")
        return True

    def with_entry(self, entry: Entry) -> Record:
        names = (
            entry.id,
            entry.source,
            entry.grade,
            entry.corrects,
            None if entry.activity in self.activities else entry.activity,
            *(text for scored in entry.results for text in scored),
            *entry.links,
        )
        size = sum(len(name.encode()) for name in names if name is not None)
        self._check_room(size)
        return replace(
            self,
            entries={**self.entries, entry.key: entry},
            activities=having(self.activities, {entry.activity: (*self.activities.get(entry.activity, ()), entry)}),
            named=self._naming(entry, entry.corrects, retracts=False),
            text=self.text + size,
        )

    def with_retraction(self, retraction: Retraction) -> Record:
        size = sum(len(name.encode()) for name in (retraction.id, retraction.source, retraction.retracts))
        self._check_room(size)
        return replace(
            self,
            retractions={**self.retractions, retraction.key: retraction},
            named=self._naming(retraction, retraction.retracts, retracts=True),
            text=self.text + size,
        )

    def with_said(self, achievement: str, said: Said) -> Record:
        return replace(self, said=having(self.said, {achievement: said}))

    def rulings(self, achievement: str) -> tuple[Ruling, ...]:
        """The decisions about an achievement that ever counted, in order."""
        if not self.decisions:
            return ()
        ended = self.ended()
        found = (Ruling(made, ended.get(made.id)) for made in self.decisions.values() if made.achievement == achievement)
        return tuple(sorted(ruling for ruling in found if ruling.until is None or ruling.until > ruling.decision.time))

    def ended(self) -> dict[str, datetime]:
        """When each withdrawn decision was first withdrawn."""
        ended: dict[str, datetime] = {}
        for withdrawal in self.withdrawals.values():
            known = ended.get(withdrawal.decision)
            ended[withdrawal.decision] = withdrawal.time if known is None else min(known, withdrawal.time)
        return ended

    def substituted(self, activity: str) -> Iterator[str]:
        """The achievements for which a person let this activity count."""
        return (made.achievement for made in self.decisions.values() if made.activity == activity)

    def corrections_of(self, key: Key) -> Iterator[Key]:
        """The known entries that correct this one."""
        return ((key[0], id_) for _, id_, retracts in self.named.get(key, ()) if not retracts)

    def _naming(self, by: Entry | Retraction, target: str | None, *, retracts: bool) -> Mapping[Key, tuple[Named, ...]]:
        if target is None:
            return self.named
        key = (by.source, target)
        return {**self.named, key: (*self.named.get(key, ()), (by.time, by.id, retracts))}

    def _check_room(self, size: int) -> None:
        if len(self.entries) + len(self.retractions) >= MOST_ENTRIES:
            raise Refused(f"the learner has {MOST_ENTRIES} entries, and more are not kept")
        if self.text + size > MOST_TEXT:
            raise Refused(f"the learner's entries have {MOST_TEXT} bytes of ids and names, and more are not kept")
