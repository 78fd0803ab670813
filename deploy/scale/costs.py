"""What things cost, as measured: from `measured.json`, which is kept with the code and says when and where that was.

`measured.json` has what `python -m deploy.scale.measuring` found (batches) and, if there was one, what `make bench` found
(bench) and `make curves` found of learners whose records are not in memory (cold). `make scale SCALE=--take` puts it together
anew from the last runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression
from typing import Any, Final

from deploy.scale.simulation import Batch

KEPT: Final = Path(__file__).with_name("measured.json")
SERVICES: Final = ("assessment", "awarding", "notifications")
OTHERS: Final = ("kafka", "database")
MIX: Final = "cohort"
VAR: Final = Path("var")

Found = Mapping[str, Any]


@dataclass(frozen=True)
class Service:
    """For one completion it reads so many messages. `own` and `database` are what a batch of those costs, in seconds of a core.

    `batch` is how many were in a transaction at full speed.
    """

    reads: float
    own: Batch
    database: Batch
    batch: float


@dataclass(frozen=True)
class Costs:
    """`topics` are messages and bytes for one completion, `stored` bytes of documents and of indexes; `broker` seconds of a core.

    `cold` is how many times as much a completion costs each process if the learner's record isn't in memory; `doors` completions
    a second that one core takes in by each format; `sweep` the speed of a late stack's evaluation to the stream's. Empty or None
    where it wasn't measured.
    """

    where: str
    services: Mapping[str, Service]
    broker: float
    topics: Mapping[str, tuple[float, float]]
    stored: Mapping[str, tuple[float, float]]
    memory: Mapping[str, float]
    cold: Mapping[str, float]
    doors: Mapping[str, float]
    sweep: float | None
    measured_award_p95: Sequence[tuple[float, float]]
    """At so many completions a second, the seconds within which 95 of 100 had led to their award."""

    @property
    def database(self) -> float:
        """Seconds of a core for one completion, in batches as at full speed."""
        return sum(one.reads * one.database.of_each(one.batch) for one in self.services.values())

    def own(self, service: str) -> float:
        """Likewise of a service's own process."""
        one = self.services[service]
        return one.reads * one.own.of_each(one.batch)


def read(path: Path = KEPT) -> Costs:
    return costs_of(json.loads(path.read_text()))


def taken(folder: Path = VAR) -> dict[str, Any]:
    """What is to be kept of what was measured last. Raises FileNotFoundError if batches never were."""
    kept: dict[str, Any] = {"batches": json.loads((folder / "batches.json").read_text())}
    if (path := folder / "bench.json").exists():
        found = json.loads(path.read_text())
        kept["bench"] = {name: found[name] for name in ("at", "cores", "load_before")}
        if MIX in found.get("throughput", {}):
            kept["bench"]["cairn"] = found["throughput"][MIX]["cairn"]
        kept["bench"]["door"] = {name: door["per_second"] for name, door in found.get("door", {}).items()}
        if "retroactive" in found:
            kept["bench"]["sweep"] = found["retroactive"]["alone"]["of_the_stream"]
    if (path := folder / "curves.json").exists() and "before" in (curves := json.loads(path.read_text())["curves"]):
        points = [point for point in curves["before"]["points"] if point["cold"]]
        if points:
            kept["cold"] = {
                "at": curves["before"]["at"],
                "completions_before": points[-1]["at"],
                "warm": points[-1]["cost"]["cpu"],
                "cold": points[-1]["cold"]["cpu"],
            }
    return kept


def costs_of(kept: Found) -> Costs:
    batches, bench = kept["batches"], kept.get("bench", {})
    full = bench.get("cairn", batches["full"])
    reads = _reads(batches["points"])
    shares = _shares(full["documents_written"])
    transactions = {service: reads[service] / full["batch"][service] for service in SERVICES}
    dear = _batch(batches["points"], "database", SERVICES, full, sum(transactions.values()))
    services = {}
    for service in SERVICES:
        own = _batch(batches["points"], service, (service,), full, transactions[service])
        services[service] = Service(
            reads[service],
            Batch(own.fixed, own.each / reads[service]),
            Batch(dear.fixed, dear.each * shares[service] / reads[service]),
            full["batch"][service],
        )
    cold = kept.get("cold")
    return Costs(
        where=_where(batches, bench),
        services=services,
        broker=full["cpu"]["kafka"] / 1_000,
        topics={name: (topic["messages"], topic["bytes"]) for name, topic in full["topics"].items()},
        stored={name: (parts[0], parts[1]) for name, parts in full["stored_bytes"].items()},
        memory=full["memory"],
        cold={name: cold["cold"][name] / cold["warm"][name] for name in (*SERVICES, *OTHERS)} if cold else {},
        doors=bench.get("door", {}),
        sweep=bench.get("sweep"),
        measured_award_p95=[(point["rate"], point["award"]["p95"]) for point in batches["points"] if point["award"]],
    )


def _reads(points: Sequence[Found]) -> dict[str, float]:
    """Messages that each service reads for one completion, over all runs."""
    completions = sum(point["completions"] for point in points)
    return {service: sum(point["read"][service] for point in points) / completions for service in SERVICES}


def _shares(written: Found) -> dict[str, float]:
    """Of the database's time, by the documents that each service writes: which it told apart for nobody."""
    whole = sum(written[service] for service in SERVICES)
    return {service: written[service] / whole for service in SERVICES}


def _batch(points: Sequence[Found], process: str, services: Sequence[str], full: Found, transactions: float) -> Batch:
    """What a transaction of these services costs the process, and what a completion does beside it.

    The line through what a completion cost over how many transactions it had its share in, once sent slowly and once at once; so
    much steeper or flatter that it goes through what was measured at full speed, with so many transactions for a completion.
    """
    line = linear_regression(
        [sum(point["batches"][service] for service in services) / point["completions"] for point in points],
        [point["cpu"][process] / point["completions"] for point in points],
    )
    fixed, each = max(0.0, line.slope), max(0.0, line.intercept)
    times = full["cpu"][process] / 1_000 / (fixed * transactions + each)
    return Batch(fixed * times, each * times)


def _where(batches: Found, bench: Found) -> str:
    said = (
        f"Batches: measured at {batches['at']} on {batches['cores']} cores ({batches['processor']}), "
        f"load before {batches['load_before']}."
    )
    if bench:
        other = f"`make bench` at {bench['at']} on {bench['cores']} cores, load before {bench['load_before']}"
        return f"{said} Costs at full speed: {other}."
    return f"{said} Costs at full speed are those of the same run."
