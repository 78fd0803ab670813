"""The decisions on each kind of event: the learner's record, the event and the rules in; the new record and what to say, out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from services.assessment.domain.achievements import cases, is_met, verdict
from services.assessment.domain.archive import entry_document, erasure_writes, originals_of, ruling_document, withdrawal_document
from services.assessment.domain.attempts import Archive, lowers
from services.assessment.domain.decisions import Decision, Withdrawal
from services.assessment.domain.entries import Key, as_entry, as_retraction
from services.assessment.domain.record import PartKey, PartSaid, Record, Said
from services.assessment.domain.rules import AchievementRule, Rules
from services.assessment.domain.verdicts import assess
from shared.decisions import Decided, Drop, Event, Put, Refused
from shared.events.assessment import (
    DecisionWithdrawn,
    ErasureRequested,
    LeafSubstituted,
    LeafWaived,
    LearnerErased,
    VerdictReached,
)
from shared.events.completions import CompletionReported, CompletionRetracted
from shared.events.envelope import Cause
from shared.events.reviews import not_to_judge

Writes = tuple[Put | Drop, ...]


class Changed(NamedTuple):
    """What an entry or retraction can have changed: what counts these activities, from `since` on. See `assess` for the rest."""

    activities: frozenset[str]
    since: datetime
    plain: bool = False
    lowers: bool = True


def report(record: Record, event: Event[CompletionReported], rules: Rules) -> Decided[Record]:
    if _is_forgotten(record, event):
        return _forgotten(record, event)
    if (wrong := not_to_judge(event.source, event.data.activity, judged=bool(event.data.results))) is not None:
        raise Refused(wrong[1])
    entry = as_entry(event)
    if entry.corrects == entry.id:
        raise Refused("the completion says that it corrects itself")
    if record.knows(entry.key, entry.digest):
        return Decided(record)
    known = record.with_entry(entry)
    plain = entry.corrects is None and entry.key not in known.named
    touched = frozenset((entry.activity,)) if plain else _touched(known, entry.key)
    return _decided(known, rules, Changed(touched, entry.time, plain, lowers(known, entry)), event)


def retract(record: Record, event: Event[CompletionRetracted], rules: Rules) -> Decided[Record]:
    if _is_forgotten(record, event):
        return _forgotten(record, event)
    retraction = as_retraction(event)
    if record.knows(retraction.key, retraction.digest):
        return Decided(record)
    known = record.with_retraction(retraction)
    touched = _touched(known, (retraction.source, retraction.retracts))
    return _decided(known, rules, Changed(touched, retraction.time), event)


def waive(record: Record, event: Event[LeafWaived], rules: Rules) -> Decided[Record]:
    return _rule(record, event, rules, activity=None)


def substitute(record: Record, event: Event[LeafSubstituted], rules: Rules) -> Decided[Record]:
    return _rule(record, event, rules, activity=event.data.activity)


def _rule(
    record: Record, event: Event[LeafWaived] | Event[LeafSubstituted], rules: Rules, activity: str | None
) -> Decided[Record]:
    said = event.data
    if _is_forgotten(record, event) or _is_repeated(record.decisions, event):
        return Decided(record)
    made = Decision(event.time, event.id, event.source, event.digest, said.achievement, said.version, said.path, activity)
    known = replace(record, decisions={**record.decisions, made.id: made})
    return _redecided(known, rules, made.achievement, event, (Put("decisions", ruling_document(event)),))


def withdraw(record: Record, event: Event[DecisionWithdrawn], rules: Rules) -> Decided[Record]:
    if _is_forgotten(record, event) or _is_repeated(record.withdrawals, event):
        return Decided(record)
    withdrawal = Withdrawal(event.time, event.id, event.source, event.digest, event.data.decision)
    known = replace(record, withdrawals={**record.withdrawals, withdrawal.id: withdrawal})
    made = known.decisions.get(withdrawal.decision)
    writes = (Put("decisions", withdrawal_document(event)),)
    return Decided(known, writes=writes) if made is None else _redecided(known, rules, made.achievement, event, writes)


def erase(record: Record, event: Event[ErasureRequested], rules: Rules) -> Decided[Record]:
    """Nothing is left but that it happened, so that what was said before and is replayed is not taken for new."""
    if _is_forgotten(record, event):
        return Decided(record)
    forgotten = Record(
        record.learner,
        erased=event.time,
        erasures=record.erasures + 1,
        floor=max((said.revision for said in record.said.values()), default=record.floor),
    )
    cause = Cause(kind="erasure", id=event.id, source=event.source, time=event.time)
    erased = LearnerErased(learner=record.learner, revision=forgotten.erasures, cause=cause)
    return Decided(forgotten, (erased,), erasure_writes(record, event))


def revise(record: Record, rules: Rules, changed: Mapping[str, Cause]) -> Decided[Record]:
    """Look again at what these definitions define, each for its cause."""
    archive = Archive(record)
    facts: list[VerdictReached] = []
    for definition in sorted(changed):
        for achievement in rules.by_definition.get(definition, ()):
            if (rule := rules.achievements.get(achievement)) is not None and _concerns(record, rule):
                record, said = _assessed(record, archive, rule, changed[definition])
                facts += said
    return Decided(record, tuple(facts))


def _concerns(record: Record, rule: AchievementRule) -> bool:
    if rule.id in record.said or any(made.achievement == rule.id for made in record.decisions.values()):
        return True
    known = record.activities.keys()
    return any(not part.activities.isdisjoint(known) for version in rule.versions for part in version.parts)


def _is_forgotten(record: Record, event: Event[Any]) -> bool:
    return record.erased is not None and event.time <= record.erased


def _forgotten(record: Record, event: Event[CompletionReported] | Event[CompletionRetracted]) -> Decided[Record]:
    """Also the original that was on its way when the learner was erased."""
    return Decided(record, writes=(originals_of(record.learner, ((event.source, event.id),)),))


def _is_repeated(known: Mapping[str, Decision] | Mapping[str, Withdrawal], event: Event[Any]) -> bool:
    before = known.get(event.id)
    if before is not None and before.digest != event.digest:
        raise Refused(f"there was a request {event.id!r} before, with other content")
    return before is not None


def _touched(record: Record, key: Key) -> frozenset[str]:
    """The activities of the entry, of what it corrects, of what corrects it, and so on; whether or not it is known."""
    waiting, seen, activities = [key], set[Key](), set[str]()
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        waiting += record.corrections_of(at)
        if (entry := record.entries.get(at)) is not None:
            activities.add(entry.activity)
            if entry.corrects is not None:
                waiting.append((entry.source, entry.corrects))
    return frozenset(activities)


def _decided(record: Record, rules: Rules, changed: Changed, event: Event[Any]) -> Decided[Record]:
    """Only what counts these activities can have changed, and only from the event's time on."""
    activities = changed.activities
    achievements = {id_ for activity in activities for id_ in rules.by_activity.get(activity, ())}
    if record.decisions:
        achievements.update(id_ for activity in activities for id_ in record.substituted(activity))
    cause = Cause(kind="completion", id=event.id, source=event.source, time=event.time)
    archive = Archive(record)
    facts: list[VerdictReached] = []
    for id_ in sorted(achievements):
        if (rule := rules.achievements.get(id_)) is not None:
            record, said = _assessed(record, archive, rule, cause, changed)
            facts += said
    return Decided(record, tuple(facts), (Put("entries", entry_document(event), new=True),))


