"""What became of one achievement of a learner: a pure function of the inputs and of what it rests on.

Two times are told apart: the moment at which a requirement is met, and the instant at which that is known. The instants are
walked in their order, so the result depends on the sets of inputs alone and never on when they came.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from services.awarding.domain.awards import Award, Change
from services.awarding.domain.evidence import Evidence, View, rests_on
from services.awarding.domain.inputs import Decision
from services.awarding.domain.rules import Rule, Version
from shared.events.awarding import AwardStatus
from shared.events.definitions import Withdrawal
from shared.requirements.tree import Finding, Moment

NamesAward = Callable[[int], str]
"""Gives the public id of the learner's n-th award of the achievement, counting from 1."""

WITHDRAWN = {
    Withdrawal.REVOKE: AwardStatus.REVOKED,
    Withdrawal.SUSPEND: AwardStatus.SUSPENDED,
    Withdrawal.KEEP: AwardStatus.VALID,
}


def timeline(
    rule: Rule,
    evidence: Sequence[Evidence],
    decisions: Sequence[Decision],
    horizon: datetime | None,
    names: NamesAward,
) -> tuple[Award, ...]:
    """The awards of the achievement, the oldest first, each with its history up to the `horizon`: the last instant that is known
    to have passed. `evidence` is that of the versions for which anything can count; `decisions` are in the order of time.
    """
    if not evidence and not decisions:
        return ()
    if not decisions and all(each.only_grows for each in evidence):
        met = [each for each in evidence if _is_met(each)]
        if not met:
            return ()
        if all(each.version.definition.valid_for is None for each in evidence):
            return (_granted_once(met, names),)
    walk = _Walk(rule, {each.version.number: each for each in evidence}, names)
    walk.through(decisions, horizon)
    return tuple(walk.line)


def earliest(evidence: Evidence, view: View) -> tuple[datetime, Finding] | None:
    """The earliest moment at which the version's requirement was met, as far as was known, with what was found there."""
    candidates = evidence.candidates(view.known_at)
    if not candidates:
        return None
    if evidence.only_grows:
        found = evidence.found(Moment(candidates[-1]), view)
        if not found.met:
            return None
        first = _first_true(candidates, lambda moment: evidence.found(Moment(moment), view).met)
        return first, found if first == candidates[-1] else evidence.found(Moment(first), view)
    for moment in candidates:
        found = evidence.found(Moment(moment), view)
        if found.met:
            return moment, found
    return None


def _is_met(evidence: Evidence, instant: datetime | None = None) -> bool:
    """Whether the requirement, which only grows, is met as far as was known at the instant (None: as far as is known)."""
    known_at = max(evidence.instants()) if instant is None else instant
    candidates = evidence.candidates(known_at)
    return bool(candidates) and evidence.found(Moment(candidates[-1]), View(known_at)).met


def _first_true(instants: Sequence[datetime], test: Callable[[datetime], bool]) -> datetime:
    """The first of the ascending instants from which on the test holds; it holds for the last, often for that one alone."""
    if len(instants) == 1 or not test(instants[-2]):
        return instants[-1]
    return instants[bisect_left(instants, True, hi=len(instants) - 2, key=test)]


def _granted_once(met: Sequence[Evidence], names: NamesAward) -> Award:
    """The one award, where everything only grows: it is found without walking every instant."""
    found: list[tuple[datetime, datetime, int, Finding, Evidence]] = []
    for evidence in met:
        instant = _first_true(sorted(set(evidence.instants())), partial(_is_met, evidence))
        first = earliest(evidence, View(instant))
        assert first is not None
        found.append((instant, first[0], -evidence.version.number, first[1], evidence))
    instant, moment, _, finding, evidence = min(found, key=lambda each: each[:3])
    change = Change(instant, AwardStatus.VALID, met_at=moment, rests_on=rests_on(finding, evidence))
    return Award(names(1), evidence.rule.achievement, 1, evidence.version.number, moment, None, (change,))


def is_settled(line: Sequence[Award], evidence: Sequence[Evidence], since: datetime) -> bool:
    """Whether a granted award stays as it is, if all that is new of what it rests on became known at `since` or later."""
    return (
        len(line) == 1
        and line[0].plain
        and line[0].changes[0].at < since
        and all(each.only_grows and each.version.definition.valid_for is None for each in evidence)
    )


