"""A learner shares what is theirs, sees how often it was opened, and withdraws it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter

from deploy.local.keys import AUDIENCE, ISSUER
from services.awarding.api import app_of
from services.awarding.sharing.api import GlancedAt, Opened
from services.awarding.sharing.links import Links
from services.awarding.sharing.store import MOST, Share, Shares
from shared.events.assessment import LearnerErased
from shared.events.envelope import Cause
from shared.http import Tokens
from shared.http.sessions import Sessions
from tests.domain.awarding.scene import IDS, achievement, day, holds, passed, stack
from tests.journeys.awarding_town import Town
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

HERE = "http://localhost:8002"
CATALOG = (*(achievement(id_) for id_ in "ab"), stack("path", {"bronze": holds("a")}))
pages = APIRouter()


@pages.get("/shared/{token}")
async def page(share: Opened) -> list[str] | None:
    """As a page does that shows what is shared."""
    return None if share.awards is None else list(share.awards)


@pages.get("/shared/{token}/picture")
async def picture(share: GlancedAt) -> str:
    return share.id


@pytest_asyncio.fixture
async def town(kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with Town.open(kafka.bootstrap, mongodb.uri, database_name, prefix, tmp_path) as opened:
        await opened.publish(*CATALOG)
        yield opened


class Desk:
    """A browser or a program at the service over the town's database."""

    def __init__(self, town: Town) -> None:
        async def ready() -> dict[str, bool | str]:
            return {}

        self.town = town
        self.shares = Shares(town.database, Links(IDS.key, HERE))
        self.sessions = Sessions(bytes(32), HERE)
        app = app_of(ready, Tokens(str(town.keys.jwks), ISSUER, AUDIENCE))
        app.router.routes[:] = [route for route in app.router.routes if not str(getattr(route, "path", "")).startswith("/shared")]
        app.include_router(pages)
        app.state.shares, app.state.sessions = self.shares, self.sessions
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE)

    def as_(self, learner: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.town.keys.token(learner=learner)}"}

    def signed_in(self, learner: str) -> dict[str, str]:
        return {"cookie": f"cairn={self.sessions.signed(learner)}"}

    async def share(self, learner: str, **asked: Any) -> dict[str, Any]:
        answer = await self.client.post(f"/learners/{learner}/shares", json=asked, headers=self.as_(learner))
        assert answer.status_code == 201, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def listed(self, learner: str) -> list[dict[str, Any]]:
        answer = await self.client.get(f"/learners/{learner}/shares", headers=self.as_(learner))
        items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return items


@pytest_asyncio.fixture
async def desk(town: Town) -> AsyncIterator[Desk]:
    found = Desk(town)
    yield found
    await found.client.aclose()


async def awards_of(town: Town, learner: str) -> dict[str, str]:
    """Their ids by achievement, once the learner holds `a` and with it Bronze."""
    async with town.stream():
        await town.say(passed("a", 3).model_copy(update={"learner": learner}))
        await town.holds(learner, {"a": "valid", "path.bronze": "valid"})
    return {award["achievement"]: award["id"] for award in (await town.read(f"/learners/{learner}/awards"))["items"]}


async def test_whoever_has_the_link_sees_what_was_shared_until_it_is_withdrawn(desk: Desk) -> None:
    ids = await awards_of(desk.town, "ada")
    made = await desk.share("ada", awards=[ids["a"], ids["a"]], name=True, label=" For Initech ")
    assert (made["awards"], made["name"], made["evidence"], made["label"]) == ([ids["a"]], True, False, "For Initech")
    assert (await desk.client.get(made["link"])).json() == [ids["a"]]
    assert (await desk.client.get(made["link"] + "/picture")).json() == made["id"]
    assert [(one["id"], one["link"], one["seen"]) for one in await desk.listed("ada")] == [(made["id"], made["link"], 1)]
    kept = await desk.town.database["shares"].find_one({})
    assert kept is not None
    assert made["link"].rsplit("/", 1)[1] not in str(kept), "who reads the database has no link"
    for _ in range(2):
        gone = await desk.client.delete(f"/learners/ada/shares/{made['id']}", headers=desk.as_("ada"))
        assert gone.status_code == 204
    for place in (made["link"], made["link"] + "/picture"):
        answer = await desk.client.get(place)
        assert (answer.status_code, answer.json()["title"]) == (410, "No longer shared")
    (withdrawn,) = await desk.listed("ada")
    assert withdrawn["withdrawn_at"] is not None
    assert withdrawn["seen"] == 1


async def test_a_passport_is_shared_without_naming_awards(desk: Desk) -> None:
    made = await desk.share("ada")
    assert made["awards"] is None
    share = await desk.shares.open(made["link"].rsplit("/", 1)[1])
    assert isinstance(share, Share)
    assert (share.learner, share.stack, share.name) == ("ada", True, False)


