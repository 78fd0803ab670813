"""A catalog that runs inside the test, on the real broker and database, with a topic of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from deploy.local.keys import AUDIENCE, ISSUER, LocalKeys
from services.catalog.app import open_service
from services.catalog.domain.document import Submission, read
from services.catalog.publishing import Catalog
from services.catalog.relay import Relay
from services.catalog.store import Announcements, Lease, Versions, create_indexes, now
from shared.events.catalog import AchievementPublished, Published, StackPublished
from shared.events.envelope import read_envelope
from shared.kafka import Publisher, create_topics
from shared.mongo import Database
from shared.settings import Settings
from shared.topics import PUBLICATIONS, Topic
from tests.platform.log import all_on

MODELS: dict[str, type[Published]] = {model.TYPE: model for model in (AchievementPublished, StackPublished)}

UNIVERSITY = {"id": "north", "name": "University of the North"}


def achievement(id_: str, **said: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "achievement": id_,
        "name": id_.replace("-", " ").title(),
        "description": "What it is about.",
        "criteria": "What must be shown.",
        "issuer": UNIVERSITY,
        "requirement": {"activity": f"lms:{id_}", "passed": True},
    }
    return document | said


def stack(id_: str, *requirements: dict[str, Any], **said: Any) -> dict[str, Any]:
    names = ("bronze", "silver", "gold")
    document: dict[str, Any] = {
        "stack": id_,
        "name": id_.replace("-", " ").title(),
        "description": "What it is about.",
        "issuer": UNIVERSITY,
        "levels": [
            {"level": level, "name": level.title(), "requirement": requirement}
            for level, requirement in zip(names, requirements, strict=False)
        ],
    }
    return document | said


@dataclass
class Surroundings:
    """Where catalogs of one test run: they share broker, database and topic."""

    bootstrap: str
    mongodb: str
    database: str
    topic: Topic
    keys: LocalKeys

    def settings(self) -> Settings:
        return Settings(
            kafka=self.bootstrap,
            mongodb=self.mongodb,
            jwks=str(self.keys.jwks),
            token_issuer=ISSUER,
            token_audience=AUDIENCE,
            database_prefix=self.database,
        )

    def token(self, *scopes: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.keys.token(*scopes)}"}

    @asynccontextmanager
    async def catalog(self, *, background: bool = True) -> AsyncIterator[httpx.AsyncClient]:
        """A client of a running instance, with a token that may write. Without `background` it announces nothing."""
        async with open_service(self.settings(), self.topic) as service:
            tasks = [asyncio.ensure_future(task()) for task in (service.background if background else ())]
            transport = httpx.ASGITransport(app=service.app)
            headers = self.token("catalog:write")
            try:
                async with httpx.AsyncClient(transport=transport, base_url="http://catalog", headers=headers) as client:
                    yield client
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    @asynccontextmanager
    async def parts(self, clock: Callable[[], datetime] = now) -> AsyncIterator[tuple[Catalog, Relay]]:
        """A catalog and its relay that do nothing by themselves."""
        database = Database(self.mongodb, self.settings().database("catalog"))
        await create_indexes(database)
        catalog = Catalog(Versions(database), clock=clock)
        async with Publisher(self.bootstrap) as publisher:
            lease = Lease(database, "relay", "parts")
            yield catalog, Relay(catalog, Announcements(database), lease, publisher, self.topic, clock=clock)
        database.close()

    async def said(self) -> list[Published]:
        """Everything on the topic, in order."""
        found: list[Published] = []
        for record in await all_on(self.bootstrap, self.topic.name):
            envelope = read_envelope(record.headers, record.value)
            fact = MODELS[envelope.type].model_validate_json(envelope.data)
            assert (fact.id, fact.key.encode()) == (envelope.id, record.key)
            found.append(fact)
        return found

    async def announced(self) -> list[tuple[str, int]]:
        """Key and revision of everything on the topic, in order."""
        return [(fact.key, fact.revision) for fact in await self.said()]


def submission(document: dict[str, Any]) -> Submission:
    found = read(document)
    assert isinstance(found, Submission), found
    return found


async def surroundings(bootstrap: str, mongodb: str, database: str, prefix: str, folder: Path) -> Surroundings:
    topic = replace(PUBLICATIONS, name=f"{prefix}publications")
    await create_topics(bootstrap, topics=[topic])
    return Surroundings(bootstrap, mongodb, database, topic, LocalKeys(folder / "keys"))
