"""Everything that is measured, in one table. Names follow OpenTelemetry's semantic conventions where there are any.

`docs/api/metrics.md` is made of this table. Attribute values are few and known: never a learner, never a path with an id in it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter

log = logging.getLogger(__name__)

Attributes = Mapping[str, str | int | bool]
Look = Callable[[], Iterable[tuple[float, Attributes]]]

TOPIC: Final = "messaging.destination.name"
PARTITION: Final = "messaging.destination.partition.id"
OUTCOME: Final = "cairn.outcome"
TYPE: Final = "cairn.type"
SOURCE: Final = "cairn.source"
CONSUMING: Final = {"messaging.system": "kafka", "messaging.operation.name": "receive"}
SENDING: Final = {"messaging.system": "kafka", "messaging.operation.name": "send"}
WORKING: Final = {"messaging.system": "kafka", "messaging.operation.name": "process"}
IN_MONGODB: Final = {"db.system.name": "mongodb"}

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
SIZES: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0)


class Metric:
    """A name, its unit (UCUM), what it says, and the attributes it comes with. Measures nothing until it is connected.

    `always` are attributes with the value that they have each time.
    """

    kind: str

    def __init__(
        self,
        name: str,
        unit: str,
        says: str,
        *attributes: str,
        bounds: tuple[float, ...] = (),
        always: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.unit = unit
        self.says = says
        self.attributes = (*(always or {}), *attributes)
        self.bounds = bounds
        self._always = dict(always or {})
        self._instrument: Any = None

    def _with(self, attributes: Attributes | None) -> Attributes | None:
        return {**self._always, **(attributes or {})} if self._always else attributes

    def connect(self, meter: Meter | None) -> None:
        self._instrument = None if meter is None else self._made(meter)

    def _made(self, meter: Meter) -> Any:
        raise NotImplementedError


class Counter(Metric):
    """Only grows."""

    kind = "counter"

    def add(self, amount: int = 1, attributes: Attributes | None = None) -> None:
        if self._instrument is not None:
            self._instrument.add(amount, self._with(attributes))

    def _made(self, meter: Meter) -> Any:
        return meter.create_counter(self.name, self.unit, self.says)


class UpDown(Metric):
    """Grows and shrinks."""

    kind = "up-down counter"

    def add(self, amount: int, attributes: Attributes | None = None) -> None:
        if self._instrument is not None:
            self._instrument.add(amount, self._with(attributes))

    def _made(self, meter: Meter) -> Any:
        return meter.create_up_down_counter(self.name, self.unit, self.says)


class Histogram(Metric):
    """How measured values are spread."""

    kind = "histogram"

    def record(self, value: float, attributes: Attributes | None = None) -> None:
        if self._instrument is not None:
            self._instrument.record(value, self._with(attributes))

    def _made(self, meter: Meter) -> Any:
        return meter.create_histogram(self.name, self.unit, self.says, explicit_bucket_boundaries_advisory=self.bounds or None)


class Gauge(Metric):
    """The last value counts."""

    kind = "gauge"

    def set(self, value: float, attributes: Attributes | None = None) -> None:
        if self._instrument is not None:
            self._instrument.set(value, self._with(attributes))

    def _made(self, meter: Meter) -> Any:
        return meter.create_gauge(self.name, self.unit, self.says)


class Observed(Metric):
    """Looked at whenever metrics are exported. Each `look` that was given says values with their attributes; one that fails says
    nothing that time.
    """

    def __init__(
        self, kind: Literal["gauge", "counter", "up-down counter"], name: str, unit: str, says: str, *attributes: str
    ) -> None:
        super().__init__(name, unit, says, *attributes)
        self.kind = kind
        self._looks: dict[str, Look] = {}

    def observe(self, what: str, look: Look) -> None:
        """From now on; instead of what was observed under the same name before."""
        self._looks[what] = look

    def _made(self, meter: Meter) -> Any:
        from opentelemetry.metrics import CallbackOptions, Observation

        def observed(_options: CallbackOptions) -> Iterable[Observation]:
            return [Observation(value, attributes) for look in list(self._looks.values()) for value, attributes in _seen(look)]

        name = {"gauge": "gauge", "counter": "counter", "up-down counter": "up_down_counter"}[self.kind]
        return getattr(meter, f"create_observable_{name}")(self.name, [observed], self.unit, self.says)


def _seen(look: Look) -> list[tuple[float, Attributes]]:
    try:
        return list(look())
    except Exception:
        log.exception("something could not be measured")
        return []


EVENTS_IN: Final = Counter(
    "messaging.client.consumed.messages", "{message}", "Messages taken from a topic.", TOPIC, always=CONSUMING
)
EVENTS_OUT: Final = Counter(
    "messaging.client.sent.messages", "{message}", "Messages that the broker confirmed.", TOPIC, always=SENDING
)
PROCESSING: Final = Histogram(
    "messaging.process.duration",
    "s",
    "From taking a batch to its acknowledgement, once per batch.",
    TOPIC,
    bounds=SECONDS,
    always=WORKING,
)
FACTS: Final = Counter(
    "cairn.facts", "{fact}", "Facts that the broker confirmed: verdicts, awards, upgrades, revocations, credentials.", TYPE
)
LATENCY: Final = Histogram(
    "cairn.fact.latency",
    "s",
    "From the broker's stamp of the completion (or request) that led to a fact to the broker's confirmation of the fact. "
    "What follows from publications, and what is said again, is left out.",
    TYPE,
    bounds=SECONDS,
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
PAUSED: Final = Gauge("cairn.stream.paused", "{stream}", "1 while an operator has paused the process's stream, otherwise 0.")
DEAD_LETTERS: Final = Counter("cairn.stream.dead_letters", "{message}", "Messages that can never be applied.", TOPIC)
RETRIES: Final = Counter("cairn.stream.retries", "{attempt}", "Steps done again after a trouble that passes.", "cairn.step")
FORWARDED: Final = Counter("cairn.stream.forwarded", "{message}", "Messages sent on to their learner's home partition.", TOPIC)
DUPLICATES: Final = Counter("cairn.stream.skipped", "{message}", "Messages at or before the checkpoint, skipped.", TOPIC)
TAKEOVERS: Final = Counter("cairn.stream.takeovers", "{partition}", "Partitions taken over.")
SWEEP_DONE: Final = Gauge("cairn.stream.sweep.done", "{learner}", "Learners that the running sweep has looked at.", PARTITION)
SWEEP_TOTAL: Final = Gauge("cairn.stream.sweep.total", "{learner}", "Learners that the running sweep concerns.", PARTITION)
FELL_DUE: Final = Counter("cairn.stream.fell_due", "{request}", "Requests published because their time came.")
PUBLICATIONS: Final = Counter("cairn.catalog.publications", "{publication}", "Publications that the broker confirmed.")
SILENCE: Final = Gauge("cairn.source.silence", "s", "How long nothing has come from a source that is not paused.", SOURCE)
SILENT: Final = Gauge(
    "cairn.source.silent", "{source}", "1 where that is longer than the source's document expects, otherwise 0.", SOURCE
)
DELIVERIES: Final = Counter("cairn.notifications.deliveries", "{delivery}", "Attempts to mail.", OUTCOME)
DELIVERIES_WAITING: Final = Gauge("cairn.notifications.deliveries.waiting", "{delivery}", "Deliveries not yet mailed.")
REVIEWS_WAITING: Final = Gauge("cairn.reviews.waiting", "{submission}", "Evidence that waits for assessors.")
REVIEWS_OVERDUE: Final = Gauge("cairn.reviews.overdue", "{submission}", "Of these, what has waited for too long.")
REVIEWS_OLDEST: Final = Gauge("cairn.reviews.oldest", "s", "How long the oldest of these has waited.")
HTTP_REQUESTS: Final = Histogram(
    "http.server.request.duration",
    "s",
    "Requests answered. `error.type` is there when the status is 500 or more.",
    "http.request.method",
    "http.route",
    "http.response.status_code",
    "url.scheme",
    "error.type",
    bounds=SECONDS,
)
HTTP_IN_HAND: Final = UpDown(
    "http.server.active_requests", "{request}", "Requests being answered.", "http.request.method", "url.scheme"
)
HTTP_REFUSED: Final = Counter(
    "cairn.http.refused", "{request}", "Requests answered with 429, for there was no room for more requests or bytes.", OUTCOME
)
DATABASE: Final = Histogram(
    "db.client.operation.duration",
    "s",
    "Commands that the database answered. `error.type` is there when one failed.",
    "db.namespace",
    "db.collection.name",
    "db.operation.name",
    "error.type",
    bounds=SECONDS,
    always=IN_MONGODB,
)
EXPIRY: Final = Observed(
    "gauge",
    "cairn.expiry",
    "s",
    "When a certificate that the process was given, or an issuer's key, ends: seconds since 1970.",
    "cairn.kind",
    "cairn.name",
)
UPTIME: Final = Observed("gauge", "process.uptime", "s", "How long the process has been running.")
MEMORY: Final = Observed("up-down counter", "process.memory.usage", "By", "Physical memory that the process has.")
CPU: Final = Observed("counter", "process.cpu.time", "s", "Processor time that the process has taken.", "cpu.mode")

METRICS: Final[tuple[Metric, ...]] = tuple(metric for metric in list(globals().values()) if isinstance(metric, Metric))


def measure_with(meter: Meter | None) -> None:
    """Measure with this meter from now on; None: measure nothing."""
    for metric in METRICS:
        metric.connect(meter)
