"""What Prometheus calls what the services measure.

Source: https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
"""

from __future__ import annotations

import re
from typing import Final

from shared.telemetry.metrics import Metric

UNITS: Final = {"s": "seconds", "ms": "milliseconds", "By": "bytes", "1": "ratio"}
"""UCUM's name and Prometheus's. What stands in braces is no unit but a remark."""

OF_HISTOGRAMS: Final = ("_bucket", "_count", "_sum")

JOB: Final = "job"
INSTANCE: Final = "instance"
ADDED: Final = frozenset({JOB, INSTANCE, "le"})
"""Labels that every series has, or that histograms have, beside the attributes."""

_IN_BRACES: Final = re.compile(r"\{[^}]*\}")
_NOT_ALLOWED: Final = re.compile(r"[^A-Za-z0-9]+")


def job(service: str) -> str:
    """The value of `job`: namespace and name of the service."""
    return f"cairn/{service}"


def label(attribute: str) -> str:
    """`messaging.destination.name` is `messaging_destination_name`."""
    return _plain(attribute)


def translated(name: str, unit: str, kind: str) -> str:
    """A metric's family: underscores for dots, the unit at the end unless it is in the name already, `_total` after a counter.

    Gauges without a unit (1) are ratios, and nothing else is.
    """
    plain = _IN_BRACES.sub("", unit)
    said = UNITS.get(plain, plain)
    words = _plain(name).split("_")
    if said == "ratio" and kind != "gauge":
        said = ""
    if said and said not in words:
        words.append(said)
    if kind == "counter":
        words = [*(word for word in words if word != "total"), "total"]
    return "_".join(words)


def family(metric: Metric) -> str:
    return translated(metric.name, metric.unit, metric.kind)


def series(metric: Metric) -> tuple[str, ...]:
    """The names of its series: one, or those of a histogram."""
    if metric.kind == "histogram":
        return tuple(f"{family(metric)}{suffix}" for suffix in OF_HISTOGRAMS)
    return (family(metric),)


def labels(metric: Metric) -> frozenset[str]:
    return frozenset(map(label, metric.attributes))


def _plain(name: str) -> str:
    return _NOT_ALLOWED.sub("_", name).strip("_")
