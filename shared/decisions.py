"""What a decision is made of: the event that it is about, and what it leaves behind.

A decision is a pure function `decide(record, event, rules) -> Decided`: it reads no clock, does no I/O, makes no random id.
Records are immutable values; a decision returns another one instead of changing it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from shared.events.envelope import Fact, Message

M = TypeVar("M", bound=Message)
R = TypeVar("R")


class Refused(Exception):
    """The event can never be applied. It becomes a dead letter, with the text as its reason; the record stays as it was."""


@dataclass(frozen=True, slots=True)
class Event(Generic[M]):
    """An event as it came. `time` is the source's own; `digest` are 16 hex digits over the bytes of the data.

    `source` and `id` name it: the same pair with the same digest is the same event come
    twice; with another digest one of them is wrong.
    """

    data: M
    id: str
    source: str
    type: str
    time: datetime
    digest: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Put:
    """Insert the document, or replace the one with its `_id`.

    `new` says that none is there to be expected, which some databases write much faster; it does no harm if one is.
    """

    collection: str
    document: dict[str, Any]
    new: bool = False


@dataclass(frozen=True, slots=True)
class Drop:
    """Delete all documents that match `where`."""

    collection: str
    where: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Amend:
    """Set these fields of the document with this `_id`, if there is one."""

    collection: str
    id: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Writer:
    """The one writer of a partition: its clock, and the counters that nobody else moves. What isn't in `numbers` is 0."""

    partition: int
    now: datetime
    numbers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decided(Generic[R]):
    """The learner's record from now on (None: there is to be none), what is to be published, and what else is to be stored."""

    record: R | None
    facts: tuple[Fact, ...] = ()
    writes: tuple[Put | Drop | Amend, ...] = ()
