"""What is decided on each event. Pure: the record, the event and the rules in, the new record and the facts out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from services.awarding.domain.awards import Award, Holdings
from services.awarding.domain.fold import refold
from services.awarding.domain.inputs import Decision, latest_instant, verdict_of
from services.awarding.domain.record import Identity, Record, ends_between, notice_at, with_verdict
from services.awarding.domain.rules import Rules
from services.awarding.domain.telling import Telling
from shared.decisions import Decided, Drop, Event, Put, Refused
from shared.events.assessment import LearnerErased, VerdictReached
from shared.events.awarding import (
    AwardRequested,
    AwardStatus,
    DecisionMade,
    ExpiryFellDue,
    ReissueRequested,
    RevocationRequested,
)
from shared.events.envelope import Cause, Message
from shared.events.notifications import IdentityShared
from shared.pieces import Draft

IDENTITIES: Final = "identities"


def verdict_reached(record: Record, event: Event[VerdictReached], rules: Rules) -> Decided[Record]:
    """Only a newer revision of a verdict says anything."""
    said = event.data
    known = record.verdicts.get(said.achievement)
    if _is_forgotten(record, said.cause.time) or (known is not None and known.revision >= said.revision):
        return Decided(record)
    verdict = verdict_of(said)
    instant = latest_instant(verdict)
    passed = said.cause.time if instant is None else max(instant, said.cause.time)
    after = with_verdict(record, said.achievement, verdict)
    return _after(after, passed, {said.achievement}, said.cause, rules)


def award_requested(record: Record, event: Event[AwardRequested], rules: Rules) -> Decided[Record]:
    request = event.data
    return _decided(
        record, event, request.achievement, _decision(event, True, request.decided_by, request.reason, request.version), rules
    )


def revocation_requested(record: Record, event: Event[RevocationRequested], rules: Rules) -> Decided[Record]:
    request = event.data
    return _decided(record, event, request.achievement, _decision(event, False, request.decided_by, request.reason), rules)


def expiry_fell_due(record: Record, event: Event[ExpiryFellDue], rules: Rules) -> Decided[Record]:
    """Time has passed up to the event's. With `notice`, the learner is to hear that the award will expire, once for each end."""
    if _is_forgotten(record, event.time):
        return Decided(record)
    cause = Cause(kind="expiry", id=event.data.award, source=event.source, time=event.time)
    decided = _after(record, event.time, (), cause, rules)
    after = decided.record
    assert after is not None
    award = _award(after, event.data.award)
    if not event.data.notice or award is None or not _is_to_be_noticed(after, award, event.time):
        return decided
    telling = Telling(after, rules, Holdings(after.lines), Draft(after.said))
    telling.expiring(rules.by_id[award.achievement], award, cause)
    return Decided(
        replace(after, said=telling.said.done()),
        (*decided.facts, *telling.facts),
        (*decided.writes, *telling.documents.values()),
    )


def reissue_requested(record: Record, event: Event[ReissueRequested], rules: Rules) -> Decided[Record]:
    """Nothing is decided about the award; what is to be issued needs the partition's counters and follows by itself."""
    return Decided(record)


def identity_shared(record: Record, event: Event[IdentityShared], rules: Rules) -> Decided[Record]:
    """Only a newer revision says anything. What is shared stays sealed."""
    said, known = event.data, record.identity
    if _is_forgotten(record, said.cause.time) or (known is not None and known.revision >= said.revision):
        return Decided(record)
    after = replace(record, identity=Identity(said.revision, said.sealed is not None))
    if said.sealed is None:
        return Decided(after, writes=(Drop(IDENTITIES, {"_id": said.learner}),))
    document = {"_id": said.learner, "revision": said.revision, "sealed": said.sealed}
    return Decided(after, writes=(Put(IDENTITIES, document, new=known is None),))


def learner_erased(record: Record, event: Event[LearnerErased], rules: Rules) -> Decided[Record]:
    """Forget everything; what is kept is when, so that no replay of what came before brings it back."""
    if record.erased is not None and event.data.cause.time <= record.erased:
        return Decided(record)
    grave = Record(record.learner, erased=event.data.cause.time, erasures=record.erasures + 1)
    of_learner = {"learner": record.learner}
    drops = (
        Drop("awards", of_learner),
        Drop("progress", of_learner),
        Drop("credentials", {"_id": {"$in": [rules.ids.credential(award) for award in record.credentials]}}),
        Drop("shares", of_learner),
        Drop(IDENTITIES, {"_id": record.learner}),
        Drop("facts", of_learner | {"type": {"$ne": LearnerErased.TYPE}}),
    )
    return Decided(grave, (event.data,), drops)


