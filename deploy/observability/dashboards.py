"""The dashboards: the flow, one for each service, and the business. `python -m deploy.observability` writes them as files."""

from __future__ import annotations

from typing import Any, Final

from deploy.observability.names import family, job, label
from deploy.observability.panels import Panel, Row, Unit, dashboard
from shared.telemetry import metrics
from shared.telemetry.metrics import Metric

SERVICES: Final = ("catalog", "assessment", "awarding", "notifications")
STREAMS: Final = SERVICES[1:]
TOPIC: Final = label(metrics.TOPIC)
TYPE: Final = label(metrics.TYPE)
GRANTED: Final = "cairn.award.granted.v1"
UPGRADED: Final = "cairn.stack.upgraded.v1"
VERDICT: Final = "cairn.verdict.reached.v1"


def dashboards() -> dict[str, dict[str, Any]]:
    """By the name of their files, without its ending."""
    return {"flow": flow(), "business": business(), **{service: of_service(service) for service in SERVICES}}


def rate(metric: Metric, by: str = "", **where: str) -> str:
    """Of a counter, in a second."""
    return f"sum{_by(by)}(rate({_selected(family(metric), where)}[$__rate_interval]))"


def counted(metric: Metric, by: str = "", **where: str) -> str:
    """How many there were in a histogram, in a second."""
    return f"sum{_by(by)}(rate({_selected(f'{family(metric)}_count', where)}[$__rate_interval]))"


def quantile(q: float, metric: Metric, by: str = "", **where: str) -> str:
    buckets = f"rate({_selected(f'{family(metric)}_bucket', where)}[$__rate_interval])"
    return f"histogram_quantile({q}, sum{_by(', '.join(filter(None, ('le', by))))}({buckets}))"


def now(metric: Metric, by: str = "", how: str = "max", **where: str) -> str:
    """Of a gauge."""
    return f"{how}{_by(by)}({_selected(family(metric), where)})"


def today(metric: Metric, **where: str) -> str:
    """How much a counter has grown in the time that is looked at."""
    return f"sum(increase({_selected(family(metric), where)}[$__range]))"


def flow() -> dict[str, Any]:
    steps = [
        ("completions in", rate(metrics.EVENTS_IN, **{TOPIC: "completions"})),
        ("verdicts", rate(metrics.FACTS, **{TYPE: VERDICT})),
        ("awards", rate(metrics.FACTS, **{TYPE: GRANTED})),
        ("upgrades", rate(metrics.FACTS, **{TYPE: UPGRADED})),
        ("mails", rate(metrics.DELIVERIES, **{label(metrics.OUTCOME): "sent"})),
    ]
    return dashboard(
        "cairn-flow",
        "Cairn: the flow",
        "From a completion to its verdict, award, upgrade and mail.",
        (
            Row(
                "Well or not",
                (
                    Panel(
                        "Awards within a second, 28 days",
                        [("in time", "cairn:awards_in_time:ratio28d")],
                        "percentunit",
                        "The objective is 95 %.",
                        stat=True,
                    ),
                    Panel("Completion to award, p95", [("p95", "cairn:award_latency:p95_5m")], "s", stat=True, red_above=1),
                    Panel("Messages waiting", [("all", "sum(cairn:lag)")], stat=True, red_above=500),
                    Panel("Dead letters, 15 minutes", [("all", "sum(cairn:dead_letters:increase15m)")], stat=True, red_above=1),
                    Panel(
                        "Requests that fail",
                        [(_each("job"), "cairn:requests_failed:ratio5m")],
                        "percentunit",
                        stat=True,
                        red_above=0.001,
                    ),
                ),
            ),
            Row(
                "From end to end",
                (
                    Panel("What goes through, in a second", steps, "ops"),
                    Panel(
                        "Completion to award",
                        [(f"p{int(q * 100)}", quantile(q, metrics.LATENCY, **{TYPE: GRANTED})) for q in (0.5, 0.95, 0.99)],
                        "s",
                        "From the broker's stamp of the completion to the broker's confirmation of the award.",
                        red_above=1,
                    ),
                ),
            ),
            Row(
                "Topics",
                (
                    Panel("Messages waiting", [(f"{_each('job')} {_each(TOPIC)}", "cairn:lag")], says="Alerts when it grows."),
                    Panel(
                        "Oldest message of a batch, p95",
                        [(_each(TOPIC), quantile(0.95, metrics.DELAY, TOPIC))],
                        "s",
                        "From the broker's stamp to the end of the batch.",
                    ),
                    Panel("Dead letters", [(_each(TOPIC), rate(metrics.DEAD_LETTERS, TOPIC))], "ops"),
                ),
            ),
            Row(
                "Troubles",
                (
                    Panel(
                        "Steps done again",
                        [(f"{_each('job')} {_each('cairn_step')}", rate(metrics.RETRIES, "job, cairn_step"))],
                        "ops",
                    ),
                    Panel("Partitions taken over", [(_each("job"), rate(metrics.TAKEOVERS, "job"))], "ops"),
                    Panel(
                        "Requests refused",
                        [(f"{_each('job')} {_each('cairn_outcome')}", rate(metrics.HTTP_REFUSED, "job, cairn_outcome"))],
                        "reqps",
                    ),
                    _counts("Forwarded and skipped", metrics.FORWARDED, metrics.DUPLICATES),
                ),
            ),
        ),
    )


