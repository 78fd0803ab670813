"""How many originals of which source became what, on which day, and why.

tallies   {_id: source|day|process, source, day, accepted, held, ignored, refused, duplicated, said, last,
          reasons: {key: {kind, said, n}}}
refusals  {_id, source, at, id, place, reason, status}: the latest of each source, never with what was refused

A day is UTC's, that of receipt. Each process adds to documents of its own, so that none waits for another; they are summed when
they are read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from services.assessment.sources.claims import Kind, Outcome
from shared.mongo import Document, UpdateOne

TALLIES: Final = "tallies"
REFUSALS: Final = "refusals"

MOST_REASONS: Final = 20
"""Of one kind on one day: many of one kind leave room for those of the others."""
LONGEST_REASON: Final = 200
REFUSALS_A_MINUTE: Final = 200
OTHER: Final = "other reasons"
_NUMBER: Final = re.compile(r"(?<=[.\[])[0-9]+")
"""Of an element in a place: which one it was is no other reason."""


@dataclass
class Tally:
    """What is to be added for one source on one day. `said` are the events that follow from what is accepted, `last` is when
    something of it last came in.
    """

    source: str
    day: str
    kinds: Counter[Kind] = field(default_factory=Counter)
    reasons: Counter[tuple[Kind, str]] = field(default_factory=Counter)
    said: int = 0
    last: datetime | None = None

    def add(self, outcome: Outcome, number: int = 1) -> None:
        self.kinds[outcome.kind] += number
        if outcome.detail is not None and outcome.kind in (Kind.REFUSED, Kind.IGNORED, Kind.HELD):
            where = "" if outcome.place is None else _NUMBER.sub("*", f"{outcome.place}: ")
            self.reasons[outcome.kind, f"{where}{outcome.detail}"[:LONGEST_REASON]] += number

    @property
    def key(self) -> tuple[str, str]:
        return self.source, self.day


def day_of(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def merged(tallies: Sequence[Tally]) -> list[Tally]:
    """One for each source and day."""
    found: dict[tuple[str, str], Tally] = {}
    for tally in tallies:
        into = found.setdefault(tally.key, Tally(tally.source, tally.day))
        into.kinds.update(tally.kinds)
        into.reasons.update(tally.reasons)
        into.said += tally.said
        if tally.last is not None:
            into.last = tally.last if into.last is None else max(into.last, tally.last)
    return [tally for _, tally in sorted(found.items())]


class Adding:
    """Makes the changes of one process's documents, with a bounded number of reasons a day, and of refusals a minute."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._noted: Counter[tuple[str, int]] = Counter()
        self._reasons: dict[tuple[str, str, Kind], set[str]] = {}

    def changes(self, tallies: Sequence[Tally]) -> list[UpdateOne]:
        return [self._change(tally) for tally in merged(tallies)]

    def noted(self, refusals: Iterable[Document]) -> list[Document]:
        """Those that are kept: more than the latest are of no use, and a flood of them would be a flood of documents."""
        kept = []
        for refusal in refusals:
            minute = (refusal["source"], int(refusal["at"].timestamp()) // 60)
            if len(self._noted) > 1_000:
                self._noted.clear()
            self._noted[minute] += 1
            if self._noted[minute] <= REFUSALS_A_MINUTE:
                kept.append(refusal)
        return kept

    def _change(self, tally: Tally) -> UpdateOne:
        added: dict[str, int] = {kind.value: number for kind, number in tally.kinds.items() if number}
        if tally.said:
            added["said"] = tally.said
        said: Document = {"source": tally.source, "day": tally.day}
        for (kind, reason), number in tally.reasons.items():
            key, text = self._reason(tally, kind, reason)
            added[f"reasons.{key}.n"] = added.get(f"reasons.{key}.n", 0) + number
            said |= {f"reasons.{key}.kind": kind.value, f"reasons.{key}.said": text}
        change: dict[str, Any] = {"$set": said}
        if added:
            change["$inc"] = added
        if tally.last is not None:
            change["$max"] = {"last": tally.last}
        return UpdateOne({"_id": f"{tally.source}|{tally.day}|{self._process}"}, change, upsert=True)

    def _reason(self, tally: Tally, kind: Kind, reason: str) -> tuple[str, str]:
        key = sha256(f"{kind}{reason}".encode(errors="replace")).hexdigest()[:12]
        if len(self._reasons) > 1_000:
            self._reasons.clear()
        known = self._reasons.setdefault((*tally.key, kind), set())
        if key not in known and len(known) >= MOST_REASONS:
            return f"other_{kind.value}", OTHER
        known.add(key)
        return key, reason.encode(errors="replace").decode()
