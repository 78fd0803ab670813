"""What is on a source's topic becomes an original, or is refused for what it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import fastavro
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.sources.claims import Wrong
from services.assessment.sources.topics import wire
from services.assessment.sources.topics.messages import Later, Message
from services.assessment.sources.topics.schemas import Schemas, UnknownSchema
from services.assessment.sources.topics.unpacking import cloud_event, open_edx
from tests.domain.sources.openedx.bus import LEARNING, exam, grade

STAMP = datetime(2026, 11, 24, 12, tzinfo=UTC)
COURSE = {"name": "CourseData", "type": "record", "fields": [{"name": "course_key", "type": "string"}]}
SCHEMA = {
    "name": "CloudEvent",
    "namespace": f"{LEARNING}course.persistent_grade_summary.changed.v1",
    "type": "record",
    "fields": [
        {
            "name": "grade",
            "type": {
                "name": "PersistentCourseGradeData",
                "type": "record",
                "fields": [
                    {"name": "user_id", "type": "long"},
                    {"name": "course", "type": COURSE},
                    {"name": "percent_grade", "type": "double"},
                    {"name": "letter_grade", "type": ["null", "string"], "default": None},
                ],
            },
        }
    ],
}
PARSED = fastavro.parse_schema(json.loads(json.dumps(SCHEMA)))


def written(percent: float = 0.93) -> bytes:
    stream = BytesIO()
    said = {"user_id": 42, "course": {"course_key": "c"}, "percent_grade": percent, "letter_grade": None}
    fastavro.schemaless_writer(stream, PARSED, {"grade": said})
    return b"\0\0\0\0\7" + stream.getvalue()


def message(value: bytes | None, headers: Mapping[str, str]) -> Message:
    return Message("t", 0, 7, value, tuple((name, said.encode()) for name, said in headers.items()), STAMP)


def headers(event: Mapping[str, Any]) -> dict[str, str]:
    beside = ("sourcehost", "sourcelib")
    return {name if name in beside else f"ce_{name}": str(said) for name, said in event.items() if name != "data"}


def registry(status: int = 200, answer: object = None, *, login: tuple[str, str] | None = None) -> tuple[Schemas, list[Any]]:
    """One that answers so; and what it was asked."""
    asked: list[httpx.Request] = []

    def answered(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, json={"schema": json.dumps(SCHEMA)} if answer is None else answer)

    client = httpx.AsyncClient(transport=httpx.MockTransport(answered))
    return Schemas("http://registry/apis/ccompat/v7", login, client=client), asked


async def test_an_event_is_what_its_headers_and_its_avro_say_with_exact_numbers() -> None:
    schemas, asked = registry(login=("key", "secret"))
    for _ in range(3):
        event = await open_edx(message(written(0.1 + 0.2), headers(grade(0))), schemas)
    assert event["data"]["grade"]["percent_grade"] == Decimal("0.30000000000000004")
    assert (event["type"], event["schema"], event["sourcelib"]) == (grade(0)["type"], 7, "10.5.0")
    (request,) = asked
    assert request.url.path == "/apis/ccompat/v7/schemas/ids/7"
    assert request.headers["authorization"] == httpx.BasicAuth("key", "secret")._auth_header


async def test_what_does_not_concern_completions_needs_no_schema() -> None:
    event = await open_edx(message(b"anything", headers(exam("verified"))), None)
    assert "data" not in event


async def test_without_a_time_of_its_own_an_event_has_that_of_the_topic() -> None:
    said = {name: text for name, text in headers(grade(0)).items() if name != "ce_time"}
    schemas, _ = registry()
    assert (await open_edx(message(written(), said), schemas))["time"] == "2026-11-24T12:00:00Z"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "no value"),
        (b"", "begin with a zero"),
        (b"\1\0\0\0\7abc", "begin with a zero"),
        (b"\0\0\0\0\7", "not what their schema says"),
        (written() + b"x", "more in the value"),
        (written(float("nan")), "must be finite"),
    ],
)
async def test_a_value_that_is_not_what_it_should_be_is_refused_with_the_events_id(value: bytes | None, says: str) -> None:
    schemas, _ = registry()
    event = grade(0)
    with pytest.raises(Wrong, match=says) as raised:
        await open_edx(message(value, headers(event)), schemas)
    assert raised.value.id == event["id"]


@pytest.mark.parametrize("missing", ["ce_id", "ce_type"])
async def test_an_event_without_id_or_type_is_refused(missing: str) -> None:
    said = {name: text for name, text in headers(grade(0)).items() if name != missing}
    with pytest.raises(Wrong, match=missing):
        await open_edx(message(written(), said), None)


def test_a_header_that_says_two_things_is_refused() -> None:
    twice = Message("t", 0, 7, None, (("ce_id", b"1"), ("ce_id", b"2")), STAMP)
    with pytest.raises(Wrong, match="twice"):
        twice.attributes()


@pytest.mark.parametrize(
    ("status", "answer", "trouble"),
    [
        (404, {"error_code": 40403, "message": "Schema not found"}, UnknownSchema),
        (404, {"detail": "no such route"}, Later),
        (401, {"error_code": 40101}, Later),
        (500, {"error_code": 50001}, Later),
        (200, {"subject": "x"}, Later),
        (200, {"schema": "message X {}", "schemaType": "PROTOBUF"}, Wrong),
        (200, {"schema": json.dumps(SCHEMA), "references": [{"name": "x", "subject": "y", "version": 1}]}, Wrong),
        (200, {"schema": '{"type": "nothing"}'}, Wrong),
    ],
)
async def test_only_the_registrys_own_word_says_that_a_message_can_never_be_read(
    status: int, answer: object, trouble: type[Exception]
) -> None:
    schemas, _ = registry(status, answer)
    with pytest.raises(trouble) as raised:
        await schemas.schema(7)
    assert type(raised.value) is trouble


async def test_a_registry_that_is_away_is_waited_for() -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    schemas = Schemas("http://registry", client=httpx.AsyncClient(transport=httpx.MockTransport(away)))
    with pytest.raises(Later, match="does not answer"):
        await schemas.schema(7)


async def test_without_a_registry_messages_wait_for_one() -> None:
    with pytest.raises(Later, match="CAIRN_SCHEMA_REGISTRY"):
        await open_edx(message(written(), headers(grade(0))), None)


@given(st.binary(max_size=200))
def test_whatever_bytes_come_they_are_read_or_refused(data: bytes) -> None:
    try:
        found = wire.decoded(data, PARSED)
    except Wrong:
        return
    assert set(found) == {"grade"}


async def test_a_cloud_event_comes_in_either_mode() -> None:
    attributes = {"specversion": "1.0", "id": "1", "type": "t", "source": "s", "time": "2026-11-24T12:00:00Z"}
    binary = {f"ce_{name}": said for name, said in attributes.items()} | {"content-type": "application/json"}
    structured = json.dumps({**attributes, "datacontenttype": "application/json", "data": {"a": 0.1}}).encode()
    expected = {**attributes, "datacontenttype": "application/json", "data": {"a": Decimal("0.1")}}
    assert await cloud_event(message(b'{"a": 0.1}', binary), None) == expected
    assert await cloud_event(message(structured, {"content-type": "application/cloudevents+json"}), None) == expected


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"{}", {"content-type": "application/json"}),
        (None, {"ce_specversion": "1.0"}),
        (b"{", {"ce_specversion": "1.0"}),
        (b"\xff", {"content-type": "application/cloudevents+json"}),
    ],
)
async def test_what_is_no_cloud_event_is_refused(value: bytes | None, said: dict[str, str]) -> None:
    with pytest.raises(Wrong):
        await cloud_event(message(value, said), None)
