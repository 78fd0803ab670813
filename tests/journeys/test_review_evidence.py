"""Files as evidence, and that nothing which was handed in waits unseen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio
import uvicorn
from fastapi import FastAPI, Request, Response

from deploy.local.ports import free_port
from services.assessment.reviews.messages import Messenger
from services.assessment.sources.signatures import signed_with
from tests.journeys.reviews_town import GOOD, ReviewsTown, weaving
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

PDF = b"%PDF-1.7\n1 0 obj << >> endobj\n%%EOF"
SECRET = b"whsec_" + b"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="


@pytest_asyncio.fixture
async def town(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[ReviewsTown]:
    async with ReviewsTown.open(kafka, mongodb, database_name, prefix, tmp_path) as opened:
        await opened.at.town.publish(weaving())
        yield opened


async def test_a_file_is_kept_sealed_and_given_back_as_it_was(town: ReviewsTown) -> None:
    id_ = await town.draft()
    added = await town.upload(id_, "proof.exe", PDF)
    (file,) = added.json()["evidence"]["files"]
    assert (added.status_code, file["name"], file["type"], file["size"]) == (201, "proof.exe.pdf", "application/pdf", len(PDF))
    kept = await town.at.town.database["evidence"].find_one({})
    assert kept is not None
    assert PDF not in bytes(kept["content"])
    path = f"/submissions/{id_}/files/{file['id']}"
    answer = await town.ask("GET", path, who="ada")
    assert answer.content == PDF
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith('attachment; filename="proof.exe.pdf"')
    assert (answer.headers["x-content-type-options"], "sandbox" in answer.headers["content-security-policy"]) == ("nosniff", True)
    assert (await town.ask("GET", path, "reviews:assess", who="tutor")).status_code == 404, "a draft is the learner's"
    assert (await town.ask("DELETE", path, who="ada")).json()["evidence"]["files"] == []
    assert await town.at.town.database["evidence"].count_documents({}) == 0


async def test_files_that_cant_be_taken_are_refused_with_the_reason_and_leave_nothing(town: ReviewsTown) -> None:
    id_ = await town.draft()
    assert (await town.upload(id_, "essay.pdf", b"MZ\x90\x00")).status_code == 415
    assert (await town.upload(id_, "essay.pdf", b"%PDF-" + bytes(10_000_000))).status_code == 413
    assert (await town.upload(id_, "a.txt", b"a" * 9_999_999)).status_code == 201
    for n in range(4):
        (await town.upload(id_, f"{n}.txt", b"%d" % n)).raise_for_status()
    full, twice = await town.upload(id_, "6.txt", b"six"), await town.upload(id_, "again.txt", b"1")
    assert (full.status_code, twice.status_code) == (409, 409)
    assert (await town.upload(id_, "b.txt", b"b", who="bob")).status_code == 404
    (await town.ask("POST", f"/submissions/{id_}/handing-in", who="ada")).raise_for_status()
    assert (await town.upload(id_, "late.txt", b"late")).status_code == 409
    assert await town.at.town.database["evidence"].count_documents({}) == 5


async def test_files_that_no_submission_has_are_tidied_away(town: ReviewsTown) -> None:
    id_ = await town.draft()
    (await town.upload(id_, "a.txt", b"a")).raise_for_status()
    await town.reviews.office.files.keep(id_, "lost", "ada", b"lost", town.clock())
    await town.reviews.office.files.keep("nothing", "lost", "ada", b"lost", town.clock())
    town.clock.ahead = timedelta(days=2)
    await town.reviews.upkeep.tidy()
    assert await town.at.town.database["evidence"].count_documents({}) == 1
    (await town.ask("POST", f"/submissions/{id_}/withdrawal", who="ada", body={})).raise_for_status()
    town.clock.ahead = timedelta(days=40)
    await town.reviews.upkeep.tidy()
    assert await town.at.town.database["evidence"].count_documents({}) == 0


async def test_links_are_taken_only_as_addresses_of_pages(town: ReviewsTown) -> None:
    id_ = await town.draft()
    for link in ("javascript:alert(1)", "https://ada:secret@example.edu/", "https://", "https://a b", 'https://x/"><script>'):
        assert (await town.give(id_, links=[link])).status_code == 422, link
    assert (await town.give(id_, links=["https://example.edu/?a=b#c"])).status_code == 200


async def test_what_waits_for_too_long_is_seen_and_reminded_of_again_and_again(town: ReviewsTown) -> None:
    async with _messenger(town) as heard:
        id_ = await town.handed_in()
        await town.reviews.upkeep.once()
        assert [one["type"] for one in heard] == ["review.handed_in"]
        town.clock.ahead = timedelta(days=8)
        for _ in range(3):
            await town.reviews.upkeep.once()
        (waiting,) = (await town.ask("GET", "/reviews/waiting", "reviews:read", who="dean")).json()
        assert (waiting["waiting"], waiting["overdue"]) == (1, 1)
        (queued,) = (await town.ask("GET", "/reviews/queue", "reviews:assess", who="tutor")).json()["items"]
        assert queued["overdue"] is True
        assert [one["type"] for one in heard] == ["review.handed_in", "review.overdue"]
        assert heard[-1]["data"]["submission"] == id_
        assert "has waited for an assessor since" in heard[-1]["text"]
        town.clock.ahead = timedelta(days=16)
        await town.reviews.upkeep.once()
        assert len(heard) == 3
        await town.judged(id_, GOOD)
        town.clock.ahead = timedelta(days=60)
        await town.reviews.upkeep.once()
        assert [one["type"] for one in heard][3:] == [], "what was decided long ago is no news, and nothing waits"
        assert (await town.ask("GET", "/reviews/waiting", "reviews:read", who="dean")).json() == []


async def test_the_learner_is_told_of_by_an_opaque_id_and_nothing_that_was_written(town: ReviewsTown) -> None:
    async with _messenger(town) as heard:
        id_ = await town.handed_in(text="My name is Ada Lovelace.")
        await town.assess(id_, "seat")
        await town.assess(id_, "question", {"question": "Where are the sources, Ada Lovelace?"})
        await town.reviews.upkeep.once()
    (said,) = heard
    assert (said["type"], said["data"]["learner"], said["data"]["state"]) == ("review.asked", "ada", "asked")
    assert "Lovelace" not in str(said)


async def test_what_a_messenger_did_not_take_is_told_again(town: ReviewsTown) -> None:
    await town.draft("bob")
    await town.handed_in()
    town.reviews.upkeep.messenger = Messenger(f"http://127.0.0.1:{free_port()}/hook", "http://cairn", SECRET)
    await town.reviews.upkeep.once()
    assert await town.at.town.database["submissions"].count_documents({"notice": "handed_in"}) == 1
    async with _messenger(town) as heard:
        await town.reviews.upkeep.once()
        assert heard == [], "who did not answer is left alone for a minute"
        town.reviews.upkeep.quiet_until = 0.0
        await town.reviews.upkeep.once()
    assert [one["type"] for one in heard] == ["review.handed_in"]


@asynccontextmanager
async def _messenger(town: ReviewsTown) -> AsyncIterator[list[dict[str, Any]]]:
    """A messenger that takes what is signed as it should be; the list has what it took."""
    heard: list[dict[str, Any]] = []
    app = FastAPI()

    @app.post("/hook")
    async def hook(request: Request) -> Response:
        stamp = int(request.headers["webhook-timestamp"])
        assert abs(stamp - time.time() - town.clock.ahead.total_seconds()) < 60
        assert signed_with(request.headers, await request.body(), [("key", SECRET)], stamp) == "key"
        heard.append(await request.json())
        return Response(status_code=204)

    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started, within=20)
    messenger = Messenger(f"http://127.0.0.1:{port}/hook", "http://cairn", SECRET)
    town.reviews.upkeep.messenger = messenger
    try:
        yield heard
    finally:
        await messenger.close()
        server.should_exit = True
        await serving
