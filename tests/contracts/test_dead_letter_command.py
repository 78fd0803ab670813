"""The operators' command, on a real broker, with letters as the stream writes them."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from shared.dead_letters import __main__ as command
from shared.dead_letters.letters import everything, letter_of, reading
from shared.events.envelope import Headers
from shared.kafka import Outgoing, Publisher, create_topics, home
from shared.stream.dead_letters import LARGEST, letter
from shared.stream.incoming import Incoming
from shared.topics import DEAD_LETTERS, REQUESTS
from tests.platform.parts import Broker

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HEADERS = (("ce_id", b"e-1"), ("ce_type", b"cairn.completion.reported.v9"), ("traceparent", TRACEPARENT.encode()))
TOPIC = DEAD_LETTERS["assessment"].name


class Case:
    """One test's own letters, told from others' by the reason they share."""

    def __init__(self, kafka: Broker, reason: str) -> None:
        self.kafka = kafka
        self.reason = reason
        asyncio.run(create_topics(kafka.bootstrap))

    def buried(self, key: bytes | None, value: bytes | None, offset: int, headers: Sequence[tuple[str, bytes]] = HEADERS) -> str:
        """Write a dead letter; its id."""
        origin = Incoming("reads", f"completions-{self.reason}", 1, offset, key, value, tuple(headers), NOW)
        outgoing = letter(TOPIC, "assessment", origin, self.reason, TRACEPARENT)
        asyncio.run(publish(self.kafka.bootstrap, outgoing))
        return dict(outgoing.headers)["ce_id"].decode()

    def run(self, *arguments: str, input_: str | None = None) -> Result:
        return CliRunner().invoke(command.app, [*arguments, "--kafka", self.kafka.bootstrap], input=input_)

    def listed(self) -> dict[str, dict[str, Any]]:
        """What `list` says, by id."""
        result = self.run("list", "--json", "--reason", self.reason)
        assert result.exit_code == 0, result.output
        return {line["id"]: line for line in map(json.loads, result.stdout.splitlines())}

    def requested(self, key: bytes) -> list[tuple[Headers, bytes | None, int]]:
        """What stands on assessment's requests under a key: headers, value and partition."""
        return asyncio.run(found(self.kafka.bootstrap, REQUESTS["assessment"].name, key))


async def publish(bootstrap: str, outgoing: Outgoing) -> None:
    async with Publisher(bootstrap) as publisher:
        await publisher.publish_all([outgoing])


async def found(bootstrap: str, topic: str, key: bytes) -> list[tuple[Headers, bytes | None, int]]:
    async with reading(bootstrap) as consumer:
        return [
            (list(record.headers), record.value, record.partition)
            async for record in everything(consumer, topic)
            if record.key == key
        ]


@pytest.fixture
def case(kafka: Broker, prefix: str) -> Case:
    return Case(kafka, prefix.rstrip("."))


def test_a_letter_is_listed_with_its_reason_origin_and_trace(case: Case) -> None:
    id_ = case.buried(b"l-1", b"{}", 17)
    assert case.listed() == {
        id_: {
            "id": id_,
            "came": "2026-11-23T12:00:00Z",
            "service": "assessment",
            "origin": f"completions-{case.reason}/1/17",
            "type": "cairn.completion.reported.v9",
            "reason": case.reason,
            "trace": TRACEPARENT.split("-")[1],
            "redriven": None,
        }
    }


def test_the_table_says_how_many_there_are(case: Case) -> None:
    for offset in range(3):
        case.buried(b"l-1", b"{}", offset)
    assert "2 of 3 dead letters" in case.run("list", "--reason", case.reason, "--limit", "2").stdout


def test_a_letter_written_twice_is_listed_once(case: Case) -> None:
    assert case.buried(b"l-1", b"{}", 17) == case.buried(b"l-1", b"{}", 17)
    assert len(case.listed()) == 1


def test_a_letter_is_shown_whole(case: Case) -> None:
    id_ = case.buried("l-ü".encode(), b'{"activity": "a/1"}', 18)
    shown = json.loads(case.run("show", "--id", id_).stdout)
    assert shown["reason"] == case.reason
    assert shown["original"]["data"] == {"activity": "a/1"}
    assert shown["original"]["headers"]["ce_id"] == "e-1"
    assert shown["original"]["key"] == "l-ü"


@pytest.mark.parametrize(("value", "form"), [(b"\xff\x00", {"hex": "ff00"}), (b"no json", {"text": "no json"}), (None, {})])
def test_garbage_is_shown_as_what_it_is(case: Case, value: bytes | None, form: dict[str, str]) -> None:
    id_ = case.buried(b"l-1", value, 19)
    original = json.loads(case.run("show", "--id", id_).stdout)["original"]
    assert {name: said for name, said in original.items() if name not in ("key", "headers")} == form


