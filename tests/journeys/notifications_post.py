"""Notifications' database, contact book and sender against a real mailbox, without a broker."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.local.mailbox import Mailbox
from services.notifications.domain.contact import Contact
from services.notifications.domain.delivery import Patience, State
from services.notifications.domain.telling import Told, tell_of_award
from services.notifications.post import Post
from services.notifications.sender import Sender
from services.notifications.store import Contacts, Deliveries, Inbox, Note, create_indexes
from shared.decisions import Put
from shared.events.awarding import AwardGranted
from shared.mongo import Database
from tests.domain.notifications.facts import NAMES, award, event
from tests.platform.eventually import eventually

SENDER = "cairn@hilltop.example"
ASSESSMENT = "https://assessment.hilltop.example"
QUICK = Patience(first=timedelta(milliseconds=100), longest=timedelta(milliseconds=400), attempts=8)


@dataclass(frozen=True)
class Office:
    """Everything a sender works with."""

    database: Database
    mailbox: Mailbox
    deliveries: Deliveries
    contacts: Contacts
    inbox: Inbox
    post: Post

    async def enter(self, *learners: str, **contact: object) -> None:
        """Contacts `<learner>@example.edu`."""
        entries = {learner: Contact.model_validate({"address": f"{learner}@example.edu", **contact}) for learner in learners}
        await self.contacts.put(entries, datetime.now(UTC))

    async def grant(self, *learners: str) -> list[str]:
        """What the fold writes when each learner is granted an award; the ids of the deliveries."""
        ids = []
        documents: dict[str, list[dict[str, object]]] = {}
        for learner in learners:
            granted = event(award(AwardGranted, award=f"award-{learner}", learner=learner))
            for write in tell_of_award(Told(learner), granted, NAMES).writes:
                assert isinstance(write, Put)
                documents.setdefault(write.collection, []).append(write.document)
            ids.append(granted.id)
        for collection, written in documents.items():
            await self.database[collection].insert_many(written)
        return ids

    async def settled(self, ids: Sequence[str], state: State, within: float = 20.0) -> None:
        """Wait until each delivery is in this state."""

        async def all_are() -> bool:
            found = [document["state"] async for document in self.database["deliveries"].find({"_id": {"$in": list(ids)}})]
            assert found == [state.value] * len(ids), found
            return True

        await eventually(all_are, within=within)

    async def end_leases(self) -> None:
        """As if the time of all that a dead sender held had come."""
        await self.database["deliveries"].update_many({"state": "leased"}, {"$set": {"lease.until": datetime.now(UTC)}})

    def message_ids(self, learner: str) -> list[str]:
        return [mail["Message-ID"] for mail in self.mailbox.mails_to(f"{learner}@example.edu")]

    @asynccontextmanager
    async def sending(self, **changes: object) -> AsyncIterator[Sender]:
        """A sender at work, its `Post` changed as said."""
        sender = Sender(self.deliveries, self.contacts, replace(self.post, **changes))  # type: ignore[arg-type]  # fields by name
        running = asyncio.create_task(sender.run())
        try:
            yield sender
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


def office_at(database: Database, mailbox: Mailbox) -> Office:
    quick = {"patience": QUICK, "look_every": 0.02, "wake_every": 0.05, "leases_every": 0.05}
    post = Post(server=("127.0.0.1", mailbox.port), sender=SENDER, assessment=ASSESSMENT, **quick)  # type: ignore[arg-type]  # by name
    return Office(database, mailbox, Deliveries(database), Contacts(database), Inbox(database), post)


@asynccontextmanager
async def open_office(uri: str, name: str, folder: Path) -> AsyncIterator[Office]:
    database = Database(uri, name)
    try:
        await create_indexes(database)
        async with Mailbox(folder / "mailbox") as mailbox:
            yield office_at(database, mailbox)
        await database.drop()
    finally:
        database.close()


class DiesBeforeNoting(Deliveries):
    """Ends the process, without any farewell, when the first acceptance is to be noted."""

    async def note(self, notes: Sequence[Note], now: datetime) -> None:
        if any(note.outcome.state is State.SENT for note in notes):
            os.kill(os.getpid(), signal.SIGKILL)
        await super().note(notes, now)


async def die_between_acceptance_and_note(uri: str, name: str, port: int) -> None:
    database = Database(uri, name)
    post = Post(server=("127.0.0.1", port), sender=SENDER, assessment=ASSESSMENT, connections=1, patience=QUICK)
    await Sender(DiesBeforeNoting(database), Contacts(database), post).run()


if __name__ == "__main__":
    asyncio.run(die_between_acceptance_and_note(sys.argv[1], sys.argv[2], int(sys.argv[3])))
