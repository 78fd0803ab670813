"""What a format's reader makes of one original: claims in the source's own words, before anything is mapped to ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.events.completions import CriterionResult, Score, Status


@dataclass(frozen=True, slots=True)
class Name:
    """How a source names a learner: `value` in its namespace `kind`: `mbox`, `canvas:user`, `account:https://lms.example`."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a completion says, but for the learner and the activity. The fields are those of `CompletionReported`."""

    status: Status
    score: Score | None = None
    grade: str | None = None
    attempt: int = 1
    evidence: tuple[str, ...] = ()
    corrects: str | None = None
    results: tuple[CriterionResult, ...] | None = None


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The source takes back what it said under the id `retracts`."""

    retracts: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that an original says.

    `id` names it among all that the source ever says (255 characters at most): the same again is a repetition.
    `time` is the source's own, aware of its offset. `names` are the learner's, the best first; only what takes something back
    may have none, for then it is about the learner of what it takes back. `activity` is as the source names it. Where the
    source said no time, that of receipt stands and it is not `timed`: the same again is the same, whenever it comes.
    """

    id: str
    time: datetime
    names: tuple[Name, ...]
    activity: str | None
    said: Result | TakenBack
    timed: bool = True


@dataclass(frozen=True, slots=True)
class Nothing:
    """A good original that says nothing about completions. `reason` is a short sentence, the same for all of its sort."""

    reason: str


class Wrong(Exception):
    """The original can't be taken: `detail` says what is wrong and what would be right, `place` where (`object.id`).

    Neither repeats what stands there: it may be a person's name, and the same mistake has the same `detail`.
    `id` is the original's, where it has one.
    """

    def __init__(self, detail: str, place: str = "", *, id: str | None = None, status: int = 422) -> None:  # noqa: A002
        self.detail = detail
        self.place = place
        self.id = id
        self.status = status
        super().__init__(f"{place}: {detail}" if place else detail)


class Kind(StrEnum):
    """What became of an original. Each that comes in has exactly one of these, so that they add up."""

    ACCEPTED = "accepted"
    HELD = "held"
    IGNORED = "ignored"
    REFUSED = "refused"
    DUPLICATED = "duplicated"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one original. `detail` says why it is held, ignored or refused, `place` where the trouble is.

    `status` is HTTP's for what is refused: 400, 409 (the id was used for something else), 403 (not the source's to say), 422.
    """

    kind: Kind
    id: str | None = None
    detail: str | None = None
    place: str | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Understood:
    """What a trial shows of one original: its outcome, were it sent, and each event that would be published, as JSON."""

    outcome: Outcome
    events: tuple[dict[str, Any], ...] = ()
