"""What staff and systems ask of assessment with its sources, on a real broker and database."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
import uvicorn

from deploy.local.keys import LocalKeys
from services.assessment.sources.sources import Sources
from shared.mongo import Database
from tests.journeys.sources_town import SourcesTown
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

ADDRESS = "http://cairn"


def document(slug: str = "lms", **fields: Any) -> dict[str, Any]:
    """Of a source whose names of learners and activities are ours."""
    return {
        "source": slug,
        "name": "Our learning system",
        "owner": "IT services",
        "format": "cloudevents",
        "speaks_as": f"urn:example:{slug}",
        "learners": [{"are": "ids"}],
        "may_publish": ["urn:course:*"],
    } | fields


@dataclass
class SourcesDesk:
    town: SourcesTown

    @classmethod
    @asynccontextmanager
    async def open(
        cls, kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, folder: Path, *, stream: bool = False
    ) -> AsyncIterator[Self]:
        async with SourcesTown.open(kafka, mongodb, database_name, prefix, folder, stream=stream) as town:
            yield cls(town)

    @property
    def client(self) -> httpx.AsyncClient:
        return self.town.client

    @property
    def sources(self) -> Sources:
        return self.town.sources

    @property
    def database(self) -> Database:
        return self.town.town.database

    @property
    def keys(self) -> LocalKeys:
        return self.town.town.keys

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """The app under an address, for clients that need one."""
        config = uvicorn.Config(self.town.app, port=0, log_config=None, access_log=False, log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve())
        try:
            await eventually(lambda: server.started, within=20)
            yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        finally:
            server.should_exit = True
            await running

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        scopes: tuple[str, ...] = ("sources:read", "sources:write"),
        **headers: str,
    ) -> httpx.Response:
        """As staff. Headers are given as `if_match="…"`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"authorization": f"Bearer {self.keys.token(*scopes)}", **named}
        if isinstance(body, str | bytes):
            return await self.client.request(method, path, content=body, headers=sent)
        return await self.client.request(method, path, json=body, headers=sent)

    async def register(self, slug: str = "lms", **fields: Any) -> dict[str, Any]:
        answer = await self.ask("PUT", f"/sources/{slug}", document(slug, **fields))
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    async def key(self, slug: str = "lms", kind: str = "secret", **fields: Any) -> tuple[str, str]:
        """A new key: its id, and its secret if it has one."""
        made = (await self.ask("POST", f"/sources/{slug}/keys", {"kind": kind, **fields})).raise_for_status().json()
        return made["key"]["id"], made["secret"]

    async def listed(self, slug: str = "lms") -> dict[str, dict[str, Any]]:
        """The keys, by their ids."""
        return {key["id"]: key for key in (await self.ask("GET", f"/sources/{slug}/keys")).raise_for_status().json()}

    async def token(self, key: str, secret: str) -> str:
        data = {"grant_type": "client_credentials"}
        answer = await self.client.post("/oauth/token", data=data, auth=(key, secret))
        return str(answer.raise_for_status().json()["access_token"])


def basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}
