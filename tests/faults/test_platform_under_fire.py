"""Whatever can befall the processes of a platform, one thing after another, while completions flow."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.demo.cohort import cohort
from deploy.demo.run import Keyed
from services.notifications.domain.delivery import State
from shared.events.awarding import AwardGranted, CredentialIssued
from shared.events.envelope import Fact
from shared.mongo import Document
from shared.topics import AWARDS, VERDICTS
from tests.domain.demo.chain import awarded, held, told
from tests.journeys.campus import Campus
from tests.platform.eventually import eventually

LEARNERS = 170
RATE = 30
WITHIN = 400.0

Blow = Callable[[Campus], Awaitable[None]]


def killed(service: str) -> Blow:
    async def blow(campus: Campus) -> None:
        await campus.platform[service].kill()
        await campus.platform[service].restart()

    return blow


async def killed_broker(campus: Campus) -> None:
    assert campus.platform.kafka is not None
    await campus.platform.kafka.kill()
    await campus.platform.kafka.restart()


async def owners(campus: Campus) -> set[str]:
    """The instances of awarding that write for some partition."""
    async with campus.database("awarding") as database:
        return {checkpoint["instance"] async for checkpoint in database["checkpoints"].find({})}


async def owned_by(campus: Campus, *instances: str) -> None:
    async def as_said() -> bool:
        assert await owners(campus) == set(instances)
        return True

    await eventually(as_said, within=90, every=0.3, why="partitions are not where they should be")


async def second_joins(campus: Campus) -> None:
    await campus.platform.add("awarding")
    await owned_by(campus, "awarding-1", "awarding-2")


async def first_freezes_past_its_session(campus: Campus) -> None:
    first = campus.platform["awarding"]
    first.freeze()
    await owned_by(campus, "awarding-2")
    first.thaw()
    await owned_by(campus, "awarding-1", "awarding-2")


async def second_leaves(campus: Campus) -> None:
    await campus.platform.instances[-1].stop()
    await owned_by(campus, "awarding-1")


BLOWS: tuple[Blow, ...] = (
    killed("assessment"),
    killed("awarding"),
    killed("notifications"),
    second_joins,
    first_freezes_past_its_session,
    killed_broker,
    second_leaves,
)


async def under_fire(campus: Campus, completions: tuple[Keyed, ...]) -> None:
    """With each blow a share of the completions flows, and the next comes when both are over. The last flows undisturbed."""
    share = len(completions) // (len(BLOWS) + 1)
    for number, blow in enumerate(BLOWS):
        async with asyncio.TaskGroup() as both:
            both.create_task(campus.send_steadily(completions[number * share : (number + 1) * share], RATE))
            both.create_task(in_time(blow, campus))
    await campus.send_steadily(completions[len(BLOWS) * share :], RATE)


async def in_time(blow: Blow, campus: Campus) -> None:
    async with asyncio.timeout(WITHIN):
        await blow(campus)


@pytest.mark.timeout(1_500)
async def test_a_platform_under_fire_loses_nothing_and_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAIRN_KAFKA", raising=False)  # it kills them
    monkeypatch.delenv("CAIRN_MONGODB", raising=False)
    people = cohort(learners=LEARNERS)
    expected = held(awarded(people.completions, datetime.now(UTC)))
    async with Campus.open(tmp_path) as campus:
        await campus.publish_catalog()
        await campus.office.enter_contacts([person.contact() for person in people.people])
        await under_fire(campus, people.completions)
        await campus.settled(WITHIN)
        await campus.holds(expected, WITHIN)
        await campus.settled(WITHIN)

        assert await campus.dead_letters() == 0
        async with campus.database("assessment") as database:
            entries = Counter([entry["learner"] async for entry in database["entries"].find({}, {"learner": 1})])
        assert entries == Counter(learner for learner, _ in set(people.completions))
        unbroken(await campus.said(VERDICTS))
        awards = await campus.said(AWARDS)
        unbroken(awards)
        places_are_never_shared(awards)
        await inboxes_are_exact(campus, awards)
        await mails_went_out(campus)


def unbroken(facts: Iterable[Fact]) -> None:
    """Whatever was said twice was the same, and no revision of anything is missing."""
    contents: dict[str, set[bytes]] = defaultdict(set)
    revisions: dict[tuple[str, str], set[int]] = defaultdict(set)
    for fact in facts:
        contents[fact.id].add(fact.to_json())
        revisions[fact.key, fact.subject].add(fact.revision)
    assert [id_ for id_, found in contents.items() if len(found) > 1] == []
    assert [subject for subject, found in revisions.items() if found != set(range(1, len(found) + 1))] == []


def places_are_never_shared(facts: Sequence[Fact]) -> None:
    """Each award has a credential, and each place in a status list belongs to one credential."""
    issued = [fact for fact in facts if isinstance(fact, CredentialIssued)]
    assert {fact.award for fact in issued} == {fact.award for fact in facts if isinstance(fact, AwardGranted)}
    owners = defaultdict(set)
    for fact in issued:
        owners[fact.status.list, fact.status.index].add(fact.credential)
    assert [place for place, found in owners.items() if len(found) > 1] == []


async def inboxes_are_exact(campus: Campus, awards: Iterable[Fact]) -> None:
    async with campus.database("notifications") as database:
        messages: list[Document] = await database["inbox"].find({}).to_list(None)
    assert Counter(message["_id"] for message in messages) == told(awards)
    numbers: dict[str, list[int]] = defaultdict(list)
    for message in messages:
        numbers[message["learner"]].append(message["number"])
    assert [learner for learner, found in numbers.items() if sorted(found) != list(range(1, len(found) + 1))] == []


async def mails_went_out(campus: Campus) -> None:
    """A mail may be there twice, under the same Message-ID, if the sender was killed between acceptance and note."""
    async with campus.database("notifications") as database:
        deliveries: list[Document] = await database["deliveries"].find({}).to_list(None)
    assert {delivery["state"] for delivery in deliveries} <= {State.SENT.value, State.NOT_WANTED.value}
    sent = {delivery["_id"] for delivery in deliveries if delivery["state"] == State.SENT.value}
    assert {mail["Message-ID"].strip("<>").split("@")[0] for mail in campus.platform.mailbox.mails()} == sent
