"""What a service plugs into the stream: its topics and its decisions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from shared.decisions import Amend, Decided, Drop, Event, Put, Writer
from shared.events.catalog import Published
from shared.events.envelope import Cause, Message
from shared.topics import DEAD_LETTERS, REQUESTS, Topic

R = TypeVar("R")
K = TypeVar("K")

Role = Literal["reads", "asks", "beside"]
"""The flow's main input, its requests, or what it reads beside them."""


@dataclass(frozen=True)
class Flow(Generic[R, K]):
    """One service's way from events to facts. R: a learner's record, an immutable value. K: the rules in force.

    `reads` is the main input; the service's requests, and what is on `beside`, are read with it, from the same partitions.
    Facts go to `says`.
    `table` finds the decision by the event's model. `to_document` leaves `_id`, `partition` and `due_at` to the engine.
    `rules` makes the service's rules of the newest publication of each id@version.

    `revise` is asked about each learner after publications changed; the causes are by definition id.
    `next_due` is the instant at which something of a record next falls due; `fell_due` gives what did until then, each with
    its own instant: it must give the same messages again as long as the record is the same, and awaits them as events.
    `number` is called after each decision that was made, with the record before it, the event (None: a revision) and the
    partition's writer. It gives the decision again, with what needs a number or the time added, and the numbers after it. They
    are written in the same transaction or not at all, so that none is ever given twice; a decision that fails moves none.
    `engage` is given what else each transaction is to write, just before it is written. It gives what to write instead, and what
    to call once that is committed; if nobody learns that it was, that is never called.
    `requests` and `dead_letters` are the service's own ones unless said otherwise.
    `readings` names the collection in which is counted, in the same transaction, what was read of each source on each day.
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
    beside: Topic | None = None
    number: Callable[[R, Decided[R], Event[Any] | None, Writer, K], tuple[Decided[R], Mapping[str, int]]] | None = None
    engage: Callable[[Sequence[Put | Drop | Amend]], tuple[Sequence[Put | Drop | Amend], Callable[[], None]]] | None = None
    requests: Topic | None = None
    dead_letters: Topic | None = None
    readings: str | None = None

    @property
    def asked_on(self) -> Topic:
        return self.requests or REQUESTS[self.service]

    @property
    def inputs(self) -> dict[Role, Topic]:
        found: dict[Role, Topic] = {"reads": self.reads, "asks": self.asked_on}
        return found if self.beside is None else found | {"beside": self.beside}

    @property
    def buried_on(self) -> Topic:
        return self.dead_letters or DEAD_LETTERS[self.service]
