"""Composition root: settings in, running service out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.assessment.api import NAME, Desk, app_of
from services.assessment.operating import operations_of
from services.assessment.pages.routes import add_pages
from services.assessment.reviews.opening import open_reviews
from services.assessment.rulebook import Rulebook
from services.assessment.sources.listening import listening_to
from services.assessment.sources.opening import open_sources
from services.assessment.store import Shelves, create_indexes
from services.assessment.stream import FLOW
from shared.broadcast import Broadcast
from shared.broker import broker_of
from shared.http import Tokens
from shared.http.health import answering
from shared.kafka import Publisher
from shared.mongo import Database
from shared.process import Service
from shared.settings import Settings
from shared.stream import Stream
from shared.topics import COMPLETIONS, PUBLICATIONS

__all__ = ["app_of", "open_service"]


@asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    database = Database.of(settings, settings.database(NAME))
    try:
        await create_indexes(database)
        async with (
            Publisher(broker_of(settings), client=f"cairn-{NAME}") as publisher,
            Broadcast(broker_of(settings), PUBLICATIONS) as broadcast,
            open_sources(settings, database, publisher) as sources,
            open_reviews(settings, database, rulebook := Rulebook(broadcast), sources, publisher) as reviews,
        ):
            ready = answering(database=database.ping, broker=lambda: publisher.asked(COMPLETIONS.name))

            await broadcast.caught_up()
            tokens = Tokens.of(settings)
            app = app_of(ready, tokens, Desk(Shelves(database), rulebook, publisher), sources, reviews.office)
            app.state.operations = operations_of(settings, database, publisher, sources)
            add_pages(app, settings)
            stream = Stream(FLOW, broker_of(settings), database, instance=settings.instance)
            yield Service(app, stream, (*sources.background, *reviews.background, listening_to(sources)))
    finally:
        database.close()
