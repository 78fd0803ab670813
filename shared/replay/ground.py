"""Where a replay may write: into a database that is empty, or that it has begun to fill, while no stream of the service runs."""

from __future__ import annotations

import asyncio
from collections.abc import Collection as Some
from time import monotonic
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient

from shared.broker import At, connection
from shared.mongo import Database

COURSE: Final = "replay"
"""The collection in which a replay notes how far it is; it goes when the replay is done."""

SESSIONS_END_WITHIN: Final = 15.0


class Occupied(Exception):
    """The database isn't empty. The text says what is in it."""


class Running(Exception):
    """The service's stream runs: what is replayed has to stand still."""


async def begun(database: Database) -> bool:
    """Whether a replay into this database was begun and not ended. Raises Occupied if anything else is in it."""
    found = await database.collections()
    if COURSE in found:
        return True
    held = [name for name in found if await database[name].find_one({}, {"_id": 1}) is not None]
    if held:
        raise Occupied(f"{database.name} is not empty: it holds {', '.join(held[:5])}{' …' if len(held) > 5 else ''}")
    return False


async def check_stopped(broker: At, group: str, within: float = SESSIONS_END_WITHIN) -> None:
    """Raises Running if the consumer group still has members after `within` seconds; those of killed processes go by then."""
    admin = AIOKafkaAdminClient(**connection(broker))
    await admin.start()
    try:
        until = monotonic() + within
        while members := await _members(admin, group):
            if monotonic() > until:
                raise Running(f"the stream of {group} runs ({', '.join(sorted(members))}): stop it first")
            await asyncio.sleep(0.5)
    finally:
        await admin.close()


async def _members(admin: AIOKafkaAdminClient, group: str) -> Some[str]:
    found: set[str] = set()
    for answer in await admin.describe_consumer_groups([group]):
        for _error, _group, _state, _kind, _protocol, members, *_ in answer.groups:
            found.update(member[1] for member in members)
    return found
