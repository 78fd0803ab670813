"""Traces, metrics and logs. Without an OTLP endpoint nothing is measured or sent; trace context is still passed on."""

from shared.telemetry import metrics
from shared.telemetry.expiry import watch_certificates, watch_keys
from shared.telemetry.setup import configure, shutdown
from shared.telemetry.spans import NEW_TRACE, Kind, Span, recording, span, trace_id, traceparent

__all__ = [
    "NEW_TRACE",
    "Kind",
    "Span",
    "configure",
    "metrics",
    "recording",
    "shutdown",
    "span",
    "trace_id",
    "traceparent",
    "watch_certificates",
    "watch_keys",
]
