"""Broker and database behind TLS, a user for each service with exactly its rights: all goes its way, and nobody leaves theirs."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupAuthorizationFailedError, KafkaConnectionError, TopicAuthorizationFailedError
from pymongo.errors import OperationFailure

from deploy.local.authority import Authority
from shared.broker import Broker, connection
from shared.topics import COMPLETIONS, REQUESTS, TOPICS
from tests.journeys.guarded import ACHIEVEMENT, LMS, MAY_WRITE, STACK, Guarded
from tests.platform.eventually import eventually

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(bool({"CAIRN_KAFKA", "CAIRN_MONGODB"} & set(os.environ)), reason="needs a broker of its own to guard"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guarded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Guarded]:
    async with Guarded.open(tmp_path_factory.mktemp("guarded")) as opened:
        yield opened


async def test_a_completion_of_an_integration_team_reaches_award_upgrade_and_inbox(guarded: Guarded) -> None:
    await guarded.office.publish([ACHIEVEMENT, STACK])
    await guarded.office.enter_contacts([{"learner": "ada", "address": "ada@example.edu"}])
    await guarded.complete("ada", "bob")

    async def told() -> list[tuple[str, str]]:
        found = [(one["kind"], one["name"]) async for one in guarded.office.pages("notifications", "/learners/ada/inbox")]
        return sorted(found) if len(found) == 2 else []

    assert await eventually(told, within=60) == [("granted", "First steps in programming"), ("granted", "The trail: Bronze")]
    held = [one["achievement"] async for one in guarded.office.pages("awarding", "/learners/bob/awards")]
    assert sorted(held) == ["first-steps", "trail.bronze"]
    await eventually(lambda: len(guarded.platform.mailbox.mails_to("ada@example.edu")) == 2, within=60)


@pytest.mark.parametrize("user", MAY_WRITE)
async def test_a_user_writes_its_own_topics_and_no_other(guarded: Guarded, user: str) -> None:
    """Tried on every topic; that its own can be written is shown by the journey, and here for the integration team."""
    for topic in TOPICS:
        if topic.name not in MAY_WRITE[user]:
            with pytest.raises(TopicAuthorizationFailedError):
                await guarded.write(user, topic)
    if user == LMS:
        await guarded.write(user, COMPLETIONS)


@pytest.mark.parametrize("user", MAY_WRITE)
async def test_a_user_knows_of_no_topic_that_it_neither_reads_nor_writes(guarded: Guarded, user: str) -> None:
    admin = AIOKafkaAdminClient(**connection(guarded.platform.broker(user)))
    await admin.start()
    try:
        found = set(await admin.list_topics())
    finally:
        await admin.close()
    assert found == MAY_WRITE[user] | {topic.name for topic in TOPICS if user in topic.readers}


async def test_who_may_write_completions_may_not_read_them(guarded: Guarded) -> None:
    async with AIOKafkaConsumer(**connection(guarded.platform.broker(LMS)), enable_auto_commit=False) as consumer:
        consumer.assign([TopicPartition(COMPLETIONS.name, 0)])
        consumer.seek(TopicPartition(COMPLETIONS.name, 0), 0)
        with pytest.raises(TopicAuthorizationFailedError):
            await asyncio.wait_for(consumer.getmany(timeout_ms=15_000), 20)


async def test_nobody_joins_anothers_group(guarded: Guarded) -> None:
    told = connection(guarded.platform.broker("assessment"))
    consumer = AIOKafkaConsumer(REQUESTS["assessment"].name, **told, group_id="awarding")
    try:
        with pytest.raises(GroupAuthorizationFailedError):
            await asyncio.wait_for(_started(consumer), 20)
    finally:
        await consumer.stop()


async def test_a_stranger_is_not_let_in(guarded: Guarded) -> None:
    """Without TLS, with a wrong password, with a certificate of another authority, and to a broker that is none of ours."""
    guard, kafka = guarded.platform.guard, guarded.platform.kafka
    assert guard is not None
    assert kafka is not None
    ours = ssl.create_default_context(cafile=guard.authority.ca)
    of_another = Authority(guard.folder / "stranger", "Somebody's authority")
    forged = ssl.create_default_context(cafile=guard.authority.ca)
    own = of_another.certificate("awarding")
    forged.load_cert_chain(own.certificate, own.key)
    login, mutual = f"127.0.0.1:{kafka.doors.login}", f"127.0.0.1:{kafka.doors.mutual}"
    right = guard.password("awarding").read_text()
    for stranger in (
        Broker(login),
        Broker(mutual),
        Broker(login, ours),
        Broker(mutual, ours),
        Broker(mutual, forged),
        Broker(login, ours, "SCRAM-SHA-512", "awarding", f"{right}x"),
        Broker(login, ours, "SCRAM-SHA-512", "nobody", right),
        Broker(login, None, "SCRAM-SHA-512", "awarding", right),
        Broker(login, ssl.create_default_context(cafile=of_another.ca), "SCRAM-SHA-512", "awarding", right),
    ):
        producer = AIOKafkaProducer(**stranger.connection, request_timeout_ms=3_000)
        try:
            with pytest.raises(KafkaConnectionError):
                await producer.start()
        finally:
            await producer.stop()
    async with AIOKafkaProducer(**Broker(login, ours, "SCRAM-SHA-512", "awarding", right).connection):
        """The very same, with nothing wrong about it, is."""


async def test_a_services_user_has_its_own_database_and_no_other(guarded: Guarded) -> None:
    for user in ("catalog", "assessment", "awarding", "notifications"):
        async with guarded.database(user) as client:
            assert await client[f"cairn_{user}"].list_collection_names()
            for other in {"catalog", "assessment", "awarding", "notifications"} - {user}:
                for refused in (client[f"cairn_{other}"]["records"].find_one, client[f"cairn_{other}"]["x"].insert_one):
                    with pytest.raises(OperationFailure, match="not authorized"):
                        await refused({})


async def test_no_password_is_in_what_the_processes_wrote(guarded: Guarded) -> None:
    guard, folder = guarded.platform.guard, guarded.platform.folder
    assert guard is not None
    servers = (folder / "kafka" / "kafka.log", folder / "database" / "database.log", folder / "provider" / "provider.log")
    services = sorted((folder / "logs").glob("*.log"))
    assert len(services) == 4
    logs = "".join(path.read_text(errors="replace") for path in (*services, *servers))
    assert [user for user in guard.users if guard.password(user).read_text() in logs] == []


async def _started(consumer: AIOKafkaConsumer) -> None:
    await consumer.start()
    await consumer.getmany(timeout_ms=15_000)
