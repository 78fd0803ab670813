"""Switch telemetry on: logs always, traces and metrics only where there is somebody to send them to.

The addresses and everything finer are OpenTelemetry's own variables: `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_HEADERS`,
`OTEL_TRACES_SAMPLER`, `OTEL_METRIC_EXPORT_INTERVAL`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from shared.telemetry.logs import log_to_stderr
from shared.telemetry.metrics import measure_with
from shared.telemetry.spans import record_with

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.trace import TracerProvider

ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
NAMESPACE: Final = "cairn"

_providers: tuple[TracerProvider, MeterProvider] | None = None


def configure(service: str, instance: str, *, level: str = "INFO") -> None:
    """Log as JSON lines; with an OTLP endpoint in the environment also export spans and metrics. Call it once, at start."""
    log_to_stderr(service, instance, level)
    if os.environ.get(ENDPOINT) and os.environ.get("OTEL_SDK_DISABLED", "").lower() != "true":
        _export(service, instance)


def _export(service: str, instance: str) -> None:
    global _providers
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    shutdown()
    resource = Resource.create({"service.name": service, "service.namespace": NAMESPACE, "service.instance.id": instance})
    tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
    # A batch of the stream ends several thousand spans at once; the SDK's queue of 2,048 would drop some.
    tracers.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(), max_queue_size=32_768, schedule_delay_millis=1_000, max_export_batch_size=2_048)
    )
    meters = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())], resource=resource, shutdown_on_exit=False)
    _providers = tracers, meters
    record_with(tracers.get_tracer(NAMESPACE))
    measure_with(meters.get_meter(NAMESPACE))


def shutdown() -> None:
    """Send what is waiting and record nothing more. It may block for some seconds when the collector is away."""
    global _providers
    providers, _providers = _providers, None
    record_with(None)
    measure_with(None)
    if providers is not None:
        tracers, meters = providers
        tracers.shutdown()
        meters.shutdown(timeout_millis=5_000)
