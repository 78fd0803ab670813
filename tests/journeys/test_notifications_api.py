"""Notifications over HTTP: one's own inbox and contact, and for operators the deliveries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local.keys import AUDIENCE, ISSUER, LocalKeys
from services.notifications.api import Stores, app_of
from services.notifications.domain.delivery import Outcome, State
from services.notifications.domain.kinds import MAILED
from services.notifications.domain.telling import Told, tell_of_award, tell_of_upgrade
from services.notifications.store import Claim, Contacts, Deliveries, Inbox, Note, create_indexes
from shared.decisions import Put
from shared.events.awarding import AwardGranted
from shared.http import Tokens
from shared.mongo import Database
from tests.domain.notifications.facts import NAMES, award, event, upgrade
from tests.platform.parts import DatabaseServer


@dataclass(frozen=True)
class Desk:
    """A client of the service, and the database behind it."""

    client: httpx.AsyncClient
    keys: LocalKeys
    database: Database

    async def ask(
        self, method: str, path: str, *scopes: str, learner: str | None = None, body: object = None, **query: Any
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.keys.token(*scopes, learner=learner)}"}
        return await self.client.request(method, path, headers=headers, json=body, params=query)

    async def tell(self, *facts: Any) -> list[str]:
        """What the fold writes for these facts about one learner; their ids."""
        told = Told("ada")
        for fact in facts:
            decided = (tell_of_award if isinstance(fact, AwardGranted) else tell_of_upgrade)(told, event(fact), NAMES)
            assert decided.record is not None
            told = decided.record
            for write in decided.writes:
                assert isinstance(write, Put)
                await self.database[write.collection].insert_one(write.document)
        return [fact.id for fact in facts]


async def ready() -> Mapping[str, bool | str]:
    return {"database": True}


@pytest_asyncio.fixture
async def desk(mongodb: DatabaseServer, database_name: str, tmp_path: Path) -> AsyncIterator[Desk]:
    database = Database(mongodb.uri, database_name)
    await create_indexes(database)
    keys = LocalKeys(tmp_path / "keys")
    app = app_of(
        ready,
        Tokens(str(keys.jwks), ISSUER, AUDIENCE),
        Stores(Inbox(database), Contacts(database), Deliveries(database)),
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://cairn") as client:
        yield Desk(client, keys, database)
    await database.drop()
    database.close()


def grants(number: int) -> list[AwardGranted]:
    return [award(AwardGranted, award=f"award-{each}") for each in range(number)]


async def test_a_learner_reads_their_own_inbox_the_newest_message_first(desk: Desk) -> None:
    ids = await desk.tell(*grants(2), upgrade())
    page = (await desk.ask("GET", "/learners/ada/inbox", learner="ada")).json()

    assert [message["id"] for message in page["items"]] == ids[::-1]
    assert page["unread"] == 3
    assert page["next"] is None
    newest = page["items"][0]
    assert newest | {"kind": "upgraded", "name": "Inclusive Computing: Silver", "read": False} == newest


async def test_nobody_elses_inbox_can_be_read_without_the_scope(desk: Desk) -> None:
    assert (await desk.ask("GET", "/learners/ada/inbox", learner="bob")).status_code == 403
    assert (await desk.ask("GET", "/learners/ada/inbox", "contacts:read")).status_code == 403
    assert (await desk.ask("GET", "/learners/ada/inbox", "inbox:read")).status_code == 200
    assert (await desk.client.get("/learners/ada/inbox")).status_code == 401


async def test_pages_of_an_inbox_have_every_message_once(desk: Desk) -> None:
    ids = await desk.tell(*grants(7))
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await desk.ask("GET", "/learners/ada/inbox", "inbox:read", limit=3, **cursor)).json()
        seen += [message["id"] for message in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == ids[::-1]


async def test_a_message_that_was_read_stays_in_the_inbox_and_leaves_the_unread(desk: Desk) -> None:
    first, second = await desk.tell(*grants(2))
    answer = await desk.ask("POST", f"/learners/ada/inbox/{first}/read", learner="ada")
    again = await desk.ask("POST", f"/learners/ada/inbox/{first}/read", learner="ada")
    unread = (await desk.ask("GET", "/learners/ada/inbox", learner="ada", unread=True)).json()

    assert answer.json()["read"] is True
    assert again.json() == answer.json()
    assert [message["id"] for message in unread["items"]] == [second]
    assert unread["unread"] == 1
    assert len((await desk.ask("GET", "/learners/ada/inbox", learner="ada")).json()["items"]) == 2


async def test_a_message_is_marked_only_in_its_own_inbox(desk: Desk) -> None:
    [message] = await desk.tell(*grants(1))
    assert (await desk.ask("POST", f"/learners/bob/inbox/{message}/read", learner="bob")).status_code == 404
    assert (await desk.ask("GET", "/learners/ada/inbox", learner="ada")).json()["unread"] == 1


async def test_a_contact_is_entered_read_replaced_and_deleted(desk: Desk) -> None:
    path, entered = "/learners/ada/contact", {"address": "ada@example.edu", "name": "Ada", "language": "de", "wants": ["revoked"]}
    assert (await desk.ask("GET", path, "contacts:read")).status_code == 404
    assert (await desk.ask("PUT", path, "contacts:write", body=entered)).status_code == 200
    read = (await desk.ask("GET", path, "contacts:read")).json()
    assert read | entered == read
    await desk.ask("PUT", path, learner="ada", body={"address": "ada@home.example"})
    replaced = (await desk.ask("GET", path, learner="ada")).json()
    assert (replaced["address"], replaced["name"]) == ("ada@home.example", None)
    assert set(replaced["wants"]) == set(MAILED)
    assert (await desk.ask("DELETE", path, "contacts:write")).status_code == 204
    assert (await desk.ask("GET", path, "contacts:read")).status_code == 404


async def test_no_other_learner_reads_or_changes_a_contact(desk: Desk) -> None:
    body = {"address": "eve@example.edu"}
    for method in ("GET", "PUT", "DELETE"):
        answer = await desk.ask(method, "/learners/ada/contact", learner="eve", body=body if method == "PUT" else None)
        assert answer.status_code == 403


async def test_a_wrong_contact_is_answered_with_the_place_and_without_repeating_it(desk: Desk) -> None:
    answer = await desk.ask("PUT", "/learners/ada/contact", "contacts:write", body={"address": "not an address", "colour": 1})
    assert answer.status_code == 422
    assert {error["place"] for error in answer.json()["errors"]} == {"body.address", "body.colour"}
    assert "not an address" not in answer.text


async def test_a_thousand_contacts_are_imported_at_once(desk: Desk) -> None:
    many = [{"learner": f"l{number}", "address": f"l{number}@example.edu"} for number in range(1_000)]
    answer = await desk.ask("POST", "/contacts", "contacts:write", body={"contacts": many})
    assert answer.json() == {"stored": 1_000}
    assert (await desk.ask("GET", "/learners/l999/contact", "contacts:read")).json()["address"] == "l999@example.edu"


@pytest.mark.parametrize(
    ("second", "place"),
    [
        ({"learner": "bob", "address": "bob"}, "body.contacts[1].address"),
        ({"learner": "ada", "address": "a@example.edu"}, "body.contacts[0].learner"),
    ],
)
async def test_of_an_import_with_an_error_nothing_is_stored(desk: Desk, second: dict[str, str], place: str) -> None:
    contacts = [{"learner": "ada", "address": "ada@example.edu"}, second]
    answer = await desk.ask("POST", "/contacts", "contacts:write", body={"contacts": contacts})
    assert answer.status_code == 422
    assert place in {error["place"] for error in answer.json()["errors"]}
    assert (await desk.ask("GET", "/learners/ada/contact", "contacts:read")).status_code == 404


async def test_operators_see_what_failed_and_have_it_tried_again(desk: Desk) -> None:
    ids = await desk.tell(*grants(2))
    deliveries = Deliveries(desk.database)
    claim = Claim("c", datetime.now(UTC))
    await deliveries.claim(claim, 10)
    failed, sent = sorted(ids)
    outcomes = {failed: Outcome(State.FAILED, 1, "550 no such mailbox"), sent: Outcome(State.SENT, 1, "250 OK")}
    await deliveries.note([Note(id_, outcome, claim) for id_, outcome in outcomes.items()], datetime.now(UTC))

    [shown] = (await desk.ask("GET", "/deliveries", "operations:read", state="failed")).json()["items"]
    assert (shown["id"], shown["answer"]) == (failed, "550 no such mailbox")
    again = await desk.ask("POST", f"/deliveries/{failed}/retry", "operations:read")
    assert (again.status_code, again.json()["state"], again.json()["attempts"]) == (202, "waiting", 0)
    assert (await desk.ask("POST", f"/deliveries/{sent}/retry", "operations:read")).status_code == 409
    assert (await desk.ask("POST", "/deliveries/none/retry", "operations:read")).status_code == 404
    assert (await desk.ask("GET", f"/deliveries/{sent}", "operations:read")).json()["state"] == "sent"
    counts = (await desk.ask("GET", "/deliveries/states", "operations:read")).json()
    assert {state: number for state, number in counts.items() if number} == {"waiting": 1, "sent": 1}


async def test_learners_do_not_see_deliveries(desk: Desk) -> None:
    [delivery] = await desk.tell(*grants(1))
    for path in ("/deliveries", "/deliveries/states", f"/deliveries/{delivery}"):
        assert (await desk.ask("GET", path, learner="ada")).status_code == 403


async def test_a_cursor_of_another_list_is_refused(desk: Desk) -> None:
    assert (await desk.ask("GET", "/learners/ada/inbox", "inbox:read", cursor="ImEi")).status_code == 400
    assert (await desk.ask("GET", "/deliveries", "operations:read", cursor="Nw")).status_code == 400
