"""The page that lists what is measured."""

from __future__ import annotations

from shared.telemetry.metrics import METRICS


def page() -> str:
    """Markdown, made of the table of metrics."""
    rows = [
        f"| `{one.name}` | {one.kind} | `{one.unit}` | {one.says} | {' '.join(f'`{name}`' for name in one.attributes)} |"
        for one in METRICS
    ]
    return "\n".join(
        (
            "# Metrics",
            "",
            "Exported over OTLP when `OTEL_EXPORTER_OTLP_ENDPOINT` is set, by every service under its own `service.name`.",
            "Units are UCUM's. No attribute names a learner.",
            "",
            "| name | kind | unit | what it says | attributes |",
            "|---|---|---|---|---|",
            *rows,
            "",
        )
    )
