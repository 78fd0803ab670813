"""Assessment with its HTTP side and its stream, on a real broker and database, under names that no other test has."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx

from deploy.local.keys import AUDIENCE, ISSUER, LocalKeys
from services.assessment.api import Desk, app_of
from services.assessment.client import OverHttp, OverKafka
from services.assessment.rulebook import Rulebook
from services.assessment.store import Shelves, create_indexes
from services.assessment.stream import FLOW
from shared.broadcast import Broadcast
from shared.events.assessment import VerdictReached
from shared.events.catalog import Published
from shared.events.envelope import envelope_of
from shared.http import Tokens
from shared.kafka import Outgoing, Publisher, create_topics
from shared.mongo import Database
from shared.stream import Stream
from shared.topics import COMPLETIONS, DEAD_LETTERS, PUBLICATIONS, REQUESTS, SUBMISSIONS, VERDICTS, Topic
from tests.platform.eventually import eventually
from tests.platform.log import all_on

PARTITIONS = 4
SOURCE = "urn:test:lms"
TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


@dataclass(frozen=True)
class Topics:
    completions: Topic
    publications: Topic
    verdicts: Topic
    requests: Topic
    letters: Topic
    submissions: Topic

    @classmethod
    def under(cls, prefix: str) -> Self:
        service = FLOW.service
        known = (COMPLETIONS, PUBLICATIONS, VERDICTS, REQUESTS[service], DEAD_LETTERS[service], SUBMISSIONS)
        return cls(*(replace(topic, name=f"{prefix}{topic.name}") for topic in known))

    @property
    def all(self) -> tuple[Topic, ...]:
        return self.completions, self.publications, self.verdicts, self.requests, self.letters, self.submissions


@dataclass
class Town:
    bootstrap: str
    topics: Topics
    database: Database
    publisher: Publisher
    keys: LocalKeys
    client: httpx.AsyncClient
    broadcast: Broadcast

    @classmethod
    @asynccontextmanager
    async def open(cls, bootstrap: str, uri: str, database: str, prefix: str, folder: Path) -> AsyncIterator[Self]:
        topics = Topics.under(prefix)
        await create_topics(bootstrap, PARTITIONS, topics=topics.all)
        found = Database(uri, database)
        await create_indexes(found)
        keys = LocalKeys(folder / "keys")
        async with Publisher(bootstrap) as publisher, Broadcast(bootstrap, topics.publications) as broadcast:

            async def ready() -> Mapping[str, bool | str]:
                return {}

            desk = Desk(Shelves(found), Rulebook(broadcast), publisher, topics.completions, topics.requests)
            app = app_of(ready, Tokens(str(keys.jwks), ISSUER, AUDIENCE), desk)
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://cairn", timeout=30) as client:
                yield cls(bootstrap, topics, found, publisher, keys, client, broadcast)
        await found.drop()
        found.close()

    @asynccontextmanager
    async def stream(self, instance: str = "1") -> AsyncIterator[None]:
        topics = self.topics
        flow = replace(
            FLOW, reads=topics.completions, says=topics.verdicts, requests=topics.requests, dead_letters=topics.letters
        )
        stream = Stream(flow, self.bootstrap, self.database, publications=topics.publications, instance=instance)
        await stream.start()
        try:
            await eventually(lambda: stream.ready()["stream"] is True, within=40, why="the stream did not get ready")
            yield
        finally:
            await stream.stop()

    async def publish(self, *publications: Published) -> None:
        """As the catalog does. Returns when the HTTP side has heard of it."""
        messages = [
            Outgoing.of(self.topics.publications.name, p.key, envelope_of(p, "cairn/catalog", TRACE)) for p in publications
        ]
        await self.publisher.publish_all(messages, within=30)
        await self.broadcast.caught_up()

    def over_kafka(self) -> OverKafka:
        return OverKafka(self.bootstrap, SOURCE, topic=self.topics.completions.name)

    def over_http(self) -> OverHttp:
        return OverHttp("http://cairn", self.keys.token("completions:publish"), SOURCE, client=self.client)

    async def ask(
        self, method: str, path: str, *scopes: str, learner: str | None = None, body: object = None, **query: Any
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.keys.token(*scopes, learner=learner)}"}
        return await self.client.request(method, path, headers=headers, json=body, params=query)

    async def post(self, content: bytes | str, content_type: str, **headers: str) -> httpx.Response:
        """To the gateway; the attributes of binary mode as `ce_id="…"`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()} | {
            "authorization": f"Bearer {self.keys.token('completions:publish')}",
            "content-type": content_type,
        }
        return await self.client.post("/completions", content=content, headers=sent)

    async def progress(self, learner: str, achievement: str) -> dict[str, Any]:
        answer = await self.ask("GET", f"/learners/{learner}/achievements/{achievement}", "verdicts:read")
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    async def verdict(self, learner: str, achievement: str) -> dict[str, Any] | None:
        """What was said last, if anything was."""
        answer = await self.ask("GET", f"/learners/{learner}/verdicts", "verdicts:read")
        said = {one["achievement"]: one for one in answer.raise_for_status().json()["items"]}
        return said.get(achievement)

    async def is_met(self, learner: str, achievement: str, met: bool = True) -> None:
        async def said() -> bool:
            verdict = await self.verdict(learner, achievement)
            return verdict is not None and verdict["met"] is met

        await eventually(said, within=30, why=f"{learner} and {achievement}: no verdict that says {met}")

    async def on(self, topic: Topic) -> list[tuple[dict[str, str], bytes]]:
        """Headers and value of all that is on a topic now."""
        found = await all_on(self.bootstrap, topic.name)
        return [({name: raw.decode() for name, raw in one.headers}, bytes(one.value or b"")) for one in found]

    async def verdicts(self) -> list[VerdictReached]:
        said = await self.on(self.topics.verdicts)
        return [VerdictReached.model_validate_json(value) for headers, value in said if headers["ce_type"] == VerdictReached.TYPE]


def unique(name: str) -> str:
    return f"{name}-{uuid4().hex[:8]}"


def now() -> datetime:
    return datetime.now(UTC)
