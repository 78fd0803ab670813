"""Composition root: settings in, running service out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from services.notifications.api import NAME, Stores, app_of
from services.notifications.identity import Identities, Sealer
from services.notifications.operating import operations_of
from services.notifications.pages.routes import add_pages
from services.notifications.post import Post
from services.notifications.sender import Sender
from services.notifications.store import Contacts, Deliveries, Inbox, create_indexes
from services.notifications.stream import FLOW
from shared.broker import broker_of
from shared.http import Tokens
from shared.http.health import answering
from shared.kafka import Publisher
from shared.mongo import Database
from shared.process import Service
from shared.settings import Settings
from shared.stream import Stream


@asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    """Raises Unset if a key can't be read."""
    sealer = Sealer.from_settings(settings)
    database = Database.of(settings, settings.database(NAME))
    try:
        await create_indexes(database)
        contacts = Contacts(database)
        async with Publisher(broker_of(settings), client=f"cairn-{NAME}") as publisher:
            identities = Identities(contacts, publisher, sealer)
            stores = Stores(Inbox(database), contacts, Deliveries(database), identities, settings.assessment_url)

            ready = answering(database=database.ping)

            tokens = Tokens.of(settings)
            sender = Sender(
                stores.deliveries,
                stores.contacts,
                Post(
                    server=settings.smtp_address,
                    sender=settings.mail_from,
                    assessment=settings.assessment_url,
                    login=settings.smtp_login(),
                ),
            )
            flow = replace(FLOW, engage=sender.engage)
            stream = Stream(flow, broker_of(settings), database, instance=settings.instance)
            app = app_of(ready, tokens, stores)
            app.state.operations = operations_of(settings, database, publisher, flow)
            add_pages(app, settings)
            yield Service(app, stream, (sender.run,))
    finally:
        database.close()
