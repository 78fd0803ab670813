"""Whether a part of a requirement is met, since when, and what was known when.

M(k) is the earliest time t within the version's window at which the requirement is true, by what is known at source time k and
not later than k. Times at which it can become true are the places of the entries, the times of waivers, and the beginning of a
version that is in force. The part's turns are the changes of M(k) as k goes on.

Between two *acts* (corrections, retractions, regrades that lower, decisions) nothing that was true at a time becomes false, and
nothing false true; so M need be looked for once between each two, and only from the first act that an event can touch.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from hashlib import blake2b
from itertools import pairwise
from typing import Final

from services.assessment.domain.attempts import Archive, AttemptsOf, Effective, lowering
from services.assessment.domain.decisions import Ruling
from services.assessment.domain.judged import with_judgement
from services.assessment.domain.leaves import OPEN, Also, look_up
from services.assessment.domain.record import PartSaid, Turns
from services.assessment.domain.rules import PartRule, VersionRule
from shared.requirements.model import ENTRY_LEAVES, Leaf
from shared.requirements.tree import EARLIEST, Finding, LookUp, Moment, evaluate

MOST_TURNS: Final = 500
"""How many turns, and how many moments of meeting it afresh, are said: the newest ones."""


@dataclass(frozen=True)
class Case:
    """One part of one version's requirement, for one learner. `rulings` are the decisions that touch the part."""

    version: VersionRule
    part: PartRule
    archive: Archive
    rulings: tuple[Ruling, ...] = ()

    def reports(self, rulings: Iterable[Ruling] | None = None) -> list[tuple[Effective, ...]]:
        """Those of each activity that counts here, with these decisions (None: all that ever counted)."""
        made = self.rulings if rulings is None else tuple(rulings)
        if not made:
            return self._own_reports
        substitutes = {decision.activity for decision, _ in made if decision.activity is not None}
        return [*self._own_reports, *(self.archive.effective(activity) for activity in substitutes - self.part.activities)]

    @cached_property
    def _own_reports(self) -> list[tuple[Effective, ...]]:
        return [self.archive.effective(activity) for activity in self.archive.reported(self.part.activities)]

    def acts(self, since: datetime | None) -> list[datetime]:
        """When what was known changed in retrospect, at `since` or later (None: ever), in order."""
        found: set[datetime] = set()
        for reports in self.reports():
            for report in reports:
                if report.until is not None:
                    found.add(report.until)
                if report.place < report.time:
                    found.add(report.time)
            if len(reports) > 1:
                found.update(lowering(reports))
        for decision, until in self.rulings:
            if not decision.waives:
                found.add(decision.time)
            if until is not None:
                found.add(until)
        return sorted(found if since is None else (at for at in found if at >= since))

    def nothing_but(self, instant: datetime) -> bool:
        """Whether all that is known, except one entry of that instant, became known before it."""
        at_or_later = 0
        for reports in self.reports():
            for report in reports:
                if report.time >= instant:
                    at_or_later += 1
                    if report.time > instant or at_or_later > 1:
                        return False
        begins = self.version.begins
        return (begins is None or begins < instant) and all(made.decision.time < instant for made in self.rulings)

    @property
    def _every_report_counts(self) -> bool:
        """Whether it can become true at a report that begins nothing: as a period ends, or at the first in a version's window."""
        return self.part.periods or (self.version.effective_from is not None and self.version.begins is None)

    def _places(self, before: datetime | None, rulings: Iterable[Ruling]) -> Iterator[datetime]:
        for reports in self.reports(rulings):
            for report in reports:
                if report.known_before(before):
                    yield report.place

    def _beginnings(self, attempts_of: AttemptsOf, rulings: Iterable[Ruling]) -> Iterator[datetime]:
        substitutes = {decision.activity for decision, _ in rulings if decision.activity is not None}
        for activity in self.archive.reported(self.part.activities | substitutes if substitutes else self.part.activities):
            for attempt in attempts_of(activity):
                yield from attempt.moments()

    def view(self, before: datetime | None = None) -> View:
        """What is known just before an instant (None: all that is known)."""
        counting = [ruling for ruling in self.rulings if ruling.counts_before(before)]
        also: dict[str, tuple[str, ...]] = {}
        waived: dict[str, tuple[tuple[datetime, str], ...]] = {}
        for made, _ in counting:
            if made.activity is None:
                waived[made.path] = (*waived.get(made.path, ()), (made.time, made.id))
            else:
                also[made.path] = (*also.get(made.path, ()), made.activity)
        attempts_of = self.archive.known_before(before)
        times = set(self._places(before, counting) if self._every_report_counts else self._beginnings(attempts_of, counting))
        times.update(made.time for made, _ in counting if made.waives)
        if self.version.begins is not None and (before is None or self.version.begins < before):
            times.add(self.version.begins)
        candidates = sorted(filter(self.version.counts_at, times))
        return View(self.part, self.archive, attempts_of, also, waived, candidates)


