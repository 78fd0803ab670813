"""What names somebody or something unknown is held, shown, and applied when it becomes known."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest_asyncio

from services.assessment.sources.claims import Kind
from services.assessment.sources.document import Source
from tests.journeys.sources_town import SourcesTown
from tests.platform.parts import Broker, DatabaseServer

LRS: dict[str, Any] = {
    "source": "lrs",
    "name": "The record store",
    "owner": "Learning technology",
    "format": "xapi",
    "activities": [{"matching": "http://lms/(?P<id>[a-z]+)", "is": "urn:lms:{id}"}],
    "may_publish": ["urn:lms:*"],
}
PASSED = "http://adlnet.gov/expapi/verbs/passed"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"


@pytest_asyncio.fixture
async def town(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[SourcesTown]:
    async with SourcesTown.open(kafka, mongodb, database_name, prefix, tmp_path) as opened:
        yield opened


def id_of(number: int) -> str:
    return f"ebfef69f-dd05-4bf0-8f90-{number:012}"


def statement(number: int, learner: str = "ada", activity: str = "http://lms/a", **parts: Any) -> dict[str, Any]:
    said = {
        "id": id_of(number),
        "timestamp": "2026-01-15T06:36:01.917Z",
        "actor": {"mbox": f"mailto:{learner}@example.edu"},
        "verb": {"id": PASSED},
        "object": {"id": activity},
    }
    return said | parts


def voiding(number: int, target: int) -> dict[str, Any]:
    return statement(number, verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": id_of(target)})


def name(learner: str, means: str | None = None) -> dict[str, str]:
    return {"kind": "mbox", "name": f"{learner}@example.edu"} | ({} if means is None else {"learner": means})


async def enter(town: SourcesTown, *names: dict[str, str]) -> dict[str, Any]:
    answer = await town.ask("PUT", "/directories/lrs/names", "directory:write", body=list(names))
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


async def test_an_unknown_learners_completion_waits_for_their_name(town: SourcesTown) -> None:
    source, _, _ = await town.register(LRS)
    (outcome,) = await town.take(source, statement(1))
    assert (outcome.kind, outcome.detail) == (Kind.HELD, "its learner is not known yet")
    assert await town.published() == []
    assert (await town.take(source, statement(1)))[0].kind is Kind.DUPLICATED

    entered = await enter(town, name("ada", "l-1"), {"kind": "mbox", "name": "x@example.edu", "learner": "two words"})
    assert [item["status"] for item in entered["items"]] == ["entered", "refused"]
    assert entered["applied"] == 1
    assert [(one["id"], one["learner"]) for one in await town.published()] == [(id_of(1), "l-1")]
    assert await town.counts(source) == {Kind.ACCEPTED: 1, Kind.DUPLICATED: 1}
    assert (await town.take(source, statement(1)))[0].kind is Kind.DUPLICATED


async def test_an_address_is_known_however_it_is_written_and_by_its_hash(town: SourcesTown) -> None:
    source, _, _ = await town.register(LRS)
    hashed = sha1(b"mailto:Dora@example.edu", usedforsecurity=False).hexdigest()
    by_hash = statement(2, actor={"mbox_sha1sum": hashed.upper()})
    assert [one.kind for one in await town.take(source, by_hash)] == [Kind.HELD]
    entered = await enter(town, {"kind": "mbox", "name": "mailto:Dora@Example.EDU", "learner": "l-4"})
    assert entered["applied"] == 1
    assert [one.kind for one in await town.take(source, statement(3, actor={"mbox": "mailto:Dora@EXAMPLE.edu"}))] == [
        Kind.ACCEPTED
    ]
    assert {one["learner"] for one in await town.published()} == {"l-4"}
    assert (await town.ask("GET", "/directories/lrs", "directory:write")).json()["names"] == 1
    await town.ask("DELETE", "/directories/lrs/names", "directory:write", body=[{"kind": "mbox", "name": "Dora@example.edu"}])
    assert [one.kind for one in await town.take(source, statement(4, actor={"mbox_sha1sum": hashed}))] == [Kind.HELD]


async def test_an_unknown_activity_is_shown_in_clear_and_its_learner_only_to_those_who_may_read_originals(
    town: SourcesTown,
) -> None:
    source, _, _ = await town.register(LRS)
    await town.take(source, statement(1, activity="http://other/9"))
    plain = (await town.ask("GET", "/sources/lrs/held", "sources:read")).raise_for_status().json()["items"]
    assert [(one["id"], one["activity"], one["names"]) for one in plain] == [(id_of(1), "http://other/9", None)]
    assert sorted(plain[0]["awaits"]) == ["activity", "learner"]
    named = (await town.ask("GET", "/sources/lrs/held", "sources:read", "originals:read")).raise_for_status().json()["items"]
    assert {"kind": "mbox", "name": "ada@example.edu"} in named[0]["names"]
    summary = (await town.ask("GET", "/sources/lrs/held/summary", "sources:read")).raise_for_status().json()
    assert (summary["held"], summary["for_learners"], summary["for_activities"]) == (1, 1, 1)
    assert [(one["activity"], one["held"]) for one in summary["activities"]] == [("http://other/9", 1)]


async def test_the_words_for_an_unknown_activity_are_kept_in_the_sealed_original_only(town: SourcesTown) -> None:
    source, _, _ = await town.register(LRS)
    await town.learners("lrs", {("mbox", "ada@example.edu"): "l-1"})
    words = "http://other/Ada_Lovelace"
    await town.take(source, statement(1, activity=words), statement(2, activity=words), statement(3, activity="http://other/3"))
    for collection in ("held", "originals", "parcels", "outbox", "tallies", "refusals"):
        kept = await town.town.database[collection].find({}).to_list(None)
        assert "Ada_Lovelace" not in repr(kept), collection
    asked = {"activity": words, "reason": "a column was shifted"}
    discarded = await town.ask("POST", "/sources/lrs/held/discard", "sources:write", body=asked)
    assert discarded.raise_for_status().json() == {"discarded": 2}
    summary = (await town.ask("GET", "/sources/lrs/held/summary", "sources:read")).raise_for_status().json()
    assert [one["activity"] for one in summary["activities"]] == ["http://other/3"]
    await town.town.database["originals"].update_many({}, {"$unset": {"sealed": 1}})
    summary = (await town.ask("GET", "/sources/lrs/held/summary", "sources:read")).raise_for_status().json()
    assert (summary["for_activities"], summary["activities"]) == (1, [])


async def test_an_unknown_activity_is_applied_when_the_document_names_it(town: SourcesTown) -> None:
    source, _, _ = await town.register(LRS)
    await town.learners("lrs", {("mbox", "ada@example.edu"): "l-1"})
    (outcome,) = await town.take(source, statement(1, activity="http://other/9"))
    assert outcome.detail == "its activity is not known yet"
    await town.sources.upkeep.look_again()
    assert await town.published() == []
    mapped = LRS | {"activities": [*LRS["activities"], {"named": "http://other/9", "is": "urn:lms:nine"}]}
    await town.register(Source.model_validate(mapped), None)
    assert await town.sources.upkeep.look_again() == 1
    assert [one["data"]["activity"] for one in await town.published()] == ["urn:lms:nine"]
    assert await town.counts(source) == {Kind.ACCEPTED: 1}


async def test_what_takes_back_something_that_never_came_waits_for_it(town: SourcesTown) -> None:
    source, _, _ = await town.register(LRS)
    await town.learners("lrs", {("mbox", "ada@example.edu"): "l-1"})
    (held,) = await town.take(source, voiding(2, target=1))
    assert held.kind is Kind.HELD
    await town.take(source, statement(1))
    published = await town.published()
    assert [(one["id"], one["learner"]) for one in published] == [(id_of(1), "l-1"), (id_of(2), "l-1")]
    assert published[1]["data"]["retracts"] == id_of(1)
    assert await town.counts(source) == {Kind.ACCEPTED: 2}


async def test_a_statement_and_what_voids_it_may_be_held_together(town: SourcesTown) -> None:
    source, _, _ = await town.register(LRS)
    outcomes = await town.take(source, voiding(2, target=1), statement(1))
    assert [one.kind for one in outcomes] == [Kind.HELD, Kind.HELD]
    assert (await enter(town, name("ada", "l-1")))["applied"] == 2
    assert [one["id"] for one in await town.published()] == [id_of(1), id_of(2)]


async def test_what_is_discarded_counts_as_refused_and_may_be_sent_again(town: SourcesTown) -> None:
    source, _, _ = await town.register(LRS)
    await town.take(source, statement(1), statement(2, "bob"))
    asked = {"ids": [id_of(1)], "reason": "A test account"}
    answer = await town.ask("POST", "/sources/lrs/held/discard", "sources:write", body=asked)
    assert answer.raise_for_status().json() == {"discarded": 1}
    assert await town.counts(source) == {Kind.HELD: 1, Kind.REFUSED: 1}
    assert [(one["id"], one["reason"]) for one in await town.sources.accounts.refusals("lrs")] == [(id_of(1), "A test account")]
    assert (await town.take(source, statement(1)))[0].kind is Kind.HELD


async def test_names_never_come_back_and_are_not_in_the_database(town: SourcesTown) -> None:
    source, _, _ = await town.register(LRS)
    await town.take(source, statement(1), statement(2, "bob"))
    await enter(town, name("ada", "l-1"))
    looked = await town.ask("POST", "/directories/lrs/lookups", "directory:write", body=[name("ada"), name("cyd")])
    assert looked.json()["items"] == [
        {"status": "known", "learner": "l-1", "detail": None, "place": None},
        {"status": "unknown", "learner": None, "detail": None, "place": None},
    ]
    assert (await town.ask("GET", "/directories/lrs", "directory:write")).json() == {
        "directory": "lrs",
        "names": 1,
        "learners": 1,
    }
    everything = [str(one) for one in await town.everything()]
    assert everything
    assert not [one for one in everything if "example.edu" in one]
    forgotten = await town.ask("DELETE", "/directories/lrs/names", "directory:write", body=[name("ada"), name("cyd")])
    assert [item["status"] for item in forgotten.json()["items"]] == ["forgotten", "unknown"]
    assert (await town.take(source, statement(3)))[0].kind is Kind.HELD
