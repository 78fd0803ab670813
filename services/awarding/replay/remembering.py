"""What was said, remembered: a fold over `awarding.awards` that decides nothing.

After it a record has its decisions, and awards as they were last said; its verdicts, and with them the awards' histories, follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from services.awarding.documents import from_document, to_document
from services.awarding.domain.awards import Award, Change
from services.awarding.domain.decisions import learner_erased
from services.awarding.domain.ids import PublicIds
from services.awarding.domain.inputs import Decision
from services.awarding.domain.issuing import CREDENTIALS, credential_document
from services.awarding.domain.record import Identity, Issued, Record, Said, Standing
from services.awarding.domain.rules import Rules, rules_of
from services.awarding.domain.status_lists import Places
from services.awarding.domain.telling import award_document
from shared.decisions import Amend, Decided, Drop, Event, Put, Writer
from shared.events.assessment import LearnerErased
from shared.events.awarding import AwardExpiring, AwardFact, AwardStatus, CredentialIssued, DecisionMade, StackUpgraded
from shared.events.envelope import Cause, Fact, envelope_of
from shared.stream import Flow
from shared.stream.batch import Said as SaidFact
from shared.stream.transaction import FACTS, facts_of
from shared.topics import AWARDS

SOURCE: Final = "cairn/awarding"

AHEAD: Final = 50
"""How many ordinals beyond the known ones are tried to find out which of the learner's awards an id means."""

F = TypeVar("F", bound=Fact)


def flow(ids: PublicIds) -> Flow[Record, Rules]:
    kinds = [kind for kind in AWARDS.events if issubclass(kind, AwardFact)]
    return Flow(
        service="awarding",
        reads=AWARDS,
        says=None,
        table={
            **dict.fromkeys(kinds, award_said),
            StackUpgraded: upgrade_said,
            CredentialIssued: credential_said,
            DecisionMade: decision_made,
            LearnerErased: erased,
        },
        blank=Record,
        to_document=to_document,
        from_document=from_document,
        rules=partial(rules_of, ids=ids),
        number=marked,
    )


def award_said(record: Record, event: Event[AwardFact], rules: Rules) -> Decided[Record]:
    fact = event.data
    before = record.said.get(fact.award)
    ordinal = _ordinal(record, fact, rules.ids)
    if ordinal is None or (before is not None and before.revision >= fact.revision):
        return Decided(record)
    noticed = fact.valid_until if isinstance(fact, AwardExpiring) else None if before is None else before.noticed
    said = Said(fact.revision, fact.status, fact.version, fact.awarded_at, fact.status_since, fact.valid_until, noticed)
    line = [award for award in record.lines.get(fact.achievement, ()) if award.ordinal != ordinal]
    line = sorted([*line, as_said(fact.award, fact.achievement, ordinal, said)], key=lambda award: award.ordinal)
    after = replace(
        record,
        said={**record.said, fact.award: said},
        lines={**record.lines, fact.achievement: tuple(line)},
        horizon=_later(record.horizon, _passed(fact)),
    )
    return Decided(after, writes=(Put("awards", award_document(fact, ordinal), new=before is None), _kept(event)))


def upgrade_said(record: Record, event: Event[StackUpgraded], rules: Rules) -> Decided[Record]:
    fact = event.data
    before = record.stacks.get(fact.stack, Standing())
    if before.revision >= fact.revision or fact.progress != rules.ids.progress(record.learner, fact.stack, record.erasures):
        return Decided(record)
    stacks = {**record.stacks, fact.stack: Standing(fact.revision, fact.level, fact.award)}
    return Decided(replace(record, stacks=stacks), writes=(_kept(event),))


def credential_said(record: Record, event: Event[CredentialIssued], rules: Rules) -> Decided[Record]:
    """An edition states what its award's fact said, or what the edition before it stated."""
    fact = event.data
    said, before = record.said.get(fact.award), record.credentials.get(fact.award)
    if said is None or (before is not None and before.edition >= fact.revision):
        return Decided(record)
    same = before is not None and before.award_revision == fact.award_revision
    stated = before if before is not None and same else said
    moved = before is None or (before.list, before.index) != (fact.status.list, fact.status.index)
    issued = Issued(
        edition=fact.revision,
        award_revision=fact.award_revision,
        version=fact.version,
        awarded_at=stated.awarded_at,
        valid_until=stated.valid_until,
        valid_from=fact.valid_from,
        list=fact.status.list,
        index=fact.status.index,
        marked=before is not None and not moved and before.marked,
        signed_with=fact.signed_with,
        jwt_signed_with=fact.jwt_signed_with,
        identity=fact.identity,
    )
    identity = record.identity
    if fact.identity is not None and (identity is None or identity.revision < fact.identity):
        identity = Identity(fact.identity, True)
    after = replace(record, credentials={**record.credentials, fact.award: issued}, identity=identity)
    return Decided(after, writes=(Put(CREDENTIALS, credential_document(fact), new=before is None), _kept(event)))