def of_service(service: str) -> dict[str, Any]:
    where = {"job": job(service)}
    route, status = label("http.route"), label("http.response.status_code")
    rows = [
        Row(
            "Requests",
            (
                Panel("Answered", [(_each(status), counted(metrics.HTTP_REQUESTS, status, **where))], "reqps"),
                Panel(
                    "Slowest routes, p95",
                    [(_each(route), f"topk(8, {quantile(0.95, metrics.HTTP_REQUESTS, route, **where)})")],
                    "s",
                ),
                Panel(
                    "In hand",
                    [
                        ("in hand", now(metrics.HTTP_IN_HAND, how="sum", **where)),
                        ("refused", rate(metrics.HTTP_REFUSED, **where)),
                    ],
                ),
            ),
        )
    ]
    if service in STREAMS:
        rows += _stream(where)
    rows += [Row(*own) for own in _own(service)]
    rows += [
        Row(
            "Database and process",
            (
                Panel(
                    "Commands, p95",
                    [(_each("db_operation_name"), quantile(0.95, metrics.DATABASE, "db_operation_name", **where))],
                    "s",
                ),
                Panel("Commands", [(_each("db_operation_name"), counted(metrics.DATABASE, "db_operation_name", **where))], "ops"),
                Panel(
                    "Processor", [(_each("instance"), rate(metrics.CPU, "instance", **where))], "percentunit", "1 is one core."
                ),
                Panel("Memory", [(_each("instance"), now(metrics.MEMORY, "instance", **where))], "bytes"),
                Panel("Running for", [(_each("instance"), now(metrics.UPTIME, "instance", **where))], "s"),
            ),
        )
    ]
    return dashboard(f"cairn-{service}", f"Cairn: {service}", f"Everything that {service} measures of itself.", rows)


def _stream(where: dict[str, str]) -> list[Row]:
    return [
        Row(
            "Stream",
            (
                Panel("Taken", [(_each(TOPIC), rate(metrics.EVENTS_IN, TOPIC, **where))], "ops"),
                Panel("Waiting", [(_each(TOPIC), f"cairn:lag{_braces(where)}")]),
                Panel("Published", [(_each(TOPIC), rate(metrics.EVENTS_OUT, TOPIC, **where))], "ops"),
                Panel("Facts", [(_each(TYPE), rate(metrics.FACTS, TYPE, **where))], "ops"),
            ),
        ),
        Row(
            "Batches",
            (
                Panel(
                    "Steps, p95",
                    [(_each("cairn_step"), quantile(0.95, metrics.BATCH_DURATION, "cairn_step", **where))],
                    "s",
                    "Which of them takes long: load and commit are the database, publish is the broker.",
                ),
                Panel("Whole batches, p95", [(_each(TOPIC), quantile(0.95, metrics.PROCESSING, TOPIC, **where))], "s"),
                Panel("Events in a batch, median", [("events", quantile(0.5, metrics.BATCH_SIZE, **where))]),
                Panel(
                    "Sweep",
                    [
                        ("looked at", now(metrics.SWEEP_DONE, how="sum", **where)),
                        ("of", now(metrics.SWEEP_TOTAL, how="sum", **where)),
                    ],
                    says="Learners that are looked at again because of what was published.",
                ),
                Panel("Paused", [("processes", now(metrics.PAUSED, how="sum", **where))], says="By an operator, and on purpose."),
                Panel("Fell due", [("requests", rate(metrics.FELL_DUE, **where))], "ops"),
            ),
        ),
    ]


