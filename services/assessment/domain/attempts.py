"""What a learner's entries say about the attempts at one activity, by what was known at some time.

Two times meet here. An entry is *known* from its own time on; what it reports counts from its *place* on: its own time, or for
a correction the earliest time in the chain of what it corrects, for it takes that one's place. It counts `until` something
known corrects or retracts it. What is corrected does not come back when the correction is retracted; a retraction also takes
back the corrections that stood in the retracted entry's place by then.

Reports of one attempt that follow each other regrade it. By what is known, the attempt's score at a time is that of its last
report until then, or less if a later report has lowered it; it never counts for more than what is left of it. So a regrade
that raises a score counts from its own time on and takes nothing back, and one that lowers it takes back what needed more.
Passed and a grade go the same way; a pass that was regraded to failed is no completion either. Clearing regrades to nothing:
what was reported of the attempt before is not there any more, and what is reported after it begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from services.assessment.domain.entries import Entry, Key
from services.assessment.domain.record import Record

RESULTS: Final = frozenset({"completed", "passed", "failed", "scored", "cleared"})
"""The statuses that report a result. Registering, starting and withdrawing undo nothing."""


class Effective(NamedTuple):
    """An entry with its place and its end; they sort in the order in which they regrade."""

    place: datetime
    time: datetime
    id: str
    until: datetime | None
    entry: Entry

    def known_before(self, instant: datetime | None) -> bool:
        """Whether it counts by what is known just before an instant (None: by all that is known)."""
        if instant is None:
            return self.until is None
        return self.time < instant and (self.until is None or self.until >= instant)


class Reach(NamedTuple):
    """From `at` on, by the entry `by`."""

    at: datetime
    by: str


class Step(NamedTuple):
    """From `at` on, the attempt's score was `score`, by the entry `by`."""

    at: datetime
    score: int
    by: str


class Graded(NamedTuple):
    at: datetime
    grade: str
    by: str


class Attempt(NamedTuple):
    """One attempt, by what is known, since it was last cleared. `scores` rise strictly; `grades` are all given, in order."""

    number: int
    completed: Reach | None
    passed: Reach | None
    scores: tuple[Step, ...]
    grades: tuple[Graded, ...]

    def moments(self) -> Iterator[datetime]:
        """When something about it began."""
        for reach in (self.completed, self.passed):
            if reach is not None:
                yield reach.at
        for step in self.scores:
            yield step.at
        for given in self.grades:
            yield given.at


AttemptsOf = Callable[[str], tuple[Attempt, ...]]
"""The attempts at an activity, by number."""


class Archive:
    """The effective entries of one record, each activity's worked out once."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._effective: dict[str, tuple[Effective, ...]] = {}

    def reported(self, activities: frozenset[str]) -> list[str]:
        """Those of the activities that there are entries of."""
        return [activity for activity in activities if activity in self._record.activities]

    def effective(self, activity: str) -> tuple[Effective, ...]:
        found = self._effective.get(activity)
        if found is None:
            found = self._effective[activity] = effective(self._record, activity)
        return found

    def counts(self, entry: Entry) -> bool:
        """Whether nothing that is known corrects or retracts the entry."""
        return not self._record.named or _until(self._record, entry) is None

    def known_before(self, instant: datetime | None) -> AttemptsOf:
        """The attempts at each activity by what is known just before an instant (None: by all that is known)."""
        worked_out: dict[str, tuple[Attempt, ...]] = {}
        reported = self._record.activities

        def attempts_of(activity: str) -> tuple[Attempt, ...]:
            if activity not in reported:
                return ()
            found = worked_out.get(activity)
            if found is None:
                found = worked_out[activity] = attempts([e for e in self.effective(activity) if e.known_before(instant)])
            return found

        return attempts_of


def effective(record: Record, activity: str) -> tuple[Effective, ...]:
    """The activity's entries that report a result and ever count, in the order in which they regrade."""
    found = []
    named = bool(record.named)
    for entry in record.activities.get(activity, ()):
        if entry.status not in RESULTS:
            continue
        until = _until(record, entry) if named else None
        if until is None or until > entry.time:
            place = entry.time if entry.corrects is None else _place(record, entry)
            found.append(Effective(place, entry.time, entry.id, until, entry))
    if len(found) > 1:
        found.sort()
    return tuple(found)


