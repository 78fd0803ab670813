"""A small collector: takes traces, metrics and logs over OTLP/HTTP (protobuf) and keeps what it receives, to be looked at.

In a program: `with Collector() as collector: ... collector.spans`. As a process of its own: `python -m deploy.local.otlp`,
which prints each trace as a tree when it has grown no more for a while.
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic, sleep
from types import TracebackType
from typing import Annotated, Final, Self

import typer
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest, ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from rich.console import Console
from rich.tree import Tree

Value = str | int | float | bool | None
LARGEST: Final = 64_000_000
QUIET_AFTER: Final = 3.0


@dataclass(frozen=True, slots=True)
class ReceivedSpan:
    """A span as it came. Ids are hex; `parent` is None at a root; times are nanoseconds since 1970; `links` name spans."""

    service: str
    instance: str
    name: str
    kind: str
    trace: str
    id: str
    parent: str | None
    started: int
    ended: int
    failed: bool
    attributes: Mapping[str, Value]
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """One data point of a metric: the sum, the last value, or (of a histogram) the sum and the count.

    `kind` is one of the table's: counter, up-down counter, histogram or gauge.
    """

    service: str
    name: str
    unit: str
    attributes: Mapping[str, Value]
    value: float
    count: int | None = None
    kind: str = "gauge"


@dataclass(frozen=True, slots=True)
class Logged:
    """A log record. `trace` and `span` are those it was logged in, if any."""

    service: str
    level: str
    text: str
    attributes: Mapping[str, Value]
    trace: str | None
    span: str | None


class Refused(Exception):
    """The request is not one that OTLP/HTTP allows; carries the status to answer with."""

    def __init__(self, status: int, why: str) -> None:
        self.status = status
        super().__init__(why)


@dataclass
class Collector:
    """Listens on `port` of 127.0.0.1 (0: a free one) while entered. What came stays afterwards.

    `passes_on` is called with spans as they come, before they are answered: an exception in it refuses them for now.
    """

    port: int = 0
    passes_on: Callable[[Sequence[ReceivedSpan]], None] | None = None
    _logged: list[Logged] = field(default_factory=list)
    _spans: list[ReceivedSpan] = field(default_factory=list)
    _measured: dict[tuple[str, str, tuple[tuple[str, Value], ...]], Measured] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _server: ThreadingHTTPServer | None = None

    @property
    def endpoint(self) -> str:
        """For `OTEL_EXPORTER_OTLP_ENDPOINT`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def spans(self) -> tuple[ReceivedSpan, ...]:
        """All that came so far, in the order of their arrival."""
        with self._lock:
            return tuple(self._spans)

    @property
    def measured(self) -> tuple[Measured, ...]:
        """The newest data point of each metric, service and set of attributes."""
        with self._lock:
            return tuple(self._measured.values())

    @property
    def logged(self) -> tuple[Logged, ...]:
        """All log records that came so far."""
        with self._lock:
            return tuple(self._logged)

    def trace(self, trace: str) -> tuple[ReceivedSpan, ...]:
        """The spans of one trace, in the order of their beginnings."""
        return tuple(sorted((span for span in self.spans if span.trace == trace), key=lambda span: span.started))

    def take(self, path: str, body: bytes) -> bytes:
        """What to answer to a request. Raises Refused."""
        try:
            if path == "/v1/traces":
                self._keep_spans(ExportTraceServiceRequest.FromString(body))
                return bytes(ExportTraceServiceResponse().SerializeToString())
            if path == "/v1/metrics":
                self._keep_metrics(ExportMetricsServiceRequest.FromString(body))
                return bytes(ExportMetricsServiceResponse().SerializeToString())
            if path == "/v1/logs":
                self._keep_logs(ExportLogsServiceRequest.FromString(body))
                return bytes(ExportLogsServiceResponse().SerializeToString())
        except DecodeError as error:
            raise Refused(400, "the body is not the protobuf message that belongs here") from error
        raise Refused(404, "only /v1/traces, /v1/metrics and /v1/logs are taken")

    def _keep_spans(self, request: ExportTraceServiceRequest) -> None:
        came = [
            _received(span, dict(_attributes(resource.resource.attributes)))
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        if self.passes_on is not None:
            try:
                self.passes_on(came)
            except OSError as error:
                raise Refused(503, "who looks at them is away") from error
        with self._lock:
            self._spans.extend(came)

    def _keep_metrics(self, request: ExportMetricsServiceRequest) -> None:
        came = [
            point
            for resource in request.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            for point in _points(metric, str(dict(_attributes(resource.resource.attributes)).get("service.name")))
        ]
        with self._lock:
            self._measured |= {(point.service, point.name, tuple(sorted(point.attributes.items()))): point for point in came}

    def _keep_logs(self, request: ExportLogsServiceRequest) -> None:
        came = [
            _logged(record, str(dict(_attributes(resource.resource.attributes)).get("service.name")))
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]
        with self._lock:
            self._logged.extend(came)

    def __enter__(self) -> Self:
        self._server = _Listening(("127.0.0.1", self.port), _Exchange)
        self._server.collector = self
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="otlp", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


class _Listening(ThreadingHTTPServer):
    daemon_threads = True
    collector: Collector


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listening

    def do_POST(self) -> None:
        try:
            answer, status, kind = self.server.collector.take(self.path, self._body()), 200, "application/x-protobuf"
        except Refused as refusal:
            answer, status, kind = str(refusal).encode(), refusal.status, "text/plain"
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _body(self) -> bytes:
        length = int(self.headers.get("content-length", "0"))
        body = self.rfile.read(min(length, LARGEST))
        if length > LARGEST:
            self.close_connection = True
            raise Refused(413, "too large")
        if self.headers.get("content-type", "").split(";")[0] != "application/x-protobuf":
            raise Refused(415, "only application/x-protobuf is taken")
        try:
            return gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body
        except (OSError, EOFError) as error:
            raise Refused(400, "the body is not gzip") from error

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """What comes is kept; requests are not logged."""


def _received(span: Span, resource: Mapping[str, Value]) -> ReceivedSpan:
    return ReceivedSpan(
        service=str(resource.get("service.name")),
        instance=str(resource.get("service.instance.id")),
        name=span.name,
        kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex() or None,
        started=span.start_time_unix_nano,
        ended=span.end_time_unix_nano,
        failed=span.status.code == Status.STATUS_CODE_ERROR,
        attributes=dict(_attributes(span.attributes)),
        links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
    )


def _points(metric: Metric, service: str) -> Iterator[Measured]:
    kind = metric.WhichOneof("data")
    if kind == "histogram":
        for spread in metric.histogram.data_points:
            yield Measured(
                service, metric.name, metric.unit, dict(_attributes(spread.attributes)), spread.sum, spread.count, kind
            )
    elif kind in ("sum", "gauge"):
        for point in (metric.sum if kind == "sum" else metric.gauge).data_points:
            value = point.as_int if point.WhichOneof("value") == "as_int" else point.as_double
            said = kind if kind == "gauge" else "counter" if metric.sum.is_monotonic else "up-down counter"
            yield Measured(service, metric.name, metric.unit, dict(_attributes(point.attributes)), value, kind=said)


def _logged(record: LogRecord, service: str) -> Logged:
    return Logged(
        service=service,
        level=record.severity_text,
        text=str(_value(record.body)),
        attributes=dict(_attributes(record.attributes)),
        trace=record.trace_id.hex() or None,
        span=record.span_id.hex() or None,
    )


def _attributes(pairs: Iterable[KeyValue]) -> Iterator[tuple[str, Value]]:
    for pair in pairs:
        yield pair.key, _value(pair.value)


def _value(value: AnyValue) -> Value:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    plain = getattr(value, kind)
    return str(plain) if isinstance(plain, Message | bytes) else plain


def tree(spans: Iterable[ReceivedSpan]) -> Tree:
    """A trace to look at: each span beneath its parent, with its service, name and milliseconds."""
    known = sorted(spans, key=lambda span: span.started)
    ids = {span.id for span in known}
    begun = known[0].started if known else 0
    whole = Tree(f"trace {known[0].trace if known else ''}")

    def grow(branch: Tree, parent: str | None) -> None:
        for span in known:
            if (span.parent if span.parent in ids else None) == parent:
                at, took = (span.started - begun) / 1e6, (span.ended - span.started) / 1e6
                mark = " [red]failed[/]" if span.failed else ""
                grow(branch.add(f"[bold]{span.service}[/] {span.name} [dim]at {at:.1f} ms, {took:.1f} ms[/]{mark}"), span.id)

    grow(whole, None)
    return whole


def collect(port: Annotated[int, typer.Option(help="the port of 127.0.0.1 to listen on")] = 4318) -> None:
    """Collect traces and print each one when it is complete. Ends with Ctrl-C."""
    console = Console()
    with Collector(port) as collector:
        console.print(f"export OTEL_EXPORTER_OTLP_ENDPOINT={collector.endpoint}")
        sizes: dict[str, int] = {}
        changed: dict[str, float] = {}
        while True:
            sleep(0.5)
            now = monotonic()
            for name in {span.trace for span in collector.spans}:
                size = len(collector.trace(name))
                if sizes.get(name) != size:
                    sizes[name], changed[name] = size, now
                elif name in changed and now - changed[name] > QUIET_AFTER:
                    del changed[name]
                    console.print(tree(collector.trace(name)))


if __name__ == "__main__":
    typer.run(collect)
