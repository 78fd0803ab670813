"""The page that lists what is measured."""

from __future__ import annotations

from deploy.observability.names import family
from shared.telemetry.metrics import METRICS


def page() -> str:
    """Markdown, made of the table of metrics."""
    rows = [
        f"| `{one.name}` | {one.kind} | `{one.unit}` | {one.says} | {' '.join(map(_quoted, one.attributes))} | `{family(one)}` |"
        for one in METRICS
    ]
    return "\n".join(
        (
            "# Metrics",
            "",
            "Exported over OTLP when `OTEL_EXPORTER_OTLP_ENDPOINT` is set, by every service under its own `service.name`.",
            "Units are UCUM's. No attribute names a learner. The last column is what Prometheus calls it.",
            "",
            "| name | kind | unit | what it says | attributes | in Prometheus |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        )
    )


def _quoted(name: str) -> str:
    return f"`{name}`"
