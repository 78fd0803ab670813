"""The catalog by itself, on the real broker and database, with the demonstration's documents and a partner who vouches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx
import uvicorn

from deploy.demo.documents import FIRST, REVISIONS, documents
from deploy.local.platform import ENTITLEMENTS
from deploy.local.ports import free_port
from services.catalog.app import open_service
from tests.journeys.catalog_instance import surroundings
from tests.journeys.catalog_partner import Partner
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

PARTNER: Final = Partner("Brightwater Systems")


@asynccontextmanager
async def catalog_site(kafka: Broker, mongodb: DatabaseServer, folder: Path) -> AsyncIterator[str]:
    """Its address."""
    name = uuid4().hex[:12]
    around = await surroundings(kafka.bootstrap, mongodb.uri, f"test_{name}", f"test-{name}.", folder)
    address = f"http://localhost:{(port := free_port())}"
    said = {"catalog_url": address, "institution": "Northfield University", "entitlements": ENTITLEMENTS}
    async with open_service(around.settings().model_copy(update=said), around.topic) as service:
        server = uvicorn.Server(uvicorn.Config(service.app, port=port, log_level="warning", lifespan="off"))
        serving = asyncio.ensure_future(server.serve())
        try:
            await eventually(lambda: _started(server))
            async with httpx.AsyncClient(
                base_url=address, headers=around.token("catalog:write"), trust_env=False, timeout=30
            ) as author:
                for edition in (FIRST, REVISIONS):
                    (await author.post("/apply", json={"documents": documents(edition)})).raise_for_status()
                id_ = "achievements/inclusive-computing.gold/versions/1"
                text = PARTNER.signed(f"{address}/{id_.replace('achievements', 'microcredentials')}")
                kind = {"content-type": "application/json"}
                (await author.post(f"/{id_}/endorsements", content=text, headers=kind)).raise_for_status()
            yield address
        finally:
            server.should_exit = True
            await serving


async def _started(server: uvicorn.Server) -> bool:
    return server.started
