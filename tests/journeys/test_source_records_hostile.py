"""Whatever is asked of what came in gets an answer that says what is wrong."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.journeys.sources_town import SourcesTown
from tests.journeys.test_source_held import LRS, statement
from tests.platform.parts import Broker, DatabaseServer

ALL = ("sources:read", "sources:write", "originals:read", "directory:write")
IDS = ("none", "%00", "%FF", "a%2Fb", "x" * 700, "..", "%F0%9F%AA%A8", "$where", "%7B%22%24ne%22%3A1%7D")
BODIES = (
    b"",
    b"nothing",
    b"[]",
    b"{}",
    b"null",
    b"[null, 1, {}]",
    b'[{"kind": "\\ud800", "name": "\\u0000", "learner": "a"}]',
    b'[{"kind": {"$ne": 1}, "name": "x", "learner": "a"}]',
    b'[{"kind": "k", "name": "x", "learner": "two words"}]',
    b'{"ids": ["\\ud800"], "reason": "because"}',
    b'{"activity": "\\u0000", "reason": "because"}',
    b'{"ids": [1], "activity": 2, "reason": " "}',
    b'{"since": "0001-01-01T00:00:00Z", "until": "9999-12-31T23:59:59Z"}',
    b'{"since": "9999-12-31T23:59:59-14:00"}',
    b'{"dry_run": "perhaps"}',
    b"[" * 2_000 + b"]" * 2_000,
    b"1e999",
)
QUERIES = ("cursor=x", "cursor=WyJhIiwiYiJd", "limit=0", "from=0001-01-01&to=9999-12-31", "from=x", "to=0001-01-01", "limit=5")


@pytest_asyncio.fixture
async def town(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[SourcesTown]:
    async with SourcesTown.open(kafka, mongodb, database_name, prefix, tmp_path) as opened:
        yield opened


async def test_no_question_is_too_strange_for_an_answer(town: SourcesTown) -> None:
    source, _, _ = await town.register(LRS)
    await town.take(source, statement(1))
    reading = ["/sources/lrs/held", "/sources/lrs/accounts", "/accounts", "/sources/lrs/held/summary", "/sources/lrs/reruns"]
    paths = [("GET", f"{path}?{query}", b"") for path, query in itertools.product(reading, QUERIES)]
    named = ["/sources/lrs/originals/{}", "/learners/ada/entries/lrs/{}/original", "/learners/{}/entries/lrs/x/original"]
    named += ["/sources/lrs/reruns/{}", "/sources/{}/held", "/directories/{}", "/learners/ada/entries/{}/x/original"]
    paths += [("GET", path.format(id_), b"") for path, id_ in itertools.product(named, IDS)]
    asking = [("PUT", "/directories/lrs/names"), ("DELETE", "/directories/lrs/names"), ("POST", "/directories/lrs/lookups")]
    asking += [("POST", "/sources/lrs/held/discard"), ("POST", "/sources/lrs/reruns")]
    paths += [(method, path, body) for (method, path), body in itertools.product(asking, BODIES)]
    headers = {"authorization": f"Bearer {town.town.keys.token(*ALL)}", "content-type": "application/json"}
    strange = []
    for method, path, body in paths:
        answer = await town.client.request(method, path, headers=headers, content=body)
        said = answer.json()
        if answer.status_code >= 500 or (answer.status_code in (400, 422) and not said.get("detail", said.get("errors"))):
            strange.append((method, path, body[:60], answer.status_code, said))
    assert strange == []
