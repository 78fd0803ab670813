"""What was computed as Markdown, by the name of its marks in `docs/scale.md`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Final

from deploy.bench.tables import number, table
from deploy.scale import assumptions, sizing
from deploy.scale.assumptions import BUSY, LAST_MINUTES
from deploy.scale.costs import SERVICES, Costs
from deploy.scale.scenarios import PARTITIONS, agreements, bursts, skews
from deploy.scale.sizing import Need, bends, kept_for, need
from shared.topics import TOPICS

LEARNERS: Final = (1_000_000, 10_000_000, 100_000_000)


def sections(costs: Costs) -> dict[str, str]:
    needs = [need(learners, costs) for learners in LEARNERS]
    return {
        "where": costs.where,
        "assumptions": of_assumptions(),
        "costs": of_costs(costs),
        "needs": of_needs(needs),
        "topics": of_topics(costs, needs),
        "bends": of_bends(costs),
        "formula": of_formula(costs),
        "skew": of_skew(),
        "burst": of_burst(costs),
    }


def of_assumptions() -> str:
    rows = [f"| {one.says} | {one.value:g} | {one.reason} |" for one in assumptions.ALL]
    return "\n".join(["| assumed | | because |", "|---|---:|---|", *rows])


def of_costs(costs: Costs) -> str:
    """Milliseconds of a core."""
    rows = []
    for service in SERVICES:
        one = costs.services[service]
        rows.append(
            [
                service,
                number(one.reads, ".2f"),
                number(one.batch),
                *(number(1_000 * spent, ".2f") for spent in (one.own.fixed, one.own.each, one.database.fixed, one.database.each)),
                number(costs.cold.get(service), ".2f"),
            ]
        )
    rows.append(
        ["database", "", "", "", "", "", number(1_000 * costs.database, ".2f"), number(costs.cold.get("database"), ".2f")]
    )
    rows.append(["broker", "", "", "", number(1_000 * costs.broker, ".2f"), "", "", number(costs.cold.get("kafka"), ".2f")])
    heads = [
        "ms of a core",
        "messages for one completion",
        "in a full-speed batch",
        "own, for a batch",
        "own, for a message",
        "database's, for a batch",
        "database's, for a message",
        "times as much if not in memory",
    ]
    return table(heads, rows)


def of_needs(needs: Sequence[Need]) -> str:
    rows = [
        ["completions/s over the term", *(number(one.mean, ",.1f") for one in needs)],
        ["**completions/s, mean of the peak hour**", *(f"**{one.peak:,.0f}**" for one in needs)],
        ["partitions of each topic keyed by learner", *(number(one.partitions) for one in needs)],
    ]
    rows += [[f"pods of {service}", *(number(one.pods[service]) for one in needs)] for service in SERVICES]
    if all(one.doors is not None for one in needs):
        rows.append(["pods of assessment's door, if all came by its dearest format", *(number(one.doors) for one in needs)])
    rows += [
        [
            f"primaries of {service}'s database (what needs most)",
            *(f"{one.servers[service]:,} ({one.servers_by[service]})" for one in needs),
        ]
        for service in SERVICES
    ]
    rows += [
        ["database's disk after all the years, all members, TB", *(number(one.database_disk, ",.1f") for one in needs)],
        ["broker's disk after all the years, all replicas, TB", *(number(one.broker_disk, ",.1f") for one in needs)],
        ["brokers", *(number(one.brokers) for one in needs)],
    ]
    if all(one.sweep_hours is not None for one in needs):
        rows.append(
            ["hours for a stack published late, nothing else running", *(number(one.sweep_hours, ",.1f") for one in needs)]
        )
    return table(["learners", *(f"{one.learners:,}" for one in needs)], rows)


def of_topics(costs: Costs, needs: Sequence[Need]) -> str:
    rows = []
    for topic in TOPICS:
        if topic.name not in costs.topics:
            continue
        messages, bytes_ = costs.topics[topic.name]
        rows.append(
            [
                f"`{topic.name}`, {kept_for(topic)}",
                number(messages, ".2f"),
                number(bytes_),
                *(number(one.topics[topic.name], ",.2f") for one in needs),
            ]
        )
    heads = [f"TB for {one.learners:,}" for one in needs]
    return table(["for one completion", "messages", "bytes", *heads], rows)


def of_bends(costs: Costs) -> str:
    rows = [f"| {_rounded(bend.learners)} | {bend.what} | {bend.then} |" for bend in bends(costs)]
    return "\n".join(["| full at the peak of so many learners | what | then |", "|---:|---|---|", *rows])


def _rounded(learners: float) -> str:
    """To two places: more would be told than is known."""
    digits = len(str(int(learners))) - 2
    return f"{round(learners, -digits):,.0f}"


def of_formula(costs: Costs) -> str:
    rows = [
        [one.says, *(number(share, ".2f") for share in (one.formula, one.simulated, one.busiest)), number(one.p95, ",.2f")]
        for one in agreements(costs)
    ]
    return table(["keys", "busy by the formula", "simulated, mean of four", "the busiest", "p95, s"], rows)


def of_skew() -> str:
    rows = [[one.says, *(number(times, ",.2f") for times in one.fullest)] for one in skews()]
    return table(["the fullest partition to the mean, of", *map(str, PARTITIONS)], rows)


def of_burst(costs: Costs) -> str:
    rows = [list(row) for row in _of_bursts(costs)]
    heads = ["longest queue of a worker", "p95, s"]
    each = [f"{service}: {head}" for service in SERVICES for head in heads]
    return table(["planned to be busy", "completions/s", *each, "all stages: p95, s", "empty after, s"], rows)


def _of_bursts(costs: Costs) -> Iterator[list[str]]:
    for burst in bursts(costs):
        cells: list[str] = []
        for service in SERVICES:
            passed = burst.outcome.stages[service]
            cells += [number(passed.longest), number(passed.p95, ",.1f")]
        rate = f"{burst.rate:,.0f}, then {burst.rate * LAST_MINUTES.value:,.0f}"
        share = f"{burst.planned:.0%}" + (" (as above)" if burst.planned == BUSY.value else "")
        yield [share, rate, *cells, number(burst.outcome.p95, ",.1f"), number(burst.drained, ",.1f")]


def in_json(costs: Costs) -> dict[str, object]:
    """The needs and the bends as figures."""
    return {
        "where": costs.where,
        "assumptions": {one.says: one.value for one in assumptions.ALL},
        "needs": [asdict(sizing.need(learners, costs)) for learners in LEARNERS],
        "bends": [asdict(bend) for bend in bends(costs)],
    }
