"""Whatever is brought to the door of proofs that is no credential: a refusal that says why, and nothing stored."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.credentials.baked_png import bake_png
from tests.domain.credentials.test_baking import PNG
from tests.domain.sources.anything import JSON
from tests.domain.sources.proofs.badges import credential, source
from tests.journeys.sources_town import SourcesTown
from tests.platform.parts import Broker, DatabaseServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

JSON_TYPE: Final = "application/json"
KINDS: Final = (JSON_TYPE, "text/plain", "application/vc+ld+json", "application/vc+jwt", "image/png", "image/svg+xml")
HOSTILE: Final[list[tuple[str, bytes, int]]] = [
    (JSON_TYPE, b"", 400),
    (JSON_TYPE, b"\xff\xfe", 400),
    (JSON_TYPE, b"[" * 50_000, 400),
    (JSON_TYPE, b'{"credential": 7}', 422),
    (JSON_TYPE, b'{"credential": {"id": "\\ud800"}}', 400),
    (JSON_TYPE, b'{"credential": {}, "email": ["a@b"]}', 422),
    (JSON_TYPE, b'{"credential": {}, "learner": "' + b"x" * 600 + b'"}', 422),
    (JSON_TYPE, b'{"credential": {}, "credential": {}}', 400),
    (JSON_TYPE, b'{"credential": "' + b"x" * 2_100_000 + b'"}', 413),
    ("text/plain", b"x" * 2_100_000, 422),
    ("text/plain", b"https://example.org/credential", 422),
    ("image/png", PNG, 422),
    ("image/png", PNG[:20], 422),
    ("image/png", bake_png(PNG, "nonsense"), 422),
    ("image/png", b"x" * 8_200_000, 413),
    ("image/svg+xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><svg>&a;</svg>", 422),
    ("application/pdf", b"%PDF-1.7", 415),
    ("multipart/form-data", b"--x", 400),
    ("multipart/form-data; boundary=x", b"--x--", 422),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\na\r\n--x--\r\n', 422),
    ("application/x-www-form-urlencoded", b"credential=x", 415),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(kafka: Broker, mongodb: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SourcesTown]:
    name = uuid4().hex[:10]
    folder: Path = tmp_path_factory.mktemp("hostile")
    async with SourcesTown.open(kafka, mongodb, f"t_{name}", f"t-{name}.", folder) as opened:
        await opened.register(source(), None)
        yield opened


async def refused(town: SourcesTown, kind: str, body: bytes) -> int:
    """The status of the refusal."""
    headers = {"authorization": f"Bearer {town.town.keys.token(learner='ada')}", "content-type": kind}
    answer = await town.client.post("/sources/elsewhere/proofs", content=body, headers=headers)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    return answer.status_code


@pytest.mark.parametrize(("kind", "body", "status"), HOSTILE, ids=[f"{kind} {body[:20]!r}" for kind, body, _ in HOSTILE])
async def test_what_is_no_credential_is_refused_with_a_reason(town: SourcesTown, kind: str, body: bytes, status: int) -> None:
    assert await refused(town, kind, body) == status


async def test_nothing_of_all_that_is_stored(town: SourcesTown) -> None:
    tried: list[tuple[str, bytes]] = []

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(KINDS), st.one_of(st.binary(max_size=60), JSON.map(text_of), st.just(text_of(credential()))))
    def gather(kind: str, body: bytes) -> None:
        tried.append((kind, body))

    gather()
    for kind, body in tried:
        await refused(town, kind, body)
    for collection in ("originals", "proofs", "held", "outbox"):
        assert await town.town.database[collection].count_documents({}) == 0
    assert await town.published() == []


def text_of(value: Any) -> bytes:
    return json.dumps({"credential": value}, default=str).encode()
