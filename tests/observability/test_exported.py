"""What a running platform exports: the declared metrics, its logs, and a trace that a real Zipkin gives back."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local.otlp import Collector, Measured
from deploy.local.platform import Platform
from deploy.local.zipkin import Zipkin, jar
from shared import telemetry
from shared.kafka import Outgoing, Publisher
from shared.telemetry import metrics
from shared.telemetry.metrics import METRICS, Metric
from shared.topics import COMPLETIONS
from tests.domain.shared.exporting import exporting
from tests.journeys.sources_desk import basic, document
from tests.journeys.traced_scene import FOUR, STAFF, Scene, exam, stack
from tests.platform.eventually import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]

UNUSUAL: frozenset[Metric] = frozenset(
    {
        metrics.RETRIES,  # a database or broker that is away
        metrics.FORWARDED,  # a producer that partitions otherwise
        metrics.DUPLICATES,  # a worker that was killed
        metrics.FELL_DUE,  # an award that expires
        metrics.HTTP_REFUSED,  # a process that is full
        metrics.REVIEWS_OLDEST,  # evidence that waits
        metrics.EXPIRY,  # certificates, or keys that say when they end
    }
)
"""What ordinary traffic doesn't bring about; other tests do."""
NOT_ALWAYS = {"error.type", "db.collection.name", "http.response.status_code"}


@dataclass(frozen=True)
class Watched:
    scene: Scene
    zipkin: Zipkin | None
    trace: str
    learner: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watched(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Watched]:
    """After two exams that were passed, with the awards, the upgrade and the mails, and something that can't be applied."""
    folder: Path = tmp_path_factory.mktemp("watched")
    async with AsyncExitStack() as stack_:
        zipkin = await stack_.enter_async_context(Zipkin(folder / "zipkin")) if downloaded() else None
        collector = stack_.enter_context(Collector(passes_on=zipkin.keep if zipkin else None))
        exports = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_METRIC_EXPORT_INTERVAL": "1000"}
        platform = await stack_.enter_async_context(Platform(folder, env=exports))
        headers = {"authorization": f"Bearer {platform.keys.token(*STAFF, 'sources:write')}"}
        http = await stack_.enter_async_context(httpx.AsyncClient(headers=headers, trust_env=False, timeout=30))
        scene = Scene(platform, collector, http)
        learner = await scene.learner()
        with exporting(collector, "lms"):
            await scene.publish(exam("lines"), exam("curves"), stack("drawing", ("bronze", "lines"), ("silver", "curves")))
            await scene.pass_(learner, "https://lms.example/lines")
            await scene.mailed(learner, 2)
            with telemetry.span("exam passed", kind="client", parent=telemetry.NEW_TRACE) as passed:
                await scene.pass_(learner, await scene.looked_up("curves"))
            await scene.mailed(learner, 4)
            await heard_from_a_source(scene, learner)
            async with Publisher(platform.bootstrap) as publisher:
                await publisher.publish_all([Outgoing(COMPLETIONS.name, learner.encode(), b"no event", [])])
        await scene.tree(passed.traceparent, mails=2, through=FOUR)
        assert passed.traceparent is not None
        yield Watched(scene, zipkin, passed.traceparent.split("-")[1], learner)


async def heard_from_a_source(scene: Scene, learner: str) -> None:
    registered = document("skills", may_publish=["https://skills.example/*"], expects_every="PT1H")
    (await scene.http.put(scene.url("assessment", "/sources/skills"), json=registered)).raise_for_status()
    made = (await scene.post("assessment", "/sources/skills/keys", {"kind": "secret"})).json()
    event = {"ce-specversion": "1.0", "ce-id": "1", "ce-type": "cairn.completion.reported.v1", "ce-time": "2026-03-01T12:00:00Z"}
    said = {"learner": learner, "activity": "https://skills.example/station", "status": "passed"}
    key = basic(made["key"]["id"], made["secret"])
    await scene.post("assessment", "/completions", said, {**event, "ce-source": registered["speaks_as"], **key})


def downloaded() -> bool:
    try:
        return jar().exists()
    except (OSError, RuntimeError):
        return False


def points(watched: Watched, metric: Metric) -> list[Measured]:
    return [point for point in watched.scene.collector.measured if point.name == metric.name and point.service != "lms"]


async def test_every_metric_that_ordinary_traffic_brings_about_is_exported(watched: Watched) -> None:
    wanted = {metric.name for metric in METRICS if metric not in UNUSUAL}

    def all_came() -> bool:
        missing = wanted - {point.name for point in watched.scene.collector.measured}
        assert not missing, sorted(missing)
        return True

    await eventually(all_came, within=60)


