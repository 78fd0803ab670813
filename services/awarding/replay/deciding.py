"""Who holds what, decided anew from the verdicts and compared with what was said: pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.awarding.domain.awards import Award, Holdings
from services.awarding.domain.fold import Cascade, cascade
from services.awarding.domain.inputs import Verdict, latest_instant, verdict_of
from services.awarding.domain.record import Record, Said, Standing, with_lines
from services.awarding.domain.rules import Rules
from services.awarding.domain.standing import moved, progress_document
from shared.decisions import Put
from shared.events.assessment import VerdictReached
from shared.events.awarding import AwardStatus
from shared.events.envelope import Cause, rfc3339

BEGINNING: Final = Cause(kind="publication", id="?", time=datetime.fromisoformat("1970-01-01T00:00:00Z"))

State = tuple[AwardStatus, int, datetime, datetime, datetime | None]


@dataclass(frozen=True, slots=True)
class Difference:
    """An award that was said otherwise than it follows; None: not at all. `pending`: a message that says so is on its way."""

    learner: str
    achievement: str
    award: str
    said: State | None
    follows: State | None
    pending: bool = False

    @property
    def takes(self) -> bool:
        """Whether the learner would lose something that they were told they hold."""
        held = (AwardStatus.VALID, AwardStatus.EXPIRED)
        return self.said is not None and self.said[0] in held and (self.follows is None or self.follows[0] not in held)

    def to_json(self) -> dict[str, Any]:
        return {
            "learner": self.learner,
            "achievement": self.achievement,
            "award": self.award,
            "said": shown(self.said),
            "follows": shown(self.follows),
            "pending": self.pending,
        }


@dataclass(frozen=True, slots=True)
class Decided:
    record: Record
    progress: tuple[Put, ...]
    differences: tuple[Difference, ...]


def decide(record: Record, verdicts: Collection[VerdictReached], pending: Collection[str], rules: Rules) -> Decided:
    """The record with its verdicts, its awards with their histories, and where the learner stands in each stack.

    `pending` are the achievements whose verdict the stream will read once more. Where what follows isn't what was said, the
    awards stay as they were said: whatever corrects that is told by the stream.
    """
    known = {said.achievement: verdict_of(said) for said in verdicts}
    after = replace(record, verdicts=known, horizon=_horizon(record, verdicts, known))
    done = follows(after, rules)
    lines = done.holdings.lines
    differences = _differences(record, lines)
    if differences:
        waiting = any(achievement in pending for achievement in known)
        differences = tuple(replace(one, pending=waiting) for one in differences)
        lowered = {id_: replace(verdict, revision=verdict.revision - 1) for id_, verdict in known.items() if id_ in pending}
        after = replace(after, verdicts={**known, **lowered})
        otherwise = {one.achievement for one in differences}
        as_said = {id_: line for id_, line in record.lines.items() if id_ in otherwise}
        lines = {id_: line for id_, line in lines.items() if id_ not in otherwise} | as_said
    after = with_lines(replace(after, ending=frozenset()), lines, lines)
    stacks = _standings(after, done.begun, rules)
    blank = replace(after, stacks={})
    progress = tuple(progress_document(blank, stack, standing, rules) for stack, standing in stacks.items())
    return Decided(replace(after, stacks=stacks), progress, differences)


def follows(record: Record, rules: Rules) -> Cascade:
    """All that the record's verdicts and decisions lead to, whatever awards it has."""
    affected = dict.fromkeys(sorted({*record.verdicts, *record.decisions} & rules.by_id.keys()), BEGINNING)
    return cascade(replace(record, lines={}), affected, rules)


def _horizon(record: Record, said: Collection[VerdictReached], verdicts: Mapping[str, Verdict]) -> datetime | None:
    """The last instant known to have passed."""
    passed = [instant for verdict in verdicts.values() if (instant := latest_instant(verdict)) is not None]
    passed += [fact.cause.time for fact in said]
    if record.horizon is not None:
        passed.append(record.horizon)
    return max(passed, default=None)


def _standings(record: Record, begun: Mapping[str, None], rules: Rules) -> dict[str, Standing]:
    holdings = Holdings(dict(record.lines))
    levels = {rules.by_id[achievement].stack for achievement in record.lines if achievement in rules.by_id}
    stacks = dict.fromkeys([*record.stacks, *begun, *sorted(stack for stack in levels if stack is not None)])
    return {
        stack: replace(moved(record, stack, rules, holdings, BEGINNING).standing, revision=_upgrades(record, stack))
        for stack in stacks
    }


def _upgrades(record: Record, stack: str) -> int:
    return record.stacks.get(stack, Standing()).revision


def _differences(record: Record, lines: Mapping[str, tuple[Award, ...]]) -> tuple[Difference, ...]:
    found: list[Difference] = []
    for achievement in sorted({*record.lines, *lines}):
        follows = {award.id: state_of(award) for award in lines.get(achievement, ())}
        said = {award.id: state_said(record.said[award.id]) for award in record.lines.get(achievement, ())}
        for id_ in sorted({*follows, *said}):
            was, is_ = said.get(id_), follows.get(id_)
            never_earned = is_ is None and was is not None and was[0] is AwardStatus.REVOKED
            if was != is_ and not never_earned:
                found.append(Difference(record.learner, achievement, id_, was, is_))
    return tuple(found)


def state_of(award: Award) -> State:
    return award.status, award.version, award.awarded_at, award.status_since, award.valid_until


def state_said(said: Said) -> State:
    return said.status, said.version, said.awarded_at, said.status_since, said.valid_until


def shown(state: State | None) -> dict[str, Any] | None:
    if state is None:
        return None
    status, version, awarded_at, since, until = state
    return {
        "status": status.value,
        "version": version,
        "awarded_at": rfc3339(awarded_at),
        "status_since": rfc3339(since),
        "valid_until": None if until is None else rfc3339(until),
    }
