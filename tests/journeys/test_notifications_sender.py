"""Deliveries become mails on a real server, each once, whatever the server, the database or the process does meanwhile."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from services.notifications.domain.delivery import Outcome, State
from services.notifications.domain.kinds import Kind
from services.notifications.sender import Sender
from services.notifications.store import Claim, Deliveries, Note
from tests.journeys.notifications_post import SENDER, Office, open_office
from tests.platform.eventually import eventually
from tests.platform.parts import DatabaseServer


@pytest_asyncio.fixture
async def office(mongodb: DatabaseServer, database_name: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(mongodb.uri, database_name, tmp_path) as opened:
        yield opened


async def test_a_delivery_is_mailed_once_in_the_learners_language_under_its_id(office: Office) -> None:
    await office.enter("ada", name="Ada Löv", language="de")
    [delivery] = await office.grant("ada")
    async with office.sending():
        await office.settled([delivery], State.SENT)

    [mail] = office.mailbox.mails()
    assert mail["Message-ID"] == f"<{delivery}@{SENDER.partition('@')[2]}>"
    assert mail["Subject"] == "Sie haben „Python“ erworben"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    noted = await office.deliveries.one(delivery)
    assert noted is not None
    assert (noted["attempts"], noted["answer"][:3], "lease" in noted) == (1, "250", False)


async def test_many_deliveries_with_several_senders_are_mailed_once_each(office: Office) -> None:
    learners = [f"l{number}" for number in range(300)]
    await office.enter(*learners)
    async with office.sending(), office.sending(connections=3, at_once=7):
        deliveries = await office.grant(*learners)
        await office.settled(deliveries, State.SENT, within=60)

    ids = [mail["Message-ID"] for mail in office.mailbox.mails()]
    assert len(ids) == len(set(ids)) == len(learners)


async def test_a_delivery_is_given_to_one_claim_only(office: Office) -> None:
    ids = await office.grant(*(f"l{number}" for number in range(20)))
    until = datetime.now(UTC) + timedelta(minutes=1)
    claimed = await asyncio.gather(*(office.deliveries.claim(Claim(f"c{number}", until), 20) for number in range(4)))
    taken = [delivery.id for each in claimed for delivery in each]
    assert sorted(taken) == sorted(ids)


async def test_a_refused_address_is_a_recorded_failure_and_others_get_theirs(office: Office) -> None:
    await office.enter("ada", "bob")
    office.mailbox.refuse("ada@example.edu", 550)
    refused, taken = await office.grant("ada", "bob")
    async with office.sending():
        await office.settled([taken], State.SENT)
        await office.settled([refused], State.FAILED)

    noted = await office.deliveries.one(refused)
    assert noted is not None
    assert noted["answer"].startswith("550 5.1.1 no such mailbox")
    assert noted["attempts"] == 1
    assert office.message_ids("ada") == []


async def test_an_address_refused_for_now_is_tried_again_until_it_is_taken(office: Office) -> None:
    await office.enter("ada")
    office.mailbox.refuse("ada@example.edu", 451)
    [delivery] = await office.grant("ada")
    async with office.sending():
        await eventually(lambda: _attempts(office, delivery, at_least=2))
        office.mailbox.accept("ada@example.edu")
        await office.settled([delivery], State.SENT)
    assert len(office.message_ids("ada")) == 1


async def test_patience_with_an_address_ends_in_a_recorded_failure(office: Office) -> None:
    await office.enter("ada")
    office.mailbox.refuse("ada@example.edu", 451)
    [delivery] = await office.grant("ada")
    async with office.sending():
        await office.settled([delivery], State.FAILED)
    assert await _attempts(office, delivery, at_least=office.post.patience.attempts)


async def test_a_server_that_was_away_gets_every_mail_once_it_is_back(office: Office) -> None:
    learners = [f"l{number}" for number in range(30)]
    await office.enter(*learners)
    async with office.sending():
        first = await office.grant("l0")
        await office.settled(first, State.SENT)
        await office.mailbox.kill()
        rest = await office.grant(*learners[1:])
        await office.settled(rest, State.DEFERRED)
        await office.mailbox.restart()
        await office.settled(rest, State.SENT)

    ids = [mail["Message-ID"] for mail in office.mailbox.mails()]
    assert len(ids) == len(set(ids)) == len(learners)


async def test_what_was_put_off_because_the_server_was_away_goes_out_with_the_first_sign_of_life(office: Office) -> None:
    await office.enter("ada", "bob")
    [put_off] = await office.grant("ada")
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    away = {"state": State.DEFERRED.value, "away": True, "next_at": in_an_hour, "attempts": 3}
    await office.database["deliveries"].update_one({"_id": put_off}, {"$set": away})
    [fresh] = await office.grant("bob")
    async with office.sending():
        await office.settled([fresh, put_off], State.SENT)


async def test_a_death_between_acceptance_and_note_repeats_the_mail_under_the_same_id(
    office: Office, mongodb: DatabaseServer
) -> None:
    await office.enter("ada")
    [delivery] = await office.grant("ada")
    doomed = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.journeys.notifications_post",
        mongodb.uri,
        office.database.name,
        str(office.mailbox.port),
        cwd=Path(__file__).parents[2],
    )
    assert await asyncio.wait_for(doomed.wait(), 30) == -9
    assert len(office.message_ids("ada")) == 1
    await office.settled([delivery], State.LEASED)
    await office.end_leases()

    async with office.sending():
        await office.settled([delivery], State.SENT)
    first, second = office.message_ids("ada")
    assert first == second


async def test_a_stopped_sender_gives_back_what_it_has_not_mailed(office: Office) -> None:
    learners = [f"l{number}" for number in range(200)]
    await office.enter(*learners)
    deliveries = await office.grant(*learners)
    async with office.sending(connections=1):
        await eventually(lambda: bool(office.mailbox.mails()))
    states = await office.deliveries.count()
    assert states["leased"] == 0
    assert states["sent"] == len(office.mailbox.mails())
    assert states["sent"] + states["waiting"] == len(deliveries)


async def test_nobody_is_mailed_without_an_address_or_against_their_wish(office: Office) -> None:
    await office.enter("bob", wants=[Kind.REVOKED])
    nowhere, unwanted = await office.grant("ada", "bob")
    async with office.sending():
        await office.settled([nowhere], State.NO_ADDRESS)
        await office.settled([unwanted], State.NOT_WANTED)
    assert office.mailbox.mails() == []


async def test_a_delivery_that_cannot_be_written_fails_alone(office: Office) -> None:
    await office.enter("ada", "bob")
    odd, fine = await office.grant("ada", "bob")
    await office.database["deliveries"].update_one({"_id": odd}, {"$set": {"data.awarded_at": "yesterday"}})
    async with office.sending():
        await office.settled([odd], State.FAILED)
        await office.settled([fine], State.SENT)


async def test_an_acceptance_counts_though_the_lease_has_passed_to_another(office: Office) -> None:
    ids = await office.grant("ada", "bob")
    expired = Claim("first", datetime.now(UTC) - timedelta(seconds=1))
    accepted, refused = sorted(ids)
    assert len(await office.deliveries.claim(expired, 2)) == 2
    await office.deliveries.end_leases(datetime.now(UTC))
    assert len(await office.deliveries.claim(Claim("second", datetime.now(UTC) + timedelta(minutes=1)), 2)) == 2
    late = [Note(accepted, Outcome(State.SENT, 1, "250 ok"), expired), Note(refused, Outcome(State.FAILED, 1, "550 no"), expired)]
    await office.deliveries.note(late, datetime.now(UTC))

    await office.settled([accepted], State.SENT)
    await office.settled([refused], State.LEASED)


async def test_an_answer_in_any_bytes_is_noted_without_the_address(office: Office) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 odd\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            writer.write(b"550 \xff\xfe <ada@example.edu>?\r\n" if verb == b"RCPT" else b"250 fine\r\n")
        writer.close()

    await office.enter("ada")
    [delivery] = await office.grant("ada")
    odd = await asyncio.start_server(converse, "127.0.0.1")
    async with odd, office.sending(server=odd.sockets[0].getsockname()[:2]):
        await office.settled([delivery], State.FAILED)
    noted = await office.deliveries.one(delivery)
    assert noted is not None
    assert noted["answer"].startswith("550")
    assert noted["answer"].endswith("<(address)>?")


async def test_a_sender_that_cannot_note_what_it_sent_ends(office: Office) -> None:
    class Illiterate(Deliveries):
        async def note(self, notes: Sequence[Note], now: datetime) -> None:
            raise RuntimeError("cannot write")

    await office.enter("ada")
    await office.grant("ada")
    sender = Sender(Illiterate(office.database), office.contacts, office.post)
    with pytest.raises(ExceptionGroup) as ended:
        await asyncio.wait_for(sender.run(), 20)
    assert ended.group_contains(RuntimeError)


async def _attempts(office: Office, delivery: str, *, at_least: int) -> bool:
    noted = await office.deliveries.one(delivery)
    return noted is not None and noted["attempts"] >= at_least
