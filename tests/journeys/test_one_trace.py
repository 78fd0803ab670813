"""One trace shows the whole way, as a real collector receives it from the running platform."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from deploy.local.otlp import Collector
from deploy.local.platform import Platform
from shared import telemetry
from tests.domain.shared.exporting import exporting
from tests.journeys.traced_scene import FOUR, STAFF, Scene, carrying, exam, judged, stack
from tests.platform.eventually import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    folder: Path = tmp_path_factory.mktemp("traced")
    with Collector() as collector:
        exports = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_METRIC_EXPORT_INTERVAL": "1000"}
        async with Platform(folder, env=exports) as platform:
            headers = {"authorization": f"Bearer {platform.keys.token(*STAFF)}"}
            async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=30) as http:
                yield Scene(platform, collector, http)


async def test_a_completion_its_award_its_upgrade_and_their_mails_are_one_tree_through_all_four_services(scene: Scene) -> None:
    with exporting(scene.collector, "lms"):
        await scene.publish(exam("lines"), exam("curves"), stack("drawing", ("bronze", "lines"), ("silver", "curves")))
        learner = await scene.learner()
        await scene.pass_(learner, "https://lms.example/lines")
        await scene.mailed(learner, 2)  # the achievement and bronze: now every service knows all three documents

        with telemetry.span("exam passed", kind="client", parent=telemetry.NEW_TRACE) as passed:
            await scene.pass_(learner, await scene.looked_up("curves"))
        await scene.mailed(learner, 4)
    tree = await scene.tree(passed.traceparent, mails=2, through=FOUR)
    assert [root.name for root in tree.roots] == ["exam passed"]
    assert tree.services == FOUR | {"lms"}
    assert tree.ways_to("mail") == [["lms", "assessment", "awarding", "notifications"]] * 2
    assert len(tree.ways_to("process completions")) == 1
    assert not any(span.failed for span in tree.spans)


async def test_an_award_for_what_was_done_before_is_one_tree_from_the_author_to_the_mail(scene: Scene) -> None:
    learner = await scene.learner()
    await scene.pass_(learner, "https://lms.example/late")
    await scene.kept(learner)
    with exporting(scene.collector, "author"):
        author = await scene.publish(exam("late"))
        await scene.mailed(learner, 1)
    tree = await scene.tree(author, mails=1)
    assert [root.service for root in tree.roots] == ["author"]
    assert tree.ways_to("mail") == [["author", "catalog", "assessment", "awarding", "notifications"]]


async def test_an_assessors_question_and_the_mail_about_it_are_one_tree(scene: Scene) -> None:
    with exporting(scene.collector, "desk"):
        await scene.publish(judged("essay"))
        learner = await scene.learner()

        async def offered() -> bool:
            answer = await scene.http.get(scene.url("assessment", "/reviews?achievement=essay"))
            return bool(answer.raise_for_status().json())

        await eventually(offered, within=30, why="the review was never offered")
        of_learner = {"authorization": f"Bearer {scene.platform.keys.token(learner=learner)}"}
        wanted = {"achievement": "essay", "review": "text"}
        begun = await scene.post("assessment", f"/learners/{learner}/submissions", wanted, of_learner)
        path = f"/submissions/{begun.json()['id']}"
        given = await scene.http.put(scene.url("assessment", f"{path}/evidence"), json={"text": "Mine."}, headers=of_learner)
        assert given.is_success, given.text
        await scene.post("assessment", f"{path}/handing-in", None, of_learner)
        await scene.post("assessment", f"{path}/seat", None)
        with telemetry.span("asked for more", kind="client", parent=telemetry.NEW_TRACE) as asked:
            await scene.post("assessment", f"{path}/question", {"question": "And then?"}, carrying())
        await scene.mailed(learner, 1)
    tree = await scene.tree(asked.traceparent, mails=1)
    assert tree.ways_to("mail") == [["desk", "assessment", "notifications"]]


async def test_no_span_names_a_learner_s_address(scene: Scene) -> None:
    assert scene.collector.spans
    assert "@example.org" not in str(scene.collector.spans)


async def test_events_of_every_stream_are_measured(scene: Scene) -> None:
    def services() -> bool:
        measured = {point.service for point in scene.collector.measured if point.name == "cairn.stream.batch.size"}
        return measured == FOUR - {"catalog"}

    await eventually(services, within=20, why="some stream measures nothing")
