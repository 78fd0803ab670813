"""Log records over OTLP: what the lines on stderr say, with the trace they belong to, in OpenTelemetry's data model."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from shared.telemetry.logs import Repetitions, described, extras, message_of
from shared.telemetry.spans import context_of, traceparent

if TYPE_CHECKING:
    from opentelemetry._logs import Logger

SENDERS: Final = ("opentelemetry", "urllib3", "requests", "httpcore")
"""Who logs while logs are sent: that would never end."""


class Exporting(logging.Handler):
    """Hands each record to an OpenTelemetry logger. What it repeats is counted as on stderr."""

    def __init__(self, logger: Logger) -> None:
        super().__init__()
        self._logger = logger
        self.addFilter(lambda record: not record.name.startswith(SENDERS))
        self.addFilter(Repetitions())

    def emit(self, record: logging.LogRecord) -> None:
        from opentelemetry._logs import LogRecord, SeverityNumber

        self._logger.emit(
            LogRecord(
                timestamp=int(record.created * 1e9),
                context=context_of(traceparent()),
                severity_text=record.levelname,
                severity_number=_severity(record.levelno, SeverityNumber),
                body=message_of(record),
                attributes=_attributes(record),
            )
        )


def _severity(level: int, numbers: Any) -> Any:
    for least, name in ((logging.CRITICAL, "FATAL"), (logging.ERROR, "ERROR"), (logging.WARNING, "WARN"), (logging.INFO, "INFO")):
        if level >= least:
            return numbers[name]
    return numbers["DEBUG"]


def _attributes(record: logging.LogRecord) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: value if isinstance(value, str | int | float | bool) else str(value) for name, value in extras(record).items()
    }
    found |= {"code.function.name": record.funcName, "code.line.number": record.lineno, "log.logger": record.name}
    if record.exc_info and record.exc_info[1] is not None:
        error = described(record.exc_info[1])
        found |= {"exception.type": error["kind"], "exception.stacktrace": "\n".join(error["frames"])}
        if error["text"] is not None:
            found["exception.message"] = error["text"]
    return found
