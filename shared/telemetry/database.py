"""Each command to the database is measured; one that a request or another span waits for is a client span of that trace.

The batches of a stream wait for the database for many traces at once: their commands are measured and are no spans.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pymongo import monitoring

from shared import telemetry
from shared.telemetry.metrics import DATABASE

NOT_MEASURED: Final = frozenset({"hello", "ismaster", "ping", "endSessions", "killCursors", "saslStart", "saslContinue"})


@dataclass(frozen=True, slots=True)
class _Command:
    attributes: dict[str, str]
    span: telemetry.Span | None


class Commands(monitoring.CommandListener):
    """For the driver. Of a command it takes the name and the collection, never what is asked for or written."""

    def __init__(self) -> None:
        self._running: dict[int, _Command] = {}

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in NOT_MEASURED:
            return
        attributes = {"db.namespace": event.database_name, "db.operation.name": event.command_name}
        named: Any = event.command.get("collection" if event.command_name == "getMore" else event.command_name)
        if isinstance(named, str):
            attributes["db.collection.name"] = named
        self._running[event.request_id] = _Command(attributes, _span(attributes))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        self._ended(event.request_id, event.duration_micros)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        failure: Any = event.failure
        self._ended(event.request_id, event.duration_micros, str(failure.get("codeName") or failure.get("code") or "failed"))

    def _ended(self, request: int, micros: int, error: str | None = None) -> None:
        command = self._running.pop(request, None)
        if command is None:
            return
        failed = {} if error is None else {"error.type": error}
        DATABASE.record(micros / 1e6, {**command.attributes, **failed})
        if command.span is not None:
            if error is not None:
                command.span.failed(error)
            command.span.end()


def _span(attributes: dict[str, str]) -> telemetry.Span | None:
    """None where there is nothing around it: a command alone is no trace."""
    if not telemetry.recording() or telemetry.traceparent() is None:
        return None
    name = " ".join(filter(None, (attributes["db.operation.name"], attributes.get("db.collection.name"))))
    return telemetry.span(name, kind="client", attributes={"db.system.name": "mongodb", **attributes})
