"""A database as many times slower as wanted, by the proxy before it: how much slower it is, is measured.

Half of the slowness is put into the delay of each answer, which those who ask at the same time wait out together, and half into
the bandwidth, which all of them share, as they share a busy server.
"""

from __future__ import annotations

from time import monotonic
from typing import Any, Final
from uuid import uuid4

from pymongo import AsyncMongoClient

from deploy.local.database import Database
from deploy.local.proxy import Proxy

ROUNDS: Final = 4
DOCUMENTS: Final = 50
TEXT: Final = "x" * 400
TRIES: Final = 4
NEAR: Final = 0.15


async def slow_down(proxy: Proxy, database: Database, times: float = 10.0) -> float:
    """Set the proxy's delay and bandwidth; how many times slower the same work is through it then."""
    uri = database.uri_at(proxy.address)
    quick(proxy)
    direct = min([await seconds_of_work(database.uri) for _ in range(2)])
    passed = proxy.passed
    await seconds_of_work(uri)
    size = (proxy.passed - passed) / 2
    wanted = extra = (times - 1) * direct
    found = 1.0
    for _ in range(TRIES):
        proxy.delay(extra / 2 / (2 * ROUNDS))
        proxy.bandwidth(size / (extra / 2))
        found = await seconds_of_work(uri) / direct
        if abs(found - times) <= NEAR * times:
            break
        extra = min(max(extra * times / found, wanted / 4), wanted * 4)
    return found


def quick(proxy: Proxy) -> None:
    """As quick as it was."""
    proxy.delay(0)
    proxy.bandwidth(None)


async def seconds_of_work(uri: str) -> float:
    """For inserting some documents and reading a few of them, several times."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(uri)
    try:
        collection = client["slowness"][uuid4().hex]
        await collection.insert_one({"_id": "first"})
        began = monotonic()
        for _ in range(ROUNDS):
            made = [{"_id": uuid4().hex, "text": TEXT} for _ in range(DOCUMENTS)]
            await collection.insert_many(made)
            await collection.find({"_id": {"$in": [one["_id"] for one in made[:10]]}}).to_list(None)
        took = monotonic() - began
        await collection.drop()
        return took
    finally:
        await client.close()
