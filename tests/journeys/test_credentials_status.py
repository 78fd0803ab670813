"""What becomes of an award is in its status list within seconds, and a list says nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
import pytest_asyncio

from shared.credentials.proofs import proof_is_good
from shared.credentials.status import PLACES, decoded
from tests.domain.awarding.scene import achievement, part, verdict
from tests.journeys.credentials_scene import AWARDING, House, town_of
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
PUBLISHED = (achievement("a", when_withdrawn="suspend"), achievement("b"))
AT_THE_ORIGIN = 5.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(kafka: Broker, mongodb: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("town")
    async with town_of(kafka, mongodb, folder, *PUBLISHED) as town, House.open(town) as opened, town.stream():
        yield opened


async def entry(house: House, name: str, learner: str) -> tuple[str, int, str]:
    """The list's path, the place in it, and the purpose."""
    status = (await house.credential(name, learner)).json()["credentialStatus"]
    path = str(status["statusListCredential"]).removeprefix(AWARDING)
    return path, int(status["statusListIndex"]), status["statusPurpose"]


async def bit(house: House, path: str, index: int) -> bool:
    served = (await house.get(path)).raise_for_status().json()
    return decoded(served["credentialSubject"]["encodedList"]).get(index)


async def test_a_revocation_is_in_the_list_within_five_seconds_of_being_decided(house: House) -> None:
    await house.town.say(verdict("b", part(3), learner="bea"))
    await house.town.holds("bea", {"b": "valid"})
    path, index, purpose = await entry(house, "b", "bea")
    assert (purpose, await bit(house, path, index)) == ("revocation", False)
    award = (await house.awards("bea"))["b"]
    assert (await house.town.ask("POST", f"/awards/{award}/revocation", "awards:write", body={})).status_code == 422
    asked = await house.town.ask("POST", f"/awards/{award}/revocation", "awards:write", body={"reason": "It was copied."})
    assert asked.status_code == 202
    await house.town.holds("bea", {"b": "revoked"})
    decided = monotonic()
    await eventually(lambda: bit(house, path, index), within=AT_THE_ORIGIN, why="the list does not show the revocation")
    assert monotonic() - decided < AT_THE_ORIGIN
    report = await house.checked((await house.credential("b", "bea")).content)
    assert (report.verdict, {check.code for check in report.checks if check.outcome == "no"}) == ("invalid", {"status.revoked"})


async def test_a_suspension_shows_and_ends_in_the_same_place(house: House) -> None:
    await house.town.say(verdict("a", part(3), learner="sue"))
    await house.town.holds("sue", {"a": "valid"})
    before = (await house.credential("a", "sue")).content
    path, index, purpose = await entry(house, "a", "sue")
    assert purpose == "suspension"
    await house.town.say(verdict("a", part(3, (5, None)), learner="sue", revision=2))
    await house.town.holds("sue", {"a": "suspended"})
    await eventually(lambda: bit(house, path, index), within=AT_THE_ORIGIN, why="the list does not show the suspension")
    report = await house.checked((await house.credential("a", "sue")).content)
    assert {check.code for check in report.checks if check.outcome == "no"} == {"status.suspended"}
    await house.town.say(verdict("a", part(3, (5, None), (7, 3)), learner="sue", revision=3))
    await house.town.holds("sue", {"a": "valid"})

    async def cleared() -> bool:
        return not await bit(house, path, index)

    await eventually(cleared, within=AT_THE_ORIGIN, why="the list still shows the suspension")
    after = (await house.credential("a", "sue")).content
    assert (await house.checked(after)).verdict == "valid"
    assert after == before


async def test_a_list_is_a_signed_credential_of_its_unit_that_may_be_kept_for_five_minutes(house: House) -> None:
    await house.town.say(verdict("b", part(3), learner="lee"))
    await house.town.holds("lee", {"b": "valid"})
    path, index, _ = await entry(house, "b", "lee")
    answer = (await house.get(path)).raise_for_status()
    served = answer.json()
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert served["id"] == f"{AWARDING}{path}"
    assert served["type"] == ["VerifiableCredential", "BitstringStatusListCredential"]
    subject = served["credentialSubject"]
    assert (subject["statusPurpose"], subject["ttl"]) == ("revocation", 300_000)
    assert decoded(subject["encodedList"]).size == PLACES
    assert not decoded(subject["encodedList"]).get(index)
    now = datetime.now(UTC)
    since, until = (datetime.fromisoformat(served[name]) for name in ("validFrom", "validUntil"))
    assert since <= now - timedelta(minutes=5) + timedelta(seconds=1)
    assert until > now + timedelta(hours=1)
    assert house.counter.office is not None
    key = house.counter.office.keyring.proof_key("uni")
    assert served["issuer"] == (await house.get("/issuers/uni/did.json")).json()["id"]
    assert proof_is_good(served, served["proof"][0], key.public)
    assert "lee" not in json.dumps(served)
    again = await house.client.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/issuers/uni/status/uni-r-0-7",
        "/issuers/uni/status/uni-r-99-0",
        "/issuers/uni/status/uni-x-0-0",
        "/issuers/uni/status/uni-r-0-00",
        "/issuers/uni/status/nonsense",
        "/issuers/law/status/law-r-0-0",
    ],
)
async def test_a_list_in_which_nobody_has_a_place_is_not_there(house: House, path: str) -> None:
    assert (await house.get(path)).status_code == 404


async def test_a_list_is_served_under_its_own_unit_only(house: House) -> None:
    await house.town.say(verdict("b", part(3), learner="own"))
    await house.town.holds("own", {"b": "valid"})
    path, _, _ = await entry(house, "b", "own")
    assert (await house.get(path)).status_code == 200
    assert (await house.get(path.replace("/issuers/uni/", "/issuers/law/"))).status_code == 404
