"""What the services said of themselves, as people read it in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from rich.markup import escape
from rich.table import Column, Table

from shared.operations.journey import Step
from shared.operations.standing import Standing

TONES: Final = {"running": "green", "paused": "yellow", "waiting": "yellow", "stopped": "red"}


def services(standings: Iterable[Standing], catalog: Mapping[str, Any] | None) -> Table:
    """A line for each service."""
    numbers = [Column(name, justify="right") for name in ("lag", "per second", "dead letters")]
    table = Table("service", "state", "processes", *numbers, "last error", title="services", title_justify="left")
    if catalog is not None:
        waiting = catalog["waiting"]
        state = "[green]running[/]" if not waiting else f"[yellow]{waiting} publications wait to be announced[/]"
        table.add_row("catalog", state, "", "", "", "", "")
    for one in standings:
        error = one.last_error
        letters = one.dead_letters
        table.add_row(
            one.service,
            f"[{TONES[one.state]}]{one.state}[/]"
            + (f" by {plain(one.paused.by)}: {plain(one.paused.reason)}" if one.paused else ""),
            "\n".join(plain(instance.name) for instance in one.instances),
            "?" if one.lag is None else str(one.lag),
            str(one.rate),
            "?" if letters is None else f"{letters.waiting}{'+' if letters.more else ''}",
            "" if error is None else f"{plain(error.says)} ({moment(error.at)}, {plain(error.instance)})",
        )
    return table


def consumers(standings: Iterable[Standing]) -> Table:
    """A line for each partition of each topic."""
    numbers = [Column(name, justify="right") for name in ("partition", "next", "end", "lag", "per second")]
    table = Table("service", "topic", *numbers, "process", title="consumers", title_justify="left")
    for one in standings:
        for consumer in one.consumers:
            table.add_row(
                one.service,
                consumer.topic,
                str(consumer.partition),
                _number(consumer.position),
                _number(consumer.end),
                _number(consumer.lag),
                str(consumer.rate),
                plain(consumer.owner or ""),
            )
    return table


def troubles(standings: Iterable[Standing]) -> Iterator[str]:
    """A line for each backfill under way, each source gone silent, and each process that waits for something."""
    for one in standings:
        for backfill in one.backfills:
            total = "?" if backfill.total is None else backfill.total
            yield f"{one.service}: {backfill.kind} of {plain(backfill.of)}, {backfill.done} of {total}"
        for source in one.silent_sources:
            heard = "never heard" if source.last_event is None else f"last heard {moment(source.last_event)}"
            yield f"{one.service}: [yellow]source gone silent[/]: {plain(source.source)} ({plain(source.name)}), {heard}"
        for instance in one.instances:
            if instance.trouble:
                yield f"{one.service}: [yellow]{plain(instance.name)} waits[/]: {plain(instance.trouble)}"
        if not one.broker:
            yield f"{one.service}: [red]the broker does not answer it[/]"


def way(steps: Iterable[Step]) -> Table:
    """A learner's steps, in the order of time."""
    table = Table(Column("at", no_wrap=True), "service", "what", "about", "says", "because of", Column("trace", no_wrap=True))
    for step in steps:
        table.add_row(
            moment(step.at),
            step.service,
            plain(step.type),
            plain(step.about),
            plain(", ".join(f"{name}: {value}" for name, value in step.says.items())),
            "" if step.cause is None else plain(f"{step.cause.kind} {step.cause.id}"),
            step.trace or "",
        )
    return table


def moment(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S.") + f"{time.microsecond // 1000:03d}"


def plain(text: str) -> str:
    """Without what a terminal or rich would take for an order."""
    return escape("".join(sign if sign.isprintable() else "·" for sign in text))


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)
