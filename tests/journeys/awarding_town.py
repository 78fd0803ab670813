"""Awarding with its HTTP side and its stream, on a real broker and database, under names that no other test has."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import httpx

from deploy.local.keys import AUDIENCE, ISSUER, LocalKeys
from services.awarding.api import Desk, app_of
from services.awarding.domain.issuing import Issuing
from services.awarding.rulebook import Rulebook
from services.awarding.store import Shelves, create_indexes
from services.awarding.stream import flow
from shared.broadcast import Broadcast
from shared.events.catalog import Published
from shared.events.envelope import Fact, envelope_of
from shared.http import Tokens
from shared.kafka import Outgoing, Publisher, create_topics
from shared.mongo import Database
from shared.stream import Stream
from shared.topics import AWARDS, DEAD_LETTERS, IDENTITIES, PUBLICATIONS, REQUESTS, VERDICTS, Topic
from tests.domain.awarding.scene import IDS
from tests.platform.eventually import eventually
from tests.platform.log import all_on

PARTITIONS = 4
TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


@dataclass(frozen=True)
class Topics:
    verdicts: Topic
    publications: Topic
    awards: Topic
    requests: Topic
    letters: Topic
    identities: Topic

    @classmethod
    def under(cls, prefix: str) -> Self:
        known = (VERDICTS, PUBLICATIONS, AWARDS, REQUESTS["awarding"], DEAD_LETTERS["awarding"], IDENTITIES)
        return cls(*(replace(topic, name=f"{prefix}{topic.name}") for topic in known))

    @property
    def all(self) -> tuple[Topic, ...]:
        return self.verdicts, self.publications, self.awards, self.requests, self.letters, self.identities


@dataclass
class Town:
    bootstrap: str
    topics: Topics
    database: Database
    publisher: Publisher
    keys: LocalKeys
    client: httpx.AsyncClient
    broadcast: Broadcast
    shelves: Shelves
    issuing: Issuing | None = None

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

            shelves = Shelves(found)
            app = app_of(
                ready,
                Tokens(str(keys.jwks), ISSUER, AUDIENCE),
                Desk(shelves, Rulebook(broadcast, IDS), publisher, topics.requests),
            )
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://cairn", timeout=30) as client:
                yield cls(bootstrap, topics, found, publisher, keys, client, broadcast, shelves)
        await found.drop()
        found.close()

    @asynccontextmanager
    async def stream(self, instance: str = "1") -> AsyncIterator[Stream[Any, Any]]:
        topics = self.topics
        plugged = replace(
            flow(IDS, self.issuing),
            reads=topics.verdicts,
            beside=topics.identities,
            says=topics.awards,
            requests=topics.requests,
            dead_letters=topics.letters,
        )
        stream = Stream(plugged, self.bootstrap, self.database, publications=topics.publications, instance=instance)
        await stream.start()
        try:
            await eventually(lambda: stream.ready()["stream"] is True, within=40, why="the stream did not get ready")
            yield stream
        finally:
            await stream.stop()

    async def publish(self, *publications: Published) -> None:
        """As the catalog does. Returns when the HTTP side has heard of it."""
        await self._put(self.topics.publications, "cairn/catalog", publications)
        await self.broadcast.caught_up()

    async def say(self, *verdicts: Fact) -> None:
        """As assessment does."""
        await self._put(self.topics.verdicts, "cairn/assessment", verdicts)

    async def _put(self, topic: Topic, source: str, facts: tuple[Fact, ...]) -> None:
        messages = [Outgoing.of(topic.name, fact.key, envelope_of(fact, source, TRACE)) for fact in facts]
        await self.publisher.publish_all(messages, within=30)

    async def ask(
        self, method: str, path: str, *scopes: str, learner: str | None = None, body: object = None, **query: Any
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.keys.token(*scopes, learner=learner)}"}
        return await self.client.request(method, path, headers=headers, json=body, params=query or None)

    async def read(self, path: str, **query: Any) -> Any:
        return (await self.ask("GET", path, "awards:read", **query)).raise_for_status().json()

    async def held(self, learner: str) -> dict[str, str]:
        """The status of the newest award of each achievement."""
        found = await self.read(f"/learners/{learner}/awards", limit=500)
        return {award["achievement"]: award["status"] for award in found["items"]}

    async def holds(self, learner: str, expected: Mapping[str, str]) -> None:
        """Waits until it does."""

        async def as_expected() -> bool:
            return await self.held(learner) == expected

        await eventually(as_expected, within=40, why=f"{learner} does not hold {dict(expected)}")

    async def on(self, topic: Topic) -> list[tuple[dict[str, str], bytes]]:
        """Headers and value of all that is on a topic now."""
        found = await all_on(self.bootstrap, topic.name)
        return [({name: raw.decode() for name, raw in one.headers}, bytes(one.value or b"")) for one in found]
