"""What one service knows of a learner's way: entries, facts and messages in the order of their times, with their traces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import Field

from shared.events.envelope import Instant
from shared.mongo import Document
from shared.operations.standing import Shown
from shared.stream.transaction import data_of

Kind = Literal["entry", "decision", "fact", "message"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""In the order in which the way goes. The services' names happen to be in that order as well."""
Said = str | int | float | bool

SAID: Final = (
    *("achievement", "version", "met", "status", "stack", "level", "from_level"),
    *("award", "credential", "submission", "review", "passed", "edition"),
)
"""What is shown of a fact: nothing that a person wrote."""


class CauseShown(Shown):
    kind: str
    id: str
    time: Instant


class Step(Shown):
    """One thing that is known of a learner. `at` is when it happened at its source, `noted_at` when the service wrote it down."""

    service: str
    kind: Kind
    at: Instant
    noted_at: Instant | None = None
    type: Annotated[str, Field(description="of the event, or the message's kind")]
    id: str
    about: Annotated[str, Field(description="the activity, the fact's subject, or the message's achievement")]
    says: dict[str, Said]
    cause: CauseShown | None = None
    trace: Annotated[str | None, Field(description="the id of the trace it belongs to")] = None


class Journey(Shown):
    """In the order of time. `more`: there are earlier steps."""

    service: str
    learner: str
    steps: list[Step]
    more: bool


def trace_of(traceparent: str | None) -> str | None:
    """The trace id of a `traceparent`; None if it is none."""
    parts = (traceparent or "").split("-")
    return parts[1] if len(parts) >= 4 and len(parts[1]) == 32 else None


def said_of(data: Mapping[str, Any], names: Iterable[str] = SAID) -> dict[str, Said]:
    """The plain values among these, those of a level taken apart."""
    level = data.get("level")
    flat = {**data, **level} if isinstance(level, Mapping) else data
    return {name: value for name in names if isinstance(value := flat.get(name), str | int | float | bool)}


def step_of_fact(service: str, fact: Document) -> Step:
    """`fact` is a document of `facts`."""
    data = data_of(fact)
    cause = data["cause"]
    return Step(
        service=service,
        kind="fact",
        at=datetime.fromisoformat(cause["time"]),
        noted_at=fact["time"],
        type=fact["type"],
        id=fact["_id"],
        about=fact["subject"],
        says=said_of(data),
        cause=CauseShown(kind=cause["kind"], id=cause["id"], time=datetime.fromisoformat(cause["time"])),
        trace=trace_of(fact.get("traceparent")),
    )


def journey(service: str, learner: str, steps: Sequence[Step], most: int) -> Journey:
    """The latest `most` of them."""
    ordered = in_order(steps)
    return Journey(service=service, learner=learner, steps=ordered[-most:], more=len(ordered) > most)


def in_order(steps: Iterable[Step]) -> list[Step]:
    """By time; what happened at the same time, in the order in which the way goes. What a database kept has milliseconds only."""
    return sorted(steps, key=_place)


def _place(step: Step) -> tuple[datetime, int, str, datetime, str]:
    at = step.at.replace(microsecond=step.at.microsecond // 1000 * 1000)
    return at, KINDS.index(step.kind), step.service, step.noted_at or step.at, step.id
