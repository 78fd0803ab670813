"""Keys of sources: shown once, several at once, replaced without a gap, and nothing without one."""

from __future__ import annotations

import asyncio
import json
import logging
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.assessment.sources.signatures import signature
from tests.journeys.sources_desk import SourcesDesk, basic, document
from tests.platform.parts import Broker, DatabaseServer

EVENT = {
    "specversion": "1.0",
    "id": "e1",
    "type": "cairn.completion.reported.v1",
    "source": "urn:example:lms",
    "time": "2026-01-02T00:00:00Z",
    "data": {"learner": "ada", "activity": "urn:course:1", "status": "passed"},
}
DOOR = "/sources/lms/completions"


@pytest_asyncio.fixture
async def desk(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[SourcesDesk]:
    async with SourcesDesk.open(kafka, mongodb, database_name, prefix, tmp_path) as opened:
        await opened.register()
        yield opened


async def send(desk: SourcesDesk, headers: dict[str, str], path: str = DOOR, body: bytes | None = None) -> httpx.Response:
    content = json.dumps(EVENT).encode() if body is None else body
    return await desk.client.post(path, content=content, headers={"content-type": "application/cloudevents+json", **headers})


async def bearer(desk: SourcesDesk, key: str, secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {await desk.token(key, secret)}"}


def signed(secret: str, body: bytes, at: float | None = None, id_: str = "msg_1") -> dict[str, str]:
    stamp = str(int(at or time()))
    return {
        "webhook-id": id_,
        "webhook-timestamp": stamp,
        "webhook-signature": signature(secret.encode(), id_, stamp, body),
    }


async def test_a_secret_is_shown_once_and_nowhere_else(desk: SourcesDesk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        made = await desk.ask("POST", "/sources/lms/keys", {"kind": "secret", "note": "the plugin"})
        assert made.status_code == 201
        assert made.headers["cache-control"] == "no-store"
        secret = made.json()["secret"]
        key = made.json()["key"]["id"]
        assert (await send(desk, basic(key, secret))).status_code == 202
        token = await desk.token(key, secret)
        assert (await send(desk, basic(key, secret + "x"))).status_code == 401
        listed = (await desk.ask("GET", "/sources/lms/keys")).text
    kept = json.dumps(
        [await desk.database[name].find({}).to_list(None) for name in ("source_keys", "source_tokens")], default=str
    )
    for hidden in (secret, token):
        assert hidden not in listed
        assert hidden not in kept
        assert hidden not in caplog.text


async def test_last_use_and_failed_attempts_are_seen(desk: SourcesDesk) -> None:
    key, secret = await desk.key()
    assert (await desk.listed())[key]["last_used_at"] is None
    assert (await send(desk, basic(key, secret))).status_code == 202
    for _ in range(3):
        assert (await send(desk, basic(key, "wrong"))).status_code == 401
    shown = (await desk.listed())[key]
    assert shown["last_used_at"] is not None
    assert (shown["failures"], shown["last_failed_at"] is not None) == (3, True)


async def test_a_secret_is_replaced_without_a_gap(desk: SourcesDesk) -> None:
    old, old_secret = await desk.key()
    old_token = await bearer(desk, old, old_secret)
    credentials = basic(old, old_secret)
    stop = asyncio.Event()
    answers: list[int] = []

    async def system() -> None:
        while not stop.is_set():
            answers.append((await send(desk, credentials)).status_code)

    running = asyncio.create_task(system())
    new, new_secret = await desk.key()
    credentials = basic(new, new_secret)
    sent = len(answers)
    while len(answers) < sent + 5:
        await asyncio.sleep(0)
    retired = await desk.ask("POST", f"/sources/lms/keys/{old}/retire")
    assert retired.json()["live"] is False
    for leaked in (basic(old, old_secret), old_token):
        assert (await send(desk, leaked)).status_code == 401
    stop.set()
    await running
    assert set(answers) == {202}


async def test_a_key_is_good_until_the_time_at_which_it_is_retired(desk: SourcesDesk) -> None:
    key, secret = await desk.key()
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    planned = await desk.ask("POST", f"/sources/lms/keys/{key}/retire", {"at": later})
    assert planned.json()["live"] is True
    assert (await send(desk, basic(key, secret))).status_code == 202
    now = await desk.ask("POST", f"/sources/lms/keys/{key}/retire")
    assert now.json()["live"] is False
    again = await desk.ask("POST", f"/sources/lms/keys/{key}/retire", {"at": later})
    assert again.json()["live"] is False, "what is over stays over"
    assert (await send(desk, basic(key, secret))).status_code == 401
    past = {"at": "2020-01-01T00:00:00Z"}
    assert (await desk.ask("POST", f"/sources/lms/keys/{key}/retire", past)).status_code == 422
    assert (await desk.ask("POST", "/sources/lms/keys/key-none/retire")).status_code == 404


async def test_a_key_that_is_used_while_it_is_retired_opens_nothing_afterwards(desk: SourcesDesk) -> None:
    key, secret = await desk.key()
    many = [send(desk, basic(key, secret)) for _ in range(20)]
    retire = desk.ask("POST", f"/sources/lms/keys/{key}/retire")
    *answers, _ = await asyncio.gather(*many, retire)
    assert {answer.status_code for answer in answers} <= {202, 401}
    assert (await send(desk, basic(key, secret))).status_code == 401


async def test_without_a_good_credential_nothing_tells_what_there_is(desk: SourcesDesk) -> None:
    key, secret = await desk.key()
    hook, _ = await desk.key(kind="webhook")
    attempts = [
        {},
        basic(key, "wrong"),
        basic("key-nobodys", secret),
        basic(hook, secret),
        {"authorization": "Basic ???"},
        {"authorization": "Bearer nonsense"},
        {"authorization": f"Bearer {desk.keys.token('completions:publish')}"},
        {"authorization": "Digest x"},
    ]
    for headers in attempts:
        answer = await send(desk, headers)
        assert answer.status_code == 401, headers
        assert answer.headers["www-authenticate"].startswith("Basic")
        assert answer.headers["content-type"] == "application/problem+json"
    loop = asyncio.get_running_loop()
    for id_ in (key, "key-nobodys"):
        begun = loop.time()
        await send(desk, basic(id_, "wrong"))
        assert loop.time() - begun >= 0.05
    assert (await send(desk, {}, "/sources/nobody/completions")).status_code == 401


async def test_a_key_opens_its_own_sources_doors_only(desk: SourcesDesk) -> None:
    key, secret = await desk.key()
    await desk.register("other")
    assert (await send(desk, basic(key, secret), "/sources/other/completions")).status_code == 403
    assert (await send(desk, basic(key, secret), "/sources/nobody/completions")).status_code == 404
    await desk.register("learning", format="moodle")
    moodle, its_secret = await desk.key("learning")
    answer = await send(desk, basic(moodle, its_secret), "/completions")
    assert answer.status_code == 403
    assert "registered for Moodle" in answer.json()["detail"]
    assert (await desk.ask("POST", "/sources/lms/pause")).json()["paused"] is True
    paused = await send(desk, basic(key, secret))
    assert (paused.status_code, "retry-after" in paused.headers) == (503, True)
    await desk.ask("POST", "/sources/lms/resume")
    assert (await send(desk, basic(key, secret))).status_code == 202


async def test_a_webhook_is_taken_if_a_live_key_signed_it_within_five_minutes(desk: SourcesDesk) -> None:
    _, first = await desk.key(kind="webhook")
    second_key, second = await desk.key(kind="webhook")
    body = json.dumps(EVENT).encode()
    for secret in (first, second):
        assert (await send(desk, signed(secret, body), body=body)).status_code == 202
    both = signed(first, body) | {"webhook-signature": f"v1a,xyz v1,AAAA {signed(second, body)['webhook-signature']}"}
    assert (await send(desk, both, body=body)).status_code == 202
    refused: list[dict[str, str]] = [
        signed(first, body, time() - 301),
        signed(first, body, time() + 330),
        signed(first, body + b" "),
        signed(first, body) | {"webhook-id": "another"},
        signed("whsec_" + b64encode(b"x" * 32).decode(), body),
        signed(first, body) | {"webhook-timestamp": "soon"},
        {name: value for name, value in signed(first, body).items() if name != "webhook-timestamp"},
    ]
    for headers in refused:
        answer = await send(desk, headers, body=body)
        assert answer.status_code == 401, headers
    await desk.ask("POST", f"/sources/lms/keys/{second_key}/retire")
    assert (await send(desk, signed(second, body), body=body)).status_code == 401
    assert (await send(desk, signed(first, body), body=body)).status_code == 202


async def test_a_source_has_the_kinds_of_keys_that_its_format_has(desk: SourcesDesk) -> None:
    for wrong in (
        {"kind": "public_key"},
        {"kind": "secret", "jwks": {"keys": []}},
        {"kind": "public_key", "jwks": {"keys": []}},
        {"kind": "public_key", "jwks_uri": "http://169.254.169.254/keys"},
        {"kind": "public_key", "jwks_uri": "https://localhost/keys"},
        {"kind": "public_key", "jwks_uri": "file:///etc/passwd"},
        {"kind": "password"},
    ):
        assert (await desk.ask("POST", "/sources/lms/keys", wrong)).status_code == 422, wrong
    bus: dict[str, Any] = {"format": "openedx"}
    if (await desk.ask("PUT", "/sources/bus", document("bus", **bus))).status_code == 201:
        none = await desk.ask("POST", "/sources/bus/keys", {"kind": "secret"})
        assert (none.status_code, "has none" in none.json()["detail"]) == (409, True)
    for _ in range(19):
        await desk.key()
    await desk.key()
    assert (await desk.ask("POST", "/sources/lms/keys", {"kind": "secret"})).status_code == 409
