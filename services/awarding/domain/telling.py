"""From awards as decided to facts: what differs from what was last said."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from services.awarding.domain.awards import Award, Change, Holdings
from services.awarding.domain.evidence import View, evidence_for
from services.awarding.domain.reasons import reason_of
from services.awarding.domain.record import Record, Said
from services.awarding.domain.rules import Rule, Rules
from shared.decisions import Put
from shared.events.awarding import (
    AwardExpired,
    AwardExpiring,
    AwardFact,
    AwardGranted,
    AwardRenewed,
    AwardRestored,
    AwardRevoked,
    AwardStatus,
    AwardSuspended,
    LevelReached,
    Reason,
)
from shared.events.envelope import Cause, rfc3339
from shared.pieces import Draft
from shared.requirements.tree import Moment

STATED: Final[dict[AwardStatus, type[AwardFact]]] = {
    AwardStatus.VALID: AwardGranted,
    AwardStatus.SUSPENDED: AwardSuspended,
    AwardStatus.REVOKED: AwardRevoked,
    AwardStatus.EXPIRED: AwardExpired,
}
"""The fact that says that an award came to have a status."""


@dataclass(slots=True)
class Telling:
    """The facts and documents of one decision, as they gather; `said` is what was last said, with these."""

    record: Record
    rules: Rules
    holdings: Holdings
    said: Draft[Said]
    facts: list[AwardFact] = field(default_factory=list)
    documents: dict[str, Put] = field(default_factory=dict)

    def line(self, rule: Rule, before: tuple[Award, ...], cause: Cause, upgrades_from: str | None) -> None:
        """Say what became of the awards of one achievement, whose line was `before`."""
        line = self.holdings.line(rule.achievement)
        for award in line:
            self._award(rule, award, cause, upgrades_from if award is line[-1] else None)
        for award in before[len(line) :]:
            self._vanished(rule, award, cause)

    def expiring(self, rule: Rule, award: Award, cause: Cause) -> None:
        """Give notice of the end of an award's validity."""
        self._say(AwardExpiring, rule, award, award.now, cause)
        self.said[award.id] = replace(self.said[award.id], noticed=award.valid_until)

    def _award(self, rule: Rule, award: Award, cause: Cause, upgrades_from: str | None) -> None:
        said = self.said.get(award.id)
        status = award.status
        if said is None:
            if status is not AwardStatus.REVOKED:
                granted = award.now if status is AwardStatus.VALID else award.changes[0]
                self._say(AwardGranted, rule, award, granted, cause, upgrades_from=upgrades_from)
            if status is not AwardStatus.VALID:
                self._say(STATED[status], rule, award, award.now, cause, restated=status is AwardStatus.REVOKED)
            return
        state = (status, award.version, award.awarded_at, award.status_since, award.valid_until)
        if state == (said.status, said.version, said.awarded_at, said.status_since, said.valid_until):
            return
        extended = award.valid_until is not None and said.valid_until is not None and award.valid_until > said.valid_until
        if status is said.status:
            kind = AwardRenewed if extended and status is AwardStatus.VALID else STATED[status]
            self._say(kind, rule, award, award.now, cause, restated=kind is not AwardRenewed)
        elif status is AwardStatus.VALID:
            renewed = said.status is AwardStatus.EXPIRED and extended
            self._say(AwardRenewed if renewed else AwardRestored, rule, award, award.now, cause)
        else:
            self._say(STATED[status], rule, award, award.now, cause)

    def _vanished(self, rule: Rule, award: Award, cause: Cause) -> None:
        """What came late shows that the award was never earned."""
        said = self.said.get(award.id)
        if said is not None and said.status is not AwardStatus.REVOKED:
            gone = Change(max(cause.time, award.now.at), AwardStatus.REVOKED)
            self._say(AwardRevoked, rule, replace(award, changes=(*award.changes, gone)), gone, cause)

    def _say(
        self,
        kind: type[AwardFact],
        rule: Rule,
        award: Award,
        state: Change,
        cause: Cause,
        *,
        upgrades_from: str | None = None,
        restated: bool = False,
    ) -> None:
        said = self.said.get(award.id)
        status_since = award.status_since if state is award.now else state.at
        decision = next((one for one in self.record.decisions.get(rule.achievement, ()) if one.id == state.decision), None)
        fact = kind(
            revision=1 if said is None else said.revision + 1,
            cause=cause,
            award=award.id,
            learner=self.record.learner,
            achievement=rule.achievement,
            version=award.version,
            status=state.shown,
            awarded_at=award.awarded_at,
            status_since=status_since,
            valid_until=award.valid_until,
            level=self._level(rule),
            upgrades_from=upgrades_from,
            restated=restated or None,
            reason=self._reason(rule, award, state),
            note=None if decision is None else decision.note,
            decided_by=None if decision is None else decision.decided_by,
            rests_on=state.rests_on,
        )
        self.facts.append(fact)
        self.documents[award.id] = Put("awards", award_document(fact, award.ordinal), new=fact.revision == 1)
        self.said[award.id] = Said(
            fact.revision,
            fact.status,
            award.version,
            award.awarded_at,
            status_since,
            award.valid_until,
            None if said is None else said.noticed,
        )

    def _level(self, rule: Rule) -> LevelReached | None:
        if rule.stack is None or rule.level is None:
            return None
        progress = self.rules.ids.progress(self.record.learner, rule.stack, self.record.erasures)
        return LevelReached(stack=rule.stack, level=rule.level, progress=progress)

    def _reason(self, rule: Rule, award: Award, state: Change) -> Reason | None:
        """Why it is held: the requirement when it was met. Why it no longer is: the requirement as it is known since."""
        if state.met_at is None:
            return None
        version = rule.by_number[award.version]
        evidence = evidence_for(rule, version, self.record.verdicts.get(rule.achievement), self.rules, self.holdings)
        holds = state.shown in (AwardStatus.VALID, AwardStatus.EXPIRED)
        finding = evidence.found(Moment(state.met_at if holds else state.at), View(state.at))
        return reason_of(version, finding, self.rules)


def award_document(fact: AwardFact, ordinal: int) -> dict[str, Any]:
    """The award as the collection `awards` keeps it, for queries. Instants are text, exact to the microsecond."""

    def text(instant: datetime | None) -> str | None:
        return None if instant is None else rfc3339(instant)

    return {
        "_id": fact.award,
        "learner": fact.learner,
        "achievement": fact.achievement,
        "ordinal": ordinal,
        "version": fact.version,
        "status": fact.status.value,
        "awarded_at": text(fact.awarded_at),
        "status_since": text(fact.status_since),
        "valid_until": text(fact.valid_until),
        "stack": None if fact.level is None else fact.level.stack,
        "level": None if fact.level is None else fact.level.level,
        "revision": fact.revision,
    }


def held_levels(rules: Rules, holdings: Holdings, stack: str) -> list[tuple[str, Award]]:
    """The levels of a stack that the learner validly holds, the lowest first."""
    found: list[tuple[str, Award]] = []
    for achievement in rules.achievements_of(stack):
        line = holdings.line(achievement)
        level = rules.by_id[achievement].level
        if line and level is not None and line[-1].status is AwardStatus.VALID:
            found.append((level, line[-1]))
    return sorted(found, key=lambda held: rules.height(stack, held[0]))
