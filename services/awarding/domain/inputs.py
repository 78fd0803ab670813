"""What a learner's awards are decided from: assessment's verdicts and the decisions of people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from shared.events.assessment import VerdictReached
from shared.requirements.tree import Finding, Moment


@dataclass(frozen=True, slots=True)
class Part:
    """What assessment found on one part of a requirement; see `shared.events.assessment.Part`."""

    path: str
    turns: tuple[tuple[datetime, datetime | None], ...]
    again: tuple[datetime, ...]
    finding: Finding

    def since(self, known_at: datetime) -> datetime | None:
        """Since when it was met, as far as was known then."""
        found = None
        for at, since in self.turns:
            if at > known_at:
                break
            found = since
        return found

    def found(self, moment: Moment, known_at: datetime) -> Finding:
        """What was found at this moment. Its reasons are those of now, as long as they agree."""
        since = self.since(known_at)
        if since is None:
            met = False
        elif moment.since is None:
            met = since <= moment.at
        else:
            met = any(moment.since < fresh <= moment.at for fresh in (since, *self.again))
        if met == self.finding.met:
            return self.finding
        return Finding(met)

    def moments(self, known_at: datetime) -> Iterator[datetime]:
        """When it was met, and met afresh, as far as was known then."""
        since = self.since(known_at)
        if since is not None:
            yield since
            for moment in self.again:
                if moment <= known_at:
                    yield moment


@dataclass(frozen=True, slots=True)
class Verdict:
    """Assessment's newest verdict on one achievement: the parts by version and path."""

    revision: int
    versions: tuple[tuple[int, tuple[Part, ...]], ...]

    def parts(self, version: int) -> tuple[Part, ...]:
        return next((parts for number, parts in self.versions if number == version), ())


def verdict_of(said: VerdictReached) -> Verdict:
    return Verdict(
        said.revision,
        tuple(
            (
                found.version,
                tuple(
                    Part(part.path, tuple((turn.at, turn.since) for turn in part.turns), part.again, part.finding)
                    for part in found.parts
                ),
            )
            for found in said.versions
        ),
    )


def latest_instant(verdict: Verdict) -> datetime | None:
    """The last instant that the verdict speaks of as passed."""
    return max(
        (instant for _, parts in verdict.versions for part in parts for instant in (*(at for at, _ in part.turns), *part.again)),
        default=None,
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """A person granted or revoked an achievement, whatever its requirement says. Ordered by time, ties by id.

    A revocation takes whatever award of the achievement is held at its time, and keeps the requirement from granting another.
    `id` is unique among requests (`source` and event id); `version` may name the version that is granted.
    """

    at: datetime
    id: str
    digest: str
    grants: bool
    decided_by: str
    note: str
    version: int | None = None
