"""A platform that exports what it does, and the doings of authors, learning systems and learners."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from deploy.local.otlp import Collector, ReceivedSpan
from deploy.local.platform import Platform
from shared import telemetry
from tests.platform.eventually import eventually

Document = dict[str, Any]

FOUR = {"catalog", "assessment", "awarding", "notifications"}
STAFF = ("catalog:write", "completions:publish", "contacts:write", "entries:read", "reviews:assess")


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

    async def tree(self, traceparent: str | None, mails: int, through: Set[str] = frozenset()) -> "Tree":
        """The trace, when so many mails' spans are in it, no parent is missing, and each of the services `through` which it
        went has a span: each exports in its own time.
        """
        assert traceparent is not None
        trace = traceparent.split("-")[1]

        def complete() -> bool:
            tree = Tree(self.collector.trace(trace))
            return len(tree.ways_to("mail")) >= mails and len(tree.roots) == 1 and tree.services >= through

        await eventually(complete, within=30, why="the mails' spans, their parents, or a service's, never came")
        return Tree(self.collector.trace(trace))


@dataclass(frozen=True)
class Tree:
    """The spans of one trace."""

    spans: tuple[ReceivedSpan, ...]

    @property
    def services(self) -> Set[str]:
        return {span.service for span in self.spans}

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


def judged(name: str) -> Document:
    """An achievement for a text that people judge."""
    levels = [{"id": "poor", "name": "Poor", "points": 0}, {"id": "good", "name": "Good", "points": 1}]
    rubric = {"criteria": [{"id": "clarity", "name": "Clarity", "levels": levels, "must_reach": "good"}]}
    review = {"id": "text", "name": "Text", "instructions": "Write it.", "asks": ["text"], "rubric": rubric}
    requirement = {"activity": f"urn:cairn:review:{name}:text", "passed": True}
    return {"achievement": name, "criteria": "Write.", "requirement": requirement, "reviews": [review]} | meaning(name)


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
