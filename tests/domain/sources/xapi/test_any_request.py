"""Whatever body comes, it is read as statements or answered with 400 and a reason."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from services.assessment.sources.doors.attachments import content_of
from services.assessment.sources.doors.multipart import parts_of
from shared.http import Problem
from tests.domain.sources.xapi.statements import JSON, STATEMENTS

BODIES = st.lists(STATEMENTS | JSON, max_size=2) | STATEMENTS | JSON
MIXED = 'multipart/mixed; boundary="x"'


def request(body: bytes, content_type: str) -> Request:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({"type": "http", "headers": [(b"content-type", content_type.encode())]}, receive)


def read(body: bytes, content_type: str) -> None:
    assert _refused(body, content_type) in (None, 400)


def _refused(body: bytes, content_type: str) -> int | None:
    try:
        asyncio.run(content_of(request(body, content_type)))
    except Problem as problem:
        return problem.status if problem.detail else 0
    return None


@given(
    st.binary(max_size=200),
    st.sampled_from(["application/json", MIXED, "multipart/mixed", "text/plain", "", "multipart/mixed;="]),
)
def test_bytes_are_statements_or_answered_with_a_reason(body: bytes, content_type: str) -> None:
    read(body, content_type)


@given(BODIES, st.binary(max_size=60), st.sampled_from(["application/json", "text/plain"]), st.sampled_from(["", "aa", "a" * 64]))
def test_parts_are_statements_with_their_attachments_or_answered_with_a_reason(
    content: Any, data: bytes, kind: str, hashed: str
) -> None:
    said = json.dumps(content, default=float).encode()
    head = f"Content-Type: {kind}".encode()
    second = f"X-Experience-API-Hash: {hashed}".encode()
    read(b"--x\r\n" + head + b"\r\n\r\n" + said + b"\r\n--x\r\n" + second + b"\r\n\r\n" + data + b"\r\n--x--\r\n", MIXED)
    read(said, "application/json")


@given(st.lists(st.binary(max_size=50).filter(lambda data: b"--x" not in data), min_size=1, max_size=4))
def test_what_is_put_into_parts_comes_out_of_them(bodies: list[bytes]) -> None:
    body = b"".join(b"--x\r\nContent-Type: text/plain\r\n\r\n" + data + b"\r\n" for data in bodies) + b"--x--\r\n"
    assert [bytes(part.body) for part in parts_of(request(body, MIXED), body)] == bodies
