"""What came in is read again by a corrected document: what differs is shown first, and then said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from services.assessment.sources.claims import Kind
from services.assessment.sources.document import Source
from shared.events.completions import CompletionReported
from tests.journeys.sources_town import SourcesTown
from tests.journeys.test_source_held import LRS, VOIDED, id_of, statement
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

IDS: dict[str, Any] = LRS | {"learners": [{"of": "mbox", "matching": "(?P<learner>[^@]+)@.*", "are": "ids"}]}
CORRECTED = IDS | {"activities": [{"matching": "http://lms/(?P<id>[a-z]+)", "is": "urn:lms:right:{id}"}]}


@pytest_asyncio.fixture
async def town(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[SourcesTown]:
    async with SourcesTown.open(kafka, mongodb, database_name, prefix, tmp_path, stream=True) as opened:
        yield opened


async def rerun(town: SourcesTown, **asked: Any) -> dict[str, Any]:
    """What became of it, once it is done."""
    made = (await town.ask("POST", "/sources/lrs/reruns", "sources:write", body=asked)).raise_for_status().json()
    await town.sources.reruns.work()
    found = await town.ask("GET", f"/sources/lrs/reruns/{made['id']}", "sources:read")
    answer: dict[str, Any] = found.raise_for_status().json()
    assert answer["state"] == "done"
    return answer


async def counting(town: SourcesTown, learner: str, number: int) -> list[tuple[str, str]]:
    """The entries of a learner that count, as id and activity, when there are so many entries."""
    entries = await town.entries(learner, number)
    return [(one["id"], one["data"]["activity"]) for one in entries if one["counts"] and "activity" in one["data"]]


async def test_a_dry_run_shows_what_would_change_and_changes_nothing(town: SourcesTown) -> None:
    source, _, _ = await town.register(IDS)
    await town.take(source, statement(1), statement(2, "bob"))
    await town.register(Source.model_validate(CORRECTED), None)
    shown = await rerun(town)
    assert (shown["dry_run"], shown["originals"], shown["done"], shown["counts"]) == (True, 2, 2, {"corrected": 2})
    assert shown["examples"][0]["before"]["activity"] == "urn:lms:a"
    assert shown["examples"][0]["after"]["activity"] == "urn:lms:right:a"
    assert len(await town.published()) == 2


async def test_a_corrected_mapping_corrects_what_was_said_once(town: SourcesTown) -> None:
    source, _, _ = await town.register(IDS)
    await town.take(source, statement(1))
    await town.register(Source.model_validate(CORRECTED), None)
    assert (await rerun(town, dry_run=False))["counts"] == {"corrected": 1}
    assert await counting(town, "ada", 2) == [(f"{id_of(1)}~1", "urn:lms:right:a")]
    assert (await rerun(town, dry_run=False))["counts"] == {"same": 1}
    assert len(await town.published()) == 2
    original = await town.ask("GET", f"/sources/lrs/originals/{id_of(1)}~1", "originals:read")
    assert [one["id"] for one in original.raise_for_status().json()["says"]] == [id_of(1), f"{id_of(1)}~1"]
    assert await town.counts(source) == {Kind.ACCEPTED: 1}


async def test_what_was_another_learners_is_taken_from_one_and_given_to_the_other(town: SourcesTown) -> None:
    source, _, _ = await town.register(IDS)
    await town.take(source, statement(1))
    moved = IDS | {"learners": [{"of": "mbox", "are": "directory"}]}
    source, _, _ = await town.register(Source.model_validate(moved), None)
    await town.learners("lrs", {("mbox", "ada@example.edu"): "l-1"})
    done = await rerun(town, dry_run=False)
    assert done["counts"] == {"moved": 1}
    (shown,) = done["examples"]
    assert shown["before"] == shown["after"], "of another learner alone: whose it was and is isn't shown"
    assert shown["after"]["time"] == "2026-01-15T06:36:01.917000Z"
    assert await counting(town, "ada", 2) == []
    assert await counting(town, "l-1", 1) == [(f"{id_of(1)}~2", "urn:lms:a")]
    taking_back = statement(3, verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": id_of(1)})
    assert (await town.take(source, taking_back))[0].kind is Kind.ACCEPTED
    await town.entries("l-1", 2)
    assert await counting(town, "l-1", 2) == []


async def test_what_the_source_took_back_stays_taken_back(town: SourcesTown) -> None:
    source, _, _ = await town.register(IDS)
    taking_back = statement(3, verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": id_of(1)})
    await town.take(source, statement(1), taking_back)
    await town.entries("ada", 2)
    await town.register(Source.model_validate(CORRECTED), None)
    assert (await rerun(town, dry_run=False))["counts"] == {"left": 1, "same": 1}
    assert await counting(town, "ada", 2) == []


async def test_what_the_source_may_not_say_any_more_is_retracted(town: SourcesTown) -> None:
    source, _, _ = await town.register(IDS)
    await town.take(source, statement(1), statement(2, activity="http://lms/b"))
    await town.register(Source.model_validate(IDS | {"may_publish": ["urn:lms:b"]}), None)
    assert (await rerun(town, dry_run=False))["counts"] == {"retracted": 1, "same": 1}
    assert await counting(town, "ada", 3) == [(id_of(2), "urn:lms:b")]


async def test_only_one_rerun_of_a_source_is_under_way_and_it_reads_what_came_before(town: SourcesTown) -> None:
    source, _, _ = await town.register(IDS)
    await town.take(source, statement(1))
    first = await town.ask("POST", "/sources/lrs/reruns", "sources:write", body={})
    second = await town.ask("POST", "/sources/lrs/reruns", "sources:write", body={})
    assert (first.status_code, second.status_code) == (202, 409)
    await town.take(source, statement(2))
    await town.sources.reruns.work()
    (listed,) = (await town.ask("GET", "/sources/lrs/reruns", "sources:read")).raise_for_status().json()
    assert (listed["state"], listed["originals"]) == ("done", 1)

    async def folded() -> bool:
        return len(await town.entries("ada", 2)) == 2

    await eventually(folded, within=20)


HUB: dict[str, Any] = {
    "source": "lrs",
    "name": "Hub",
    "owner": "IT",
    "format": "cloudevents",
    "learners": [{"are": "ids"}],
    "may_publish": ["urn:*"],
    "activities": [{"named": "a", "is": "urn:x:a"}],
}


def grade(id_: str, **said: Any) -> dict[str, Any]:
    head = {"specversion": "1.0", "id": id_, "source": "urn:cairn:source:lrs", "time": "2026-02-01T00:00:00Z"}
    return head | {"type": CompletionReported.TYPE, "data": {"learner": "ada", "activity": "a", "status": "passed"} | said}


async def test_no_correction_takes_an_id_of_the_sources_own(town: SourcesTown) -> None:
    source, _, _ = await town.register(HUB)
    outcomes = await town.take(source, grade("g"), grade("g~1"), grade("g~2", status="failed"), grade("h"))
    assert {one.kind for one in outcomes} == {Kind.ACCEPTED}
    source, _, _ = await town.register(HUB | {"activities": [{"named": "a", "is": "urn:x:b"}]}, None)
    assert (await rerun(town, dry_run=False))["counts"] == {"corrected": 4}
    expected = [("g~1~1", "urn:x:b"), ("g~2~1", "urn:x:b"), ("g~3", "urn:x:b"), ("h~1", "urn:x:b")]
    assert sorted(await counting(town, "ada", 8)) == expected
    assert await town.town.on(town.town.topics.letters) == []
    for id_ in ("g~3", "g~1", "g~1~1"):
        found = await town.ask("GET", f"/sources/lrs/originals/{id_}", "originals:read")
        assert id_ in [one["id"] for one in found.raise_for_status().json()["says"]]
    late = (await town.take(source, grade("h~1")))[0]
    assert (late.kind, late.status) == (Kind.REFUSED, 409)
    assert (await rerun(town, dry_run=False))["counts"] == {"same": 4}
