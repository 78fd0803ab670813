"""Spans, and the W3C `traceparent` that ties them together across processes and topics.

A span's parent is named by a `traceparent`, as it stands in the headers of messages and requests. Where nothing is recorded, a
span only carries its parent's on, so that a trace which began elsewhere does not end here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar, Token
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, Self

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span as Recorded
    from opentelemetry.trace import SpanContext, Tracer

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Attributes = Mapping[str, str | int | float | bool]

NEW_TRACE: Final = ""
"""As a span's parent: none, whatever is around it."""

_FORM: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?", re.ASCII)

_tracer: Tracer | None = None
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def record_with(tracer: Tracer | None) -> None:
    """Record all spans from now on with this tracer; None: record none."""
    global _tracer
    _tracer = tracer


def recording() -> bool:
    """Whether spans are recorded at all."""
    return _tracer is not None


def traceparent() -> str | None:
    """That of the span around the caller, to be sent along."""
    return _current.get()


def trace_id() -> str | None:
    """The 32 hex digits by which log lines and spans find each other."""
    return parent[3:35] if (parent := _current.get()) else None


def span_id() -> str | None:
    return parent[36:52] if (parent := _current.get()) else None


class Span:
    """One operation, from its making to `end`; as a context manager also what spans inside it have as their parent.

    `traceparent` names it. An exception that leaves the `with` block marks it as failed.
    """

    __slots__ = ("_recorded", "_token", "traceparent")

    def __init__(self, recorded: Recorded | None, parent: str | None) -> None:
        self._recorded = recorded
        self._token: Token[str | None] | None = None
        self.traceparent = parent if recorded is None else _formatted(recorded.get_span_context())

    def set(self, name: str, value: str | int | float | bool) -> None:
        if self._recorded is not None:
            self._recorded.set_attribute(name, value)

    def rename(self, name: str) -> None:
        if self._recorded is not None:
            self._recorded.update_name(name)

    def failed(self, why: str) -> None:
        """Mark it as failed. `why` is the kind of failure: no data of anybody."""
        if self._recorded is not None:
            from opentelemetry.trace import Status, StatusCode

            self._recorded.set_attribute("error.type", why)
            self._recorded.set_status(Status(StatusCode.ERROR, why))

    def end(self) -> None:
        if self._recorded is not None:
            self._recorded.end()

    def __enter__(self) -> Self:
        self._token = _current.set(self.traceparent)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._token is not None:
            _current.reset(self._token)
        if kind is not None:
            self.failed(kind.__name__)
        self.end()


def span(
    name: str,
    *,
    kind: Kind = "internal",
    parent: str | None = None,
    attributes: Attributes | None = None,
    links: Sequence[str] = (),
) -> Span:
    """Begin a span. `parent` is a traceparent (one that is not valid counts as none); without it, the span around this one.

    `links` are traceparents of what else led here, for instance the publication for which a learner is looked at again.
    """
    if parent is None:
        parent = _current.get()
    elif not _FORM.fullmatch(parent):
        parent = None
    if _tracer is None:
        return Span(None, parent)
    return Span(_begun(_tracer, name, kind, parent, attributes, links), parent)


def _begun(
    tracer: Tracer, name: str, kind: Kind, parent: str | None, attributes: Attributes | None, links: Sequence[str]
) -> Recorded:
    from opentelemetry.trace import Link, SpanKind

    around = context_of(parent)
    linked = [Link(context) for context in map(_parsed, links) if context is not None]
    return tracer.start_span(name, around, SpanKind[kind.upper()], attributes, linked)


def context_of(parent: str | None) -> Context:
    """OpenTelemetry's own, with the span that the traceparent names, if it is valid."""
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, set_span_in_context

    found = _parsed(parent)
    return Context() if found is None else set_span_in_context(NonRecordingSpan(found), Context())


def _parsed(parent: str | None) -> SpanContext | None:
    from opentelemetry.trace import SpanContext, TraceFlags

    if parent is None or (match := _FORM.fullmatch(parent)) is None:
        return None
    trace, own, flags = match.groups()
    return SpanContext(int(trace, 16), int(own, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))


def _formatted(context: SpanContext) -> str:
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
