"""From the catalog's database to its topic."""

from __future__ import annotations

import asyncio
from time import monotonic

from deploy.consistency.differences import Difference
from shared.broadcast import Broadcast
from shared.mongo import Database


async def check_catalog(database: Database, broadcast: Broadcast, patience: float) -> list[Difference]:
    """Each version as it was last announced is what the topic has, and the topic has nothing else."""
    until = monotonic() + patience
    while found := await _differences(database, broadcast):
        if monotonic() > until:
            return found
        await asyncio.sleep(0.5)
    return []


async def _differences(database: Database, broadcast: Broadcast) -> list[Difference]:
    versions = {one["_id"]: int(one["revision"]) async for one in database["versions"].find({}, {"revision": 1})}
    snapshot = await broadcast.caught_up()
    published = {key: found.published.revision for key, found in snapshot.by_key.items()}
    return [
        Difference("versions to their topic", None, key, _revision(published.get(key)), _revision(versions.get(key)))
        for key in sorted({*versions, *published})
        if versions.get(key) != published.get(key)
    ]


def _revision(number: int | None) -> str:
    return "nothing" if number is None else f"revision {number}"
