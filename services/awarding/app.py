"""Composition root: settings in, running service out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.awarding.api import NAME, Desk, app_of
from services.awarding.checking.checker import Checker, inside
from services.awarding.credentials.keyring import Keyring
from services.awarding.credentials.opening import counter_of, keeping
from services.awarding.domain.ids import PublicIds
from services.awarding.issuance import issuing_of
from services.awarding.operating import operations_of
from services.awarding.pages.routes import add_pages
from services.awarding.reissue import Reissue
from services.awarding.rulebook import Rulebook
from services.awarding.sharing.links import Links
from services.awarding.sharing.store import Shares
from services.awarding.store import Shelves, create_indexes
from services.awarding.stream import flow
from shared.broadcast import Broadcast
from shared.broker import broker_of
from shared.http import Tokens
from shared.http.health import answering
from shared.http.sessions import Sessions
from shared.kafka import Publisher
from shared.mongo import Database
from shared.process import Service
from shared.settings import Settings
from shared.stream import Stream
from shared.telemetry import watch_keys
from shared.topics import PUBLICATIONS, VERDICTS

__all__ = ["app_of", "open_service"]


@asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    """Raises Unset if there is no key for public ids. Without issuers' keys no credentials are issued."""
    ids = PublicIds(settings.secret_of_public_ids())
    keyring = Keyring.from_settings(settings)
    issuing = None if keyring is None else issuing_of(keyring)
    watch_keys({} if keyring is None else keyring.ends)
    database = Database.of(settings, settings.database(NAME))
    try:
        await create_indexes(database)
        async with (
            Publisher(broker_of(settings), client=f"cairn-{NAME}") as publisher,
            Broadcast(broker_of(settings), PUBLICATIONS) as broadcast,
        ):
            ready = answering(database=database.ping, broker=lambda: publisher.asked(VERDICTS.name))

            await broadcast.caught_up()
            tokens = Tokens.of(settings)
            desk = Desk(Shelves(database), Rulebook(broadcast, ids), publisher)
            app = app_of(ready, tokens, desk)
            app.state.sessions = Sessions.from_settings(settings, settings.awarding_url)
            app.state.shares = Shares(database, Links(ids.key, settings.awarding_url))
            kids = frozenset[str]() if keyring is None else keyring.unusable
            background = (Reissue(database, publisher, kids).run,) if kids else ()
            deciding = flow(ids, issuing)
            app.state.operations = operations_of(settings, database, publisher, deciding)
            async with Checker.open(settings, inside(app, settings.awarding_url)) as checker:
                app.state.checker = checker
                counter = await counter_of(settings, database, desk.rulebook, keyring, checker.tools.fetcher)
                app.state.counter = counter
                add_pages(app, settings, desk, app.state.shares, checker.check)
                stream = Stream(deciding, broker_of(settings), database, instance=settings.instance)
                yield Service(app, stream, (*background, keeping(counter)))
    finally:
        database.close()
