"""A running platform is looked through, reading only: what was spoiled behind a service's back is named, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from deploy.consistency.looking import Result, look
from deploy.demo.cohort import cohort
from shared.mongo import Document
from shared.settings import Settings
from tests.journeys.campus import Campus

pytestmark = pytest.mark.asyncio(loop_scope="module")

LEARNERS: Final = 6
PATIENCE: Final = 10.0

Change = Callable[[Document], Document | None]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def campus(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Campus]:
    people = cohort(learners=LEARNERS)
    async with Campus.open(tmp_path_factory.mktemp("campus")) as opened:
        await opened.publish_catalog()
        await opened.office.enter_contacts([person.contact() for person in people.people])
        await opened.send(people.completions)
        await opened.settled(within=240)
        yield opened


async def looked(campus: Campus) -> Result:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in campus.platform.environment().items():
            environment.setenv(name, value)
        settings = Settings.read()
    return await look(settings, PATIENCE)


@asynccontextmanager
async def spoiled(
    campus: Campus, service: str, collection: str, change: Callable[[Document], Document | None]
) -> AsyncIterator[Document]:
    """One document of a collection is another, or gone, for as long as this is entered; it is as it was afterwards."""
    async with campus.database(service) as database:
        found = await database[collection].find({}).sort("_id", 1).to_list(None)
        before, after = next((one, made) for one in found if (made := change(dict(one))) != one)
        if after is None:
            await database[collection].delete_one({"_id": before["_id"]})
        else:
            await database[collection].replace_one({"_id": before["_id"]}, after)
        try:
            yield before
        finally:
            await database[collection].replace_one({"_id": before["_id"]}, before, upsert=True)


def other_than(used: Collection[object], change: Change) -> Change:
    """The change, of a document that was not changed before."""
    return lambda document: document if document["_id"] in used else change(document)


def gone(_: Document) -> None:
    return None


def with_(**members: Any) -> Callable[[Document], Document]:
    return lambda document: {**document, **members}


def never_met(record: Document) -> Document:
    """A record of assessment that knows of no verdict any more."""
    return {**record, "verdicts": ""} if record.get("verdicts") else record


SPOILED: Final = (
    ("assessment", "entries", gone, "records to entries"),
    ("assessment", "entries", with_(digest="0" * 16), "records to entries"),
    ("assessment", "records", never_met, "entries to verdicts"),
    ("awarding", "awards", gone, "awards to their collection"),
    ("awarding", "awards", with_(status="revoked"), "awards to their collection"),
    ("awarding", "progress", gone, "standings to their collection"),
    ("awarding", "credentials", gone, "credentials to their collection"),
    ("awarding", "credentials", with_(edition=99), "credentials to their collection"),
    ("notifications", "inbox", gone, "facts to inboxes"),
    ("notifications", "deliveries", gone, "facts to deliveries"),
    ("catalog", "versions", with_(revision=99), "versions to their topic"),
)


async def test_a_platform_that_did_its_work_is_consistent(campus: Campus) -> None:
    result = await looked(campus)
    assert (result.differences, result.behind) == ([], [])
    assert result.learners == LEARNERS - 1  # of one there are no completions


async def test_whatever_was_spoiled_is_named_and_nothing_else(campus: Campus) -> None:
    async with AsyncExitStack() as all_of_it:
        before: dict[object, Document] = {}
        for service, collection, change, _ in SPOILED:
            one = await all_of_it.enter_async_context(spoiled(campus, service, collection, other_than(before, change)))
            before[one["_id"]] = one
        found = (await looked(campus)).differences
    assert {kind for *_, kind in SPOILED} <= {one.kind for one in found}
    spoilt = {str(one.get("learner", id_)) for id_, one in before.items()}
    assert spoilt == {one.learner or one.subject for one in found}
    assert (await looked(campus)).differences == []


async def test_a_place_in_a_status_list_that_was_given_twice_is_named(campus: Campus) -> None:
    async with campus.database("awarding") as database:
        first, second = (await database["credentials"].find({}).sort("_id", 1).to_list(None))[:2]
    place = {"list": first["list"], "index": first["index"]}
    async with spoiled(campus, "awarding", "credentials", lambda one: {**one, **place} if one["_id"] == second["_id"] else one):
        found = [one for one in (await looked(campus)).differences if one.kind == "status lists"]
    assert [one.subject for one in found] == [f"{first['list']} {first['index']}"]


async def test_the_command_says_it_and_ends_accordingly(campus: Campus) -> None:
    def asked() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "deploy.consistency", "--patience", "10"]
        return subprocess.run(
            command, env=campus.platform.environment(), capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[2]
        )

    well = asked()
    assert (well.returncode, well.stdout.splitlines()[-1].endswith(" 0 differences")) == (0, True), well.stdout + well.stderr
    async with spoiled(campus, "awarding", "awards", gone) as before:
        ill = asked()
    assert ill.returncode == 1
    assert f"awards to their collection: {before['_id']} of {before['learner']}" in ill.stdout
