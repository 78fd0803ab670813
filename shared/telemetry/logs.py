"""Log lines are JSON objects on stderr, one per line, with the trace they belong to.

No personal data: a message says what happened, extra fields are technical. Of an exception the line has the kind and the frames,
and its text only where that cannot quote input.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final

import orjson
from pydantic import ValidationError

from shared.telemetry.spans import span_id, trace_id

_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_LONGEST: Final = 2_000
CHATTY: Final = ("aiokafka", "faust", "mode", "pymongo", "httpx", "httpcore", "urllib3", "opentelemetry", "asyncio")


class JSONLines(logging.Formatter):
    """One JSON object per record: time, level, logger, message, service, instance, trace_id, span_id, extras, error."""

    def __init__(self, service: str, instance: str) -> None:
        super().__init__()
        self._who = {"service": service, "instance": instance}

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
            **self._who,
        }
        if (trace := trace_id()) is not None:
            line |= {"trace_id": trace, "span_id": span_id()}
        line |= extras(record)
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = described(record.exc_info[1])
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def message_of(record: logging.LogRecord) -> str:
    return record.getMessage()[:_LONGEST]


def extras(record: logging.LogRecord) -> dict[str, Any]:
    """What was logged beside the message."""
    return {name: value for name, value in vars(record).items() if name not in _OWN}


def described(error: BaseException) -> dict[str, Any]:
    """The kind, the text where it quotes no input, and the frames, the innermost last."""
    frames = traceback.extract_tb(error.__traceback__)
    quotes = isinstance(error, ValidationError | ValueError | KeyError)
    return {
        "kind": f"{type(error).__module__}.{type(error).__qualname__}",
        "text": None if quotes else str(error)[:_LONGEST],
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-20:]],
    }


class Repetitions(logging.Filter):
    """Lets a library say the same thing `most` times in `within` seconds, and warnings of our own `most_own` times; the next line
    after that tells how often it was said (`left_out`).

    A client that lost its broker says so many times a second, and requests fail as often as anybody asks: nothing else could be
    found in the log.
    """

    def __init__(
        self, most: int = 3, within: float = 30.0, clock: Callable[[], float] = monotonic, *, most_own: int = 10
    ) -> None:
        super().__init__()
        self._most, self._most_own, self._within, self._clock = most, most_own, within, clock
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        chatty = record.name.startswith(CHATTY)
        if not chatty and record.levelno < logging.WARNING:
            return True
        most = self._most if chatty else self._most_own
        what, now = (record.name, str(record.msg)[:200]), self._clock()
        since, times = self._said.get(what, (now, 0))
        if now - since >= self._within:
            if times > most:
                record.left_out = times - most
            since, times = now, 0
        if len(self._said) > 1_000:
            self._said.clear()
        self._said[what] = since, times + 1
        return times < most


def log_to_stderr(service: str, instance: str, level: str) -> None:
    """All logging of the process from now on, at this level or above, as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONLines(service, instance))
    handler.addFilter(Repetitions())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))
