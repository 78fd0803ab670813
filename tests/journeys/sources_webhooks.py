"""Systems that push to a door of their own, against a town with one source of each format."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any, Self
from uuid import uuid4

import httpx

from services.assessment.sources.claims import Kind
from services.assessment.sources.formats.format import KeyKind
from services.assessment.sources.signatures import ID, SIGNATURE, TIMESTAMP, signature
from tests.journeys.sources_town import SourcesTown
from tests.platform.parts import Broker, DatabaseServer


@dataclass
class Sender:
    """Speaks as one source. `key` is id and secret."""

    town: SourcesTown
    slug: str
    format: str
    key: tuple[str, str]

    @classmethod
    async def of(
        cls, town: SourcesTown, format_: str, key_kind: KeyKind | None = "secret", *, learners: Mapping[Any, str], **document: Any
    ) -> Self:
        """A new source, whose directory knows the learners."""
        slug = f"{format_}-{uuid4().hex[:8]}"
        source = {"source": slug, "name": "Campus", "owner": "IT", "format": format_, "may_publish": ["urn:ours:*"], **document}
        _, id_, secret = await town.register(source, key_kind)
        await town.learners(slug, learners)
        return cls(town, slug, format_, (id_, secret))

    @property
    def path(self) -> str:
        return f"/sources/{self.slug}/{self.format}"

    async def post(
        self, content: Any, headers: Mapping[str, str] | None = None, *, kind: str = "application/json"
    ) -> httpx.Response:
        """As it is: nobody shows to be anybody."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return await self.town.client.post(self.path, content=body, headers={"content-type": kind, **(headers or {})})

    async def send(self, content: Any, **options: Any) -> httpx.Response:
        """By Basic."""
        said = b64encode(":".join(self.key).encode()).decode()
        return await self.post(content, {"authorization": f"Basic {said}"}, **options)

    async def send_signed(self, content: Any, *, at: float | None = None, secret: str | None = None) -> httpx.Response:
        """As Standard Webhooks has it."""
        body, id_, when = json.dumps(content).encode(), f"msg_{uuid4().hex}", str(int(at if at is not None else time()))
        headers = {ID: id_, TIMESTAMP: when, SIGNATURE: signature((secret or self.key[1]).encode(), id_, when, body)}
        return await self.post(body, headers)

    async def published(self) -> list[dict[str, Any]]:
        return [one for one in await self.town.published() if one["source"] == f"urn:cairn:source:{self.slug}"]

    async def counts(self) -> Mapping[Kind, int]:
        return await self.town.counts(self.slug)


@asynccontextmanager
async def open_town(kafka: Broker, mongodb: DatabaseServer, folder: Path, **settings: Any) -> AsyncIterator[SourcesTown]:
    """Under names that no other module has."""
    name = uuid4().hex[:12]
    async with SourcesTown.open(kafka, mongodb, f"test_{name}", f"test-{name}.", folder, **settings) as town:
        yield town


def statuses(answer: httpx.Response) -> list[str]:
    return [item["status"] for item in answer.json()["items"]]
