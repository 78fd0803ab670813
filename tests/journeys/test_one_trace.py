"""One trace shows the whole way, as a real collector receives it from the running platform."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from deploy.local.otlp import Collector, ReceivedSpan
from deploy.local.platform import Platform
from shared import telemetry
from tests.domain.shared.exporting import exporting
from tests.platform.eventually import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

Document = dict[str, Any]

FOUR = {"catalog", "assessment", "awarding", "notifications"}
STAFF = ("catalog:write", "completions:publish", "contacts:write", "entries:read")


@dataclass(frozen=True)
class Scene:
    """The platform, the collector it exports to, and the doings of authors, learning systems and learners."""

    platform: Platform
    collector: Collector
    http: httpx.AsyncClient

    def url(self, service: str, path: str) -> str:
        return self.platform[service].url + path

    async def post(self, service: str, path: str, body: object, headers: Mapping[str, str] | None = None) -> httpx.Response:
        answer = await self.http.post(self.url(service, path), json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer

    async def publish(self, *documents: Document) -> str | None:
        """As an author; the author's trace."""
        with telemetry.span("publish", kind="client", parent=telemetry.NEW_TRACE) as author:
            answer = await self.post("catalog", "/apply", {"documents": documents}, carrying())
        assert answer.json()["published"]
        return author.traceparent

    async def looked_up(self, name: str) -> str:
        """The activity that the achievement asks for, as the learning system learns it from the catalog."""
        answer = await self.http.get(self.url("catalog", f"/achievements/{name}"), headers=carrying())
        activity: str = answer.raise_for_status().json()["definition"]["requirement"]["activity"]
        return activity

    async def pass_(self, learner: str, activity: str) -> None:
        """The learning system reports that the learner passed."""
        headers = {
            "ce-specversion": "1.0",
            "ce-id": uuid4().hex,
            "ce-type": "cairn.completion.reported.v1",
            "ce-source": "https://lms.example",
            "ce-time": (datetime.now(UTC) - timedelta(seconds=1)).isoformat(),
        }
        body = {"learner": learner, "activity": activity, "status": "passed"}
        await self.post("assessment", "/completions", body, headers | carrying())

    async def learner(self) -> str:
        """A new learner with an address."""
        learner = f"l-{uuid4().hex[:8]}"
        address = {"address": address_of(learner), "name": "Ada", "language": "en"}
        answer = await self.http.put(self.url("notifications", f"/learners/{learner}/contact"), json=address)
        assert answer.is_success, answer.text
        return learner

    async def mailed(self, learner: str, count: int) -> None:
        def came() -> bool:
            return len(self.platform.mailbox.mails_to(address_of(learner))) >= count

        await eventually(came, within=30, why=f"not {count} mails came")

    async def kept(self, learner: str) -> None:
        """Wait until assessment has an entry of the learner."""

        async def entries() -> bool:
            answer = await self.http.get(self.url("assessment", f"/learners/{learner}/entries"))
            return bool(answer.raise_for_status().json()["items"])

        await eventually(entries, within=30, why="no entry was kept")

    async def tree(self, traceparent: str | None, mails: int) -> "Tree":
        """The trace, when so many mails' spans are in it and no parent is missing: each service exports in its own time."""
        assert traceparent is not None
        trace = traceparent.split("-")[1]

        def complete() -> bool:
            tree = Tree(self.collector.trace(trace))
            return len(tree.ways_to("mail")) >= mails and len(tree.roots) == 1

        await eventually(complete, within=30, why="the mails' spans, or their parents, never came")
        return Tree(self.collector.trace(trace))


@dataclass(frozen=True)
class Tree:
    """The spans of one trace."""

    spans: tuple[ReceivedSpan, ...]

    @property
    def roots(self) -> list[ReceivedSpan]:
        """Those whose parent is not in the trace; one tree has one."""
        ids = {span.id for span in self.spans}
        return [span for span in self.spans if span.parent not in ids]

    def ways_to(self, name: str) -> list[list[str]]:
        """For each span of that name, the services from the root to it, each named once for each stay."""
        by_id = {span.id: span for span in self.spans}
        ways = []
        for span in self.spans:
            if span.name == name:
                way = [span.service]
                while span.parent in by_id:
                    span = by_id[span.parent]
                    way += [span.service] if way[-1] != span.service else []
                ways.append(way[::-1])
        return ways


def exam(name: str) -> Document:
    """An achievement for passing one activity."""
    requirement = {"activity": f"https://lms.example/{name}", "passed": True}
    return {"achievement": name, "criteria": "Pass the exam.", "requirement": requirement} | meaning(name)


def stack(name: str, *levels: tuple[str, str]) -> Document:
    """Each level with the achievement that it asks for."""
    said = [{"level": level, "name": level, "requirement": {"achievement": achievement}} for level, achievement in levels]
    return {"stack": name, "levels": said} | meaning(name)


def meaning(name: str) -> Document:
    return {"name": name, "description": "Whoever passes the exam.", "issuer": {"id": "uni", "name": "University"}}


def carrying() -> dict[str, str]:
    """The headers that carry the trace around the caller, if there is one."""
    traceparent = telemetry.traceparent()
    return {"traceparent": traceparent} if traceparent else {}


def address_of(learner: str) -> str:
    return f"{learner}@example.org"


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
    tree = await scene.tree(passed.traceparent, mails=2)
    assert [root.name for root in tree.roots] == ["exam passed"]
    assert {span.service for span in tree.spans} == FOUR | {"lms"}
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


async def test_no_span_names_a_learner_s_address(scene: Scene) -> None:
    assert scene.collector.spans
    assert "@example.org" not in str(scene.collector.spans)


async def test_events_of_every_stream_are_measured(scene: Scene) -> None:
    def services() -> bool:
        measured = {point.service for point in scene.collector.measured if point.name == "cairn.stream.batch.size"}
        return measured == FOUR - {"catalog"}

    await eventually(services, within=20, why="some stream measures nothing")
