"""Switch telemetry on: lines on stderr always; traces, metrics and logs over OTLP only where there is somebody to send them to.

The addresses and everything finer are OpenTelemetry's own variables: `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_HEADERS`,
`OTEL_TRACES_SAMPLER`, `OTEL_METRIC_EXPORT_INTERVAL`, `OTEL_RESOURCE_ATTRIBUTES`; `OTEL_TRACES_EXPORTER`, `OTEL_METRICS_EXPORTER`
and `OTEL_LOGS_EXPORTER` can be `none`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from shared.telemetry.exported_logs import Exporting
from shared.telemetry.logs import log_to_stderr
from shared.telemetry.metrics import measure_with
from shared.telemetry.running import measure_process
from shared.telemetry.spans import record_with

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource

ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
NAMESPACE: Final = "cairn"
SIGNALS: Final = ("TRACES", "METRICS", "LOGS")

_closing: list[Callable[[], object]] = []


def configure(service: str, instance: str, *, level: str = "INFO") -> None:
    """Log as JSON lines; with an OTLP endpoint in the environment also export spans, metrics and logs. Call it once, at start."""
    log_to_stderr(service, instance, level)
    if os.environ.get(ENDPOINT) and os.environ.get("OTEL_SDK_DISABLED", "").lower() != "true":
        _export(service, instance)


def _export(service: str, instance: str) -> None:
    from opentelemetry.sdk.resources import Resource

    shutdown()
    said = {"service.name": service, "service.namespace": NAMESPACE, "service.instance.id": instance}
    resource = Resource.create(said)
    for signal, export in zip(SIGNALS, (_export_spans, _export_metrics, _export_logs), strict=True):
        if os.environ.get(f"OTEL_{signal}_EXPORTER", "otlp").lower() != "none":
            export(resource)


def _export_spans(resource: Resource) -> None:
    """Which traces are recorded is said by `OTEL_TRACES_SAMPLER`: without it, all that a caller did not leave out."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
    # A batch of the stream ends several thousand spans at once; the SDK's queue of 2,048 would drop some.
    tracers.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(), max_queue_size=32_768, schedule_delay_millis=1_000, max_export_batch_size=2_048)
    )
    record_with(tracers.get_tracer(NAMESPACE))
    _closing.append(tracers.shutdown)


def _export_metrics(resource: Resource) -> None:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    meters = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())], resource=resource, shutdown_on_exit=False)
    measure_process()
    measure_with(meters.get_meter(NAMESPACE))
    _closing.append(lambda: meters.shutdown(timeout_millis=5_000))


def _export_logs(resource: Resource) -> None:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

    loggers = LoggerProvider(resource=resource, shutdown_on_exit=False)
    loggers.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    handler = Exporting(loggers.get_logger(NAMESPACE))
    logging.getLogger().addHandler(handler)

    def close() -> None:
        logging.getLogger().removeHandler(handler)
        loggers.shutdown()

    _closing.append(close)


def shutdown() -> None:
    """Send what is waiting and record nothing more. It may block for some seconds when the collector is away."""
    closing, _closing[:] = _closing[:], []
    record_with(None)
    for close in closing:
        close()
    measure_with(None)
