"""Composition root: settings in, running service out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.notifications.api import ROUTERS, Stores
from services.notifications.sender import Post, Sender
from services.notifications.store import Contacts, Deliveries, Inbox, create_indexes
from services.notifications.stream import FLOW
from shared.http import Tokens, create_app
from shared.mongo import Database
from shared.process import Service
from shared.settings import Settings
from shared.stream import Stream

NAME = "notifications"


def app_of(
    ready: Callable[[], Awaitable[Mapping[str, bool | str]]], tokens: Tokens | None = None, stores: Stores | None = None
) -> FastAPI:
    """The HTTP side alone; without `stores` only its document can be read."""
    app = create_app(NAME, routers=ROUTERS, ready=ready, tokens=tokens, says="Inboxes, the contact book and mail to learners.")
    app.state.stores = stores
    return app


@asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    database = Database(settings.mongodb, settings.database(NAME))
    try:
        await create_indexes(database)
        stores = Stores(Inbox(database), Contacts(database), Deliveries(database))

        async def ready() -> Mapping[str, bool | str]:
            await database.ping()
            return {"database": True}

        tokens = Tokens(settings.jwks, settings.token_issuer, settings.token_audience)
        sender = Sender(stores.deliveries, stores.contacts, Post(server=settings.smtp_address, sender=settings.mail_from))
        stream = Stream(FLOW, settings.kafka, database, settings.instance)
        yield Service(app_of(ready, tokens, stores), stream, (sender.run,))
    finally:
        database.close()
