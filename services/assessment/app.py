"""Composition root: settings in, running service out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from services.assessment.api import NAME, Desk, app_of
from services.assessment.rulebook import Rulebook
from services.assessment.store import Shelves, create_indexes
from services.assessment.stream import FLOW
from shared.broadcast import Broadcast
from shared.http import Tokens
from shared.kafka import Publisher
from shared.mongo import Database
from shared.process import Service
from shared.settings import Settings
from shared.stream import Stream
from shared.topics import COMPLETIONS, PUBLICATIONS

__all__ = ["app_of", "open_service"]


@asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    database = Database(settings.mongodb, settings.database(NAME))
    try:
        await create_indexes(database)
        async with (
            Publisher(settings.kafka, client=f"cairn-{NAME}") as publisher,
            Broadcast(settings.kafka, PUBLICATIONS) as broadcast,
        ):

            async def ready() -> Mapping[str, bool | str]:
                await database.ping()
                return {"database": True, "broker": await publisher.partitions(COMPLETIONS.name) > 0}

            await broadcast.caught_up()
            tokens = Tokens(settings.jwks, settings.token_issuer, settings.token_audience)
            app = app_of(ready, tokens, Desk(Shelves(database), Rulebook(broadcast), publisher))
            yield Service(app, Stream(FLOW, settings.kafka, database, instance=settings.instance))
    finally:
        database.close()