def decision_made(record: Record, event: Event[DecisionMade], rules: Rules) -> Decided[Record]:
    fact = event.data
    cause = fact.cause
    if record.erased is not None and cause.time <= record.erased:
        return Decided(record)
    decision = Decision(cause.time, fact.subject, fact.digest, fact.grants, fact.decided_by, fact.note, fact.version)
    if decision in record.decisions.get(fact.achievement, ()):
        return Decided(record)
    decisions = _with_decision(record.decisions, fact.achievement, decision)
    after = replace(record, decisions=decisions, horizon=_later(record.horizon, _time_of(cause)))
    return Decided(after, writes=(_kept(event),))


def erased(record: Record, event: Event[LearnerErased], rules: Rules) -> Decided[Record]:
    decided = learner_erased(record, event, rules)
    return decided if decided.record is record else Decided(decided.record, writes=(*decided.writes, _kept(event)))


def marked(
    before: Record, decided: Decided[Record], event: Event[Any] | None, writer: Writer, rules: Rules
) -> tuple[Decided[Record], Mapping[str, int]]:
    """The places that were given, and those that were set and cleared, in the order in which that was said."""
    record = decided.record
    assert event is not None
    assert record is not None
    places = Places.of(writer, rules.ids)
    fact = event.data
    if isinstance(fact, CredentialIssued):
        places.given(fact.status.list, fact.status.index)
    if record is before or not isinstance(fact, CredentialIssued | AwardFact) or isinstance(fact, AwardExpiring):
        return decided, places.numbers
    writes: list[Put | Drop | Amend] = []
    id_ = rules.ids.credential(fact.award)
    issued, last = record.credentials.get(fact.award), before.credentials.get(fact.award)
    if issued is not None:
        status = record.said[fact.award].status
        if last is not None and not last.marked and (last.list, last.index) != (issued.list, issued.index):
            writes.append(places.changed(last.list, last.index, True))
        to = status in (AwardStatus.SUSPENDED, AwardStatus.REVOKED)
        if status is AwardStatus.REVOKED:
            writes.append(Amend(CREDENTIALS, id_, {"revoked": True}))
        if issued.marked is not to and (to or issued.at.purpose == "suspension"):
            writes.append(places.changed(issued.list, issued.index, to))
            if not to:
                writes.append(Amend(CREDENTIALS, id_, {"revoked": False}))
            issued = replace(issued, marked=to)
            record = replace(record, credentials={**record.credentials, fact.award: issued})
    return Decided(record, decided.facts, (*decided.writes, *writes)), places.numbers


def as_said(id_: str, achievement: str, ordinal: int, said: Said) -> Award:
    """The award as far as its last fact tells it: with no past."""
    expired = said.status is AwardStatus.EXPIRED
    change = Change(said.status_since, AwardStatus.VALID if expired else said.status, expired)
    valid_for = None if said.valid_until is None else said.valid_until - said.awarded_at
    return Award(id_, achievement, ordinal, said.version, said.awarded_at, valid_for, (change,))


def _ordinal(record: Record, fact: AwardFact, ids: PublicIds) -> int | None:
    """None if it is none of this learner's present life: what was erased stays so."""
    line = record.lines.get(fact.achievement, ())
    known = next((award.ordinal for award in line if award.id == fact.award), None)
    if known is not None:
        return known
    tried = range(1, max((award.ordinal for award in line), default=0) + AHEAD)
    return next(
        (ordinal for ordinal in tried if ids.award(record.learner, fact.achievement, ordinal, record.erasures) == fact.award),
        None,
    )


def _with_decision(
    made: Mapping[str, tuple[Decision, ...]], achievement: str, decision: Decision
) -> Mapping[str, tuple[Decision, ...]]:
    others = [one for one in made.get(achievement, ()) if one.id != decision.id]
    return {**made, achievement: tuple(sorted([*others, decision], key=lambda one: (one.at, one.id)))}


def _passed(fact: AwardFact) -> datetime | None:
    """What is known to have passed when this was said. What was published moves no time on."""
    return _later(_time_of(fact.cause), fact.valid_until if fact.status is AwardStatus.EXPIRED else None)


def _time_of(cause: Cause) -> datetime | None:
    return cause.time if cause.kind in ("completion", "decision", "expiry") else None


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((instant for instant in (one, other) if instant is not None), default=None)


def _kept(event: Event[F]) -> Put:
    """The fact as the stream keeps it."""
    said = SaidFact(event.data, envelope_of(event.data, SOURCE, event.traceparent), event.data.key, 0)
    documents: Sequence[dict[str, Any]] = facts_of([said], {0: ""})
    return Put(FACTS, documents[0], new=True)
