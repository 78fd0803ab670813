"""The database detects the conflicts that exactly-once in effect relies on."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import OperationFailure

from deploy.local.database import Database
from tests.platform.parts import DatabaseServer

pytestmark = pytest.mark.faults

WRITE_CONFLICT = 112

Client = AsyncMongoClient[dict[str, Any]]
Collection = AsyncCollection[dict[str, Any]]


@pytest_asyncio.fixture
async def client(mongodb: DatabaseServer) -> AsyncIterator[Client]:
    async with AsyncMongoClient[dict[str, Any]](mongodb.uri) as connected:
        yield connected


@pytest_asyncio.fixture
async def checkpoints(client: Client, database_name: str) -> AsyncIterator[Collection]:
    collection = client[database_name]["checkpoints"]
    await collection.insert_one({"_id": "completions-0", "epoch": 1, "offset": 10})
    yield collection
    await client.drop_database(database_name)


async def test_of_two_transactions_on_one_checkpoint_one_conflicts_and_may_be_retried(
    client: Client, checkpoints: Collection
) -> None:
    known = {"_id": "completions-0", "epoch": 1, "offset": 10}
    async with client.start_session() as first, client.start_session() as second:
        await first.start_transaction()
        await second.start_transaction()
        moved = await checkpoints.update_one(known, {"$set": {"offset": 20}}, session=first)
        with pytest.raises(OperationFailure) as conflict:
            await checkpoints.update_one(known, {"$set": {"offset": 15}}, session=second)
        await first.commit_transaction()

    assert moved.modified_count == 1
    assert conflict.value.code == WRITE_CONFLICT
    assert conflict.value.has_error_label("TransientTransactionError")
    assert await checkpoints.find_one() == {"_id": "completions-0", "epoch": 1, "offset": 20}


async def test_a_transaction_begun_before_another_committed_cannot_write_over_it(client: Client, checkpoints: Collection) -> None:
    async with client.start_session() as late, client.start_session() as winner:
        await late.start_transaction()
        assert await checkpoints.find_one({"_id": "completions-0"}, session=late) is not None
        async with await winner.start_transaction():
            await checkpoints.update_one({"_id": "completions-0"}, {"$set": {"epoch": 2}}, session=winner)
        with pytest.raises(OperationFailure) as conflict:
            await checkpoints.update_one({"_id": "completions-0", "epoch": 1}, {"$set": {"offset": 99}}, session=late)

    assert conflict.value.code == WRITE_CONFLICT
    assert await checkpoints.find_one() == {"_id": "completions-0", "epoch": 2, "offset": 10}


async def test_a_worker_whose_epoch_has_passed_matches_no_checkpoint(client: Client, checkpoints: Collection) -> None:
    await checkpoints.update_one({"_id": "completions-0"}, {"$inc": {"epoch": 1}})

    async with client.start_session() as session, await session.start_transaction():
        stale = await checkpoints.update_one(
            {"_id": "completions-0", "epoch": 1, "offset": 10}, {"$set": {"offset": 20}}, session=session
        )

    assert stale.matched_count == 0
    assert await checkpoints.find_one() == {"_id": "completions-0", "epoch": 2, "offset": 10}


async def test_an_aborted_transaction_leaves_nothing(client: Client, checkpoints: Collection) -> None:
    records = checkpoints.database["records"]
    await records.insert_one({"_id": "learner-1", "revision": 1})

    async with client.start_session() as session:
        await session.start_transaction()
        await records.replace_one({"_id": "learner-1"}, {"revision": 2}, session=session)
        await records.insert_one({"_id": "learner-2", "revision": 1}, session=session)
        await checkpoints.update_one({"_id": "completions-0"}, {"$set": {"offset": 20}}, session=session)
        await session.abort_transaction()

    assert await records.find().to_list() == [{"_id": "learner-1", "revision": 1}]
    assert await checkpoints.find_one() == {"_id": "completions-0", "epoch": 1, "offset": 10}


async def test_two_transactions_cannot_insert_the_same_id(client: Client, checkpoints: Collection) -> None:
    facts = checkpoints.database["facts"]
    await facts.insert_one({"_id": "there"})
    async with client.start_session() as first, client.start_session() as second:
        await first.start_transaction()
        await second.start_transaction()
        await facts.insert_one({"_id": "fact", "by": "first"}, session=first)
        with pytest.raises(OperationFailure):
            await facts.insert_one({"_id": "fact", "by": "second"}, session=second)
        await first.commit_transaction()

    assert await facts.find_one({"_id": "fact"}) == {"_id": "fact", "by": "first"}


async def test_what_was_committed_survives_a_kill_and_what_was_not_is_gone(own_database: Database) -> None:
    # Closing a session asks the server once more; it is down then, so that is given up soon.
    async with AsyncMongoClient[dict[str, Any]](own_database.uri, serverSelectionTimeoutMS=200) as client:
        records = client["cairn"]["records"]
        for number in range(200):
            async with client.start_session() as session, await session.start_transaction():
                await records.insert_one({"_id": number}, session=session)
        async with client.start_session() as session:
            await session.start_transaction()
            await records.insert_one({"_id": "never committed"}, session=session)
            await own_database.kill()

    await own_database.restart()

    async with AsyncMongoClient[dict[str, Any]](own_database.uri) as client:
        kept = [record["_id"] async for record in client["cairn"]["records"].find().sort("_id", 1)]
    assert kept == list(range(200))
