"""Log lines are JSON objects on stderr, one per line, with the trace they belong to.

No personal data: a message says what happened, extra fields are technical. Of an exception the line has the kind and the frames,
and its text only where that cannot quote input.
"""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from pydantic import ValidationError

from shared.telemetry.spans import span_id, trace_id

_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_LONGEST: Final = 2_000


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
            "message": record.getMessage()[:_LONGEST],
            **self._who,
        }
        if (trace := trace_id()) is not None:
            line |= {"trace_id": trace, "span_id": span_id()}
        line |= {name: value for name, value in vars(record).items() if name not in _OWN}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = described(record.exc_info[1])
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def described(error: BaseException) -> dict[str, Any]:
    """The kind, the text where it quotes no input, and the frames, the innermost last."""
    frames = traceback.extract_tb(error.__traceback__)
    quotes = isinstance(error, ValidationError | ValueError | KeyError)
    return {
        "kind": f"{type(error).__module__}.{type(error).__qualname__}",
        "text": None if quotes else str(error)[:_LONGEST],
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-20:]],
    }


def log_to_stderr(service: str, instance: str, level: str) -> None:
    """All logging of the process from now on, at this level or above, as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONLines(service, instance))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("aiokafka", "faust", "mode", "pymongo", "httpx", "httpcore", "urllib3", "opentelemetry", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))
