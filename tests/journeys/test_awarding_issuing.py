"""Credentials on a real broker and database: issued with the award, once, and followed by what becomes of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest_asyncio

from services.awarding.credentials.addresses import Addresses
from services.awarding.credentials.keyring import Keyring
from services.awarding.domain.status_lists import ListId
from services.awarding.issuance import issuing_of
from services.awarding.reissue import Reissue, unusable_in
from shared.events.assessment import LearnerErased
from shared.events.awarding import CredentialIssued
from shared.events.envelope import Cause, envelope_of
from shared.events.notifications import IdentityShared
from shared.kafka import Outgoing
from shared.mongo import Document
from tests.domain.awarding.scene import IDS, achievement, holds, part, passed, stack, verdict
from tests.journeys.awarding_town import PARTITIONS, Town
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

CATALOG = (
    achievement("a", when_withdrawn="suspend"),
    achievement("b"),
    stack("path", {"bronze": holds("b"), "silver": {"all": [holds("a"), holds("b")]}}),
)


@pytest_asyncio.fixture
async def town(kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with Town.open(kafka.bootstrap, mongodb.uri, database_name, prefix, tmp_path) as opened:
        opened.issuing = issuing_of(keyring(opened))
        yield opened


def keyring(town: Town) -> Keyring:
    return Keyring.of(town.keys.issuer_keys.read_text(), Addresses("https://cairn.example", "https://cairn.example/catalog"))


async def share(town: Town, sealed: str | None, revision: int) -> None:
    cause = Cause(kind="decision", id=f"share-{revision}", time=datetime.now(UTC))
    fact = IdentityShared(learner="ada", sealed=sealed, revision=revision, cause=cause)
    envelope = envelope_of(fact, "cairn/notifications", None)
    await town.publisher.publish_all([Outgoing.of(town.topics.identities.name, "ada", envelope)], within=30)


async def issued(town: Town) -> dict[str, Document]:
    """The newest editions, by achievement."""
    return {found["achievement"]: found for found in await town.shelves.credentials_of("ada")}


async def editions(town: Town) -> Counter[str]:
    """How many editions were said of each achievement's credentials, each fact counted once."""
    said = {headers["ce_id"]: value for headers, value in await town.on(town.topics.awards) if "credential" in headers["ce_type"]}
    return Counter(CredentialIssued.model_validate_json(value).achievement for value in said.values())


async def set_places(town: Town) -> set[tuple[str, int]]:
    found: dict[tuple[str, int], bool] = {}
    for change in await town.database["status_changes"].find({}).sort("n", 1).to_list(None):
        found[change["list"], change["index"]] = change["set"]
    return {place for place, on in found.items() if on}


async def test_each_award_is_issued_once_however_often_its_verdict_comes(town: Town) -> None:
    await town.publish(*CATALOG)
    async with town.stream():
        await town.say(passed("a", 3), passed("b", 5), passed("a", 3), passed("b", 5))
        await town.holds("ada", {"a": "valid", "b": "valid", "path.bronze": "valid", "path.silver": "valid"})
        kept = await issued(town)
        assert await editions(town) == dict.fromkeys(("a", "b", "path.bronze", "path.silver"), 1)
    purposes = {name: found["purpose"] for name, found in kept.items()}
    assert purposes == {"a": "suspension", "b": "revocation", "path.bronze": "revocation", "path.silver": "suspension"}
    assert len({(found["list"], found["index"]) for found in kept.values()}) == 4
    for found in kept.values():
        fact = CredentialIssued.model_validate(found["fact"])
        list_ = ListId.of(fact.status.list)
        assert list_ is not None
        assert await town.shelves.has_begun(list_)
        assert not await town.shelves.has_begun(replace(list_, number=1))
        assert town.issuing is not None
        assert (fact.signed_with, fact.jwt_signed_with) == town.issuing.keys_of("uni")


async def test_what_becomes_of_an_award_becomes_of_its_credential(town: Town) -> None:
    await town.publish(*CATALOG)
    async with town.stream():
        await town.say(verdict("a", part(3)), verdict("b", part(3)))
        await town.holds("ada", {"a": "valid", "b": "valid", "path.bronze": "valid", "path.silver": "valid"})
        kept = await issued(town)
        await town.say(verdict("a", part(3, (5, None)), revision=2), verdict("b", part(3, (5, None)), revision=2))
        await town.holds("ada", {"a": "suspended", "b": "revoked", "path.bronze": "revoked", "path.silver": "revoked"})
        assert await set_places(town) == {(found["list"], found["index"]) for found in kept.values()}
        await town.say(verdict("a", part(3, (5, None), (7, 3)), revision=3))
        await town.holds("ada", {"a": "valid", "b": "revoked", "path.bronze": "revoked", "path.silver": "revoked"})
        assert (kept["a"]["list"], kept["a"]["index"]) not in await set_places(town)
        assert {name: found["revoked"] for name, found in (await issued(town)).items()} == {
            "a": False,
            "b": True,
            "path.bronze": True,
            "path.silver": True,
        }


