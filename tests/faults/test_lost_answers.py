"""A write whose answer is lost is tried again by the driver: that it is there already is no failure."""

from __future__ import annotations

import asyncio

import pytest

from deploy.local.proxy import Proxy
from shared.mongo import ASCENDING, Database, DuplicateKey, insert_own
from tests.platform.eventually import eventually
from tests.platform.parts import DatabaseServer, address_of

ONE_IS_DONE = b"\x10n\x00\x01\x00\x00\x00"
"""`n: 1` in BSON, as only the answer to a write says it."""


async def test_what_was_inserted_though_nobody_heard_of_it_is_inserted(mongodb: DatabaseServer, database_name: str) -> None:
    server = address_of(mongodb.uri)
    async with Proxy(server) as proxy:
        there = Database(mongodb.uri, database_name)
        behind = Database(mongodb.uri.replace(server, proxy.address), database_name)
        await behind.create("parcels")
        proxy.hold_before(ONE_IS_DONE, answers=True)
        inserting = asyncio.create_task(insert_own(behind["parcels"], {"_id": "drawn", "at": 1}))
        await eventually(lambda: proxy.held, within=20, why="no answer came")
        assert await there["parcels"].find_one() == {"_id": "drawn", "at": 1}
        proxy.cut()
        proxy.flow()
        await asyncio.wait_for(inserting, 30)
        assert await there["parcels"].count_documents({}) == 1
        await there.drop()


async def test_what_is_there_of_somebody_elses_is_still_a_failure(mongodb: DatabaseServer, database_name: str) -> None:
    database = Database(mongodb.uri, database_name)
    await database.create("shares")
    await database["shares"].create_index([("link", ASCENDING)], unique=True)
    await insert_own(database["shares"], {"_id": "a", "link": "x"})
    with pytest.raises(DuplicateKey):
        await insert_own(database["shares"], {"_id": "b", "link": "x"})
    await database.drop()
