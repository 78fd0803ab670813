"""A small service of the tests' own: it counts per learner, and says each count."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field

from shared.decisions import Decided, Drop, Event, Put, Refused, Writer
from shared.events.catalog import Published
from shared.events.envelope import Cause, Envelope, Fact, Instant, LearnerId, Message
from shared.stream.flow import Flow
from shared.topics import PUBLICATIONS, Topic


class Counted(Message):
    TYPE: ClassVar[str] = "test.counted.v1"

    learner: LearnerId
    points: Annotated[int, Field(ge=0, le=100)] = 1
    due: Instant | None = None


class CountRefused(Message):
    """Of a type that the service refuses; `how` says in which way."""

    TYPE: ClassVar[str] = "test.refused.v1"

    learner: LearnerId
    how: str = "refused"


class Elsewhere(Message):
    """Of a type that the topic carries and the service has no interest in."""

    TYPE: ClassVar[str] = "test.elsewhere.v1"

    learner: LearnerId


class Forgotten(Message):
    TYPE: ClassVar[str] = "test.forgotten.v1"

    learner: LearnerId


class Praised(Message):
    """What the service reads beside its events and requests."""

    TYPE: ClassVar[str] = "test.praised.v1"

    learner: LearnerId


class AlarmFellDue(Message):
    TYPE: ClassVar[str] = "test.alarm-fell-due.v1"

    learner: LearnerId


class TallyMoved(Fact):
    TYPE: ClassVar[str] = "test.tally.moved.v1"

    learner: LearnerId
    points: int
    events: int
    bonus: int = 0
    alarms: int = 0

    @property
    def subject(self) -> str:
        return self.learner

    @property
    def key(self) -> str:
        return self.learner


@dataclass(frozen=True)
class Tally:
    learner: str
    points: int = 0
    events: int = 0
    bonus: int = 0
    revision: int = 0
    alarms: int = 0
    praise: int = 0
    due: datetime | None = None
    seen: Mapping[str, str] | None = None
    large: str = ""


@dataclass(frozen=True)
class Rules:
    """`bonus` is what everybody has besides: the number of versions published."""

    bonus: int


def _moved(record: Tally, cause: Cause) -> tuple[Tally, tuple[Fact, ...]]:
    record = replace(record, revision=record.revision + 1)
    fact = TallyMoved(
        revision=record.revision,
        cause=cause,
        learner=record.learner,
        points=record.points,
        events=record.events,
        bonus=record.bonus,
        alarms=record.alarms,
    )
    return record, (fact,)


def count(record: Tally, event: Event[Counted], rules: Rules) -> Decided[Tally]:
    name = f"{event.source} {event.id}"
    seen = dict(record.seen or {})
    if name in seen:
        if seen[name] != event.digest:
            raise Refused("the same id with other content")
        return Decided(record)
    seen[name] = event.digest
    next_ = replace(
        record,
        points=record.points + event.data.points,
        events=record.events + 1,
        bonus=rules.bonus,
        seen=seen,
        due=event.data.due or record.due,
    )
    cause = Cause(kind="completion", id=event.id, source=event.source, time=event.time)
    next_, facts = _moved(next_, cause)
    entry = {"_id": name, "learner": record.learner, "points": event.data.points}
    return Decided(next_, facts, (Put("entries", entry, new=True),))


def refuse(record: Tally, event: Event[CountRefused], rules: Rules) -> Decided[Tally]:
    match event.data.how:
        case "refused":
            raise Refused("the tally refuses it")
        case "bug":
            raise ZeroDivisionError("a bug")
        case "unstorable":
            return Decided(replace(record, large="\udcff"))
        case _:
            return Decided(record, writes=(Put("entries", {"_id": event.id, "much": 2**70}),))


def forget(record: Tally, event: Event[Forgotten], rules: Rules) -> Decided[Tally]:
    return Decided(None, writes=(Drop("entries", {"learner": record.learner}),))


def alarm(record: Tally, event: Event[AlarmFellDue], rules: Rules) -> Decided[Tally]:
    if record.due is None or event.time < record.due:
        return Decided(record)
    cause = Cause(kind="expiry", id=record.learner, time=event.time)
    return Decided(*_moved(replace(record, due=None, alarms=record.alarms + 1), cause))


def praise(record: Tally, event: Event[Praised], rules: Rules) -> Decided[Tally]:
    cause = Cause(kind="decision", id=event.id, time=event.time)
    return Decided(*_moved(replace(record, praise=record.praise + 1), cause))


TICKETS: Final = "tickets"


def ticketed(
    before: Tally, decided: Decided[Tally], event: Event[Any] | None, writer: Writer, rules: Rules
) -> tuple[Decided[Tally], Mapping[str, int]]:
    """Each fact gets the partition's next number. A number that was given twice would leave one ticket for two facts."""
    given = writer.numbers.get(TICKETS, 0)
    tickets = tuple(
        Put(
            TICKETS,
            {"_id": f"{writer.partition}-{number}", "learner": before.learner, "fact": fact.id, "at": writer.now},
            new=True,
        )
        for number, fact in enumerate(decided.facts, given + 1)
    )
    numbered = replace(decided, writes=(*decided.writes, *tickets))
    return numbered, {**writer.numbers, TICKETS: given + len(tickets)} if tickets else writer.numbers


