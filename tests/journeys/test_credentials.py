"""From an award to its credential: who gets it, in which forms, and that everybody's checks agree."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.awarding.credentials.elements import SNB
from shared.credentials.baking import unbaked
from shared.credentials.jwts import opened
from tests.domain.awarding.scene import achievement, passed, stack
from tests.journeys.credentials_scene import AWARDING, House, town_of
from tests.platform.parts import Broker, DatabaseServer

PUBLISHED = (
    achievement(
        "a",
        ects="2.5",
        eqf_level=6,
        issuer="uni",
        assessed_by={"id": "acme", "name": "Acme", "country": "IE"},
        designed_by={"id": "uni", "name": "Uni"},
        learning_outcomes=[{"id": "one", "text": "Build a cairn."}],
    ),
    stack("path", {"bronze": {"achievement": "a"}}),
)
ALL = {"a": "valid", "path.bronze": "valid"}


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(kafka: Broker, mongodb: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Ada has passed a, and so reached bronze."""
    folder = tmp_path_factory.mktemp("town")
    async with town_of(kafka, mongodb, folder, *PUBLISHED) as town, House.open(town) as opened, town.stream():
        await town.say(passed("a", 3))
        await town.holds("ada", ALL)
        yield opened


async def test_every_form_of_a_credential_is_valid_to_a_stranger(house: House) -> None:
    for name in ALL:
        for form in ("json", "jwt", "png", "svg"):
            answer = await house.credential(name, format=form)
            report = await house.checked(answer.content)
            assert report.verdict == "valid", [check.sentence for check in report.checks]
            assert answer.headers["content-disposition"].endswith(f'.{form}"')
            assert answer.headers["cache-control"] == "no-store"


async def test_the_credential_says_what_the_award_means(house: House) -> None:
    credential = (await house.credential("a")).json()
    subject = credential["credentialSubject"]
    assert credential["issuer"]["id"] == "did:web:awards.example.org%3A8443:cairn:issuers:uni"
    assert (credential["awardedDate"], credential["validFrom"]) == ("2026-01-04T00:00:00Z", "2026-01-04T00:00:00Z")
    assert subject["creditsEarned"] == 2.5
    assert subject["source"]["name"] == "Acme"
    assert subject["achievement"]["eqfLevel"] == f"{SNB}eqf/6"
    assert subject["achievement"]["creator"]["id"] == credential["issuer"]["id"]
    level = (await house.credential("path.bronze")).json()
    assert level["credentialSubject"]["achievement"]["achievementType"] == "MicroCredential"
    assert level["credentialSubject"]["id"] == subject["id"]
    assert "ada" not in json.dumps([credential, level])


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "application/vc+ld+json"),
        ("application/vc, */*;q=0.1", "application/vc"),
        ("text/html, application/ld+json;q=0.5", "application/ld+json"),
        ("application/vc+jwt", "application/vc+jwt"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("image/*", "image/png"),
        ("image/svg+xml", "image/svg+xml"),
    ],
)
async def test_the_form_is_what_the_caller_accepts(house: House, accept: str | None, media_type: str) -> None:
    answer = await house.credential("a", **({} if accept is None else {"accept": accept}))
    assert answer.headers["content-type"] == media_type


async def test_tokens_are_signed_as_asked_for(house: House) -> None:
    rsa, _ = opened((await house.credential("a", format="jwt")).text)
    ed, claims = opened((await house.credential("a", format="jwt", alg="EdDSA")).text)
    assert (rsa["alg"], ed["alg"]) == ("RS256", "EdDSA")
    document = (await house.get("/issuers/uni/did.json")).raise_for_status().json()
    assert {rsa["kid"], ed["kid"]} == set(document["assertionMethod"])
    assert claims["sub"] == claims["credentialSubject"]["id"]
    assert (await house.checked((await house.credential("a", format="jwt", alg="EdDSA")).content)).verdict == "valid"


async def test_only_the_learner_and_staff_get_a_credential(house: House) -> None:
    award = (await house.awards())["a"]
    path = f"/awards/{award}/credential"
    assert (await house.get(path)).status_code == 401
    assert (await house.get(path, learner="eve")).status_code == 403
    assert (await house.get(path, scopes=("awards:write",))).status_code == 403
    assert (await house.get(path, learner="ada")).status_code == 200
    assert (await house.get("/learners/ada/record", learner="eve")).status_code == 403
    assert (await house.get("/learners/ada/record", learner="ada")).status_code == 200
    assert (await house.get(f"/awards/{'0' * 32}/credential", scopes=("awards:read",))).status_code == 404
    assert (await house.get(f"/awards/{'0' * 32}/credential", learner="ada")).status_code == 403
    assert (await house.get(path, scopes=("awards:read",), accept="text/html")).status_code == 406


async def test_two_instances_give_the_same_bytes(house: House) -> None:
    async with House.open(house.town) as other:
        for query in (
            {"format": "json"},
            {"format": "jwt"},
            {"format": "jwt", "alg": "EdDSA"},
            {"format": "png"},
            {"format": "svg"},
        ):
            here, there = await house.credential("path.bronze", **query), await other.credential("path.bronze", **query)
            assert here.content == there.content
        records = [(await one.get("/learners/ada/record", scopes=("awards:read",))).content for one in (house, other)]
        assert records[0] == records[1]
        list_ = (await house.credential("a")).json()["credentialStatus"]["statusListCredential"].removeprefix(AWARDING)
        assert (await house.get(list_)).content == (await other.get(list_)).content


async def test_what_is_baked_is_the_credential_itself(house: House) -> None:
    plain = (await house.credential("a")).content
    for form in ("png", "svg"):
        assert unbaked((await house.credential("a", format=form)).content).encode() == plain


async def test_everybody_sees_who_issues_and_what_achievements_look_like(house: House) -> None:
    did = await house.get("/issuers/uni/did.json")
    assert did.headers["content-type"] == "application/did+ld+json"
    assert did.headers["access-control-allow-origin"] == "*"
    assert (await _again(house, "/issuers/uni/did.json", did)).status_code == 304
    assert (await house.get("/issuers/institution/did.json")).json()["id"].endswith(":issuers:institution")
    (kept,) = (await house.get("/issuers/uni/documents")).json()["documents"]
    assert kept["document"] == did.json()
    profile: dict[str, Any] = (await house.get("/issuers/uni")).json()
    assert (profile["id"], profile["type"], profile["name"]) == (did.json()["id"], ["Profile"], "Uni")
    assert (await house.get("/issuers/uni", accept="text/html,*/*;q=0.1")).status_code == 404  # left to the page, if there is one
    assert (await house.get("/issuers/acme")).json()["id"] == f"{AWARDING}/issuers/acme"
    for path in ("/issuers/nobody", "/issuers/nobody/did.json", "/issuers/acme/did.json", "/issuers/nobody/documents"):
        assert (await house.get(path)).status_code == 404
    picture = await house.get("/pictures/path.bronze/1.svg")
    assert picture.headers["content-security-policy"].startswith("default-src 'none'")
    assert (await house.get("/pictures/path.bronze/1.png")).content.startswith(b"\x89PNG")
    assert (await _again(house, "/pictures/path.bronze/1.svg", picture)).status_code == 304
    for path in ("/pictures/path.bronze/2.svg", "/pictures/path/1.svg", "/pictures/nothing/1.svg"):
        assert (await house.get(path)).status_code == 404


async def _again(house: House, path: str, before: httpx.Response) -> httpx.Response:
    return await house.client.get(path, headers={"if-none-match": before.headers["etag"]})
