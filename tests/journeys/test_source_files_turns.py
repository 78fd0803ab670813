"""Files of sources share the work: they take turns, and what a source brings with its key waits for room in its quota."""

from __future__ import annotations

import asyncio

import httpx

from services.assessment.sources.files.files import MOST_GOING
from tests.journeys.sources_town import SourcesTown
from tests.journeys.test_source_files import DOCUMENT, brought, counts, many, seen, table, worker
from tests.journeys.test_source_files import town as town

Key = tuple[str, str]


async def key_of(town: SourcesTown, source: str = "sis") -> Key:
    made = await town.sources.keys.make(source, "secret", "staff")
    return made.key.id, made.secret or ""


async def by_key(town: SourcesTown, key: Key, content: bytes) -> httpx.Response:
    return await town.client.post("/sources/sis/files", content=content, headers={"content-type": "text/csv"}, auth=key)


async def test_a_large_file_keeps_no_other_one_waiting(town: SourcesTown) -> None:
    await town.register({**DOCUMENT, "source": "other"})
    large = (await brought(town, table(*many(3_000, scored=30)))).json()["id"]
    others = (await brought(town, table(*many(1)), source="other")).json()["id"]
    second = (await brought(town, table(*many(1, first=5_000)))).json()["id"]
    works = worker(town, portion=20, turn=0)

    for _ in range(3):
        await works.work()
    assert (await seen(town, others, "other"))["state"] == "done"
    assert (await seen(town, second))["state"] == "done"
    middle = await seen(town, large)
    assert 0 < middle["done"] < 3_000

    while await works.work():
        pass
    assert counts(await seen(town, large)) == {"accepted": 100, "ignored": 2_900}


async def test_of_a_file_that_others_went_on_with_every_line_counts_once(town: SourcesTown) -> None:
    await town.register({**DOCUMENT, "source": "other"})
    files = {source: (await brought(town, table(*many(100)), source=source)).json()["id"] for source in ("sis", "other")}
    workers = [worker(town, portion=10, turn=0) for _ in range(2)]
    for _ in range(30):
        for works in workers:
            await works.work()
    for source, file in files.items():
        assert counts(await seen(town, file, source)) == {"accepted": 100}
    assert len({(event["source"], event["id"]) for event in await town.published()}) == 200


async def test_what_a_source_brings_waits_for_room_in_its_quota_and_nothing_is_refused(town: SourcesTown) -> None:
    await town.register({**DOCUMENT, "quota": {"per_minute": 10}})
    file = (await by_key(town, await key_of(town), table(*many(35)))).json()["id"]
    works = worker(town)
    assert await works.work()
    found = await seen(town, file)
    assert found["state"] == "waiting"
    assert found["done"] in (10, 20), "20 where a minute ended meanwhile"
    assert not await works.work()

    for _ in range(3):
        await a_minute_passes(town, file)
        await works.work()
    found = await seen(town, file)
    assert (found["state"], counts(found)) == ("done", {"accepted": 35})


async def a_minute_passes(town: SourcesTown, file: str) -> None:
    database = town.town.database
    found = await database["files"].find_one({"_id": file})
    assert found is not None
    await database["files"].update_one({"_id": file}, {"$set": {"lease_until": found["at"]}})
    await database["source_quotas"].delete_many({})


async def test_what_staff_brings_waits_for_no_quota(town: SourcesTown) -> None:
    await town.register({**DOCUMENT, "quota": {"per_minute": 10}})
    file = (await brought(town, table(*many(35)))).json()["id"]
    await worker(town).work()
    assert counts(await seen(town, file)) == {"accepted": 35}
    assert sum(await town.sources.gate.quotas.last_hour(DOCUMENT["source"])) == 35


async def test_only_so_many_files_of_a_source_may_wait(town: SourcesTown) -> None:
    key = await key_of(town)
    contents = [table(*many(1, first=n)) for n in range(MOST_GOING + 4)]
    answers = await asyncio.gather(*(by_key(town, key, content) for content in contents))
    taken = [answer for answer in answers if answer.status_code == 202]
    refused = next(content for content, answer in zip(contents, answers, strict=True) if answer.status_code == 429)
    assert len(taken) == MOST_GOING
    assert all(int(answer.headers["retry-after"]) > 0 for answer in answers if answer.status_code == 429)

    known = contents[answers.index(taken[0])]
    assert (await by_key(town, key, known)).status_code == 200, "how far it is may be asked all the same"
    assert (await brought(town, table(*many(1, first=900)))).status_code == 202, "staff is not kept from bringing files"
    assert (await town.client.post(f"{taken[0].headers['location']}/cancel", auth=key)).status_code == 200
    assert (await by_key(town, key, refused)).status_code == 202