@dataclass(eq=False)
class _Walk:
    """The state at the instant that the walk has come to. `pinned`: a person granted the award, nothing but a person takes it;
    `barred`: a person revoked it, nothing but a person grants another.
    """

    rule: Rule
    evidence: dict[int, Evidence]
    names: NamesAward
    line: list[Award] = field(default_factory=list)
    pinned: bool = False
    barred: bool = False

    def through(self, decisions: Sequence[Decision], horizon: datetime | None) -> None:
        instants = {decision.at for decision in decisions}
        for evidence in self.evidence.values():
            instants.update(evidence.instants())
        made = list(decisions)
        for instant in sorted(instants):
            self._lapse(instant)
            self._follow(instant)
            self._renew(instant)
            while made and made[0].at == instant:
                self._decide(made.pop(0))
            self._lapse(instant, inclusive=True)
        if horizon is not None:
            self._lapse(horizon, inclusive=True)

    @property
    def current(self) -> Award | None:
        """The award that is held, in whatever status; None if there is none or it was revoked."""
        return self.line[-1] if self.line and self.line[-1].now.status is not AwardStatus.REVOKED else None

    def _follow(self, instant: datetime) -> None:
        """Let the requirement, as far as is known now, have its say."""
        held = self.current
        if held is not None and not self.pinned:
            self._keep(held, instant)
        if self.current is None and not self.barred:
            first = self._first(instant)
            if first is not None:
                moment, evidence, finding = first
                change = Change(instant, AwardStatus.VALID, met_at=moment, rests_on=rests_on(finding, evidence))
                self._grant(evidence.version, moment, change)

    def _keep(self, held: Award, instant: datetime) -> None:
        evidence = self.evidence.get(held.version)
        now = replace(held.now, at=instant)
        met = evidence and self._still(evidence, held, instant)
        if evidence and met:
            moment, finding = met
            on = rests_on(finding, evidence)
            self._change(replace(now, status=AwardStatus.VALID, met_at=moment, rests_on=on))
        elif self._first(instant) is not None:
            self._change(replace(now, status=AwardStatus.REVOKED))
        elif evidence and earliest(evidence, View(instant, suspended=True)):
            self._change(replace(now, status=AwardStatus.SUSPENDED))
        else:
            definition = self.rule.by_number[held.version].definition
            self._change(replace(now, status=WITHDRAWN[definition.when_withdrawn]))

    def _still(self, evidence: Evidence, held: Award, instant: datetime) -> tuple[datetime, Finding] | None:
        """It is enough that what was met is met; only otherwise another moment is looked for."""
        view = View(instant)
        before = held.now.met_at
        if before is not None and evidence.version.covers(before):
            found = evidence.found(Moment(before), view)
            if found.met:
                return before, found
        return earliest(evidence, view)

    def _first(self, instant: datetime) -> tuple[datetime, Evidence, Finding] | None:
        """The version that was met first; of those met at the same moment, the newest."""
        best: tuple[datetime, Evidence, Finding] | None = None
        for number in sorted(self.evidence, reverse=True):
            evidence = self.evidence[number]
            met = earliest(evidence, View(instant))
            if met is not None and (best is None or met[0] < best[0]):
                best = (met[0], evidence, met[1])
        return best

    def _renew(self, instant: datetime) -> None:
        held = self.current
        while held is not None and held.valid_for is not None:
            evidence = self.evidence.get(held.version)
            last = max((held.awarded_at, *held.renewed))
            fresh = evidence and self._met_afresh(evidence, last, instant)
            if not fresh:
                return
            held = self._renewed(held, fresh)
            end = held.valid_until
            over = held.now.expired and end is not None and end <= instant
            self._change(replace(held.now, at=instant, expired=over, renewals=len(held.renewed)))
            held = self.current

    def _renewed(self, held: Award, moment: datetime) -> Award:
        self.line[-1] = replace(held, renewed=(*held.renewed, moment))
        return self.line[-1]

    @staticmethod
    def _met_afresh(evidence: Evidence, last: datetime, instant: datetime) -> datetime | None:
        view = View(instant, renewals=True)
        for moment in evidence.candidates(instant):
            if moment > last and evidence.found(Moment(moment, since=last), view).met:
                return moment
        return None

    def _decide(self, decision: Decision) -> None:
        held = self.current
        if not decision.grants:
            self.barred, self.pinned = True, False
            if held is not None:
                self._change(replace(held.now, at=decision.at, status=AwardStatus.REVOKED, decision=decision.id))
            return
        version = self.rule.in_force_at(decision.at) if decision.version is None else self.rule.by_number.get(decision.version)
        if version is None:
            return
        self.barred, self.pinned = False, True
        if held is None:
            self._grant(version, decision.at, Change(decision.at, AwardStatus.VALID, decision=decision.id))
            return
        if held.valid_for is not None and decision.at > max((held.awarded_at, *held.renewed)):
            held = self._renewed(held, decision.at)
        state = Change(decision.at, AwardStatus.VALID, False, held.now.met_at, held.now.rests_on, decision.id, len(held.renewed))
        self._change(state)

    def _grant(self, version: Version, moment: datetime, change: Change) -> None:
        ordinal = len(self.line) + 1
        valid_for = version.definition.valid_for
        achievement = self.rule.achievement
        self.line.append(Award(self.names(ordinal), achievement, ordinal, version.number, moment, valid_for, (change,)))

    def _lapse(self, instant: datetime, *, inclusive: bool = False) -> None:
        """Let the award expire if its validity ended before the instant, or just then. What happens then comes first."""
        held = self.current
        if held is None or held.now.expired:
            return
        end = held.valid_until
        if end is not None and (end < instant or (inclusive and end == instant)):
            self._change(replace(held.now, at=max(end, held.now.at), expired=True))

    def _change(self, change: Change) -> None:
        """Of what changes at one instant the last counts; a grant stays."""
        award = self.line[-1]
        before = award.changes
        if len(before) > 1 and before[-1].at == change.at:
            before = before[:-1]
        same = replace(change, at=before[-1].at) == before[-1]
        self.line[-1] = replace(award, changes=before if same else (*before, change))
