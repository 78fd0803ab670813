"""Requests of sources that cannot be read as a whole are seen where one looks, and answered as the door's own protocol has it."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from services.assessment.sources.claims import Kind
from tests.journeys.sources_desk import SourcesDesk, basic
from tests.platform.parts import Broker, DatabaseServer

TYPES = {"ags": "application/vnd.ims.lis.v1.score+json", "cloudevents": "application/cloudevents-batch+json"}
DOORS = {
    "xapi": "/xapi/statements",
    "caliper": "/sources/caliper/caliper",
    "canvas": "/sources/canvas/canvas",
    "moodle": "/sources/moodle/moodle",
    "oneroster": "/sources/oneroster/oneroster",
    "ags": "/ags/lineitems/pendulum/scores",
    "cloudevents": "/completions",
}


@pytest_asyncio.fixture
async def desk(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[SourcesDesk]:
    async with SourcesDesk.open(kafka, mongodb, database_name, prefix, tmp_path) as opened:
        yield opened


async def test_a_request_that_cannot_be_read_is_one_refused_with_its_reason_on_the_sources_account(desk: SourcesDesk) -> None:
    for format_, path in DOORS.items():
        options = {"options": {"platform": "https://lms.example.edu"}} if format_ == "ags" else {}
        await desk.register(format_, format=format_, **options)
        headers = basic(*await desk.key(format_)) | {"x-experience-api-version": "1.0.3"}
        said = []
        for kind, body in ((TYPES.get(format_, "application/json"), b'{"half'), ("image/png", b"{}")):
            answer = await desk.client.post(path, content=body, headers=headers | {"content-type": kind})
            assert answer.status_code in (400, 415), answer.text
            said.append((answer.status_code, answer.json()["detail"]))
        assert await desk.town.counts(format_) == {Kind.REFUSED: 2}
        assert sorted((one["status"], one["reason"]) for one in await desk.sources.accounts.refusals(format_)) == sorted(said)


async def test_a_request_that_is_not_admitted_or_whose_sender_is_not_known_counts_for_nobody(desk: SourcesDesk) -> None:
    await desk.register("lms", quota={"per_minute": 1})
    headers = basic(*await desk.key("lms")) | {"content-type": "application/cloudevents+json"}
    first, second = [await desk.client.post("/completions", content=b"{", headers=headers) for _ in range(2)]
    assert (first.status_code, second.status_code) in ((400, 429), (400, 400))  # the minute may have ended in between
    wrong = headers | basic("key-1", "guessed")
    assert (await desk.client.post("/completions", content=b"{", headers=wrong)).status_code == 401
    assert sum((await desk.town.counts("lms")).values()) == [first.status_code, second.status_code].count(400)


async def test_a_file_that_cannot_be_read_is_seen_and_a_trial_of_it_is_not(desk: SourcesDesk) -> None:
    options = {"learner": [{"column": "Who"}], "activity": "What", "time": {"column": "When"}, "status_is": "passed"}
    await desk.register("sis", format="csv", options=options)
    for dry_run in ("true", "false"):
        answer = await desk.ask("POST", f"/sources/sis/files?dry_run={dry_run}", "Who;What;When", content_type="text/csv")
        assert answer.status_code == 422, answer.text
    assert await desk.town.counts("sis") == {Kind.REFUSED: 1}


async def test_what_is_compressed_is_told_to_come_as_it_is(desk: SourcesDesk) -> None:
    await desk.register("lms")
    headers = basic(*await desk.key("lms")) | {"content-type": TYPES["cloudevents"], "content-encoding": "gzip"}
    institutions = {"authorization": f"Bearer {desk.keys.token('completions:publish')}"}
    for given in (headers, headers | institutions):
        answer = await desk.client.post("/completions", content=gzip.compress(b"[]"), headers=given)
        assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")
        assert "Content-Encoding" in answer.json()["detail"]


@pytest.mark.parametrize("said", ["1.0.3", "2.0.0"])
async def test_whatever_is_answered_to_a_record_stores_client_says_which_version_it_is(desk: SourcesDesk, said: str) -> None:
    headers = {"x-experience-api-version": said, "content-type": "application/json"}
    for path, body, status in (
        ("/xapi/statements", b"x" * 1_000_001, 413),
        ("/xapi/statements", b"[]", 401),
        ("/xapi/nothing", b"", 404),
    ):
        answer = await desk.client.post(path, content=body, headers=headers)
        assert (answer.status_code, answer.headers.get_list("x-experience-api-version")) == (status, [said])