def revise(record: Record, rules: Rules, causes: Mapping[str, Cause]) -> Decided[Record]:
    """Definitions were published, revised or put right: decide what may follow from it. `causes` are by definition id.

    Only what the learner has inputs for, and what depends on what they hold, is looked at, however much was published.
    """
    if not record.has_inputs:
        return Decided(record)
    affected: dict[str, Cause] = {}

    def affect(achievement: str, *changed: str) -> None:
        for definition in sorted({definition for id_ in (achievement, *changed) for definition in rules.bound_up_with(id_)}):
            if definition in causes:
                affected.setdefault(achievement, causes[definition])

    for achievement in sorted({*record.verdicts, *record.decisions, *record.lines} & rules.by_id.keys()):
        affect(achievement)
    for held in sorted(record.lines.keys() & rules.by_id.keys()):
        for dependent in sorted(rules.dependents(held)):
            affect(dependent, held)
    return refold(record, affected, rules)


def next_due(record: Record) -> datetime | None:
    """When an award's validity next ends, or notice of it is next due."""
    return min((instant for _, instant in _dues(record)), default=None)


def fell_due(record: Record, until: datetime) -> Sequence[tuple[Message, datetime]]:
    """What fell due until then. Nobody needs notice of an end that is past."""
    due = [(message, instant) for message, instant in _dues(record) if instant <= until]
    ended = {message.award for message, _ in due if not message.notice}
    return [(message, instant) for message, instant in due if not (message.notice and message.award in ended)]


def _dues(record: Record) -> Iterable[tuple[ExpiryFellDue, datetime]]:
    for achievement in sorted(record.ending):
        award = record.lines[achievement][-1]
        end = award.valid_until
        if end is None or award.now.status is AwardStatus.REVOKED or award.now.expired:
            continue
        yield ExpiryFellDue(learner=record.learner, award=award.id), end
        notice = notice_at(award)
        if notice is not None and _is_to_be_noticed(record, award, notice):
            yield ExpiryFellDue(learner=record.learner, award=award.id, notice=True), notice


def _is_to_be_noticed(record: Record, award: Award, instant: datetime) -> bool:
    notice, end, said = notice_at(award), award.valid_until, record.said.get(award.id)
    return (
        award.status is AwardStatus.VALID
        and notice is not None
        and end is not None
        and notice <= instant < end
        and said is not None
        and said.noticed != end
    )


def _after(record: Record, passed: datetime, affected: Iterable[str], cause: Cause, rules: Rules) -> Decided[Record]:
    """Decide with new inputs, and with time having passed: whatever ended meanwhile has expired."""
    horizon = record.horizon
    causes = dict.fromkeys(affected, cause)
    if horizon is None or passed > horizon:
        causes |= dict.fromkeys(sorted(ends_between(record, horizon, passed)), cause)
        record = replace(record, horizon=passed)
    return refold(record, causes, rules)


def _decision(event: Event[Any], grants: bool, decided_by: str, note: str, version: int | None = None) -> Decision:
    return Decision(event.time, f"{event.source}#{event.id}", event.digest, grants, decided_by, note, version)


def _decided(record: Record, event: Event[Any], achievement: str, decision: Decision, rules: Rules) -> Decided[Record]:
    if _is_forgotten(record, event.time):
        return Decided(record)
    known = {one.id: one for made in record.decisions.values() for one in made}.get(decision.id)
    if known is not None:
        if known.digest != decision.digest:
            raise Refused(f"the decision {event.id} of {event.source} is known with another content")
        return Decided(record)
    made = sorted((*record.decisions.get(achievement, ()), decision), key=lambda one: (one.at, one.id))
    after = replace(record, decisions={**record.decisions, achievement: tuple(made)})
    cause = Cause(kind="decision", id=event.id, source=event.source, time=event.time)
    recorded = DecisionMade(
        revision=1,
        cause=cause,
        learner=record.learner,
        achievement=achievement,
        version=decision.version,
        grants=decision.grants,
        note=decision.note,
        decided_by=decision.decided_by,
        digest=decision.digest,
    )
    decided = _after(after, event.time, {achievement}, cause, rules)
    return replace(decided, facts=(*decided.facts, recorded))


def _is_forgotten(record: Record, time: datetime) -> bool:
    return record.erased is not None and time <= record.erased


def _award(record: Record, id_: str) -> Award | None:
    return next((award for line in record.lines.values() for award in line if award.id == id_), None)