def _own(service: str) -> list[tuple[str, tuple[Panel, ...]]]:
    where = {"job": job(service)}
    source = label(metrics.SOURCE)
    match service:
        case "catalog":
            return [("Publications", (Panel("Published", [("publications", rate(metrics.PUBLICATIONS, **where))], "ops"),))]
        case "assessment":
            return [
                (
                    "Sources and reviews",
                    (
                        Panel("Silent for", [(_each(source), now(metrics.SILENCE, source, **where))], "s"),
                        Panel("Longer than expected", [(_each(source), f"{now(metrics.SILENT, source, **where)} > 0")]),
                        Panel(
                            "Submissions waiting",
                            [
                                ("for assessors", now(metrics.REVIEWS_WAITING, **where)),
                                ("for too long", now(metrics.REVIEWS_OVERDUE, **where)),
                            ],
                        ),
                        Panel("The oldest has waited", [("oldest", now(metrics.REVIEWS_OLDEST, **where))], "s"),
                    ),
                )
            ]
        case "awarding":
            kind, name = label("cairn.kind"), label("cairn.name")
            ends = f"1000 * {now(metrics.EXPIRY, f'{kind}, {name}', 'min')}"
            return [
                (
                    "Awards",
                    (
                        _latency("Completion to fact, p95", where),
                        Panel(
                            "Keys and certificates end",
                            [(f"{_each(kind)} {_each(name)}", ends)],
                            "dateTimeFromNow",
                            "Of all services.",
                            stat=True,
                        ),
                    ),
                )
            ]
        case _:
            outcome = label(metrics.OUTCOME)
            return [
                (
                    "Mail",
                    (
                        Panel("Attempts", [(_each(outcome), rate(metrics.DELIVERIES, outcome, **where))], "ops"),
                        Panel("Waiting", [("mails", now(metrics.DELIVERIES_WAITING, **where))]),
                    ),
                )
            ]


def business() -> dict[str, Any]:
    numbers = [
        ("Completions", today(metrics.EVENTS_IN, **{TOPIC: "completions"})),
        ("Awards", today(metrics.FACTS, **{TYPE: GRANTED})),
        ("Upgrades", today(metrics.FACTS, **{TYPE: UPGRADED})),
        ("Revocations", today(metrics.FACTS, **{TYPE: "cairn.award.revoked.v1"})),
        ("Credentials", today(metrics.FACTS, **{TYPE: "cairn.credential.issued.v1"})),
        ("Dead letters", today(metrics.DEAD_LETTERS)),
    ]
    return dashboard(
        "cairn-business",
        "Cairn: completions, awards, upgrades",
        "What the platform has done in the time that is looked at.",
        (
            Row("In this time", [Panel(title, [(title.lower(), query)], stat=True) for title, query in numbers]),
            Row(
                "Over time",
                (
                    Panel("Completions", [("completions", rate(metrics.EVENTS_IN, **{TOPIC: "completions"}))], "ops"),
                    Panel("What became of awards", [(_each(TYPE), rate(metrics.FACTS, TYPE, job=job("awarding")))], "ops"),
                ),
            ),
            Row(
                "What wants somebody",
                (
                    Panel("Dead letters", [(f"{_each('job')} {_each(TOPIC)}", "cairn:dead_letters:increase15m")]),
                    Panel(
                        "Sources that are silent",
                        [(_each(label(metrics.SOURCE)), f"{now(metrics.SILENT, label(metrics.SOURCE))} > 0")],
                    ),
                    Panel("Submissions overdue", [("submissions", now(metrics.REVIEWS_OVERDUE))]),
                    Panel("Mails waiting", [("mails", now(metrics.DELIVERIES_WAITING))]),
                ),
            ),
        ),
    )


def _latency(title: str, where: dict[str, str], unit: Unit = "s") -> Panel:
    return Panel(title, [(_each(TYPE), quantile(0.95, metrics.LATENCY, TYPE, **where))], unit)


def _counts(title: str, *counters: Metric) -> Panel:
    return Panel(title, [(f"{one.name.rpartition('.')[2]} {_each(TOPIC)}", rate(one, TOPIC)) for one in counters], "ops")


def _each(name: str) -> str:
    """In a legend: the value of this label."""
    return f"{{{{{name}}}}}"


def _by(names: str) -> str:
    return f" by ({names}) " if names else ""


def _selected(name: str, where: dict[str, str]) -> str:
    return f"{name}{_braces(where)}"


def _braces(where: dict[str, str]) -> str:
    chosen = ", ".join(f'{name}="{value}"' for name, value in where.items())
    return f"{{{chosen}}}" if chosen else ""