def test_an_id_that_nobody_has_is_said(case: Case) -> None:
    result = case.run("show", "--id", "nobody")
    assert (result.exit_code, result.stdout.strip()) == (1, "no dead letter has that id")


def test_the_original_is_sent_again_as_it_was_through_the_requests(case: Case) -> None:
    key = f"learner-{case.reason}".encode()
    id_ = case.buried(key, b'{ "spaces" :1}', 20)
    assert "1 sent again" in case.run("redrive", "--id", id_).stdout
    ((headers, value, partition),) = case.requested(key)
    assert value == b'{ "spaces" :1}'
    assert headers == [*HEADERS, ("redriven_from", id_.encode())]
    assert partition == home(key, 4)


def test_a_redriven_letter_is_marked_and_not_sent_a_second_time_unasked(case: Case) -> None:
    key = f"learner-{case.reason}".encode()
    id_ = case.buried(key, b"{}", 21)
    case.run("redrive", "--reason", case.reason)
    assert case.listed()[id_]["redriven"] is not None
    assert "0 sent again" in case.run("redrive", "--reason", case.reason).stdout
    assert len(case.requested(key)) == 1
    assert "1 sent again" in case.run("redrive", "--reason", case.reason, "--again").stdout
    assert len(case.requested(key)) == 2


def test_only_what_is_chosen_is_sent(case: Case) -> None:
    key = f"learner-{case.reason}".encode()
    ids = [case.buried(key, b"%d" % offset, offset) for offset in range(3)]
    case.run("redrive", "--reason", case.reason, "--limit", "2")
    assert sum(line["redriven"] is not None for line in case.listed().values()) == 2
    assert "0 sent again" in case.run("redrive", "--reason", f"^not {case.reason}").stdout
    assert len(case.requested(key)) == 2
    assert set(case.listed()) == set(ids)


def test_a_redrive_that_fails_again_and_is_redriven_names_its_last_letter_only(case: Case) -> None:
    key = f"learner-{case.reason}".encode()
    id_ = case.buried(key, b"{}", 22, [*HEADERS, ("redriven_from", b"an earlier letter")])
    case.run("redrive", "--id", id_)
    ((headers, _, _),) = case.requested(key)
    assert [raw for name, raw in headers if name == "redriven_from"] == [id_.encode()]


def test_an_original_that_was_cut_is_not_sent_as_if_it_were_whole(case: Case) -> None:
    key = f"learner-{case.reason}".encode()
    id_ = case.buried(key, b"x" * (LARGEST + 1), 23)
    result = case.run("redrive", "--id", id_)
    assert result.exit_code == 1
    assert "bytes were kept" in result.stdout.replace("\n", " ")
    assert case.requested(key) == []


def test_an_edited_original_is_sent_with_its_changes_alone(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    key = f"learner-{case.reason}".encode()
    id_ = case.buried(key, b'{"score": 12}', 24)
    monkeypatch.setattr(
        "click.edit", lambda text, **_: text.replace('"score": 12', '"score": 10').replace("reported.v9", "reported.v1")
    )
    assert case.run("redrive", "--id", id_, "--edit").exit_code == 0
    ((headers, value, _),) = case.requested(key)
    assert value == b'{"score":10}'
    assert dict(headers)["ce_type"] == b"cairn.completion.reported.v1"
    assert dict(headers)["traceparent"] == TRACEPARENT.encode()


@pytest.mark.parametrize("after", [None, "{", "[]", '{"key": 1, "headers": {}}', '{"key": null, "headers": {"a": 1}}'])
def test_an_edit_that_is_no_original_sends_nothing(case: Case, monkeypatch: pytest.MonkeyPatch, after: str | None) -> None:
    key = f"learner-{case.reason}".encode()
    id_ = case.buried(key, b"{}", 25)
    monkeypatch.setattr("click.edit", lambda text, **_: after)
    assert case.run("redrive", "--id", id_, "--edit").exit_code == 1
    assert case.requested(key) == []
    assert case.listed()[id_]["redriven"] is None


def test_a_letter_of_a_foreign_make_is_still_listed() -> None:
    class Record:
        topic, partition, offset, key, value, headers = TOPIC, 2, 9, None, b"?", ()

    assert (letter_of(Record(), "assessment").id, letter_of(Record(), "assessment").reason) == ("2-9", "?")


def test_a_reason_that_is_no_regular_expression_is_refused(case: Case) -> None:
    assert case.run("list", "--reason", "(").exit_code == 2


def test_a_request_that_came_by_another_topic_is_not_sent_to_the_requests(case: Case) -> None:
    id_ = case.buried(b"l-1", b"{}", 19, (("ce_id", b"e-2"), ("ce_type", b"cairn.assessment.leaf-waived.v1")))
    result = case.run("redrive", "--id", id_, "--yes")
    assert result.exit_code == 1
    assert "taken from assessment.requests alone" in " ".join(result.output.split())
    assert case.listed()[id_]["redriven"] is None
