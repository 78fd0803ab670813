"""Partners vouch for a version with credentials that they signed elsewhere."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio

from shared.credentials.proofs import signed
from shared.events.catalog import AchievementPublished
from tests.journeys.catalog_instance import Surroundings, achievement, stack, surroundings
from tests.journeys.catalog_partner import CREATED, Partner, ended
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

PLACE = "/achievements/ethics/versions/1/endorsements"
ETHICS = "http://localhost:8000/microcredentials/ethics/versions/1"
JSON = {"content-type": "application/json"}
TEXT = {"content-type": "text/plain"}


@pytest_asyncio.fixture
async def around(kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path) -> Surroundings:
    return await surroundings(kafka.bootstrap, mongodb.uri, database_name, prefix, tmp_path)


@pytest_asyncio.fixture
async def catalog(around: Surroundings) -> AsyncIterator[httpx.AsyncClient]:
    async with around.catalog() as client:
        documents = [achievement("ethics", name="Data Ethics"), stack("data", {"achievement": "ethics"}, name="Data")]
        assert (await client.post("/apply", json={"documents": documents})).status_code == 200
        yield client


async def added(catalog: httpx.AsyncClient, text: str, place: str = PLACE, kind: dict[str, str] = JSON) -> httpx.Response:
    return await catalog.post(place, content=text, headers=kind)


async def test_an_endorsement_is_checked_kept_announced_and_withdrawn(around: Surroundings, catalog: httpx.AsyncClient) -> None:
    partner = Partner()
    text = partner.signed(ETHICS)
    answer = await added(catalog, text)
    assert answer.status_code == 201, answer.text
    view = answer.json()
    assert (view["by"], view["name"], view["comment"]) == (partner.did, partner.name, "We take on whoever holds this.")
    assert view["digest"] == sha256(text.encode()).hexdigest()
    assert (await added(catalog, text)).status_code == 200

    async def last() -> AchievementPublished:
        facts = [fact for fact in await around.said() if isinstance(fact, AchievementPublished) and fact.id_ == "ethics"]
        return facts[-1]

    async def with_endorsements(count: int, revision: int) -> bool:
        fact = await last()
        return (len(fact.endorsements), fact.revision) == (count, revision)

    await eventually(lambda: with_endorsements(1, 2))
    [announced] = (await last()).endorsements
    assert (announced.credential, announced.about) == (text, "ethics")

    del catalog.headers["authorization"]
    assert (await catalog.get(PLACE)).json() == [view]
    itself = await catalog.get(f"{PLACE}/{view['digest']}")
    assert (itself.text, itself.headers["content-type"]) == (text, "application/vc+ld+json")
    assert (await catalog.delete(f"{PLACE}/{view['digest']}")).status_code == 401

    writer = around.token("catalog:write")
    assert (await catalog.delete(f"{PLACE}/{view['digest']}", headers=writer)).status_code == 204
    await eventually(lambda: with_endorsements(0, 3))
    assert (await catalog.delete(f"{PLACE}/{view['digest']}", headers=writer)).status_code == 404


async def test_a_token_endorses_a_level_and_nothing_else(catalog: httpx.AsyncClient) -> None:
    partner = Partner()
    place = "/achievements/data.bronze/versions/1/endorsements"
    token = partner.token("http://localhost:8000/microcredentials/data.bronze/versions/1")
    answer = await added(catalog, token, place, TEXT)
    assert answer.status_code == 201, answer.text
    assert [each["credential"] for each in (await catalog.get(place)).json()] == [token]
    assert (await catalog.get("/stacks/data/versions/1/endorsements")).json() == []
    page = await catalog.get("/microcredentials/data", headers={"accept": "text/html"})
    assert partner.name.replace("'", "&#39;") in page.text


async def test_a_newer_edition_takes_the_older_one_s_place(catalog: httpx.AsyncClient) -> None:
    partner, id_ = Partner(), "urn:uuid:6f2f0c0e-0f0c-4e0b-9d8e-0d1f4f7e2a11"
    for text in (partner.signed(ETHICS, id=id_), partner.signed(ETHICS, id=id_, validFrom="2026-11-02T00:00:00Z")):
        assert (await added(catalog, text)).status_code == 201
    [kept] = (await catalog.get(PLACE)).json()
    assert json.loads(kept["credential"])["validFrom"] == "2026-11-02T00:00:00Z"
    assert (await added(catalog, Partner().signed(ETHICS, id=id_))).status_code == 201
    assert len((await catalog.get(PLACE)).json()) == 2


def tampered(text: str) -> str:
    return text.replace("We take on", "We never take on")


def by_somebody_else(text: str) -> str:
    document = json.loads(text)
    document["issuer"]["id"] = Partner().did
    return json.dumps(document)


def without(text: str, member: str) -> str:
    document = json.loads(text)
    del document[member]
    return json.dumps(document)


WRONG: list[tuple[Any, str]] = [
    (lambda partner: tampered(partner.signed(ETHICS)), "proof"),
    (lambda partner: by_somebody_else(partner.signed(ETHICS)), "proof"),
    (lambda partner: partner.signed(ETHICS, **ended()), "dates"),
    (lambda partner: without(partner.signed(ETHICS), "proof"), "proof"),
    (lambda partner: partner.signed(ETHICS, issuer={"id": Partner().did, "type": ["Profile"], "name": "Other"}), "issuer"),
    (lambda partner: partner.signed(ETHICS, credentialSubject={"id": ETHICS, "type": ["Profile"]}), ""),
]


async def test_what_is_not_to_be_relied_on_is_refused_with_the_reason(catalog: httpx.AsyncClient) -> None:
    for made, check in WRONG:
        answer = await added(catalog, made(Partner()))
        assert answer.status_code == 422, answer.text
        problem = answer.json()
        assert problem["detail"]
        wrong = [each["name"] for each in problem.get("checks", ()) if each["outcome"] == "no"]
        assert check in wrong or not (check or wrong), problem
    assert (await catalog.get(PLACE)).json() == []


async def test_an_endorsement_of_something_else_is_refused(catalog: httpx.AsyncClient) -> None:
    for address in (
        "http://localhost:8000/microcredentials/ethics",
        "http://localhost:8000/microcredentials/ethics/versions/2",
        "http://localhost:8000/microcredentials/data/versions/1",
        "https://elsewhere.example/microcredentials/ethics/versions/1",
    ):
        answer = await added(catalog, Partner().signed(address))
        assert answer.status_code == 422
        assert f"to endorse this version it must say {ETHICS}" in answer.json()["detail"]


async def test_what_nobody_can_check_now_is_not_taken_for_good(catalog: httpx.AsyncClient) -> None:
    issuer = {"id": "did:web:nobody.invalid", "type": ["Profile"], "name": "Nobody"}
    partner = Partner()
    document = partner.endorsement(ETHICS, issuer=issuer)
    answer = await added(catalog, json.dumps(signed(document, partner.key, "did:web:nobody.invalid#key", CREATED)))
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"]
    assert "nobody.invalid" in answer.json()["detail"]


async def test_what_cannot_be_an_endorsement_is_answered_at_once(around: Surroundings, catalog: httpx.AsyncClient) -> None:
    text = Partner().signed(ETHICS)
    assert (await added(catalog, "{", PLACE)).status_code == 422
    assert (await added(catalog, "[" * 10_000, PLACE)).status_code == 422
    assert (await added(catalog, "x" * 50_000, PLACE, TEXT)).status_code == 413
    assert (await added(catalog, "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"), PLACE, TEXT)).status_code == 422
    assert (await added(catalog, text, PLACE, {"content-type": "image/png"})).status_code == 415
    assert (await added(catalog, text, PLACE.replace("ethics", "nothing"))).status_code == 404
    assert (await added(catalog, text, PLACE.replace("versions/1", "versions/2"))).status_code == 404
    for headers, status in ((around.token("catalog:read"), 403), ({"authorization": "Bearer x"}, 401)):
        assert (await catalog.post(PLACE, content=text, headers=JSON | headers)).status_code == status
