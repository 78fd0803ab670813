"""Puts together what credentials are made with."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from services.awarding.credentials.archive import Archive
from services.awarding.credentials.counter import Counter
from services.awarding.credentials.gallery import Gallery
from services.awarding.credentials.identity import Unsealing
from services.awarding.credentials.keyring import Keyring
from services.awarding.credentials.lists import StatusLists
from services.awarding.credentials.office import Office
from services.awarding.credentials.records import Registry
from services.awarding.credentials.template import Signer
from services.awarding.rulebook import Rulebook
from services.awarding.store import Shelves
from shared.credentials.fetching import Fetcher
from shared.mongo import Database, DatabaseError
from shared.settings import Settings

log = logging.getLogger(__name__)

LOOKS_EVERY: Final = 2.0


async def counter_of(
    settings: Settings, database: Database, rulebook: Rulebook, keyring: Keyring | None, fetcher: Fetcher | None = None
) -> Counter:
    """`fetcher` gets achievements' own images. Raises Unset when the key that opens identities can't be read."""
    unsealing = Unsealing.from_settings(settings)
    shelves = Shelves(database)
    archive = Archive(database, keyring)
    await archive.prepare()
    await archive.keep(rulebook.rules)
    gallery = Gallery(fetcher)
    if keyring is None:
        return Counter(rulebook, shelves, archive, gallery, settings.institution)
    office = Office(shelves, rulebook, keyring, archive, gallery=gallery, unsealing=unsealing, sign=Signer().signed)
    registry = Registry(office, settings.institution)
    return Counter(rulebook, shelves, archive, gallery, settings.institution, office, registry, StatusLists(shelves, keyring))


def keeping(counter: Counter) -> Callable[[], Awaitable[None]]:
    """A task that keeps the identity documents of new issuers, and new endorsements, as soon as they are published."""

    async def run() -> None:
        kept = None
        while True:
            rules = counter.rulebook.rules
            if rules is not kept:
                try:
                    await counter.archive.keep(rules)
                    kept = rules
                except DatabaseError as trouble:
                    log.warning("what was published can't be archived now: %s", type(trouble).__name__)
            await asyncio.sleep(LOOKS_EVERY)

    return run