async def test_metrics_have_the_kind_the_unit_and_the_attributes_that_are_declared(watched: Watched) -> None:
    declared = {metric.name: metric for metric in METRICS}
    for point in watched.scene.collector.measured:
        metric = declared[point.name]
        assert (point.kind, point.unit) == (metric.kind, metric.unit), point
        assert set(metric.attributes) - NOT_ALWAYS <= set(point.attributes) <= set(metric.attributes), point


async def test_the_whole_way_is_measured_where_it_ends(watched: Watched) -> None:
    """The first service says how long a verdict took, the second how long an award did: from the same completion."""

    def measured() -> dict[tuple[str, Any], int | None]:
        return {(point.service, point.attributes[metrics.TYPE]): point.count for point in points(watched, metrics.LATENCY)}

    await eventually(lambda: measured().get(("awarding", "cairn.award.granted.v1")) == 4, within=30, why="not four awards")
    assert measured()[("awarding", "cairn.stack.upgraded.v1")] == 1
    assert measured()[("assessment", "cairn.verdict.reached.v1")] == 2
    by_type = {(one.service, one.attributes[metrics.TYPE]): one.value for one in points(watched, metrics.LATENCY)}
    assert by_type[("awarding", "cairn.award.granted.v1")] / 4 >= by_type[("assessment", "cairn.verdict.reached.v1")] / 2


async def test_each_partition_of_each_topic_says_its_lag(watched: Watched) -> None:
    wanted = {(topic, one) for topic in ("completions", "assessment.verdicts", "awarding.awards") for one in "0123"}

    def all_came() -> bool:
        found = {(one.attributes[metrics.TOPIC], one.attributes[metrics.PARTITION]) for one in points(watched, metrics.LAG)}
        assert wanted <= found, sorted(wanted - found)
        return True

    await eventually(all_came, within=30)


async def test_dead_letters_are_counted_from_nothing(watched: Watched) -> None:
    """So that the first one is an increase."""

    def counted() -> dict[tuple[str, Any], float]:
        return {(one.service, one.attributes[metrics.TOPIC]): one.value for one in points(watched, metrics.DEAD_LETTERS)}

    await eventually(lambda: counted().get(("assessment", "completions")) == 1, within=30, why="the dead letter is not counted")
    assert counted()[("awarding", "assessment.verdicts")] == 0


async def test_log_records_are_exported_with_their_level_and_where_they_were_said(watched: Watched) -> None:
    def buried() -> list[Any]:
        return [one for one in watched.scene.collector.logged if one.text.startswith("dead letter:")]

    await eventually(lambda: bool(buried()), within=30, why="the warning about the dead letter never came")
    (said,) = buried()
    assert (said.service, said.level) == ("assessment", "WARNING")
    assert said.attributes["topic"] == "completions"
    assert said.attributes["log.logger"] == "shared.stream.loop"


async def test_commands_to_the_database_are_spans_of_the_requests_that_wait_for_them(watched: Watched) -> None:
    spans = watched.scene.collector.trace(watched.trace)
    of_database = [span for span in spans if span.attributes.get("db.system.name") == "mongodb"]
    assert of_database
    assert {span.kind for span in of_database} == {"client"}
    assert watched.learner not in str(of_database)


async def test_messages_are_spans_as_the_conventions_have_them(watched: Watched) -> None:
    (span,) = [span for span in watched.scene.collector.trace(watched.trace) if span.name == "process completions"]
    assert span.kind == "consumer"
    assert span.attributes["messaging.system"] == "kafka"
    assert span.attributes["messaging.operation.type"] == "process"
    assert span.attributes["messaging.destination.name"] == "completions"
    assert isinstance(span.attributes["messaging.kafka.offset"], int)


async def test_a_real_zipkin_gives_the_trace_back_service_by_service(watched: Watched) -> None:
    if watched.zipkin is None:
        pytest.skip("Zipkin can't be downloaded")
    zipkin, sent = watched.zipkin, watched.scene.collector.trace(watched.trace)
    found = await zipkin.trace(watched.trace)
    assert {span["localEndpoint"]["serviceName"] for span in found} == FOUR | {"lms"}
    assert {(span["id"], span.get("parentId")) for span in found} == {(span.id, span.parent) for span in sent}
    ids = {span["id"] for span in found}
    assert [span["name"] for span in found if span.get("parentId") not in ids] == ["exam passed"]
    assert [span["localEndpoint"]["serviceName"] for span in found if span["name"] == "mail"] == ["notifications"] * 2
    page = await watched.scene.http.get(zipkin.page_of(watched.trace))
    assert page.is_success
    assert "<html" in page.text
