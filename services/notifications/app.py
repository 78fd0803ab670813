"""Composition root: settings in, running service out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from services.notifications.api import NAME, Stores, app_of
from services.notifications.identity import Identities, Sealer
from services.notifications.pages.routes import add_pages
from services.notifications.sender import Post, Sender
from services.notifications.store import Contacts, Deliveries, Inbox, create_indexes
from services.notifications.stream import FLOW
from shared.http import Tokens
from shared.kafka import Publisher
from shared.mongo import Database
from shared.process import Service
from shared.settings import Settings
from shared.stream import Stream


@asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    """Raises Unset if a key can't be read."""
    sealer = Sealer.from_settings(settings)
    database = Database(settings.mongodb, settings.database(NAME))
    try:
        await create_indexes(database)
        contacts = Contacts(database)
        async with Publisher(settings.kafka, client=f"cairn-{NAME}") as publisher:
            identities = Identities(contacts, publisher, sealer)
            stores = Stores(Inbox(database), contacts, Deliveries(database), identities)

            async def ready() -> Mapping[str, bool | str]:
                await database.ping()
                return {"database": True}

            tokens = Tokens(settings.jwks, settings.token_issuer, settings.token_audience)
            sender = Sender(
                stores.deliveries,
                stores.contacts,
                Post(server=settings.smtp_address, sender=settings.mail_from, login=settings.smtp_login()),
            )
            stream = Stream(FLOW, settings.kafka, database, instance=settings.instance)
            app = app_of(ready, tokens, stores)
            add_pages(app, settings)
            yield Service(app, stream, (sender.run,))
    finally:
        database.close()
