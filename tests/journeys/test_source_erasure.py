"""An erasure destroys the key under which a learner's originals are sealed: nothing that came in can be read any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest_asyncio

from services.assessment.sources.claims import Kind
from services.assessment.sources.people import ERASED_LISTED_FOR, REMEMBERED_FOR
from services.assessment.sources.vault import Unreadable, Vault
from shared.mongo import Document
from tests.journeys.sources_town import SourcesTown
from tests.journeys.test_source_held import LRS, enter, id_of, name, statement
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer


@pytest_asyncio.fixture
async def town(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[SourcesTown]:
    async with SourcesTown.open(kafka, mongodb, database_name, prefix, tmp_path, stream=True) as opened:
        yield opened


async def erase(town: SourcesTown, learner: str) -> None:
    asked = {"reason": "The learner asked for it"}
    (await town.ask("POST", f"/learners/{learner}/erasure", "decisions:write", body=asked)).raise_for_status()

    async def gone() -> bool:
        return await town.town.database["erasures"].find_one({"_id": learner}) is not None

    await eventually(gone, within=30)


def opens(town: SourcesTown, sealed: Document, people: list[Document]) -> bool:
    """Whether any key that is kept opens it."""
    vault = Vault(town.settings.secret_of_sources())
    for person in people:
        if person.get("key") is not None:
            try:
                vault.key(person["_id"], bytes(person["key"])).unseal(bytes(sealed["sealed"]), sealed["_id"])
            except Unreadable:
                continue
            return True
    return False


async def documents(town: SourcesTown, collection: str) -> list[Document]:
    return await town.town.database[collection].find({}).to_list(None)


async def test_of_an_erased_learner_nothing_that_came_in_is_left_or_readable(town: SourcesTown) -> None:
    source, _, _ = await town.register(LRS)
    await enter(town, name("ada", "l-1"), name("bob", "l-2"))
    outcomes = await town.take(
        source, statement(1), statement(2, "bob"), statement(3, activity="http://other/1"), statement(4, "cyd")
    )
    assert [one.kind for one in outcomes] == [Kind.ACCEPTED, Kind.ACCEPTED, Kind.HELD, Kind.HELD]
    await town.entries("l-1", 1)
    await town.entries("l-2", 1)
    copied = {one["claim"]: one for one in await documents(town, "originals")}
    assert all([opens(town, one, await documents(town, "people")) for one in copied.values()])

    await erase(town, "l-1")
    people = await documents(town, "people")
    assert [opens(town, copied[id_of(number)], people) for number in (1, 2, 3, 4)] == [False, True, False, True]
    await town.sources.upkeep.forget_erased()
    allowed = ("people", "erasures", "records", "facts")  # that it happened, and the fact that says so
    for collection in await town.town.database.collections():
        for document in await documents(town, collection):
            assert collection in allowed or "l-1" not in str(document), collection
    assert {one["claim"] for one in await documents(town, "originals")} == {id_of(2), id_of(4)}
    assert await town.counts(source) == {Kind.ACCEPTED: 2, Kind.HELD: 1, Kind.REFUSED: 1}
    answer = await town.ask("GET", f"/sources/lrs/originals/{id_of(1)}", "originals:read")
    assert answer.status_code == 404
    looked = await town.ask("POST", "/directories/lrs/lookups", "directory:write", body=[name("ada")])
    assert looked.json()["items"][0]["status"] == "unknown"


async def test_what_was_known_before_an_erasure_is_refused_and_what_is_later_begins_anew(town: SourcesTown) -> None:
    source, _, _ = await town.register(LRS)
    await enter(town, name("ada", "l-1"))
    await town.take(source, statement(1))
    await town.entries("l-1", 1)
    await erase(town, "l-1")
    await enter(town, name("ada", "l-1"))
    late, again, fresh = await town.take(
        source, statement(5), statement(1), statement(6, timestamp=datetime.now(UTC).isoformat())
    )
    assert (late.kind, again.kind, fresh.kind) == (Kind.REFUSED, Kind.REFUSED, Kind.ACCEPTED)
    assert "was erased" in (late.detail or "")
    kept = (await town.ask("GET", "/sources/lrs/health", "sources:read")).raise_for_status().json()["refusals"]
    assert [one["id"] for one in kept] == [None, None], "the source's own ids may name learners"
    entries = await town.entries("l-1", 1)
    assert [one["id"] for one in entries] == [id_of(6)]
    path = f"/learners/l-1/entries/lrs/{id_of(6)}/original"
    original = (await town.ask("GET", path, "originals:read")).raise_for_status().json()
    assert original["original"]["actor"] == {"mbox": "mailto:ada@example.edu"}


async def test_what_was_on_its_way_when_its_learner_was_erased_leaves_no_original(town: SourcesTown) -> None:
    source, _, _ = await town.register(LRS)
    await enter(town, name("ada", "l-1"))
    await town.take(source, statement(1))
    await town.entries("l-1", 1)
    erased_at = datetime.now(UTC)

    async def erased_meanwhile(done: str) -> None:
        if done == "entered":
            await erase(town, "l-1")

    async with town.another(erased_meanwhile) as busy:
        await busy.intake.take(source, [statement(2, timestamp=(erased_at - timedelta(minutes=1)).isoformat())])

    async def forgotten() -> bool:
        return await documents(town, "originals") == []

    await eventually(forgotten, within=30)


async def test_an_erasure_is_listed_until_nobody_goes_by_memory_any_more(town: SourcesTown) -> None:
    source, _, _ = await town.register(LRS)
    await enter(town, name("ada", "l-1"))
    await town.take(source, statement(1))
    await town.entries("l-1", 1)
    await erase(town, "l-1")
    upkeep = town.sources.upkeep
    await upkeep.forget_erased()
    await upkeep.forget_erased()
    (listed,) = await documents(town, "erasures")
    seen = {"$set": {"seen": listed["seen"] - 2 * ERASED_LISTED_FOR}}
    await town.town.database["erasures"].update_one({"_id": "l-1"}, seen)
    await upkeep.forget_erased()
    assert await documents(town, "erasures") == []
    assert ERASED_LISTED_FOR.total_seconds() > REMEMBERED_FOR
