"""Traces and metrics as a collector receives them, over real HTTP; and what there is of them when there is no collector."""

from collections.abc import AsyncIterator, Iterator, Mapping
from time import perf_counter

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter

from deploy.local.otlp import Collector, ReceivedSpan
from shared import telemetry
from shared.http import create_app
from shared.telemetry.metrics import (
    BATCH_SIZE,
    CONSUMING,
    EVENTS_IN,
    LAG,
    METRICS,
    PARTITION,
    TOPIC,
    Counter,
    Gauge,
    Histogram,
    Observed,
    UpDown,
)
from tests.domain.shared.exporting import exporting

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE, SPAN = PARENT.split("-")[1:3]
router = APIRouter()


@router.get("/learners/{learner}/awards")
async def awards(learner: str) -> str | None:
    with telemetry.span("read"):
        return telemetry.traceparent()


@router.get("/fails")
async def fails() -> None:
    raise RuntimeError("a bug")


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Receives what this process exports; `telemetry.shutdown()` sends it all."""
    with Collector() as running, exporting(running, "test"):
        yield running


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async def ready() -> Mapping[str, bool | str]:
        return {}

    app = create_app("test", routers=[router], ready=ready)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


def received(collector: Collector) -> dict[str, ReceivedSpan]:
    """All spans by name."""
    telemetry.shutdown()
    return {span.name: span for span in collector.spans}


def test_a_span_continues_the_trace_it_is_given(collector: Collector) -> None:
    with telemetry.span("decide", kind="consumer", parent=PARENT, attributes={"cairn.facts": 2}) as span:
        sent = span.traceparent
    found = received(collector)["decide"]
    assert (found.trace, found.parent, found.kind, found.service, found.instance) == (TRACE, SPAN, "consumer", "test", "test-1")
    assert sent == f"00-{TRACE}-{found.id}-01"
    assert found.attributes == {"cairn.facts": 2}
    assert found.started <= found.ended


def test_spans_inside_a_span_are_its_children(collector: Collector) -> None:
    with telemetry.span("outer"), telemetry.span("inner"):
        pass
    spans = received(collector)
    assert spans["inner"].parent == spans["outer"].id
    assert spans["outer"].parent is None


def test_a_new_trace_has_no_parent_whatever_is_around_it(collector: Collector) -> None:
    with telemetry.span("outer"), telemetry.span("inner", parent=telemetry.NEW_TRACE):
        pass
    spans = received(collector)
    assert spans["inner"].parent is None
    assert spans["inner"].trace != spans["outer"].trace


def test_what_else_led_here_is_linked(collector: Collector) -> None:
    with telemetry.span("swept", links=(PARENT, "nonsense")):
        pass
    assert received(collector)["swept"].links == ((TRACE, SPAN),)


@pytest.mark.parametrize(
    "garbage",
    [
        "x",
        "00-0-0-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        PARENT + "\n",
    ],
)
def test_a_traceparent_that_is_none_begins_a_new_trace(collector: Collector, garbage: str) -> None:
    with telemetry.span("decide", parent=garbage):
        pass
    assert received(collector)["decide"].parent is None


def test_a_trace_that_nobody_samples_is_not_recorded_but_continued(collector: Collector) -> None:
    unsampled = PARENT[:-2] + "00"
    with telemetry.span("decide", parent=unsampled) as span:
        assert span.traceparent is not None
        assert span.traceparent.startswith(f"00-{TRACE}-")
        assert span.traceparent.endswith("-00")
    assert received(collector) == {}


def test_a_failure_marks_its_span(collector: Collector) -> None:
    with pytest.raises(KeyError), telemetry.span("decide"):
        raise KeyError("learner-17")
    found = received(collector)["decide"]
    assert found.failed
    assert found.attributes["error.type"] == "KeyError"
    assert "learner-17" not in str(found)


async def test_a_request_is_a_server_span_of_the_callers_trace(collector: Collector, http: httpx.AsyncClient) -> None:
    answer = await http.get("/learners/l-1/awards", headers={"traceparent": PARENT})
    spans = received(collector)
    served = spans["GET /learners/{learner}/awards"]
    assert (served.trace, served.parent, served.kind) == (TRACE, SPAN, "server")
    assert served.attributes["http.response.status_code"] == 200
    assert answer.json() == f"00-{TRACE}-{spans['read'].id}-01"
    assert "l-1" not in str(spans)


async def test_a_failed_request_says_its_trace_and_the_log_line_too(
    collector: Collector, http: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.configure("test", "test-1")
    answer = await http.get("/fails", headers={"traceparent": PARENT})
    assert answer.json()["trace"] == TRACE
    assert TRACE in capsys.readouterr().err
    assert received(collector)["GET /fails"].failed


async def test_requests_are_measured_by_route(collector: Collector, http: httpx.AsyncClient) -> None:
    for learner in ("l-1", "l-2"):
        await http.get(f"/learners/{learner}/awards")
    telemetry.shutdown()
    (measured,) = [point for point in collector.measured if point.name == "http.server.request.duration"]
    assert measured.count == 2
    assert measured.attributes["http.route"] == "/learners/{learner}/awards"


def test_metrics_arrive_with_their_unit_and_attributes(collector: Collector) -> None:
    EVENTS_IN.add(3, {TOPIC: "completions"})
    EVENTS_IN.add(4, {TOPIC: "completions"})
    BATCH_SIZE.record(7)
    LAG.set(12, {TOPIC: "completions", PARTITION: "0"})
    telemetry.shutdown()
    points = {point.name: point for point in collector.measured}
    assert points[EVENTS_IN.name].value == 7
    assert points[EVENTS_IN.name].attributes == {TOPIC: "completions", **CONSUMING}
    assert (points[BATCH_SIZE.name].value, points[BATCH_SIZE.name].count) == (7, 1)
    assert (points[LAG.name].value, points[LAG.name].unit) == (12, "{message}")


def test_every_metric_can_be_made_and_names_itself_once(collector: Collector) -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS) > 15
    for metric in METRICS:
        assert metric.unit
        assert metric.says.endswith(".")
        match metric:
            case Counter() | UpDown():
                metric.add(1)
            case Observed():
                metric.observe("test", lambda: [(1.0, {})])
            case Histogram():
                metric.record(1)
            case Gauge():
                metric.set(1)
    telemetry.shutdown()
    for metric in METRICS:
        if isinstance(metric, Observed):
            metric.observe("test", list)
    assert {point.name for point in collector.measured} == {metric.name for metric in METRICS}


def test_without_a_collector_the_trace_is_passed_on_unchanged() -> None:
    assert not telemetry.recording()
    with telemetry.span("decide", parent=PARENT) as span:
        assert (span.traceparent, telemetry.traceparent(), telemetry.trace_id()) == (PARENT, PARENT, TRACE)
        with telemetry.span("inner") as inner:
            assert inner.traceparent == PARENT
    assert telemetry.traceparent() is None


def test_without_a_collector_a_span_costs_next_to_nothing() -> None:
    """Measured: about two microseconds; the bound only catches what is far from that."""
    started = perf_counter()
    for _ in range(10_000):
        with telemetry.span("decide", parent=PARENT, attributes=None):
            EVENTS_IN.add(1)
    assert (perf_counter() - started) / 10_000 < 0.000_1
