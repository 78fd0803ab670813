"""Whatever somebody sends: a clear answer within two seconds, and the service keeps serving."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import httpx
import pytest
import pytest_asyncio

from shared.credentials import multibase
from shared.credentials.proofs import signed
from tests.domain.checking.world import ED, NOW, badge, entry, listing
from tests.journeys.checking_house import KEY_DID, METHOD, House, by_key, forged, in_time

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with House.open(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def house(opened: House) -> AsyncIterator[House]:
    """After each test it must still serve."""
    yield opened
    await opened.serves()


@pytest.mark.parametrize("declared", [True, False], ids=["that says its length", "in pieces"])
async def test_a_picture_of_fifty_megabytes_is_too_large(house: House, declared: bool) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + os.urandom(1_000_000) * 50

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(picture), 1_000_000):
            yield picture[start : start + 1_000_000]

    async def brought() -> httpx.Response:
        content: Any = picture if declared else pieces()
        return await house.http.post("/checks", content=content, headers={"content-type": "image/png"})

    answer = await in_time(brought)
    assert (answer.status_code, answer.json()["detail"]) == (413, "A request may have 8,500,000 bytes at most (8.5 MB).")


async def test_a_picture_just_within_the_limit_is_looked_at(house: House) -> None:
    problem = await house.ask(b"\x89PNG\r\n\x1a\n" + os.urandom(7_900_000), "image/png", 422)
    assert problem["code"] == "picture_malformed"
    assert (await house.ask(b'{"a":"' + b"x" * 3_000_000 + b'"}', "text/plain", 413))["code"] == "too_large"


@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("[" * 10_000 + "]" * 10_000, "too_deep"),
        ('{"a":' * 10_000 + "1" + "}" * 10_000, "too_deep"),
        ('{"id": 1, "id": 2}', "named_twice"),
        ('{"n": ' + "9" * 1_000_000 + "}", "number"),
        ('{"n": 1e400}', "number"),
        ("{", "not_json"),
        ("[]", "not_an_object"),
    ],
    ids=["arrays 10,000 deep", "objects 10,000 deep", "a member twice", "a huge integer", "a huge number", "no JSON", "an array"],
)
async def test_documents_made_to_trip_readers_are_refused_with_the_reason(house: House, kind: str, body: str, code: str) -> None:
    problem = await house.ask(body, kind, 422)
    assert problem["code"] == code
    assert problem["detail"]


async def test_a_hundred_thousand_elements_are_no_trouble(house: House) -> None:
    many = forged(badge(type=["VerifiableCredential", "AchievementCredential", *["A"] * 100_000]))
    assert (await house.check(many))["verdict"] != "valid"
    wrong = forged(badge(evidence=[1] * 100_000))
    assert (await house.check(wrong))["verdict"] != "valid"
    deep: Any = "end"
    for _ in range(50):
        deep = [deep] * 2 if len(json.dumps(deep)) < 500_000 else [deep]
    assert (await house.check(forged(badge(evidence=deep))))["verdict"] != "valid"


async def test_a_bomb_in_a_status_list_never_means_not_revoked(house: House) -> None:
    address = f"{house.partner.origin}/list"
    bomb = multibase.base64url(gzip.compress(bytes(200_000_000), 9))
    credential = by_key(badge(credentialStatus=entry(address=address)))
    served = signed(listing(encoded=bomb, id=address, issuer=KEY_DID), ED, METHOD, NOW)
    house.partner.says("/list", json.dumps(served).encode())
    report = await house.check(credential)
    assert (report["proof"]["code"], report["verdict"]) == ("proof.good", "undecided")
    assert report["status"]["code"] == "status.unreadable"


@pytest.mark.parametrize("place", ["127.0.0.1", "localhost", "169.254.169.254", "0.0.0.0", "%5B%3A%3A1%5D", "127.1"])
async def test_an_issuer_at_this_machines_own_services_is_not_asked(house: House, place: str) -> None:
    did = f"did:web:{place}%3A{house.forbidden.port}"
    document = forged(badge())
    document["issuer"]["id"] = did
    document["proof"] = [document["proof"][0] | {"verificationMethod": f"{did}#1"}]
    report = await house.check(document)
    assert report["issuer"]["code"] == "issuer.unreachable"
    assert report["proof"]["code"] == "proof.key_unavailable"
    assert house.forbidden.asked == []


async def test_no_member_makes_the_service_ask_within_its_network(house: House) -> None:
    within = f"https://127.0.0.1:{house.forbidden.port}/x"
    document = by_key(badge(credentialStatus=entry(address=within)))
    report = await house.check(document)
    assert report["status"]["code"] == "status.unreadable"
    report = await house.check(forged(badge(credentialSchema={"id": within, "type": "JsonSchema"}) | {"@context": [within]}))
    assert report["proof"]["code"] == "proof.context_unavailable"
    assert (await house.ask(json.dumps({"address": within}), status=422))["code"] == "address"
    assert (await house.ask(within, "text/plain", 422))["code"] == "address"
    house.partner.says("/away", status="302 Found", location=within)
    assert (await house.ask(json.dumps({"address": f"{house.partner.origin}/away"}), status=422))["code"] == "address"
    assert house.forbidden.asked == []


async def test_a_context_that_does_not_exist_is_said_with_its_address(house: House) -> None:
    address = "https://contexts.invalid/none.json"
    document = forged(badge())
    document["@context"] = [*document["@context"], address]
    report = await house.check(document)
    assert (report["verdict"], report["proof"]["code"]) == ("undecided", "proof.context_unavailable")
    assert report["proof"]["params"]["address"] == address
    assert address in report["proof"]["says"]


def dense(nodes: int) -> dict[str, Any]:
    """Parts without names that are all tied to each other, so that nothing tells one from another."""
    names = [f"_:n{number}" for number in range(nodes)]
    tie = [
        {
            "id": name,
            "type": ["Related"],
            "https://example.org/tie": [{"id": other} for other in names if other != name],
        }
        for name in names
    ]
    subject = badge()["credentialSubject"]
    return forged(badge(credentialSubject={**subject, "achievement": {**subject["achievement"], "related": tie}}))


@pytest.mark.parametrize("nodes", [9, 14, 60])
async def test_a_graph_made_to_never_end_is_given_up(house: House, nodes: int) -> None:
    report = await house.check(dense(nodes))
    assert report["proof"]["code"] in ("proof.too_costly", "proof.not_canonical")
    assert report["verdict"] == "undecided"


async def test_a_schema_made_to_never_end_is_given_up(house: House) -> None:
    address = f"{house.partner.origin}/schema"
    endless = {"properties": {"name": {"pattern": "^(a+)+$"}}}
    house.partner.says("/schema", json.dumps(endless).encode(), content_type="application/json")
    document = by_key(badge(name="a" * 60 + "!", credentialSchema={"id": address, "type": "JsonSchema"}))
    report = await house.check(document)
    assert report["schema"]["code"] == "schema.unreadable"


async def test_servers_that_never_answer_hold_nothing_up(house: House) -> None:
    silent = f"{house.partner.origin}/silent"
    report = await house.check(by_key(badge(credentialStatus=[entry(address=f"{silent}#{n}") for n in range(5)])))
    assert (report["verdict"], report["status"]["code"]) == ("undecided", "status.unreadable")
    assert (await house.ask(json.dumps({"address": silent}), status=422))["code"] == "address"


async def test_many_at_once_leave_room_for_everybody_else(house: House) -> None:
    """Nothing that checks do runs where requests are answered."""
    storm = [asyncio.ensure_future(house.http.post("/checks", json={"credential": dense(14)})) for _ in range(12)]
    slowest = 0.0
    while not all(one.done() for one in storm):
        begun = monotonic()
        assert (await house.http.get("/health/live")).is_success
        slowest = max(slowest, monotonic() - begun)
    assert slowest < 1.0, f"the slowest took {slowest:.2f} s"
    assert {answer.result().status_code for answer in storm} <= {200, 503}


async def test_what_is_no_credential_is_told_what_would_be_one(house: House) -> None:
    assert (await house.ask("", "text/plain", 422))["code"] == "empty"
    assert (await house.ask("{}", "application/pdf", 415))["detail"].startswith("Send the credential as")
    assert (await house.ask("<html></html>", "text/plain", 422))["code"] == "a_page"
    assert (await house.check({}))["verdict"] == "invalid"


async def test_a_status_list_of_our_own_that_is_not_there_is_not_fetched(house: House) -> None:
    ours = f"{house.platform.address('awarding')}/issuers/none/status/1"
    report = await house.check(by_key(badge(credentialStatus=entry(address=ours))))
    assert report["status"]["code"] == "status.unreadable"
