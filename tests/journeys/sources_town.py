"""Assessment with sources: its HTTP side and doors, and if wanted its stream, on a real broker and database."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self

import httpx
import orjson
from fastapi import FastAPI

from deploy.local.keys import AUDIENCE, ISSUER
from services.assessment.api import Desk, app_of
from services.assessment.rulebook import Rulebook
from services.assessment.sources.claims import Kind, Outcome
from services.assessment.sources.document import Source
from services.assessment.sources.formats.format import KeyKind
from services.assessment.sources.opening import open_sources
from services.assessment.sources.resolving import Lookup
from services.assessment.sources.sources import Sources
from services.assessment.store import Shelves
from shared.http import Tokens
from shared.settings import Settings
from shared.stream.loop import Steps, no_steps
from tests.journeys.assessment_town import Town
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer


@dataclass
class SourcesTown:
    """`town` is assessment without the sources; `client` reaches the app that has them."""

    town: Town
    settings: Settings
    sources: Sources
    client: httpx.AsyncClient
    app: FastAPI

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        kafka: Broker,
        mongodb: DatabaseServer,
        database_name: str,
        prefix: str,
        folder: Path,
        *,
        stream: bool = False,
        steps: Steps = no_steps,
        instance: str = "1",
        **settings: Any,
    ) -> AsyncIterator[Self]:
        """With `stream` what is published is also folded into learners' entries."""
        async with AsyncExitStack() as stack:
            town = await stack.enter_async_context(Town.open(kafka.bootstrap, mongodb.uri, database_name, prefix, folder))
            made = Settings(
                kafka=kafka.bootstrap,
                mongodb=mongodb.uri,
                jwks=str(town.keys.jwks),
                token_issuer=ISSUER,
                token_audience=AUDIENCE,
                sources_key=town.keys.sources_key,
                assessment_url="http://cairn",
                instance=instance,
                **settings,
            )
            opened = await stack.enter_async_context(
                open_sources(made, town.database, town.publisher, completions=town.topics.completions, steps=steps)
            )

            async def ready() -> Mapping[str, bool | str]:
                return {}

            desk = Desk(
                Shelves(town.database), Rulebook(town.broadcast), town.publisher, town.topics.completions, town.topics.requests
            )
            app = app_of(ready, Tokens(str(town.keys.jwks), ISSUER, AUDIENCE), desk, opened)
            transport = httpx.ASGITransport(app)
            client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://cairn", timeout=60))
            if stream:
                await stack.enter_async_context(town.stream())
            yield cls(town, made, opened, client, app)

    @asynccontextmanager
    async def another(self, steps: Steps = no_steps, instance: str = "2") -> AsyncIterator[Sources]:
        """The sources as another process has them, or the same one after its end."""
        settings = self.settings.model_copy(update={"instance": instance})
        town = self.town
        async with open_sources(
            settings, town.database, town.publisher, completions=town.topics.completions, steps=steps
        ) as opened:
            yield opened

    async def register(
        self, document: Source | Mapping[str, Any], key_kind: KeyKind | None = "secret"
    ) -> tuple[Source, str, str]:
        """The source with a key: its id and its secret (empty without a kind of key)."""
        source = document if isinstance(document, Source) else Source.model_validate(dict(document))
        registered = await self.sources.registry.put(source, "staff")
        if key_kind is None:
            return registered.source, "", ""
        made = await self.sources.keys.make(source.id, key_kind, "staff")
        return registered.source, made.key.id, made.secret or ""

    async def learners(self, directory: str, names: Mapping[tuple[str, str], str]) -> None:
        """Enter names: kind and value, and whom they mean."""
        await self.sources.directory.enter({Lookup(directory, *name): learner for name, learner in names.items()})

    async def take(self, source: Source, *originals: Any) -> list[Outcome]:
        return await self.sources.intake.take(source, originals)

    async def published(self) -> list[dict[str, Any]]:
        """All that is on `completions`: {id, source, type, time, key: learner, data}; one that came twice is there twice."""
        found = []
        for headers, value in await self.town.on(self.town.topics.completions):
            data = orjson.loads(value)
            said = {name: headers[f"ce_{name}"] for name in ("id", "source", "type", "time")}
            found.append(said | {"learner": data["learner"], "data": data})
        return sorted(found, key=lambda one: (one["time"], one["id"]))

    async def entries(self, learner: str, at_least: int = 0) -> list[dict[str, Any]]:
        """What the stream has kept of a learner, in the order of source time; waits until there are so many."""

        async def read() -> list[dict[str, Any]]:
            answer = await self.ask("GET", f"/learners/{learner}/entries", "entries:read", limit=500)
            items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
            assert len(items) >= at_least, f"{learner} has {len(items)} entries"
            return items or [{}]

        return [one for one in await eventually(read, within=30) if one]

    async def ask(
        self, method: str, path: str, *scopes: str, learner: str | None = None, body: object = None, **query: Any
    ) -> httpx.Response:
        """With a platform token of these scopes."""
        headers = {"authorization": f"Bearer {self.town.keys.token(*scopes, learner=learner)}"}
        return await self.client.request(method, path, headers=headers, json=body, params=query)

    async def counts(self, source: Source | str) -> Counter[Kind]:
        """All that was ever counted of a source."""
        slug = source if isinstance(source, str) else source.id
        days = await self.sources.accounts.days(date(2000, 1, 1), datetime.now(UTC).date(), slug)
        return +sum((day.kinds for day in days), Counter[Kind]())

    async def everything(self) -> list[dict[str, Any]]:
        """All documents of the database."""
        database = self.town.database
        found: list[dict[str, Any]] = []
        for collection in await database.collections():
            found += await database[collection].find({}).to_list(None)
        return found


class Died(BaseException):
    """What was under way ended here. No handler of errors sees it, as none sees the end of a process."""


class Ending:
    """Steps that end what is under way once, after the step named `at`."""

    def __init__(self, at: str | None = None) -> None:
        self.at = at

    async def __call__(self, done: str) -> None:
        if done == self.at:
            self.at = None
            raise Died(done)
