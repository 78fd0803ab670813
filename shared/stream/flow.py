"""What a service plugs into the stream: its topics and its decisions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from shared.decisions import Decided, Event
from shared.events.catalog import Published
from shared.events.envelope import Cause, Message
from shared.topics import DEAD_LETTERS, REQUESTS, Topic

R = TypeVar("R")
K = TypeVar("K")


@dataclass(frozen=True)
class Flow(Generic[R, K]):
    """One service's way from events to facts. R: a learner's record, an immutable value. K: the rules in force.

    `reads` is the main input; the service's requests are read beside it, from the same partitions. Facts go to `says`.
    `table` finds the decision by the event's model. `to_document` leaves `_id`, `partition` and `due_at` to the engine.
    `rules` makes the service's rules of the newest publication of each id@version.

    `revise` is asked about each learner after publications changed; the causes are by definition id.
    `next_due` is the instant at which something of a record next falls due; `fell_due` gives what did until then, each with
    its own instant: it must give the same messages again as long as the record is the same, and awaits them as events.
    `requests` and `dead_letters` are the service's own ones unless said otherwise.
    """

    service: str
    reads: Topic
    says: Topic | None
    table: Mapping[type[Message], Callable[[R, Event[Any], K], Decided[R]]]
    blank: Callable[[str], R]
    to_document: Callable[[R], dict[str, Any]]
    from_document: Callable[[str, dict[str, Any]], R]
    rules: Callable[[Sequence[Published]], K]
    revise: Callable[[R, K, Mapping[str, Cause]], Decided[R]] | None = None
    next_due: Callable[[R], datetime | None] | None = None
    fell_due: Callable[[R, datetime], Sequence[tuple[Message, datetime]]] | None = None
    requests: Topic | None = None
    dead_letters: Topic | None = None

    @property
    def asked_on(self) -> Topic:
        return self.requests or REQUESTS[self.service]

    @property
    def buried_on(self) -> Topic:
        return self.dead_letters or DEAD_LETTERS[self.service]
