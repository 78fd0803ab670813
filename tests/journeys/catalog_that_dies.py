"""`python -m tests.journeys.catalog_that_dies STEP TOPIC DOCUMENT`: publishes, and is killed right after the step.

`committed`: the database has the version, the topic nothing. `published`: the topic has it, and the database doesn't know.
"""

import asyncio
import json
import os
import signal
import sys
from dataclasses import replace

from services.catalog.publishing import Catalog
from services.catalog.relay import Relay
from services.catalog.store import Announcements, Lease, Versions, create_indexes
from shared.kafka import Publisher
from shared.mongo import Database
from shared.settings import Settings
from shared.topics import PUBLICATIONS
from tests.journeys.catalog_instance import submission


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def die_between(step: str) -> None:
    die()


async def main(step: str, topic: str, document: str) -> None:
    settings = Settings.read()
    database = Database(settings.mongodb, settings.database("catalog"))
    await create_indexes(database)
    catalog = Catalog(Versions(database), committed=die if step == "committed" else lambda: None)
    await catalog.publish([submission(json.loads(document))])
    async with Publisher(settings.kafka) as publisher:
        lease = Lease(database, "relay", "dying")
        named = replace(PUBLICATIONS, name=topic)
        await Relay(catalog, Announcements(database), lease, publisher, named, between=die_between).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
