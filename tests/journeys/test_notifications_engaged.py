"""What the stream writes is the sender's beside it from the beginning: nobody has to look for it, and nothing is lost with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest_asyncio

from services.notifications.domain.delivery import Delivery, State
from services.notifications.domain.telling import Told, tell_of_award
from services.notifications.sender import Sender, Write
from services.notifications.store import Claim, Deliveries
from shared.decisions import Put
from shared.events.awarding import AwardGranted
from tests.domain.notifications.facts import NAMES, award, event
from tests.journeys.notifications_post import Office, open_office
from tests.platform.eventually import eventually
from tests.platform.parts import DatabaseServer


@pytest_asyncio.fixture
async def office(mongodb: DatabaseServer, database_name: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(mongodb.uri, database_name, tmp_path) as opened:
        yield opened


class Unasked(Deliveries):
    """Never finds any that wait."""

    async def claim(self, claim: Claim, limit: int) -> list[Delivery]:
        return []


def told(*learners: str) -> list[Write]:
    """What the stream is about to write when each is granted an award."""
    granted = [event(award(AwardGranted, award=f"award-{learner}", learner=learner)) for learner in learners]
    return [write for one in granted for write in tell_of_award(Told(one.data.learner), one, NAMES).writes]


async def committed(office: Office, sender: Sender, writes: Sequence[Write]) -> tuple[list[str], Callable[[], None]]:
    """Written as the sender wants it; the deliveries that it has engaged for, and what hands them over."""
    written, hand_over = sender.engage(writes)
    assert [write.collection for write in written] == [write.collection for write in writes]
    puts = [write for write in written if isinstance(write, Put)]
    for put in puts:
        await office.database[put.collection].insert_one(dict(put.document))
    return [put.document["_id"] for put in puts if put.document.get("state") == State.LEASED.value], hand_over


async def ready(sender: Sender) -> None:
    async def engages() -> bool:
        return sender.engage(told("nobody"))[0] != told("nobody")

    await eventually(engages)


async def test_what_was_written_is_mailed_without_being_looked_for(office: Office) -> None:
    learners = [f"l{number}" for number in range(20)]
    await office.enter(*learners)
    unasked = replace(office, deliveries=Unasked(office.database))
    async with unasked.sending() as sender:
        await ready(sender)
        ids, hand_over = await committed(office, sender, told(*learners))
        assert len(ids) == len(learners)
        hand_over()
        await office.settled(ids, State.SENT)
    assert sorted(mail["Message-ID"].strip("<>").partition("@")[0] for mail in office.mailbox.mails()) == sorted(ids)


async def test_what_was_written_and_never_handed_over_is_mailed_once_its_lease_has_ended(office: Office) -> None:
    await office.enter("ada")
    async with office.sending() as sender:
        await ready(sender)
        ids, _ = await committed(office, sender, told("ada"))
        assert len(ids) == 1
        await office.settled(ids, State.LEASED)
        await office.end_leases()
        await office.settled(ids, State.SENT)
    assert len(office.message_ids("ada")) == 1


async def test_a_sender_engages_for_what_it_has_room_for_and_the_rest_waits(office: Office) -> None:
    learners = [f"l{number}" for number in range(30)]
    await office.enter(*learners)
    async with office.sending(at_once=8) as sender:
        await ready(sender)
        ids, hand_over = await committed(office, sender, told(*learners))
        assert 0 < len(ids) <= 8
        hand_over()
        everything = [document["_id"] async for document in office.database["deliveries"].find({}, {"_id": 1})]
        assert len(everything) == len(learners)
        await office.settled(everything, State.SENT)
    mailed = [mail["Message-ID"] for mail in office.mailbox.mails()]
    assert len(mailed) == len(set(mailed)) == len(learners)


async def test_a_sender_that_is_not_at_work_engages_for_nothing(office: Office) -> None:
    idle = Sender(office.deliveries, office.contacts, office.post)
    writes = told("ada")
    assert list(idle.engage(writes)[0]) == writes
    async with office.sending() as sender:
        await ready(sender)
    assert list(sender.engage(writes)[0]) == writes


async def test_who_is_erased_in_the_same_batch_is_not_mailed(office: Office) -> None:
    async with office.sending() as sender:
        await ready(sender)
        written, hand_over = sender.engage(told("ada"))
        assert any(isinstance(write, Put) and write.document.get("state") == State.LEASED.value for write in written)
        hand_over()
        await office.enter("bob")
        [after] = await office.grant("bob")
        await office.settled([after], State.SENT)
    assert office.message_ids("ada") == []
    assert await office.database["deliveries"].count_documents({"learner": "ada"}) == 0
