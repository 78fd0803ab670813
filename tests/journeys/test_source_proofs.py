"""Learners bring what they have learned elsewhere: checked, found to be theirs, taken, and taken back when its issuer does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from services.assessment.sources.claims import Kind
from services.assessment.sources.document import Source
from services.assessment.sources.proofs.proofs import Proofs
from shared.credentials.baked_png import bake_png
from tests.domain.credentials.test_baking import PNG
from tests.journeys.proofs_school import WALLS, School, hashed
from tests.journeys.sources_town import SourcesTown
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

OURS = "urn:campus:walls"
STAFF = ("submissions:write",)


@dataclass
class Scene:
    town: SourcesTown
    school: School
    source: Source
    key: tuple[str, str]

    @property
    def proofs(self) -> Proofs:
        assert self.town.sources.proofs is not None
        return self.town.sources.proofs

    async def learner(self, **names: str) -> str:
        """A new one, whom the directory knows by these names."""
        id_ = f"l-{uuid4().hex[:10]}"
        await self.town.learners(self.source.id, dict.fromkeys(names.items(), id_))
        return id_

    async def bring(self, what: Any, by: str | None, *scopes: str, **beside: Any) -> httpx.Response:
        body = {"credential": what, **beside}
        return await self.town.ask("POST", f"/sources/{self.source.id}/proofs", *scopes, learner=by, body=body)

    async def taken(self, what: Any, learner: str, **beside: Any) -> str:
        answer = await self.bring(what, learner, **beside)
        (item,) = answer.raise_for_status().json()["items"]
        assert item["status"] == "accepted", item
        id_: str = item["id"]
        return id_

    async def taken_by_staff(self, what: Any, learner: str) -> None:
        answer = await self.bring(what, None, *STAFF, learner=learner, confirmed="She showed her passport")
        (item,) = answer.raise_for_status().json()["items"]
        assert item["status"] == "accepted", item

    async def said_of(self, learner: str) -> list[dict[str, Any]]:
        return [one for one in await self.town.published() if one["learner"] == learner]

    async def looked_at_again(self) -> None:
        """As if the time for it had come for all of them."""
        await self.proofs.again.turn()
        now = {"$set": {"due": datetime.now(UTC)}}
        await self.town.town.database["proofs"].update_many({}, now)
        await self.proofs.again.turn()

    async def shown(self, learner: str) -> dict[str, Any]:
        answer = await self.town.ask("GET", f"/learners/{learner}/proofs", "entries:read")
        (one,) = answer.raise_for_status().json()
        found: dict[str, Any] = one
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(kafka: Broker, mongodb: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    name = uuid4().hex[:10]
    async with (
        School.open() as school,
        SourcesTown.open(
            kafka, mongodb, f"t_{name}", f"t-{name}.", tmp_path_factory.mktemp("proofs"), stream=True, fetch_from=school.place
        ) as town,
    ):
        document = {
            "source": "elsewhere",
            "name": "Learning elsewhere",
            "owner": "Registrar",
            "format": "proofs",
            "activities": [{"named": WALLS, "is": OURS}],
            "may_publish": ["urn:campus:*"],
            "options": {"trusts": [{"id": school.did, "name": "Stone school"}]},
        }
        source, key, secret = await town.register(document)
        yield Scene(town, school, source, (key, secret))


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def quiet(scene: Scene) -> AsyncIterator[None]:
    """Each test has its own learners; what others brought is not looked at again."""
    await scene.town.town.database["proofs"].delete_many({})
    scene.school.is_there()
    yield


async def test_a_learner_is_known_by_what_is_hashed_in_the_credential_and_the_directory_knows(scene: Scene) -> None:
    ada = await scene.learner(email="ada@example.org")
    id_ = await scene.taken(scene.school.badge(hashed("ada@example.org")), ada, email=" ada@example.org ")
    (said,) = await scene.said_of(ada)
    assert (said["id"], said["time"]) == (id_, "2025-12-01T00:00:00Z")
    assert (said["data"]["activity"], said["data"]["status"]) == (OURS, "passed")
    (entry,) = await scene.town.entries(ada, 1)
    assert entry["id"] == id_


async def test_a_learner_may_be_the_one_whose_id_the_directory_knows(scene: Scene) -> None:
    ada = await scene.learner(id="did:example:ada", student_id="s-77")
    await scene.taken(scene.school.badge(subject="did:example:ada"), ada)
    await scene.taken(scene.school.token({**hashed("s-77", "sisSourcedId")}), ada, student_id="s-77")
    assert len(await scene.said_of(ada)) == 2


@pytest.mark.parametrize("said", [{}, {"email": "eve@example.org"}, {"email": "ada2@example.org"}])
async def test_nobody_takes_another_ones_credential(scene: Scene, said: dict[str, str]) -> None:
    await scene.learner(email="ada2@example.org")
    eve = await scene.learner(email="eve@example.org")
    answer = await scene.bring(scene.school.badge(hashed("ada2@example.org")), eve, **said)
    assert answer.status_code == 403
    assert "nothing in it shows that it was given to this learner" in answer.json()["detail"]
    assert await scene.said_of(eve) == []


async def test_staff_confirms_whose_it_is_and_a_learner_cannot(scene: Scene) -> None:
    ada, badge = await scene.learner(), scene.school.badge()
    assert (await scene.bring(badge, ada, confirmed="I say so")).status_code == 403
    assert (await scene.bring(badge, None, *STAFF, learner=ada)).status_code == 403
    answer = await scene.bring(badge, None, *STAFF, learner=ada, confirmed="She showed her passport")
    assert answer.json()["items"][0]["status"] == "accepted"
    again = await scene.bring(badge, None, *STAFF, learner=await scene.learner(), confirmed="hers as well")
    assert (again.status_code, "another learner" in again.json()["detail"]) == (409, True)


async def test_a_system_brings_what_names_its_learner_and_the_rest_is_held(scene: Scene) -> None:
    ada = await scene.learner(email="a3@example.org")
    post = f"/sources/{scene.source.id}/proofs"
    client = scene.town.client
    answer = await client.post(post, auth=scene.key, json=scene.school.badge(plain("a3@example.org")))
    assert answer.json()["items"][0]["status"] == "accepted"
    assert len(await scene.said_of(ada)) == 1
    unknown = await client.post(post, auth=scene.key, json=scene.school.badge(subject="did:example:grace"))
    assert unknown.json()["items"][0]["status"] == "held"


def plain(address: str) -> dict[str, Any]:
    return {"type": "IdentityObject", "hashed": False, "identityHash": address, "identityType": "emailAddress"}


async def test_it_is_the_same_whether_a_system_or_a_person_brings_it(scene: Scene) -> None:
    ada = await scene.learner(email="a31@example.org")
    post = f"/sources/{scene.source.id}/proofs"
    by_system, by_staff = (scene.school.badge(plain("a31@example.org")) for _ in range(2))
    brought = [
        await scene.town.client.post(post, auth=scene.key, json=by_system),
        await scene.bring(by_system, None, *STAFF, learner=ada),
        await scene.bring(by_system, ada),
        await scene.bring(by_staff, None, *STAFF, learner=ada),
        await scene.town.client.post(post, auth=scene.key, json=by_staff),
    ]
    outcomes = [answer.raise_for_status().json()["items"][0]["status"] for answer in brought]
    assert outcomes == ["accepted", "duplicated", "duplicated", "accepted", "duplicated"]
    assert len(await scene.said_of(ada)) == 2


async def test_staff_settles_what_was_held_for_its_learner(scene: Scene) -> None:
    ada, badge = await scene.learner(), scene.school.badge(subject="did:example:nobody-yet")
    before = await scene.town.counts(scene.source)
    post = f"/sources/{scene.source.id}/proofs"
    held = await scene.town.client.post(post, auth=scene.key, json=badge)
    assert held.json()["items"][0]["status"] == "held"
    await scene.taken_by_staff(badge, ada)
    await scene.proofs.again.turn()
    assert (await scene.shown(ada))["learner"] == ada
    assert len(await scene.said_of(ada)) == 1
    assert await scene.town.counts(scene.source) - before == {Kind.ACCEPTED: 1, Kind.REFUSED: 1}


async def test_what_was_held_is_its_learners_as_soon_as_they_are_known(scene: Scene) -> None:
    badge = scene.school.badge(subject="did:example:lin")
    held = await scene.town.client.post(f"/sources/{scene.source.id}/proofs", auth=scene.key, json=badge)
    assert held.json()["items"][0]["status"] == "held"
    await scene.proofs.again.turn()
    lin = f"l-{uuid4().hex[:10]}"
    entered = [{"kind": "id", "name": "did:example:lin", "learner": lin}]
    answer = await scene.town.ask("PUT", f"/directories/{scene.source.id}/names", "directory:write", body=entered)
    assert answer.json()["applied"] == 1
    await scene.proofs.again.turn()
    assert (await scene.shown(lin))["state"] == "stands"


async def test_the_same_again_is_the_same_and_a_newer_edition_takes_its_place(scene: Scene) -> None:
    ada = await scene.learner(email="a4@example.org")
    first = scene.school.badge(hashed("a4@example.org"))
    id_ = await scene.taken(first, ada, email="a4@example.org")
    (item,) = (await scene.bring(first, ada, email="a4@example.org")).json()["items"]
    assert item["status"] == "duplicated"
    newer = scene.school.badge(hashed("a4@example.org"), id_=first["id"], validFrom="2026-03-01T00:00:00Z")
    newest = await scene.taken(newer, ada, email="a4@example.org")
    corrected = [one["data"].get("corrects") for one in await scene.said_of(ada) if one["id"] == newest]
    assert corrected == [id_]
    (item,) = (await scene.bring(newer, ada, email="a4@example.org")).json()["items"]
    assert item["status"] == "duplicated"
    older = await scene.bring(first, ada, email="a4@example.org")
    assert (older.status_code, "newer edition" in older.json()["detail"]) == (409, True)


async def test_what_is_taken_back_is_taken_back_here_and_what_is_restored_is_said_again(scene: Scene) -> None:
    ada = await scene.learner(email="a5@example.org")
    badge = scene.school.badge(hashed("a5@example.org"))
    id_ = await scene.taken(badge, ada, email="a5@example.org")
    await scene.looked_at_again()
    assert (await scene.shown(ada))["code"] == "status.clear"
    scene.school.is_there(badge["id"])
    await scene.looked_at_again()
    _, taken_back = await scene.said_of(ada)
    assert taken_back["data"]["retracts"] == id_
    assert taken_back["data"]["reason"] == "The issuer has revoked it."
    assert (await scene.shown(ada))["state"] == "taken_back"
    await scene.looked_at_again()
    assert len(await scene.said_of(ada)) == 2
    scene.school.is_there()
    await scene.looked_at_again()
    said = {one["id"]: one for one in await scene.said_of(ada)}
    again = said[f"{id_}:2"]
    assert (again["time"], again["data"]["status"]) == ("2025-12-01T00:00:00Z", "passed")
    assert (await scene.shown(ada))["state"] == "stands"
    assert len(await scene.town.entries(ada, 3)) == 3


async def test_what_cannot_be_found_out_changes_nothing_and_is_shown(scene: Scene) -> None:
    ada = await scene.learner(email="a6@example.org")
    badge = scene.school.badge(hashed("a6@example.org"))
    await scene.taken(badge, ada, email="a6@example.org")
    scene.school.is_away()
    await scene.looked_at_again()
    shown = await scene.shown(ada)
    assert (shown["state"], shown["checked_at"]) == ("stands", None)
    assert "could not be found out" in shown["unknown_says"]
    since = shown["unknown_since"]
    await scene.looked_at_again()
    assert (await scene.shown(ada))["unknown_since"] == since
    scene.school.is_there()
    await scene.looked_at_again()
    assert ((await scene.shown(ada))["unknown_since"], len(await scene.said_of(ada))) == (None, 1)


async def test_several_who_look_at_the_same_time_take_back_once(scene: Scene) -> None:
    ada = await scene.learner(email="a7@example.org")
    badge = scene.school.badge(hashed("a7@example.org"))
    await scene.taken(badge, ada, email="a7@example.org")
    await scene.looked_at_again()
    scene.school.is_there(badge["id"])
    await scene.town.town.database["proofs"].update_many({}, {"$set": {"due": datetime.now(UTC)}})
    await asyncio.gather(*(scene.proofs.again.turn() for _ in range(4)))
    assert len(await scene.said_of(ada)) == 2


async def test_each_credential_of_a_record_is_one_of_its_own(scene: Scene) -> None:
    ada = await scene.learner(email="a8@example.org")
    good: list[dict[str, Any] | str] = [
        scene.school.badge(hashed("a8@example.org")),
        scene.school.token(hashed("a8@example.org")),
    ]
    bad = scene.school.badge(hashed("a8@example.org")) | {"name": "Changed"}
    stranger = scene.school.badge(hashed("eve8@example.org"))
    answer = await scene.bring(scene.school.record([*good, bad, stranger]), ada, email="a8@example.org")
    assert answer.status_code == 202
    items = answer.json()["items"]
    assert [item["status"] for item in items] == ["accepted", "accepted", "refused", "refused"]
    assert "something was changed" in items[2]["detail"]
    assert items[3]["place"] == "credential.credentialSubject"
    assert len(await scene.said_of(ada)) == 2


async def test_a_record_that_was_changed_or_taken_back_spoils_all_in_it(scene: Scene) -> None:
    ada = await scene.learner(email="a9@example.org")
    record = scene.school.record([scene.school.badge(hashed("a9@example.org"))])
    answer = await scene.bring(record | {"name": "Changed"}, ada, email="a9@example.org")
    assert (answer.status_code, "cannot be relied on" in answer.json()["detail"]) == (422, True)


async def test_a_record_without_credentials_is_refused_and_counted(scene: Scene) -> None:
    ada = await scene.learner(email="c1@example.org")
    before = (await scene.town.ask("GET", f"/sources/{scene.source.id}/health", "sources:read")).json()["today"]
    answer = await scene.bring(scene.school.record([]), ada, email="c1@example.org")
    assert (answer.status_code, "no credentials" in answer.json()["detail"]) == (422, True)
    after = (await scene.town.ask("GET", f"/sources/{scene.source.id}/health", "sources:read")).json()["today"]
    assert after["refused"] == before["refused"] + 1


@pytest.mark.parametrize(
    ("entered", "given", "said"),
    [
        ("mia1@example.org", "mia1@example.org", "Mia1@Example.org"),
        ("Mia2@Example.org", "mia2@example.org", "mia2@example.org"),
        ("mia3@example.org", "MIA3@example.org", "Mia3@example.org"),
    ],
)
async def test_an_address_is_the_same_in_small_and_capital_letters(scene: Scene, entered: str, given: str, said: str) -> None:
    mia = await scene.learner(email=entered)
    plain = {"type": "IdentityObject", "identityType": "emailAddress", "identityHash": given, "hashed": False}
    await scene.taken(scene.school.badge(plain), mia)
    await scene.taken(scene.school.badge(hashed(given.lower())), mia, email=said)
    assert len(await scene.said_of(mia)) == 2


async def test_a_trial_checks_what_would_be_brought_and_writes_nothing(scene: Scene) -> None:
    await scene.learner(email="c2@example.org")
    plain = {"type": "IdentityObject", "identityType": "emailAddress", "identityHash": "c2@example.org", "hashed": False}
    good, token = scene.school.badge(plain), scene.school.token(plain)
    given = [good, token, good | {"name": "Changed"}, scene.school.record([scene.school.badge(plain)])]
    answer = await scene.town.ask("POST", f"/sources/{scene.source.id}/trial", "sources:write", body=given)
    items = answer.raise_for_status().json()["items"]
    assert [item["outcome"] for item in items] == ["accepted", "accepted", "refused", "accepted"]
    assert items[0]["events"][0]["data"]["activity"] == OURS
    assert "something was changed" in items[2]["detail"]
    assert await scene.town.town.database["proofs"].count_documents({}) == 0
    strange = ["no token", None, 7, good | {"share": 0.5}, {"big": 2**70}]
    answer = await scene.town.ask("POST", f"/sources/{scene.source.id}/trial", "sources:write", body=strange)
    assert {item["outcome"] for item in answer.raise_for_status().json()["items"]} == {"refused"}
    many = await scene.town.ask("POST", f"/sources/{scene.source.id}/trial", "sources:write", body=[good] * 6)
    assert many.status_code == 422


async def test_a_credential_may_come_in_a_picture_or_a_form(scene: Scene) -> None:
    ada = await scene.learner(email="b1@example.org")
    picture = bake_png(PNG, scene.school.token(hashed("b1@example.org")))
    token = scene.town.town.keys.token(learner=ada)
    answer = await scene.town.client.post(
        f"/sources/{scene.source.id}/proofs",
        files={"credential": ("badge.png", picture, "image/png")},
        data={"email": "b1@example.org"},
        headers={"authorization": f"Bearer {token}"},
    )
    assert answer.json()["items"][0]["status"] == "accepted", answer.text


async def test_what_is_not_valid_is_refused_with_the_reason_and_counted(scene: Scene) -> None:
    ada = await scene.learner(email="b2@example.org")
    before = await scene.town.counts(scene.source)
    badge = scene.school.badge(hashed("b2@example.org"))
    revoked = scene.school.badge(hashed("b2@example.org"))
    scene.school.is_there(revoked["id"])
    ended = scene.school.badge(hashed("b2@example.org"), validUntil="2026-02-01T00:00:00Z")
    stranger = {**badge, "issuer": "did:web:127.0.0.1%3A1:nobody"}
    for what, status, says in (
        (revoked, 422, "The issuer has revoked it"),
        (ended, 422, "It ended on 2026-02-01"),
        ({**badge, "name": "Changed"}, 422, "something was changed"),
        (stranger, 422, "cannot be relied on"),
        ("nonsense", 422, "It is not JSON"),
    ):
        answer = await scene.bring(what, ada, email="b2@example.org")
        assert (answer.status_code, says in answer.json()["detail"]) == (status, True), answer.text
    scene.school.is_away()
    answer = await scene.bring(badge, ada, email="b2@example.org")
    assert (answer.status_code, "send it again later" in answer.json()["detail"]) == (503, True)
    after = await scene.town.counts(scene.source)
    assert after[Kind.REFUSED] - before[Kind.REFUSED] == 6
    assert await scene.said_of(ada) == []


async def test_after_an_erasure_nothing_of_it_is_kept_or_asked_about(scene: Scene) -> None:
    ada = await scene.learner(email="b3@example.org")
    await scene.taken(scene.school.badge(hashed("b3@example.org")), ada, email="b3@example.org")
    await scene.looked_at_again()
    body = {"reason": "asked for"}
    (await scene.town.ask("POST", f"/learners/{ada}/erasure", "decisions:write", body=body)).raise_for_status()

    async def is_forgotten() -> bool:
        await scene.proofs.again.turn()
        return bool((await scene.town.ask("GET", f"/learners/{ada}/proofs", "entries:read")).json() == [])

    await eventually(is_forgotten, within=30)


async def test_staff_has_a_credential_checked_now_and_what_is_taken_back_is_taken_back_at_once(scene: Scene) -> None:
    """Whatever its issuer's server says of how long its list may be kept."""
    scene.school.is_there(keep="max-age=300")
    ada = await scene.learner(email="b4@example.org")
    badge = scene.school.badge(hashed("b4@example.org"))
    id_ = await scene.taken(badge, ada, email="b4@example.org")
    listed = (await scene.town.ask("GET", f"/sources/{scene.source.id}/proofs", "sources:read")).json()["items"]
    (path,) = [f"/sources/{scene.source.id}/proofs/{one['id']}/check" for one in listed if one["claim"] == id_]
    answer = await scene.town.ask("POST", path, "sources:write")
    assert (answer.status_code, answer.json()["code"], answer.json()["state"]) == (200, "status.clear", "stands")

    scene.school.is_there(badge["id"], keep="max-age=300")
    found = (await scene.town.ask("POST", path, "sources:write")).json()
    assert (found["state"], found["says"]) == ("taken_back", "The issuer has revoked it.")
    assert [one["data"].get("retracts") for one in await scene.said_of(ada)] == [None, id_]

    assert (await scene.town.ask("POST", path, "sources:read")).status_code == 403
    strange = path.replace(listed[0]["id"], "0" * 32)
    assert (await scene.town.ask("POST", strange, "sources:write")).status_code == 404