def _until(record: Record, entry: Entry) -> datetime | None:
    """When the entry is first known not to count any more."""
    ends = [time for time, _, _ in record.named.get(entry.key, ())]
    ends += [
        time
        for corrected in _corrected(record, entry)
        for time, _, retracts in record.named.get(corrected, ())
        if retracts and time >= entry.time
    ]
    return min(ends, default=None)


def _place(record: Record, entry: Entry) -> datetime:
    """That of the first one in the chain of what it corrects."""
    place = entry.time
    for key in _corrected(record, entry):
        if (found := record.entries.get(key)) is not None:
            place = min(place, found.time)
    return place


def _corrected(record: Record, entry: Entry) -> Iterator[Key]:
    """What the entry corrects, what that corrects in turn, and so on, as far as it was reported when it was corrected."""
    seen = {entry.key}
    at: Entry | None = entry
    while at is not None and at.corrects is not None and (key := (at.source, at.corrects)) not in seen:
        seen.add(key)
        yield key
        found = record.entries.get(key)
        at = found if found is not None and found.time <= at.time else None


def attempts(reports: Sequence[Effective]) -> tuple[Attempt, ...]:
    """The attempts that some effective entries of one activity, in order, tell of."""
    if not reports:
        return ()
    if len(reports) == 1:
        return (_attempt(reports[0].entry.attempt, reports),)
    by_number: dict[int, list[Effective]] = {}
    for report in reports:
        by_number.setdefault(report.entry.attempt, []).append(report)
    return tuple(_attempt(number, by_number[number]) for number in sorted(by_number))


def _attempt(number: int, reports: Sequence[Effective]) -> Attempt:
    completed: Reach | None = None
    passed: Reach | None = None
    grades: list[Graded] = []
    scores: list[Step] = []
    for place, _, id_, _, entry in reports:
        if entry.status == "passed":
            passed = passed or Reach(place, id_)
        elif entry.status == "failed":
            passed = None
        elif entry.status == "completed" and completed is None:
            completed = Reach(place, id_)
        elif entry.status == "cleared":
            completed = passed = None
            grades, scores = [], []
        if entry.grade is not None:
            grades.append(Graded(place, entry.grade, id_))
        if entry.score is not None:
            _regrade(scores, Step(place, entry.score, id_))
    if completed is None or (passed is not None and passed < completed):
        completed = passed
    return Attempt(number, completed, passed, tuple(scores), tuple(grades))


def _regrade(scores: list[Step], step: Step) -> None:
    """A higher score is a step up; a lower one cuts the steps above it down, to begin where the first of them began."""
    at = step.at
    while scores and scores[-1].score > step.score:
        at = scores.pop().at
    if not scores or scores[-1].score < step.score:
        scores.append(Step(at, step.score, step.by))


def lowers(record: Record, entry: Entry) -> bool:
    """Whether the entry gives less than, or something else than, another report of the same attempt."""
    return any(
        other.attempt == entry.attempt
        and other is not entry
        and (
            (entry.score is not None and other.score is not None and other.score > entry.score)
            or (entry.status == "failed" and other.status == "passed")
            or entry.status == "cleared"
            or (entry.grade is not None and other.grade is not None and other.grade != entry.grade)
        )
        for other in record.activities.get(entry.activity, ())
    )


def lowering(reports: Iterable[Effective]) -> Iterator[datetime]:
    """When reports of one activity, in order, may have lowered what an earlier one gave."""
    earlier: dict[int, tuple[int, bool, frozenset[str]]] = {}
    for report in reports:
        entry = report.entry
        score, passed, grades = earlier.get(entry.attempt, (0, False, frozenset()))
        if (
            (entry.score is not None and entry.score < score)
            or (passed and entry.status == "failed")
            or (entry.status == "cleared" and entry.attempt in earlier)
            or (entry.grade is not None and bool(grades - {entry.grade}))
        ):
            yield entry.time
        earlier[entry.attempt] = (
            max(score, entry.score or 0),
            passed or entry.status == "passed",
            grades if entry.grade is None or entry.grade in grades else grades | {entry.grade},
        )
