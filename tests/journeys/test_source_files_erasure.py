"""What is left of files, and of what dry runs have found in them, when a learner is erased."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.journeys.sources_town import SourcesTown
from tests.journeys.test_source_files import brought, seen, table, worker
from tests.journeys.test_source_files import town as town

ROWS = ("s-ana,MA101,2026-11-20T10:00:00Z,42", "s-ben,MA101,2026-11-20T11:00:00Z,41", "s-ana,MA102,2026-11-20T12:00:00Z,43")


async def is_erased(town: SourcesTown, learner: str) -> None:
    """As the stream writes it, with what it follows from."""
    at = datetime.now(UTC).isoformat()
    database = town.town.database
    await database["people"].replace_one({"_id": learner}, {"_id": learner, "erased_at": at}, upsert=True)
    await database["erasures"].replace_one({"_id": learner}, {"_id": learner, "at": at}, upsert=True)
    await town.sources.upkeep.forget_erased()


async def lines(town: SourcesTown, file: str) -> list[dict[str, Any]]:
    answer = await town.ask("GET", f"/sources/sis/files/{file}/lines", "sources:read")
    found: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
    return found


async def test_of_an_erased_learner_a_dry_run_shows_nothing_any_more(town: SourcesTown) -> None:
    file = (await brought(town, table(*ROWS), dry_run=True)).json()["id"]
    await worker(town).work()
    assert [line["events"][0]["data"]["learner"] for line in await lines(town, file)] == ["ana", "ben", "ana"]

    await is_erased(town, "ana")
    first, second, third = await lines(town, file)
    assert (first["line"], third["line"]) == (2, 4)
    assert [line["outcome"] for line in (first, second, third)] == ["accepted"] * 3, "the lines add up as before"
    assert first["events"] == third["events"] == []
    assert first["id"] is first["status"] is None
    assert "erased" in first["detail"]
    assert second["events"][0]["data"]["learner"] == "ben"
    portions = await town.town.database["file_trials"].find({}).to_list(None)
    assert [portion["learners"] for portion in portions] == [["ben"]]


async def test_the_name_of_a_file_with_the_learners_id_in_it_is_forgotten_with_the_learner(town: SourcesTown) -> None:
    names = {"grades of Ana.csv": "", "banana.csv": "banana.csv"}
    files = [(await brought(town, table(row), name=name)).json()["id"] for row, name in zip(ROWS, names, strict=False)]
    await is_erased(town, "ana")
    assert [(await seen(town, file))["name"] for file in files] == list(names.values())


async def test_a_line_that_is_refused_because_its_learner_was_erased_leaves_no_id_with_the_file(town: SourcesTown) -> None:
    await is_erased(town, "ana")
    file = (await brought(town, table(*ROWS))).json()["id"]
    await worker(town).work()
    found = await seen(town, file)
    assert (found["counts"]["refused"], found["counts"]["accepted"]) == (2, 1)
    assert [(one["id"], "erased" in one["detail"]) for one in found["refusals"]] == [(None, True), (None, True)]
