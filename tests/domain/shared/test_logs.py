"""What a log line holds, and what it never holds."""

import json
import logging
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from shared import telemetry
from shared.telemetry.logs import JSONLines, Repetitions

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Contact(BaseModel):
    age: int


def line(message: str, *args: object, error: BaseException | None = None, **extra: object) -> dict[str, Any]:
    """The line as it would be written, read again."""
    info = (type(error), error, None) if error is not None else None
    record = logging.LogRecord("cairn.test", logging.WARNING, "file", 1, message, args, info)
    vars(record).update(extra)
    written = JSONLines("awarding", "awarding-2").format(record)
    assert "\n" not in written
    read: dict[str, Any] = json.loads(written)
    return read


def test_a_line_is_one_json_object_with_what_happened_and_where() -> None:
    found = line("took over %s", 3, partition=3, when=object)
    assert (found["message"], found["partition"], found["level"]) == ("took over 3", 3, "WARNING")
    assert (found["service"], found["instance"], found["logger"]) == ("awarding", "awarding-2", "cairn.test")
    assert found["time"].endswith("Z")


def test_a_line_within_a_trace_carries_it() -> None:
    with telemetry.span("decide", parent=PARENT):
        inside = line("decided")
    assert (inside["trace_id"], inside["span_id"]) == tuple(PARENT.split("-")[1:3])
    assert "trace_id" not in line("outside")


def test_a_line_stays_one_line_whatever_the_message_holds() -> None:
    assert line("first\nsecond\x00")["message"] == "first\nsecond\x00"


@pytest.mark.parametrize("error", [ValueError("ada@example.org"), KeyError("ada@example.org")])
def test_an_exception_that_may_quote_its_input_is_named_and_not_quoted(error: Exception) -> None:
    found = line("failed", error=error)
    assert found["error"]["kind"] == f"builtins.{type(error).__name__}"
    assert "ada@example.org" not in json.dumps(found)


def test_what_a_person_wrote_into_a_field_is_not_logged() -> None:
    with pytest.raises(ValidationError) as caught:
        Contact.model_validate({"age": "ada@example.org"})
    assert "ada@example.org" not in json.dumps(line("failed", error=caught.value))


def test_other_exceptions_keep_their_text_and_frames() -> None:
    with pytest.raises(RuntimeError) as caught:
        _fails()
    record = logging.LogRecord("t", logging.ERROR, "f", 1, "failed", (), (RuntimeError, caught.value, caught.tb))
    error = json.loads(JSONLines("s", "i").format(record))["error"]
    assert error["text"] == "the broker said no"
    assert error["frames"][-1].endswith("_fails")


def _fails() -> None:
    raise RuntimeError("the broker said no")


def test_a_library_that_says_the_same_again_and_again_is_counted_instead() -> None:
    now = [0.0]
    repetitions = Repetitions(most=2, within=30.0, clock=lambda: now[0])

    def said(name: str, text: str, *args: object) -> logging.LogRecord | None:
        record = logging.LogRecord(name, logging.ERROR, __file__, 1, text, args, None)
        return record if repetitions.filter(record) else None

    shown = [said("aiokafka.conn", "Connect attempt to %s failed", number) for number in range(50)]
    assert [record is not None for record in shown] == [True, True] + [False] * 48
    assert said("aiokafka.conn", "Something else") is not None
    now[0] = 31.0
    again = said("aiokafka.conn", "Connect attempt to %s failed", 51)
    assert again is not None
    assert vars(again)["left_out"] == 48


def test_our_own_warnings_are_counted_when_they_are_too_many_and_what_is_said_otherwise_is_not() -> None:
    repetitions = Repetitions(most_own=5, clock=lambda: 0.0)

    def said(level: int) -> int:
        records = [logging.LogRecord("shared.http", level, __file__, 1, "it failed: %s", (n,), None) for n in range(50)]
        return sum(map(repetitions.filter, records))

    assert (said(logging.INFO), said(logging.WARNING)) == (50, 5)
