"""A batch: what is decided together and written in one transaction."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from shared import telemetry
from shared.broadcast import Publication
from shared.decisions import Amend, Decided, Drop, Event, Put, Refused, Writer
from shared.events.envelope import Cause, Envelope, Fact, Message, envelope_of
from shared.kafka import MEGABYTE
from shared.stream.arrival import arrival, described
from shared.stream.flow import Flow
from shared.stream.incoming import Incoming, Reader
from shared.stream.readings import Readings

log = logging.getLogger(__name__)

R = TypeVar("R")
K = TypeVar("K")

LARGEST_FACT: Final = MEGABYTE


@dataclass(frozen=True, slots=True)
class Read:
    """A message with what was read out of it: an event, the reason why it can't be, or neither (no concern of the flow)."""

    incoming: Incoming
    event: Event[Any] | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A fact with the envelope it will have, and whose it is. `arrived` is when what led to it came, where that is measured."""

    fact: Fact
    envelope: Envelope
    learner: str
    partition: int
    arrived: datetime | None = None


@dataclass(frozen=True, slots=True)
class Buried:
    """A message that can't be applied."""

    incoming: Incoming
    reason: str
    traceparent: str | None


@dataclass
class Batch(Generic[R]):
    """What is to be written. `records` are all that were loaded, as decided; `changed` those of them that are to be stored.

    `fresh` are the learners of whom the database had no record. `numbers` are the counters of each partition, as moved.
    """

    records: dict[str, R | None]
    fresh: frozenset[str] = frozenset()
    numbers: dict[int, Mapping[str, int]] = field(default_factory=dict)
    partitions: dict[str, int] = field(default_factory=dict)
    changed: dict[str, None] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    writes: list[Put | Drop | Amend] = field(default_factory=list)
    buried: list[Buried] = field(default_factory=list)
    failed_revisions: int = 0
    readings: Readings = field(default_factory=Readings)


def read_all(reader: Reader, messages: Iterable[Incoming]) -> list[Read]:
    read = []
    for incoming in messages:
        try:
            read.append(Read(incoming, event=reader.read(incoming)))
        except Refused as refusal:
            read.append(Read(incoming, reason=str(refusal)))
    return read


class Fold(Generic[R, K]):
    """Decides event after event on the records of one batch. `numbers` are the counters of each partition before it.

    The `clock` is asked at most once.
    """

    def __init__(
        self,
        flow: Flow[R, K],
        rules: K,
        records: dict[str, R | None],
        numbers: Mapping[int, Mapping[str, int]],
        clock: Callable[[], datetime],
    ) -> None:
        self._flow = flow
        self._rules = rules
        self._source = f"cairn/{flow.service}"
        self._clock = clock
        self._now: datetime | None = None
        fresh = frozenset(name for name, record in records.items() if record is None)
        self.batch: Batch[R] = Batch(records, fresh, dict(numbers))

    def events(self, messages: Sequence[Read]) -> None:
        """An event that is refused, or whose decision fails, is buried; those around it are decided."""
        for read in messages:
            if read.event is not None:
                self._event(read.incoming, read.event)
            elif read.reason is not None:
                self._bury(read.incoming, read.reason, read.incoming.traceparent)

    def revisions(self, learners: Sequence[str], partition: int, changed: Mapping[str, Publication]) -> None:
        """Look at learners again because of what was published. Who has no record any more is passed over."""
        assert self._flow.revise is not None
        causes: dict[str, Cause] = {name: publication.cause for name, publication in changed.items()}
        for learner in learners:
            record = self.batch.records.get(learner)
            if record is None:
                continue
            try:
                decided = self._flow.revise(record, self._rules, causes)
                parent = led(decided.facts, changed) if decided.facts else None
                with telemetry.span("sweep", parent=parent or telemetry.NEW_TRACE) if parent else nullcontext() as span:
                    self._take(learner, partition, record, decided, None, span.traceparent if span else None)
            except Exception:
                log.exception("a learner could not be looked at again and is left as is")
                self.batch.failed_revisions += 1

    def _event(self, incoming: Incoming, event: Event[Message]) -> None:
        learner: str = event.data.learner  # type: ignore[attr-defined]  # Reader has compared it with the key
        record = self.batch.records.get(learner)
        if record is None:
            record = self._flow.blank(learner)
        decide = self._flow.table[type(event.data)]
        attributes = described(incoming) | {"messaging.message.id": event.id, "cairn.type": event.type}
        parent = event.traceparent or telemetry.NEW_TRACE
        with telemetry.span(f"process {incoming.topic}", kind="consumer", parent=parent, attributes=attributes) as span:
            try:
                decided = decide(record, event, self._rules)
                self._take(learner, incoming.partition, record, decided, event, span.traceparent, arrival(self._flow, incoming))
                self.batch.readings.add(incoming, "new" if decided.record is not record else "repeated")
            except Refused as refusal:
                span.failed("refused")
                self._bury(incoming, str(refusal), span.traceparent)
            except Exception as bug:
                log.exception("deciding on an event of type %s failed", event.type)
                span.failed(type(bug).__name__)
                reason = traceback.format_exception_only(bug)[-1].strip()
                self._bury(incoming, f"the decision failed: {reason}", span.traceparent)

    def _take(
        self,
        learner: str,
        partition: int,
        before: R,
        decided: Decided[R],
        event: Event[Any] | None,
        traceparent: str | None,
        arrived: datetime | None = None,
    ) -> None:
        """Raises Refused, and then nothing was taken and no number given."""
        numbers = self.batch.numbers.get(partition, {})
        if self._flow.number is not None:
            self._now = self._now or self._clock()
            decided, numbers = self._flow.number(before, decided, event, Writer(partition, self._now, numbers), self._rules)
        said = [Said(fact, envelope_of(fact, self._source, traceparent), learner, partition, arrived) for fact in decided.facts]
        for one in said:
            if len(one.envelope.data) > LARGEST_FACT:
                raise Refused(f"a fact of {len(one.envelope.data)} bytes would follow, {LARGEST_FACT} are allowed")
        batch = self.batch
        batch.said += said
        batch.writes += decided.writes
        batch.numbers[partition] = numbers
        if decided.record is not before:
            batch.records[learner] = decided.record
            batch.changed[learner] = None
            batch.partitions[learner] = partition

    def _bury(self, incoming: Incoming, reason: str, traceparent: str | None) -> None:
        self.batch.buried.append(Buried(incoming, reason, traceparent))
        self.batch.readings.add(incoming, "dead")


def led(facts: Sequence[Fact], changed: Mapping[str, Publication]) -> str | None:
    """The trace of the publication that led to the first of these facts; if it isn't named, that of the last publication."""
    named = {publication.published.subject: publication for publication in changed.values()}
    last = max(changed.values(), key=lambda publication: publication.offset, default=None)
    found = named.get(facts[0].cause.id, last)
    return found.traceparent if found is not None else None