def _redecided(record: Record, rules: Rules, achievement: str, event: Event[Any], writes: Writes) -> Decided[Record]:
    cause = Cause(kind="decision", id=event.id, source=event.source, time=event.time)
    rule = rules.achievements.get(achievement)
    if rule is None:
        return Decided(record, writes=writes)
    record, facts = _assessed(record, Archive(record), rule, cause)
    return Decided(record, facts, writes)


def _assessed(
    record: Record,
    archive: Archive,
    rule: AchievementRule,
    cause: Cause,
    changed: Changed | None = None,
) -> tuple[Record, tuple[VerdictReached, ...]]:
    """Assess the parts that can have changed (None: all); say the whole again if anything of it did."""
    before = record.said.get(rule.id)
    said_before: Mapping[PartKey, PartSaid] = before.parts if before is not None else {}
    rulings = record.rulings(rule.id)
    parts: dict[PartKey, PartSaid] = {}
    for case in cases(rule, archive, rulings):
        key = (case.version.version, case.part.path)
        said = said_before.get(key)
        if changed is None:
            said = assess(case, said)
        elif rulings or not changed.activities.isdisjoint(case.part.activities):
            said = assess(case, said, changed.since, plain=changed.plain, lowers=changed.lowers)
        if said is not None:
            parts[key] = said
    met = is_met(rule, parts)
    if parts == said_before and (before is None or met == before.met):
        return record, ()
    revision = (before.revision if before is not None else record.floor) + 1
    now = record.with_said(rule.id, Said(revision, met, parts))
    return now, (verdict(record.learner, rule, archive, rulings, parts, revision, cause),)
