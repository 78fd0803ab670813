"""Everything that is measured, in one table. Names follow OpenTelemetry's semantic conventions where there are any.

`docs/api/metrics.md` is made of this table. Attribute values are few and known: never a learner, never a path with an id in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter

Attributes = Mapping[str, str | int | bool]

TOPIC: Final = "messaging.destination.name"
PARTITION: Final = "messaging.destination.partition.id"
OUTCOME: Final = "cairn.outcome"

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
SIZES: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0)


class Metric:
    """A name, its unit (UCUM), what it says, and the attributes it comes with. Measures nothing until it is connected."""

    kind: str

    def __init__(self, name: str, unit: str, says: str, *attributes: str, bounds: tuple[float, ...] = ()) -> None:
        self.name = name
        self.unit = unit
        self.says = says
        self.attributes = attributes
        self.bounds = bounds
        self._instrument: Any = None

    def connect(self, meter: Meter | None) -> None:
        self._instrument = None if meter is None else self._made(meter)

    def _made(self, meter: Meter) -> Any:
        raise NotImplementedError


class Counter(Metric):
    """Only grows."""

    kind = "counter"

    def add(self, amount: int = 1, attributes: Attributes | None = None) -> None:
        if self._instrument is not None:
            self._instrument.add(amount, attributes)

    def _made(self, meter: Meter) -> Any:
        return meter.create_counter(self.name, self.unit, self.says)


class Histogram(Metric):
    """How measured values are spread."""

    kind = "histogram"

    def record(self, value: float, attributes: Attributes | None = None) -> None:
        if self._instrument is not None:
            self._instrument.record(value, attributes)

    def _made(self, meter: Meter) -> Any:
        return meter.create_histogram(self.name, self.unit, self.says, explicit_bucket_boundaries_advisory=self.bounds or None)


class Gauge(Metric):
    """The last value counts."""

    kind = "gauge"

    def set(self, value: float, attributes: Attributes | None = None) -> None:
        if self._instrument is not None:
            self._instrument.set(value, attributes)

    def _made(self, meter: Meter) -> Any:
        return meter.create_gauge(self.name, self.unit, self.says)


EVENTS_IN: Final = Counter("messaging.client.consumed.messages", "{message}", "Messages taken from a topic.", TOPIC)
EVENTS_OUT: Final = Counter("messaging.client.sent.messages", "{message}", "Messages that the broker confirmed.", TOPIC)
PROCESSING: Final = Histogram(
    "messaging.process.duration", "s", "From taking a batch to its acknowledgement, once per batch.", TOPIC, bounds=SECONDS
)
BATCH_SIZE: Final = Histogram("cairn.stream.batch.size", "{message}", "Live events in a batch.", bounds=SIZES)
BATCH_DURATION: Final = Histogram(
    "cairn.stream.batch.duration",
    "s",
    "How long a step of a batch took: load, decide, commit, publish.",
    "cairn.step",
    bounds=SECONDS,
)
DELAY: Final = Histogram(
    "cairn.stream.delay",
    "s",
    "From the broker's stamp of a batch's oldest message to the end of the batch.",
    TOPIC,
    bounds=SECONDS,
)
LAG: Final = Gauge("cairn.stream.lag", "{message}", "Messages of a partition not yet processed.", TOPIC, PARTITION)
DEAD_LETTERS: Final = Counter("cairn.stream.dead_letters", "{message}", "Messages that can never be applied.", TOPIC)
RETRIES: Final = Counter("cairn.stream.retries", "{attempt}", "Steps done again after a trouble that passes.", "cairn.step")
FORWARDED: Final = Counter("cairn.stream.forwarded", "{message}", "Messages sent on to their learner's home partition.", TOPIC)
DUPLICATES: Final = Counter("cairn.stream.skipped", "{message}", "Messages at or before the checkpoint, skipped.", TOPIC)
TAKEOVERS: Final = Counter("cairn.stream.takeovers", "{partition}", "Partitions taken over.")
SWEEP_DONE: Final = Gauge("cairn.stream.sweep.done", "{learner}", "Learners that the running sweep has looked at.", PARTITION)
SWEEP_TOTAL: Final = Gauge("cairn.stream.sweep.total", "{learner}", "Learners that the running sweep concerns.", PARTITION)
FELL_DUE: Final = Counter("cairn.stream.fell_due", "{request}", "Requests published because their time came.")
PUBLICATIONS: Final = Counter("cairn.catalog.publications", "{publication}", "Publications that the broker confirmed.")
DELIVERIES: Final = Counter("cairn.notifications.deliveries", "{delivery}", "Attempts to mail.", OUTCOME)
DELIVERIES_WAITING: Final = Gauge("cairn.notifications.deliveries.waiting", "{delivery}", "Deliveries not yet mailed.")
HTTP_REQUESTS: Final = Histogram(
    "http.server.request.duration",
    "s",
    "Requests answered.",
    "http.request.method",
    "http.route",
    "http.response.status_code",
    bounds=SECONDS,
)

METRICS: Final[tuple[Metric, ...]] = tuple(metric for metric in list(globals().values()) if isinstance(metric, Metric))


def measure_with(meter: Meter | None) -> None:
    """Measure with this meter from now on; None: measure nothing."""
    for metric in METRICS:
        metric.connect(meter)