async def test_a_shared_identity_makes_new_editions_and_an_erasure_leaves_none(town: Town) -> None:
    await town.publish(*CATALOG[:2])
    async with town.stream():
        await town.say(passed("a", 3))
        await town.holds("ada", {"a": "valid"})
        await share(town, "sealed", 1)

        async def said_by(revision: int | None) -> bool:
            return {found["fact"].get("identity") for found in (await issued(town)).values()} == {revision}

        await eventually(lambda: said_by(1), within=30, why="what is shared is not in the credential")
        identity = await town.shelves.identity("ada")
        assert identity == {"_id": "ada", "revision": 1, "sealed": "sealed"}
        await share(town, None, 2)
        await eventually(lambda: said_by(None), within=30, why="what was withdrawn is still in the credential")
        assert await town.shelves.identity("ada") is None
        assert (await issued(town))["a"]["edition"] == 3
        await share(town, "sealed", 3)
        await eventually(lambda: said_by(3), within=30)
        cause = Cause(kind="erasure", id="x", time=datetime.now(UTC))
        await town.say(LearnerErased(learner="ada", revision=1, cause=cause))
        await town.holds("ada", {})
        assert await issued(town) == {}
        assert await town.shelves.identity("ada") is None


async def test_what_was_never_issued_is_issued_when_asked_for_and_what_a_lost_key_signed_is_issued_again(town: Town) -> None:
    await town.publish(*CATALOG)
    switched_on, town.issuing = town.issuing, None
    expected = Counter(dict.fromkeys(("a", "b", "path.bronze", "path.silver"), 1))
    async with town.stream():
        await town.say(passed("a", 3), passed("b", 5))
        await town.holds("ada", {"a": "valid", "b": "valid", "path.bronze": "valid", "path.silver": "valid"})
        assert await issued(town) == {}
    town.issuing = switched_on
    reissue = Reissue(town.database, town.publisher, (), town.topics.requests)
    async with town.stream():
        for _ in range(2):
            assert [looked async for looked, _ in reissue.unissued(IDS)] == [4]
        await eventually(lambda: _said(town, expected), within=30, why="they were not issued")
    assert [progress async for progress in reissue.unissued(IDS)] == [(4, 0)]
    assert switched_on is not None
    other = keyring(replace(town, keys=type(town.keys)(town.keys.jwks.parent / "others")))
    town.issuing = issuing_of(other)
    lost = await unusable_in(town.database, other)
    assert lost == set(switched_on.keys_of("uni") or ())
    again = Reissue(town.database, town.publisher, lost, town.topics.requests)
    async with town.stream():
        assert (await again.again(), await again.again()) == (4, 0)
        await eventually(lambda: _said(town, expected + expected), within=30, why="they were not issued again")
    assert await unusable_in(town.database, other) == set()


async def _said(town: Town, expected: Counter[str]) -> bool:
    return await editions(town) == expected


async def test_two_instances_that_pass_partitions_on_give_no_place_twice(town: Town) -> None:
    await town.publish(CATALOG[1])
    learners = [f"learner-{number}" for number in range(120)]

    async def say(some: list[str]) -> None:
        for learner in some:
            await town.say(verdict("b", part(3), learner=learner))

    async with town.stream("1"):
        saying = asyncio.create_task(say(learners))
        async with town.stream("2"):
            await asyncio.wait({saying}, timeout=5)
        await saying

        async def all_issued() -> bool:
            return await town.database["credentials"].count_documents({}) == len(learners)

        await eventually(all_issued, within=60, why="not all were issued")
    found = await town.database["credentials"].find({}).to_list(None)
    assert len({(one["list"], one["index"]) for one in found}) == len(learners)
    given = 0
    for partition in range(PARTITIONS):
        given += sum(one["list"] == f"uni-r-{partition}-0" for one in found)
    assert given == len(learners)
    assert '"valid_from":"2026-01-04T00:00:00Z"' in found[0]["fact"]