def revise(record: Tally, rules: Rules, changed: Mapping[str, Cause]) -> Decided[Tally]:
    if record.bonus == rules.bonus:
        return Decided(record)
    return Decided(*_moved(replace(record, bonus=rules.bonus), next(iter(changed.values()))))


def rules_of(publications: Sequence[Published]) -> Rules:
    return Rules(len(publications))


def fell_due(record: Tally, now: datetime) -> list[tuple[Message, datetime]]:
    return [(AlarmFellDue(learner=record.learner), record.due)] if record.due and record.due <= now else []


def to_document(record: Tally) -> dict[str, Any]:
    document = {name: value for name, value in vars(record).items() if name not in ("learner", "seen", "due")}
    due = record.due.isoformat() if record.due else None
    return document | {"due": due, "seen": [[name, digest] for name, digest in (record.seen or {}).items()]}


def from_document(learner: str, document: Mapping[str, Any]) -> Tally:
    known = {name: value for name, value in document.items() if name not in ("seen", "due")}
    due = datetime.fromisoformat(document["due"]) if document["due"] else None
    return Tally(learner, seen=dict(document["seen"]), due=due, **known)


@dataclass(frozen=True)
class Topics:
    """The topics of one test. `strangers` write the input, unless said otherwise."""

    prefix: str
    strangers: bool = True

    @property
    def events(self) -> Topic:
        events = (Counted, CountRefused, Elsewhere, Forgotten)
        return self._topic("events", *events, strangers=self.strangers)

    @property
    def requests(self) -> Topic:
        return self._topic("requests", AlarmFellDue)

    @property
    def praises(self) -> Topic:
        return self._topic("praises", Praised)

    @property
    def tallies(self) -> Topic:
        return self._topic("tallies", TallyMoved)

    @property
    def letters(self) -> Topic:
        return self._topic("dead-letters")

    @property
    def publications(self) -> Topic:
        return replace(PUBLICATIONS, name=f"{self.prefix}publications")

    @property
    def all(self) -> tuple[Topic, ...]:
        return self.events, self.requests, self.praises, self.tallies, self.letters, self.publications

    def _topic(self, name: str, *events: type[Message], strangers: bool = False) -> Topic:
        name = f"{self.prefix}{name}"
        return Topic(name, "tally", ("tally",), "learner", "A test's.", events, strangers_write=strangers)


def tally_flow(topics: Topics) -> Flow[Tally, Rules]:
    return Flow(
        service=f"{topics.prefix}tally",
        reads=topics.events,
        says=topics.tallies,
        table={Counted: count, CountRefused: refuse, Forgotten: forget, AlarmFellDue: alarm, Praised: praise},
        blank=Tally,
        to_document=to_document,
        from_document=from_document,
        rules=rules_of,
        revise=revise,
        next_due=lambda record: record.due,
        fell_due=fell_due,
        beside=topics.praises,
        number=ticketed,
        requests=topics.requests,
        dead_letters=topics.letters,
    )


def event(data: Message, id_: str, *, time: datetime, source: str = "lms", traceparent: str | None = None) -> Envelope:
    return Envelope(id_, data.TYPE, source, time, traceparent=traceparent, data=data.to_json())


def hour(number: int, start: datetime) -> datetime:
    return start + timedelta(hours=number)


def as_json(value: bytes | None) -> Any:
    return None if value is None else json.loads(value)
