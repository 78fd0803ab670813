"""A learner shares who they are: over HTTP, sealed, onto the topic for awarding."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from joserfc import jwe
from joserfc.jwk import ECKey

from deploy.local.keys import AUDIENCE, ISSUER, LocalKeys
from services.notifications.api import Stores, app_of
from services.notifications.identity import Identities, Sealer
from services.notifications.store import Contacts, Deliveries, Inbox, create_indexes
from services.notifications.stream import FLOW
from shared.events.envelope import envelope_of
from shared.events.notifications import IdentityShared
from shared.http import Tokens
from shared.kafka import Outgoing, Publisher, create_topics
from shared.mongo import Database
from shared.stream import Stream
from shared.topics import AWARDS, DEAD_LETTERS, IDENTITIES, PUBLICATIONS, REQUESTS, SUBMISSIONS, Topic
from tests.domain.notifications.facts import erasure
from tests.platform.eventually import eventually
from tests.platform.log import all_on
from tests.platform.parts import Broker, DatabaseServer

PARTITIONS = 2
ADA = {"address": "ada@example.edu", "name": "Ada Lovelace"}


@dataclass(frozen=True)
class Bureau:
    """The service's HTTP side and its stream, and awarding's key with which what it sealed can be read."""

    client: httpx.AsyncClient
    keys: LocalKeys
    publisher: Publisher
    bootstrap: str
    topics: Mapping[str, Topic]
    database: Database

    async def ask(self, method: str, path: str, *scopes: str, learner: str | None = None, body: object = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.keys.token(*scopes, learner=learner)}"}
        return await self.client.request(method, path, headers=headers, json=body)

    async def enter(self, contact: Mapping[str, Any], learner: str = "ada") -> None:
        assert (await self.ask("PUT", f"/learners/{learner}/contact", "contacts:write", body=contact)).status_code == 200

    async def share(self, learner: str = "ada", **choice: bool) -> httpx.Response:
        return await self.ask("PUT", f"/learners/{learner}/identity", "contacts:write", body=choice)

    async def on(self, topic: Topic) -> list[bytes]:
        return [bytes(record.value or b"") for record in await all_on(self.bootstrap, topic.name)]

    async def said(self, number: int) -> list[dict[str, str] | None]:
        """What the facts of the topic say, opened, when there are so many; in the order of their revisions."""

        async def there() -> list[IdentityShared]:
            values = set(await self.on(self.topics["says"]))
            facts = [IdentityShared.model_validate_json(value) for value in values]
            return facts if len(facts) >= number else []

        facts = sorted(await eventually(there, within=40, why=f"not {number} facts"), key=lambda fact: fact.revision)
        assert [fact.revision for fact in facts] == list(range(1, number + 1))
        return [None if fact.sealed is None else self.opened(fact.sealed) for fact in facts]

    def opened(self, sealed: str) -> dict[str, str]:
        key = ECKey.import_key(json.loads(self.keys.unsealing_key.read_text()))
        found: dict[str, str] = json.loads(jwe.decrypt_compact(sealed, key).plaintext or b"")
        return found


@asynccontextmanager
async def bureau_at(kafka: Broker, mongodb: DatabaseServer, name: str, prefix: str, folder: Path) -> AsyncIterator[Bureau]:
    known = {
        "reads": AWARDS,
        "beside": SUBMISSIONS,
        "says": IDENTITIES,
        "requests": REQUESTS["notifications"],
        "dead_letters": DEAD_LETTERS["notifications"],
    }
    topics = {role: replace(topic, name=f"{prefix}{topic.name}") for role, topic in known.items()}
    publications = replace(PUBLICATIONS, name=f"{prefix}{PUBLICATIONS.name}")
    await create_topics(kafka.bootstrap, PARTITIONS, topics=[*topics.values(), publications])
    database, keys = Database(mongodb.uri, name), LocalKeys(folder / "keys")
    await create_indexes(database)

    async def ready() -> Mapping[str, bool | str]:
        return {}

    async with Publisher(kafka.bootstrap) as publisher:
        contacts = Contacts(database)
        sealer = Sealer(ECKey.import_key(json.loads(keys.sealing_key.read_text())))
        identities = Identities(contacts, publisher, sealer, topics["requests"])
        stores = Stores(Inbox(database), contacts, Deliveries(database), identities)
        app = app_of(ready, Tokens(str(keys.jwks), ISSUER, AUDIENCE), stores)
        flow = replace(FLOW, service=f"{prefix}notifications", **topics)  # type: ignore[arg-type]  # its topics by name
        stream = Stream(flow, kafka.bootstrap, database, publications=publications)
        await stream.start()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://cairn", timeout=30) as client:
            yield Bureau(client, keys, publisher, kafka.bootstrap, topics, database)
        await stream.stop()
    await database.drop()
    database.close()


@pytest_asyncio.fixture
async def bureau(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[Bureau]:
    async with bureau_at(kafka, mongodb, database_name, prefix, tmp_path) as opened:
        yield opened


async def test_what_is_shared_follows_the_contact_book_until_it_is_withdrawn(bureau: Bureau) -> None:
    await bureau.enter(ADA)
    assert (await bureau.share(name=True, email=True)).status_code == 202
    assert (await bureau.share(name=True, email=True)).status_code == 202
    await bureau.enter(ADA | {"language": "de"})
    await bureau.enter(ADA | {"name": "Ada King"})
    await bureau.share(name=True)
    await bureau.enter({"address": "ada@example.edu"})
    assert (await bureau.ask("GET", "/learners/ada/identity", learner="ada")).json() == {"name": True, "email": False}
    await bureau.enter(ADA)
    assert (await bureau.ask("DELETE", "/learners/ada/identity", "contacts:write")).status_code == 202
    assert (await bureau.ask("GET", "/learners/ada/identity", learner="ada")).json() == {"name": False, "email": False}
    assert await bureau.said(6) == [
        {"name": "Ada Lovelace", "email": "ada@example.edu"},
        {"name": "Ada King", "email": "ada@example.edu"},
        {"name": "Ada King"},
        None,
        {"name": "Ada Lovelace"},
        None,
    ]
    for topic in bureau.topics.values():
        for value in await bureau.on(topic):
            assert b"Ada" not in value
            assert b"example.edu" not in value


async def test_deleting_the_contact_withdraws_what_was_shared(bureau: Bureau) -> None:
    await bureau.enter(ADA)
    await bureau.share(email=True)
    assert (await bureau.ask("DELETE", "/learners/ada/contact", "contacts:write")).status_code == 204
    assert await bureau.said(2) == [{"email": "ada@example.edu"}, None]
    assert (await bureau.ask("GET", "/learners/ada/identity", "contacts:read")).json() == {"name": False, "email": False}


async def test_what_the_contact_book_lacks_can_not_be_shared(bureau: Bureau) -> None:
    answer = await bureau.share(email=True)
    assert (answer.status_code, answer.json()["title"]) == (409, "There is nothing to share")
    await bureau.enter({"address": "ada@example.edu"})
    answer = await bureau.share(name=True)
    assert answer.status_code == 409
    assert "no name" in answer.json()["detail"]
    assert (await bureau.ask("PUT", "/learners/ada/identity", "contacts:write", body={"phone": True})).status_code == 422


async def test_a_learner_shares_for_themselves_and_for_nobody_else(bureau: Bureau) -> None:
    await bureau.enter(ADA)
    for method, body in (("PUT", {"email": True}), ("GET", None), ("DELETE", None)):
        assert (await bureau.ask(method, "/learners/ada/identity", learner="eve", body=body)).status_code == 403
        assert (await bureau.ask(method, "/learners/ada/identity", "inbox:read", body=body)).status_code == 403
    assert (
        await bureau.ask("PUT", "/learners/ada/identity", "self:read", learner="ada", body={"email": True})
    ).status_code == 202


async def test_an_erasure_leaves_nothing_of_what_was_shared(bureau: Bureau) -> None:
    await bureau.enter(ADA)
    await bureau.share(name=True, email=True)
    assert len(await bureau.said(1)) == 1
    fact = erasure(learner="ada")
    envelope = envelope_of(fact, "cairn/awarding", None)
    await bureau.publisher.publish_all([Outgoing.of(bureau.topics["reads"].name, "ada", envelope)], within=30)

    async def forgotten() -> bool:
        facts = await bureau.database["facts"].find({}).to_list(None)
        return not facts and await bureau.database["contacts"].find_one({"_id": "ada"}) is None

    await eventually(forgotten, within=30, why="what was shared is still kept")


async def test_without_a_key_to_seal_with_nothing_is_shared(bureau: Bureau) -> None:
    await bureau.enter(ADA)
    transport = bureau.client._transport
    assert isinstance(transport, httpx.ASGITransport)
    state = transport.app.state  # type: ignore[attr-defined]  # a FastAPI
    state.stores = replace(state.stores, identities=replace(state.stores.identities, sealer=None))
    answer = await bureau.share(email=True)
    assert answer.status_code == 503
    assert "CAIRN_SEALING_KEY" in answer.json()["detail"]
    assert await bureau.on(bureau.topics["requests"]) == []
