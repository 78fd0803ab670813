"""Composition root: settings in, running service out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final
from uuid import uuid4

from fastapi import FastAPI

from services.catalog.addresses import Addresses
from services.catalog.api import OPEN_TO_ALL, ROUTERS
from services.catalog.checking import open_checker
from services.catalog.desk import Desk
from services.catalog.entitlements import entitlements_of
from services.catalog.pages.routes import DOCUMENTS, Window
from services.catalog.pages.routes import router as pages
from services.catalog.publishing import Catalog
from services.catalog.relay import Proofreader, Relay
from services.catalog.store import Announcements, Drafts, Lease, Versions, create_indexes
from shared.broker import broker_of
from shared.http import Tokens, create_app
from shared.http.health import answering
from shared.kafka import Publisher
from shared.mongo import Database
from shared.pages import Pages
from shared.pages.pages import Site
from shared.process import Service
from shared.settings import Settings
from shared.topics import PUBLICATIONS, Topic

NAME: Final = "catalog"
LARGEST: Final = 32_000_000
"""Bytes of a request: a large folder of documents."""


def app_of(
    ready: Callable[[], Awaitable[Mapping[str, bool | str]]],
    tokens: Tokens | None = None,
    desk: Desk | None = None,
    site: Site | None = None,
) -> FastAPI:
    """The HTTP side alone; without a desk only its document can be read."""
    says = "Achievements and stacks: what there is, in which versions, and what each requires."
    app = create_app(
        NAME, routers=ROUTERS, ready=ready, tokens=tokens, says=says, largest=LARGEST, open_to_all=(*OPEN_TO_ALL, *DOCUMENTS)
    )
    app.state.desk = desk
    app.state.window = Window()
    Pages("services.catalog.pages", site).mount(app, pages)
    return app


@asynccontextmanager
async def open_service(settings: Settings, topic: Topic = PUBLICATIONS) -> AsyncIterator[Service]:
    entitlements = entitlements_of(settings.entitlements)
    database = Database.of(settings, settings.database(NAME))
    try:
        await create_indexes(database)
        announcements = Announcements(database)
        catalog = Catalog(Versions(database), entitlements=entitlements)
        async with open_checker(settings) as check, Publisher(broker_of(settings), client=f"cairn-{NAME}") as publisher:
            lease = Lease(database, "relay", f"{settings.instance}/{uuid4().hex}")
            relay = Relay(catalog, announcements, lease, publisher, topic)
            catalog.committed = relay.wake
            proofreader = Proofreader(catalog, announcements, broker_of(settings), topic, repaired=relay.wake)

            ready = answering(database=database.ping, broker=lambda: publisher.asked(topic.name))

            addresses = Addresses.of(settings)
            own, assessment = settings.catalog_url, settings.assessment_url
            site = Site(settings.institution, own, settings.awarding_url, own, assessment=assessment)
            tokens = Tokens.of(settings)
            app = app_of(ready, tokens, Desk(catalog, Drafts(database), announcements, addresses, check), site)
            yield Service(app, background=(relay.run, proofreader.run))
    finally:
        database.close()
