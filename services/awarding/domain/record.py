"""What is kept of a learner: the inputs, the awards as decided from them, and what was last said about each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.awarding.domain.awards import Award, Lines
from services.awarding.domain.inputs import Decision, Verdict
from services.awarding.domain.status_lists import ListId
from shared.events.awarding import AwardStatus
from shared.pieces import Draft, Pieces

NOTICE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Said:
    """What the last fact about an award said. `noticed` is the end of validity of which notice was given."""

    revision: int
    status: AwardStatus
    version: int
    awarded_at: datetime
    status_since: datetime
    valid_until: datetime | None = None
    noticed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the learner stands in a stack: the highest level whose award is valid, and that award (None: at no level yet).

    `revision` counts the upgrades that were said.
    """

    revision: int = 0
    level: str | None = None
    award: str | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """The newest edition of an award's credential: what it states, where its status is, and with which keys it is signed.

    `award_revision` is that of the fact it was made from. `marked` says whether its place in the list is set.
    """

    edition: int
    award_revision: int
    version: int
    awarded_at: datetime
    valid_until: datetime | None
    valid_from: datetime
    list: str
    index: int
    marked: bool
    signed_with: str
    jwt_signed_with: str | None = None
    identity: int | None = None

    @property
    def at(self) -> ListId:
        found = ListId.of(self.list)
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of the identity that a learner shares: the newest revision, and whether it shares anything."""

    revision: int
    shared: bool


@dataclass(frozen=True, slots=True)
class Record:
    """Never changed in place. `horizon` is the last instant known to have passed; `erased` when the learner was last forgotten,
    `erasures` how often. `said` and `credentials` are by award. `ending` are the achievements whose newest award ends some day.
    """

    learner: str
    verdicts: Mapping[str, Verdict] = field(default_factory=Pieces)
    decisions: Mapping[str, tuple[Decision, ...]] = field(default_factory=dict)
    horizon: datetime | None = None
    lines: Mapping[str, tuple[Award, ...]] = field(default_factory=Pieces)
    ending: frozenset[str] = frozenset()
    said: Mapping[str, Said] = field(default_factory=Pieces)
    stacks: Mapping[str, Standing] = field(default_factory=dict)
    credentials: Mapping[str, Issued] = field(default_factory=Pieces)
    identity: Identity | None = None
    erased: datetime | None = None
    erasures: int = 0

    @property
    def has_inputs(self) -> bool:
        return bool(self.verdicts or self.decisions)


def notice_at(award: Award) -> datetime | None:
    """When the learner is to hear that the award will expire: 30 days before, or half-way if it is valid for less than 60."""
    end = award.valid_until
    if end is None or award.valid_for is None:
        return None
    return end - min(NOTICE, award.valid_for / 2)


def ends_between(record: Record, after: datetime | None, until: datetime) -> set[str]:
    """The achievements with an award whose validity ends after the one instant and not after the other."""
    found: set[str] = set()
    for achievement in record.ending:
        award = record.lines[achievement][-1]
        if award.now.status is AwardStatus.REVOKED or award.now.expired:
            continue
        end = award.valid_until
        if end is not None and end <= until and (after is None or end > after):
            found.add(achievement)
    return found


def with_lines(record: Record, lines: Lines, changed: Collection[str]) -> Record:
    """The record with these awards, which differ from its own in the lines of these achievements alone."""
    ending = {achievement for achievement in changed if (line := lines.get(achievement)) and line[-1].valid_for is not None}
    return replace(record, lines=lines, ending=record.ending.difference(changed) | ending)


def with_verdict(record: Record, achievement: str, verdict: Verdict) -> Record:
    verdicts = Draft(record.verdicts)
    verdicts[achievement] = verdict
    return replace(record, verdicts=verdicts.done())
