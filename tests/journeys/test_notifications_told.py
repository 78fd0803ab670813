"""The service as a process: facts of awarding go in by the topic, messages come out in inboxes and as mails."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from deploy.local.platform import Platform
from shared.events.awarding import AwardGranted, AwardRevoked
from shared.events.catalog import Published
from shared.events.envelope import Fact, envelope_of
from shared.kafka import Outgoing, Publisher
from shared.mongo import Database
from shared.topics import AWARDS, PUBLICATIONS
from tests.domain.notifications.facts import TRACE, achievement_published, award, erasure, stack_published, upgrade
from tests.platform.eventually import eventually

pytestmark = pytest.mark.faults


@dataclass(frozen=True)
class Town:
    """A running platform with notifications alone; the test speaks for catalog and awarding."""

    platform: Platform
    publisher: Publisher
    client: httpx.AsyncClient

    async def say(self, facts: Iterable[Fact]) -> None:
        messages = []
        for fact in facts:
            topic = PUBLICATIONS if isinstance(fact, Published) else AWARDS
            messages.append(Outgoing.of(topic.name, fact.key, envelope_of(fact, f"cairn/{topic.owner}", TRACE)))
        await self.publisher.publish_all(messages, within=60)

    async def enter(self, learners: Sequence[str]) -> None:
        contacts = [{"learner": learner, "address": f"{learner}@example.edu"} for learner in learners]
        answer = await self.ask("POST", "/contacts", "contacts:write", json={"contacts": contacts})
        assert answer.status_code == 200, answer.text

    async def ask(self, method: str, path: str, *scopes: str, **more: object) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.platform.keys.token(*scopes)}"}
        url = f"{self.platform['notifications'].url}{path}"
        return await self.client.request(method, url, headers=headers, **more)  # type: ignore[arg-type]  # httpx's own names

    async def inbox(self, learner: str) -> list[dict[str, object]]:
        answer = await self.ask("GET", f"/learners/{learner}/inbox?limit=500", "inbox:read")
        messages: list[dict[str, object]] = answer.raise_for_status().json()["items"]
        return messages

    async def end_leases(self) -> None:
        """As if the time of all that a dead sender held had come."""
        database = Database(self.platform.mongodb, "cairn_notifications")
        ended = {"$set": {"lease.until": datetime.now(UTC)}}
        await database["deliveries"].update_many({"state": "leased"}, ended)
        database.close()

    def mailed(self) -> dict[str, set[str]]:
        """The facts that each address had mail about, by learner."""
        facts: dict[str, set[str]] = defaultdict(set)
        for mail in self.platform.mailbox.mails():
            facts[mail["Delivered-To"].partition("@")[0]].add(mail["Message-ID"].strip("<>").partition("@")[0])
        return facts

    def subjects(self, learner: str) -> list[str]:
        return sorted(mail["Subject"] for mail in self.platform.mailbox.mails_to(f"{learner}@example.edu"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    async with Platform(tmp_path_factory.mktemp("town"), services=("notifications",)) as running:
        yield running


@pytest_asyncio.fixture
async def town(platform: Platform) -> AsyncIterator[Town]:
    async with (
        Publisher(platform.bootstrap) as publisher,
        httpx.AsyncClient(trust_env=False, timeout=30) as client,
    ):
        yield Town(platform, publisher, client)


def learners_of(number: int) -> list[str]:
    run = uuid4().hex[:8]
    return [f"l{place}-{run}" for place in range(number)]


def risen(learner: str) -> list[Fact]:
    """All that awarding says of somebody who reaches Bronze and then Silver."""
    bronze = award(AwardGranted, award=f"b-{learner}", learner=learner, achievement="cs.bronze", level="cs/bronze")
    silver = award(
        AwardGranted,
        award=f"s-{learner}",
        learner=learner,
        achievement="cs.silver",
        level="cs/silver",
        upgrades_from="bronze",
    )
    return [bronze, silver, upgrade(learner=learner)]


async def test_a_learner_hears_of_each_award_and_upgrade_once_by_name(town: Town) -> None:
    ada, bob = learners_of(2)
    await town.enter([ada])
    await town.say([achievement_published(), stack_published()])
    facts = [*risen(ada), award(AwardGranted, award=f"x-{bob}", learner=bob)]
    await town.say([*facts, *facts])
    await eventually(lambda: len(town.subjects(ada)) >= 2, within=30)

    inbox = await town.inbox(ada)
    assert [(message["kind"], message["name"]) for message in inbox] == [
        ("upgraded", "Inclusive Computing: Silver"),
        ("granted", "Inclusive Computing: Bronze"),
    ]
    assert town.subjects(ada) == [
        "You have earned “Inclusive Computing: Bronze”",
        "You have reached Silver in “Inclusive Computing”",
    ]
    assert [message["name"] for message in await town.inbox(bob)] == ["Python"]


async def test_nothing_is_told_twice_or_lost_when_the_process_is_killed_twice(town: Town) -> None:
    learners = learners_of(150)
    await town.enter(learners)
    await town.say([stack_published()])
    facts = {fact.id: fact for learner in learners for fact in risen(learner)}
    told = {id_ for id_, fact in facts.items() if getattr(fact, "upgrades_from", None) is None}
    service = town.platform["notifications"]
    for half in range(2):
        seen = len(town.platform.mailbox.mails())
        await town.say(list(facts.values())[half::2])
        await eventually(lambda seen=seen: len(town.platform.mailbox.mails()) > seen + 20, within=60)  # type: ignore[misc]  # a lambda's default
        await service.kill()
        await service.start()
    await town.say(facts.values())
    await town.end_leases()
    await eventually(lambda: set().union(*town.mailed().values()) >= told, within=120, every=0.5)

    mailed = town.mailed()
    for learner in learners:
        ids = [str(message["id"]) for message in await town.inbox(learner)]
        assert sorted(ids) == sorted(id_ for id_ in told if facts[id_].key == learner)
        assert mailed[learner] == set(ids)


async def test_an_erased_learner_has_no_inbox_and_no_contact_and_hears_nothing_of_before(town: Town) -> None:
    [ada] = learners_of(1)
    await town.enter([ada])
    granted = award(AwardGranted, award=f"x-{ada}", learner=ada)
    await town.say([achievement_published(), granted])
    await eventually(lambda: len(town.subjects(ada)) == 1, within=30)
    await town.say([erasure(ada), granted, award(AwardRevoked, 2, award=f"x-{ada}", learner=ada)])

    async def forgotten() -> bool:
        return await town.inbox(ada) == []

    await eventually(forgotten, within=30)
    assert (await town.ask("GET", f"/learners/{ada}/contact", "contacts:read")).status_code == 404
    assert (await town.ask("GET", f"/deliveries/{granted.id}", "operations:read")).status_code == 404
    assert len(town.subjects(ada)) == 1