async def test_nobody_shares_sees_or_withdraws_in_anothers_name(desk: Desk) -> None:
    made = await desk.share("ada")
    staff = {"authorization": f"Bearer {desk.town.keys.token('awards:read', 'awards:write', 'operations:read')}"}
    for who in (desk.as_("bob"), desk.signed_in("bob") | {"origin": HERE}, staff):
        for method, path in (("GET", ""), ("POST", ""), ("DELETE", f"/{made['id']}")):
            body: dict[str, object] | None = {} if method == "POST" else None
            answer = await desk.client.request(method, f"/learners/ada/shares{path}", headers=who, json=body)
            assert (answer.status_code, answer.json()["scope"]) == (403, "self:read")
    mine = await desk.client.delete(f"/learners/bob/shares/{made['id']}", headers=desk.as_("bob"))
    assert mine.status_code == 404
    assert (await desk.client.get(made["link"])).status_code == 200
    assert (await desk.client.get("/learners/ada/shares")).status_code == 401


async def test_nobody_shares_awards_of_another(desk: Desk) -> None:
    theirs = await awards_of(desk.town, "ada")
    for awards in ([theirs["a"]], ["0" * 32]):
        answer = await desk.client.post("/learners/bob/shares", json={"awards": awards}, headers=desk.as_("bob"))
        assert (answer.status_code, answer.json()["errors"][0]["place"]) == (422, "body.awards")
    assert await desk.listed("bob") == []


async def test_a_signed_in_learner_shares_from_this_site_only(desk: Desk) -> None:
    cookie = desk.signed_in("ada")
    refused = await desk.client.post("/learners/ada/shares", json={}, headers=cookie | {"origin": "https://evil.example"})
    assert refused.status_code == 403
    assert (await desk.client.post("/learners/ada/shares", json={}, headers=cookie)).status_code == 403
    assert await desk.listed("ada") == []
    made = await desk.client.post("/learners/ada/shares", json={}, headers=cookie | {"origin": HERE})
    assert made.status_code == 201
    path = f"/learners/ada/shares/{made.json()['id']}"
    assert (await desk.client.delete(path, headers=cookie | {"sec-fetch-site": "cross-site"})).status_code == 403
    assert (await desk.client.delete(path, headers=cookie | {"sec-fetch-site": "same-origin"})).status_code == 204


@pytest.mark.parametrize(
    "body", [{"awards": []}, {"awards": ["nonsense"]}, {"awards": ["0" * 32] * 101}, {"label": "x" * 101}, {"until": "2030"}, []]
)
async def test_what_cannot_be_shared_is_refused_by_its_place(desk: Desk, body: object) -> None:
    answer = await desk.client.post("/learners/ada/shares", json=body, headers=desk.as_("ada"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["place"].startswith("body")


async def test_a_link_that_is_none_shows_nothing(desk: Desk) -> None:
    for token in ("x", "a" * 43, "a" * 200):
        assert (await desk.client.get(f"{HERE}/shared/{token}")).status_code == 404


async def test_there_are_so_many_shares_and_no_more_however_many_are_made_at_once(desk: Desk) -> None:
    for _ in range(MOST - 3):
        await desk.shares.make("ada", None)
    answers = await asyncio.gather(
        *(desk.client.post("/learners/ada/shares", json={}, headers=desk.as_("ada")) for _ in range(12))
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    listed = await desk.listed("ada")
    assert len(listed) <= MOST
    for share in listed[:5]:
        await desk.shares.withdraw("ada", share["id"])
    assert (await desk.share("ada"))["seen"] == 0


async def test_an_erased_learners_shares_open_nothing_also_one_written_meanwhile(desk: Desk) -> None:
    town = desk.town
    ids = await awards_of(town, "ada")
    before = [await desk.share("ada"), await desk.share("ada", awards=[ids["a"]])]
    meanwhile = await town.database["shares"].find_one({"awards": None})
    assert meanwhile is not None
    async with town.stream():
        await town.say(erased("ada"))

        async def gone() -> bool:
            return not (await town.read("/learners/ada/awards"))["items"]

        await eventually(gone, within=40, why="the learner was not erased")
    await town.database["shares"].replace_one({"_id": meanwhile["_id"]}, meanwhile, upsert=True)
    for share in before:
        assert (await desk.client.get(share["link"])).status_code == 404
    assert await town.database["shares"].find_one({"_id": meanwhile["_id"]}) is None
    await town.database["shares"].insert_one(meanwhile)
    assert await desk.listed("ada") == []
    assert await town.database["shares"].find_one({"_id": meanwhile["_id"]}) is None
    anew = await desk.share("ada")
    assert (await desk.client.get(anew["link"])).status_code == 200


def erased(learner: str) -> LearnerErased:
    return LearnerErased(learner=learner, revision=2, cause=Cause(kind="erasure", id="x", time=day(9)))