@dataclass(frozen=True)
class View:
    """A case by what is known at some time. `candidates` are the times at which it can become true, in order."""

    part: PartRule
    archive: Archive
    attempts_of: AttemptsOf
    also: Also
    waived: Mapping[str, tuple[tuple[datetime, str], ...]]
    candidates: list[datetime] = field(default_factory=list)

    def finding(self, at: datetime, after: datetime | None = None) -> Finding:
        """`after`: counting only what came later than this. A waiver counts whatever period the requirement measures."""
        return self._found(Moment(at, after), self._look_up)

    def _found(self, moment: Moment, look_up: LookUp) -> Finding:
        known = partial(_waived, self.waived, moment.since) if self.waived else None
        if self.part.requirement is None:
            return (known and known(self.part.path, moment)) or OPEN
        return evaluate(self.part.requirement, look_up, moment, known, self.part.path)

    def earliest(self, after: datetime | None = None) -> datetime | None:
        """The first candidate, later than `after`, at which it is true counting only what came later than `after`."""
        candidates = self.candidates if after is None else self.candidates[bisect_right(self.candidates, after) :]
        if not candidates:
            return None
        if self.part.rising:
            if not self.finding(candidates[-1], after).met:
                return None
            return candidates[bisect_left(candidates, True, key=lambda at: self.finding(at, after).met)]
        return next((at for at in candidates if self.finding(at, after).met), None)

    def afresh(self, since: datetime) -> Iterator[datetime]:
        """When it was met afresh after `since`, and after that, and so on."""
        last: datetime | None = since
        while (last := self.earliest(last)) is not None:
            yield last

    def explained(self, since: datetime | None) -> Finding:
        """What meets it, or how far it has come, with what people judged of it."""
        at = since or (self.candidates[-1] if self.candidates else EARLIEST)
        return self._found(Moment(at), self._explain)

    def _look_up(self, leaf: Leaf, path: str, moment: Moment) -> Finding:
        assert isinstance(leaf, ENTRY_LEAVES)
        return look_up(leaf, path, moment, self.attempts_of, self.also)

    def _explain(self, leaf: Leaf, path: str, moment: Moment) -> Finding:
        assert isinstance(leaf, ENTRY_LEAVES)
        return with_judgement(self._look_up(leaf, path, moment), leaf, path, self.archive, self.also)


def _waived(
    waived: Mapping[str, tuple[tuple[datetime, str], ...]], after: datetime | None, path: str, moment: Moment
) -> Finding | None:
    for time, id_ in waived.get(path, ()):
        if time <= moment.at and (after is None or time > after):
            return Finding(True, waived=id_)
    return None


def assess(
    case: Case, said: PartSaid | None, since: datetime | None = None, *, plain: bool = False, lowers: bool = True
) -> PartSaid | None:
    """What is to be said of the part, given what was said before; None as long as it was never met.

    `since`: only what is known from then on can have changed (None: anything can). `plain`: one entry of that time came, which
    neither corrects nor is corrected or retracted; `lowers`: it may lower what another report of its attempt gave.
    """
    if plain and not lowers and since is not None and said is not None and _stands(case, said, since):
        return said
    if plain and since is not None and case.nothing_but(since) and not case.acts(since):
        return _moved_on(case, said, since)
    turns = _turns(case, said.turns if said is not None else (), since)
    if not turns:
        return None
    met_since = turns[-1][1]
    if met_since is None:
        return PartSaid(turns, (), "")
    view = case.view()
    again = tuple(view.afresh(met_since))[-MOST_TURNS:] if case.part.renews else ()
    return PartSaid(turns, again, evidence(view.finding(met_since)))


def _stands(case: Case, said: PartSaid, since: datetime) -> bool:
    """Whether it has been met since before, so that more of the same changes nothing."""
    at, met_since = said.turns[-1]
    return met_since is not None and at < since and not case.part.renews


def _moved_on(case: Case, said: PartSaid | None, at: datetime) -> PartSaid | None:
    """An entry came last in source time and lowered nothing: it can only meet what was not met, or meet it afresh."""
    met_since = said.since if said is not None else None
    if (met_since is not None and not case.part.renews) or not case.version.counts_at(at):
        return said
    view = case.view()
    if at not in view.candidates[-1:]:
        return said
    if said is None or met_since is None:
        finding = view.finding(at)
        turns = said.turns if said is not None else ()
        return PartSaid((*turns, (at, at))[-MOST_TURNS:], (), evidence(finding)) if finding.met else said
    last = said.again[-1] if said.again else met_since
    if at > last and view.finding(at, last).met:
        return PartSaid(said.turns, (*said.again, at)[-MOST_TURNS:], said.evidence)
    return said


def _turns(case: Case, said: Turns, since: datetime | None) -> Turns:
    if since is not None and len(said) >= MOST_TURNS and said[0][0] >= since:
        since = None
    turns = [] if since is None else [turn for turn in said if turn[0] < since]

    def known(at: datetime, met_since: datetime | None) -> None:
        if met_since != (turns[-1][1] if turns else None):
            turns.append((at, met_since))

    instants: list[datetime | None] = [since, *(at for at in case.acts(since) if at != since), None]
    for begin, end in pairwise(instants):
        earliest = case.view(end).earliest()
        if begin is not None and (earliest is None or earliest > begin):
            known(begin, None)
        if earliest is not None:
            known(earliest if begin is None else max(begin, earliest), earliest)
    return tuple(turns[-MOST_TURNS:])


def evidence(finding: Finding) -> str:
    """A digest of what meets a part: which nodes are met, by what, and how well."""

    def met(node: Finding) -> object:
        return (node.by, node.value, node.waived, [met(part) for part in node.of]) if node.met else 0

    return blake2b(repr(met(finding)).encode(), digest_size=8).hexdigest()
