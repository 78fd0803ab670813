"""A learner's record: every part with its own proof, how the parts stack, and who it is about as far as they let it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from joserfc import jwe
from joserfc.jwk import ECKey
from jsonschema import Draft201909Validator

from services.awarding.credentials.identity import identity_hash
from shared.credentials.jwts import opened
from shared.events.envelope import Cause, envelope_of
from shared.events.notifications import IdentityShared
from shared.kafka import Outgoing
from tests.domain.awarding.scene import achievement, holds, passed, stack
from tests.journeys.credentials_scene import CATALOG, SCHEMAS, House, town_of
from tests.platform.parts import Broker, DatabaseServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
PUBLISHED = (
    achievement("a"),
    achievement("b", issuer="law"),
    achievement("c"),
    stack("path", {"bronze": holds("a"), "silver": {"all": [holds("a"), holds("b")]}}),
)
HELD = dict.fromkeys(("a", "b", "c", "path.bronze", "path.silver"), "valid")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(kafka: Broker, mongodb: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("town")
    async with town_of(kafka, mongodb, folder, *PUBLISHED) as town, House.open(town) as opened, town.stream():
        await town.say(passed("a", 3), passed("b", 5), passed("c", 7))
        await town.holds("ada", HELD)
        yield opened


async def record(house: House, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await house.get("/learners/ada/record", learner="ada", **query)).raise_for_status().json()
    return found


def achievement_at(name: str) -> str:
    return f"{CATALOG}/microcredentials/{name}/versions/1"


async def test_the_record_and_each_of_its_parts_are_valid_to_a_stranger(house: House) -> None:
    report = await house.checked(json.dumps(await record(house)).encode())
    assert (report.verdict, report.kind) == ("valid", "clr"), [check.sentence for check in report.checks]
    assert [part.verdict for part in report.parts] == ["valid"] * 5


@pytest.mark.skipif(not SCHEMAS.exists(), reason="the published schemas are not here")
async def test_the_record_passes_the_published_schema(house: House) -> None:
    schema = json.loads((SCHEMAS / "clr_v2p0_clrcredential_schema.json").read_text())
    assert [error.message for error in Draft201909Validator(schema).iter_errors(await record(house))] == []


async def test_the_record_tells_how_its_parts_stack(house: House) -> None:
    subject = (await record(house))["credentialSubject"]
    links = {(one["associationType"], one["sourceId"], one["targetId"]) for one in subject["association"]}
    a, b, bronze, silver = (achievement_at(name) for name in ("a", "b", "path.bronze", "path.silver"))
    assert links == {
        ("isPartOf", a, bronze),
        ("isPartOf", a, silver),
        ("isPartOf", b, silver),
        ("precedes", bronze, silver),
    }
    assert {one["id"] for one in subject["achievement"]} == {achievement_at(name) for name in HELD}
    assert len(subject["verifiableCredential"]) == len(HELD)


async def test_its_parts_are_the_credentials_as_they_were_issued(house: House) -> None:
    parts = {part["name"]: part for part in (await record(house))["credentialSubject"]["verifiableCredential"]}
    assert parts["B"] == (await house.credential("b")).json()
    assert parts["B"]["issuer"]["id"] != parts["A"]["issuer"]["id"]
    assert parts["B"]["credentialSubject"]["id"] != parts["A"]["credentialSubject"]["id"]


async def test_one_stack_can_be_asked_for_alone(house: House) -> None:
    alone = await record(house, stack="path")
    names = {part["name"] for part in alone["credentialSubject"]["verifiableCredential"]}
    assert names == {"A", "B", "Path: Bronze", "Path: Silver"}
    assert alone["partial"] is True
    assert alone["id"] != (await record(house))["id"]
    assert (await house.checked(json.dumps(alone).encode())).verdict == "valid"
    assert (await house.get("/learners/ada/record", learner="ada", stack="nothing")).status_code == 404
    assert (await house.get("/learners/eve/record", learner="eve")).status_code == 404


async def test_the_record_as_a_token_is_valid_too(house: House) -> None:
    answer = await house.get("/learners/ada/record", learner="ada", format="jwt")
    header, claims = opened(answer.text)
    assert (header["alg"], claims["iss"].rpartition(":")[2]) == ("RS256", "institution")
    assert (await house.checked(answer.content)).verdict == "valid"
    assert (await house.get("/learners/ada/record", learner="ada", format="png")).status_code == 406


async def test_who_it_is_about_is_said_as_far_as_the_learner_shares_it(house: House) -> None:
    key = ECKey.import_key(json.loads(house.town.keys.sealing_key.read_text()))

    async def share(revision: int, **said: str) -> None:
        header = {"alg": "ECDH-ES", "enc": "A256GCM"}
        sealed = jwe.encrypt_compact(header, json.dumps(said), key) if said else None
        cause = Cause(kind="decision", id=f"share-{revision}", time=datetime.now(UTC))
        fact = IdentityShared(learner="ada", sealed=sealed, revision=revision, cause=cause)
        message = Outgoing.of(house.town.topics.identities.name, "ada", envelope_of(fact, "cairn/notifications", None))
        await house.town.publisher.publish_all([message], within=30)

    assert "identifier" not in (await house.credential("a")).json()["credentialSubject"]
    before = (await record(house))["validFrom"]
    await share(1, email="Ada@Example.org", name="Ada Lovelace")
    for name in HELD:
        await house.issued(name, edition=2)
    credentials = [(await house.credential(name)).json() for name in HELD]
    objects = [{one["identityType"]: one for one in each["credentialSubject"]["identifier"]} for each in credentials]
    assert len({each["emailAddress"]["salt"] for each in objects}) == len(HELD)
    for each in objects:
        assert each["emailAddress"]["identityHash"] == identity_hash("ada@example.org", each["emailAddress"]["salt"])
        assert each["name"]["identityHash"] == "Ada Lovelace"
    said = json.dumps([*credentials, whole := await record(house)])
    assert 'example.org"' not in said.lower().replace("catalog.example.org", "")
    assert whole["credentialSubject"]["identifier"][0]["identityType"] == "emailAddress"
    assert whole["validFrom"] > before
    report = await house.checked(json.dumps(credentials[0]).encode(), email=" ADA@example.org")
    assert (report.verdict, report.email and report.email.outcome) == ("valid", "yes")
    other = await house.checked(json.dumps(credentials[0]).encode(), email="eve@example.org")
    assert other.email is not None
    assert other.email.outcome == "no"
    await share(2)
    for name in HELD:
        await house.issued(name, edition=3)
    assert "identifier" not in (await house.credential("a")).json()["credentialSubject"]
    assert "identifier" not in (await record(house))["credentialSubject"]
