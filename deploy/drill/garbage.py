"""What no service can apply, in every way there is, each piece unlike any other so that its dead letter can be told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

import orjson

from shared.events.completions import CompletionReported, Status
from shared.events.envelope import Envelope
from shared.kafka import Outgoing
from shared.topics import COMPLETIONS

SOURCE: Final = "urn:drill:garbage"


def _reported(number: int, **changes: Any) -> dict[str, Any]:
    return {"learner": f"g-{number % 50}", "activity": f"urn:drill:garbage:{number}", "status": "passed"} | changes


def _message(number: int, value: bytes, **changes: str | None) -> Outgoing:
    attributes: dict[str, str | None] = {
        "specversion": "1.0",
        "id": f"garbage-{number}",
        "type": CompletionReported.TYPE,
        "source": SOURCE,
        "time": "2024-01-15T12:00:00Z",
    }
    headers = [(f"ce_{name}", said.encode()) for name, said in (attributes | changes).items() if said is not None]
    return Outgoing(COMPLETIONS.name, f"g-{number % 50}".encode(), value, headers)


def _no_json(number: int) -> Outgoing:
    return _message(number, b'{"learner": "g", "activity": "urn:drill:garbage:%d"' % number)


def _no_key(number: int) -> Outgoing:
    whole = _message(number, orjson.dumps(_reported(number)))
    return Outgoing(whole.topic, None, whole.value, whole.headers)


def _no_type(number: int) -> Outgoing:
    return _message(number, orjson.dumps(_reported(number)), type=None)


def _another_version(number: int) -> Outgoing:
    return _message(number, orjson.dumps(_reported(number)), type="cairn.completion.reported.v9")


def _a_fact(number: int) -> Outgoing:
    return _message(number, orjson.dumps(_reported(number)), type="cairn.award.granted.v1")


def _impossible(number: int) -> Outgoing:
    return _message(number, orjson.dumps(_reported(number, score={"scaled": 7})))


def _of_another(number: int) -> Outgoing:
    return _message(number, orjson.dumps(_reported(number, learner="somebody-else")))


def _of_tomorrow(number: int) -> Outgoing:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    return _message(number, orjson.dumps(_reported(number)), time=tomorrow)


def _no_text(number: int) -> Outgoing:
    whole = _message(number, orjson.dumps(_reported(number)))
    return Outgoing(whole.topic, whole.key, whole.value, [*whole.headers, ("ce_subject", b"\xff\xfe")])


def _bytes(number: int) -> Outgoing:
    return _message(number, Random(number).randbytes(200) + b"%d" % number)


WAYS: Final[Sequence[Callable[[int], Outgoing]]] = (
    _no_json,
    _no_key,
    _no_type,
    _another_version,
    _a_fact,
    _impossible,
    _of_another,
    _of_tomorrow,
    _no_text,
    _bytes,
)


@dataclass
class Bin:
    """Makes garbage, and remembers the values of what it made."""

    random: Random
    values: set[bytes] = field(default_factory=set)
    _number: int = 0

    def message(self) -> Outgoing:
        """For the topic."""
        self._number += 1
        return self._kept(self.random.choice(WAYS)(self._number))

    def other_words(self, learner: str, known: Envelope) -> Outgoing:
        """An event whose source and id are those of one that is on the topic, with other content."""
        self._number += 1
        said = CompletionReported(learner=learner, activity=f"urn:drill:garbage:{self._number}", status=Status.PASSED)
        another = Envelope(known.id, said.TYPE, known.source, known.time, data=said.to_json())
        return self._kept(Outgoing.of(COMPLETIONS.name, learner, another))

    def event(self, source: str) -> dict[str, Any]:
        """For a door, which refuses it: in JSON, as a batch has it."""
        self._number += 1
        event = {
            "specversion": "1.0",
            "id": f"garbage-{self._number}",
            "source": source,
            "type": CompletionReported.TYPE,
            "time": "2024-01-15T12:00:00Z",
            "data": _reported(self._number),
        }
        spoilt: Sequence[dict[str, Any]] = (
            {"data": _reported(self._number, status="flown")},
            {"data": _reported(self._number, score={"scaled": 7})},
            {"type": "cairn.completion.reported.v9"},
            {"time": "yesterday"},
            {"id": None},
        )
        return event | self.random.choice(spoilt)

    def _kept(self, message: Outgoing) -> Outgoing:
        assert message.value is not None
        self.values.add(message.value)
        return message
