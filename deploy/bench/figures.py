"""Measurements as JSON takes them: numbers for one completion or a thousand, and medians of several runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Final

from deploy.bench.counts import Asked, Served, commands, documents
from deploy.bench.floor import Outcome
from deploy.bench.throughput import Speed

Figures = dict[str, Any]
WRITING: Final = ("insert", "update", "delete")


def of_speed(speed: Speed) -> Figures:
    """Of a run of the services. `cpu` is in seconds for 1,000 completions, `memory` in megabytes; the rest for one completion."""
    number = speed.completions
    return {
        "mix": speed.mix,
        "completions": number,
        "verdicts": speed.verdicts,
        "awards": speed.awards,
        "upgrades": speed.upgrades,
        "credentials": speed.credentials,
        "facts": speed.facts,
        "mails": speed.mails,
        "seconds": round(speed.seconds, 2),
        "mailed_after": round(speed.mailed_after, 2),
        "completions_per_second": round(speed.per_second, 1),
        "awards_per_second": round(speed.awards_per_second, 1),
        "upgrades_per_second": round(speed.upgrades / speed.seconds, 1),
        "credentials_per_second": round(speed.credentials / speed.seconds, 1),
        "mails_per_second": round(speed.mails / speed.mailed_after, 1),
        "commands": {service: round(commands(asked) / number, 4) for service, asked in speed.asked.items()},
        "documents_written": {
            service: round(sum(documents(asked, *WRITING).values()) / number, 4) for service, asked in speed.asked.items()
        },
        "asked": {service: _named(asked) for service, asked in speed.asked.items()},
        **_alike(speed, number),
    }


def of_floor(outcome: Outcome) -> Figures:
    """Of a run of the bare loops, likewise."""
    return {
        "completions": outcome.completions,
        "seconds": round(outcome.seconds, 2),
        "completions_per_second": round(outcome.per_second, 1),
        **_alike(outcome, outcome.completions),
    }


def _alike(run: Speed | Outcome, number: int) -> Figures:
    return {
        "batch": {name: round(size, 1) for name, size in run.batch.items()},
        "cpu": {name: round(1_000 * seconds / number, 3) for name, seconds in run.cpu.items()},
        "memory": dict(run.memory),
        "disk_bytes": {name: round(bytes_ / number) for name, bytes_ in run.written.items()},
        "database_operations": {kind: round(count / number, 4) for kind, count in run.served.operations.items()},
        "database_seconds": _busiest(run.served),
        "topics": {
            name: {"messages": round(messages / number, 4), "bytes": round(bytes_ / number, 1)}
            for name, (messages, bytes_) in run.topics.items()
        },
    }


def _named(asked: Asked) -> dict[str, list[int]]:
    """In all: [commands, documents]."""
    return {f"{place}.{name}".lstrip("."): [count, number] for (place, name), (count, number, _) in sorted(asked.items())}


def _busiest(served: Served) -> dict[str, float]:
    """The collections that the database was longest busy with; in seconds, waiting for one another included."""
    places = sorted(served.by_place.items(), key=lambda item: -item[1][1])[:12]
    return {place: round(seconds, 3) for place, (_, seconds) in places}


def compared(speed: Speed, outcome: Outcome) -> Figures:
    """A run beside its floor. Ratios of one to one: 1 is as fast, or as cheap, as the floor."""
    spent, least = (sum(run.cpu.values()) / run.completions for run in (speed, outcome))
    return {
        "cairn": of_speed(speed),
        "floor": of_floor(outcome),
        "of_the_floor": round(speed.per_second / outcome.per_second, 3),
        "of_the_floor_in_cpu": round(least / spent, 3),
    }


def median_of(found: Sequence[Any]) -> Any:
    """Each number's median over figures of the same shape. What some lack is that of the others; text is the first one's."""
    first = found[0]
    if isinstance(first, Mapping):
        names = dict.fromkeys(name for each in found for name in each)
        return {name: median_of([each[name] for each in found if name in each]) for name in names}
    if isinstance(first, list):
        return [median_of(list(parts)) for parts in zip(*found, strict=False)]
    if isinstance(first, int | float) and not isinstance(first, bool):
        middle = median(found)
        return round(middle, 4) if isinstance(middle, float) else middle
    return first


def of_delays(delays: Sequence[float]) -> Figures | None:
    """Of sorted seconds; None if there are none."""
    if not delays:
        return None
    shares = {"median": 0.5, "p95": 0.95, "p99": 0.99}
    return {"number": len(delays), **{name: round(quantile(delays, share), 3) for name, share in shares.items()}}


def quantile(ordered: Sequence[float], share: float) -> float:
    """The least of the sorted figures that so large a share of them doesn't exceed."""
    return ordered[min(len(ordered) - 1, max(0, -int(-len(ordered) * share // 1) - 1))]
