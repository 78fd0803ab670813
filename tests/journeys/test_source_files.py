"""Files of sources: brought, worked off in the background, once in effect, on a real broker and database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.assessment.sources.claims import Kind
from services.assessment.sources.files.shelf import PARTS, Shelf
from services.assessment.sources.files.worker import TURN, Worker
from services.assessment.sources.ledger import Ledger
from shared.stream.loop import Steps, no_steps
from tests.journeys.sources_town import SourcesTown
from tests.platform.parts import Broker, DatabaseServer

DOCUMENT: dict[str, Any] = {
    "source": "sis",
    "name": "Student records",
    "owner": "Registrar",
    "format": "csv",
    "learners": [{"of": "sis:number", "matching": "s-(?P<learner>.+)", "are": "ids"}],
    "may_publish": ["urn:module:*"],
    "activities": [{"matching": "(?P<module>[A-Z]+[0-9]+)", "is": "urn:module:{module}"}],
    "options": {
        "learner": [{"column": "Student", "kind": "sis:number"}],
        "activity": "Module",
        "time": {"column": "Graded"},
        "score": {"raw": "Points", "max_is": "50"},
    },
}
HEADER = "Student,Module,Graded,Points\n"


def table(*rows: str) -> bytes:
    return (HEADER + "".join(f"{row}\n" for row in rows)).encode()


def many(count: int, first: int = 0, scored: int = 1) -> list[str]:
    """Lines of forty learners, of which one in `scored` has a score yet."""
    return [
        f"s-l{n % 40},MA101,2026-11-20T{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}Z,{'' if n % scored else n % 50}"
        for n in range(first, first + count)
    ]


class Killed(BaseException):
    """Ends the work as a process that is killed does: nothing catches it, nothing is tidied up."""


@asynccontextmanager
async def opened(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, folder: Path
) -> AsyncIterator[SourcesTown]:
    async with SourcesTown.open(kafka, mongodb, database_name, prefix, folder) as town:
        await town.register(DOCUMENT)
        yield town


@pytest.fixture
async def town(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[SourcesTown]:
    async with opened(kafka, mongodb, database_name, prefix, tmp_path) as town:
        yield town


def worker(town: SourcesTown, steps: Steps = no_steps, portion: int = 50, turn: float = TURN) -> Worker:
    sources = town.sources
    return Worker(
        Shelf(town.town.database, sources.vault),
        sources.registry,
        sources.intake,
        Ledger(town.town.database),
        sources.gate.quotas,
        steps=steps,
        portion=portion,
        turn=turn,
    )


async def brought(
    town: SourcesTown, content: bytes, content_type: str = "text/csv", source: str = "sis", **query: Any
) -> httpx.Response:
    headers = {"authorization": f"Bearer {town.town.keys.token('sources:write')}", "content-type": content_type}
    return await town.client.post(f"/sources/{source}/files", content=content, headers=headers, params=query)


async def seen(town: SourcesTown, file: str, source: str = "sis") -> dict[str, Any]:
    answer = await town.ask("GET", f"/sources/{source}/files/{file}", "sources:read")
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def counts(file: dict[str, Any]) -> dict[str, int]:
    return {kind: count for kind, count in file["counts"].items() if count}


async def test_a_file_is_worked_off_and_says_what_became_of_each_line(town: SourcesTown) -> None:
    await town.register(DOCUMENT)
    answer = await brought(
        town,
        table(
            "s-ana,MA101,2026-11-20T10:00:00Z,42",
            "s-ben,MA101,2026-11-20T10:00:00Z,",
            "s-cy,nowhere,2026-11-20T10:00:00Z,3",
            "s-dee,MA101,last week,3",
            "s-ana,MA101,2026-11-20T10:00:00Z,42",
        ),
        name="grades.csv",
    )
    assert answer.status_code == 202, answer.text
    file = answer.json()
    assert (file["state"], file["lines"], file["done"], file["name"]) == ("waiting", 5, 0, "grades.csv")
    assert answer.headers["location"] == f"/sources/sis/files/{file['id']}"

    assert await worker(town).work()
    file = await seen(town, file["id"])
    assert (file["state"], file["done"]) == ("done", 5)
    assert counts(file) == {"accepted": 1, "ignored": 1, "held": 1, "refused": 1, "duplicated": 1}
    (refused,) = file["refusals"]
    assert (refused["line"], refused["column"]) == (5, "Graded")
    (event,) = await town.published()
    assert (event["learner"], event["data"]["activity"], event["data"]["score"]["raw"]) == ("ana", "urn:module:MA101", "42")

    answer = await town.ask("GET", f"/sources/sis/files/{file['id']}/refusals", "sources:read")
    assert answer.headers["content-type"].startswith("text/csv")
    head, line = answer.text.split("\r\n")[:2]
    assert head == "line,column,reason,id,status"
    assert line.startswith("5,Graded,")
    assert not await town.town.database[PARTS].count_documents({})


async def test_the_same_file_again_is_the_same_work_and_overlaps_are_duplicates(town: SourcesTown) -> None:
    first = await brought(town, table(*many(120)))
    assert (await brought(town, table(*many(120)))).status_code == 200
    await worker(town).work()
    again = await brought(town, table(*many(120)))
    assert (again.status_code, again.json()["id"], again.json()["state"]) == (200, first.json()["id"], "done")
    assert not await worker(town).work()

    overlapping = (await brought(town, table(*many(120, first=60)))).json()
    await worker(town).work()
    assert counts(await seen(town, overlapping["id"])) == {"duplicated": 60, "accepted": 60}
    assert len(await town.published()) == 180


async def test_of_those_who_bring_the_same_file_at_once_one_begins_the_work(town: SourcesTown) -> None:
    answers = await asyncio.gather(*(brought(town, table(*many(60))) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 202]
    await worker(town).work()
    assert counts(await seen(town, answers[0].json()["id"])) == {"accepted": 60}


async def test_a_dry_run_takes_nothing_and_shows_line_by_line_what_would_happen(town: SourcesTown) -> None:
    content = table(*many(70), "s-x,MA101,never,1")
    file = (await brought(town, content, dry_run=True)).json()
    await worker(town).work()
    file = await seen(town, file["id"])
    assert (file["dry_run"], file["state"], counts(file)) == (True, "done", {"accepted": 70, "refused": 1})

    path = f"/sources/sis/files/{file['id']}/lines"
    first = (await town.ask("GET", path, "sources:read", limit=60)).json()
    rest = (await town.ask("GET", path, "sources:read", limit=60, cursor=first["next"])).json()
    lines = first["items"] + rest["items"]
    assert [line["line"] for line in lines] == list(range(2, 73))
    assert rest["next"] is None
    assert lines[3]["events"][0]["data"]["activity"] == "urn:module:MA101"
    assert (lines[-1]["outcome"], lines[-1]["column"]) == ("refused", "Graded")
    assert not await town.published()
    assert not await town.counts("sis")

    assert (await brought(town, content)).status_code == 202
    await worker(town).work()
    assert (await town.counts("sis"))[Kind.ACCEPTED] == 70


@pytest.mark.parametrize("when", ["taken", "moved"])
async def test_a_file_that_was_killed_in_the_middle_goes_on_and_counts_every_line_once(town: SourcesTown, when: str) -> None:
    rows = many(5_000, scored=10)
    rows[3] = "s-l3,MA101,once,1"
    rows[2_701] = rows[2_700]
    file = (await brought(town, table(*rows))).json()
    done = 0

    async def dies(step: str) -> None:
        nonlocal done
        done += step == when
        if done == 14:
            raise Killed

    with pytest.raises(Killed):
        await worker(town, dies, portion=200).work()
    assert not await worker(town).work(), "somebody else may not take it up before the lease is over"
    await lease_is_over(town)
    middle = await seen(town, file["id"])
    assert middle["done"] == sum(middle["counts"].values()) == (2_600 if when == "taken" else 2_800)

    assert await worker(town, portion=200).work()
    file = await seen(town, file["id"])
    assert (file["state"], file["done"]) == ("done", 5_000)
    assert counts(file) == {"accepted": 500, "ignored": 4_498, "refused": 1, "duplicated": 1}
    assert len({event["id"] for event in await town.published()}) == 500


async def lease_is_over(town: SourcesTown) -> None:
    """As if the time of the lease had passed."""
    files = town.town.database["files"]
    found = await files.find_one({"state": "working"})
    assert found is not None
    await files.update_one({"_id": found["_id"]}, {"$set": {"lease_until": found["at"]}})


async def test_a_file_may_be_larger_than_other_requests_and_is_kept_sealed(town: SourcesTown) -> None:
    content = table(*many(30_000, scored=30_001))
    assert len(content) > 1_000_000
    answer = await brought(town, content, "text/csv; charset=iso-8859-1")
    assert (answer.status_code, answer.json()["lines"]) == (202, 30_000)
    parts = await town.town.database[PARTS].find({}).to_list(None)
    assert parts
    assert all(b"MA101" not in bytes(part["sealed"]) for part in parts)


async def test_two_instances_share_files_and_each_is_worked_on_by_one(town: SourcesTown) -> None:
    for start in (0, 1_000):
        await brought(town, table(*many(100, first=start)))
    shelf = Shelf(town.town.database, town.sources.vault)
    first, second = await shelf.lease(), await shelf.lease()
    assert first is not None
    assert second is not None
    assert first.file.id != second.file.id
    assert await shelf.lease() is None


async def test_whose_lease_was_taken_over_counts_nothing_any_more(town: SourcesTown) -> None:
    file = (await brought(town, table(*many(10)))).json()
    shelf: Shelf = Shelf(town.town.database, town.sources.vault)
    slow = await shelf.lease()
    assert slow is not None
    await lease_is_over(town)
    await worker(town).work()
    assert not await shelf.move(slow, 0, 10, {Kind.ACCEPTED: 10}, [])
    assert counts(await seen(town, file["id"])) == {"accepted": 10}


async def test_a_cancelled_file_stops_and_what_was_taken_stays(town: SourcesTown) -> None:
    file = (await brought(town, table(*many(100)))).json()

    async def stops(step: str) -> None:
        if step == "moved":
            (await town.ask("POST", f"/sources/sis/files/{file['id']}/cancel", "sources:write")).raise_for_status()

    await worker(town, stops).work()
    assert (await seen(town, file["id"]))["state"] == "cancelled"
    assert not await worker(town).work()
    assert (await seen(town, file["id"]))["done"] == 50
    assert await town.town.database[PARTS].count_documents({}) == 0

    assert (await brought(town, table(*many(100)))).status_code == 202
    await worker(town).work()
    assert counts(await seen(town, file["id"])) == {"duplicated": 50, "accepted": 50}


async def test_a_paused_source_is_waited_for(town: SourcesTown) -> None:
    file = (await brought(town, table(*many(3)))).json()
    await town.sources.registry.pause("sis", True)
    assert await worker(town).work()
    assert (await seen(town, file["id"]))["state"] == "waiting"


async def test_with_another_document_the_same_file_is_other_work(town: SourcesTown) -> None:
    content = table("s-ana,MA101,2026-11-20T10:00:00Z,42", "s-ben,ma102,2026-11-20T10:00:00Z,42")
    first = (await brought(town, content)).json()
    await worker(town).work()
    await town.register({**DOCUMENT, "activities": [{"matching": "(?P<module>[A-Za-z]+[0-9]+)", "is": "urn:module:{module}"}]})
    second = (await brought(town, content)).json()
    assert second["id"] != first["id"]
