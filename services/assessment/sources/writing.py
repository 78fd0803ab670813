"""Originals as text, and claims as what tells them from others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import orjson

from services.assessment.sources.claims import Claim, TakenBack, Wrong
from services.assessment.sources.doors.bodies import parsed
from shared.events.envelope import Envelope, rfc3339

LARGEST: Final = 256 * 1024
"""Bytes that an original may have."""


def text_of(original: Any) -> bytes:
    """The original as JSON with its numbers exact. Raises Wrong when it can't be kept."""
    try:
        text = orjson.dumps(original, _exact)
    except (TypeError, ValueError, RecursionError) as error:
        detail = "it cannot be kept: it is nested too deeply, or has a number of more than 64 bits or text that is no Unicode"
        raise Wrong(detail) from error
    if len(text) > LARGEST:
        raise Wrong(f"it has more than the {LARGEST} bytes that an original may have", status=413)
    return text


def _exact(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value))
    raise TypeError(type(value).__name__)


def words_of(claims: Sequence[Claim]) -> bytes:
    """What the claims say, the same bytes for the same: to be digested, for it names learners."""
    return orjson.dumps([_words(claim) for claim in claims], _exact)


def _words(claim: Claim) -> list[Any]:
    said = claim.said
    time = claim.time.isoformat() if claim.timed else None
    head = [claim.id, time, [[name.kind, name.value] for name in claim.names], claim.activity]
    if isinstance(said, TakenBack):
        return [*head, "taken back", said.retracts, said.reason]
    score = None
    if said.score is not None:
        score = [said.score.scaled, said.score.raw, said.score.min, said.score.max]
    words = [*head, said.status.value, score, said.grade, said.attempt, said.evidence, said.corrects]
    if (results := getattr(said, "results", None)) is not None:
        words.append(repr(results))
    return words


def kept_text(original: bytes, said: Sequence[Envelope]) -> bytes:
    """To be sealed: the original, and all that was said because of it, on a line each."""
    events = [[one.id, one.type, one.source, rfc3339(one.time), one.traceparent, one.data.decode()] for one in said]
    return b"%b\n%b" % (original, orjson.dumps(events))


def read_kept(text: bytes) -> tuple[bytes, tuple[Envelope, ...]]:
    """What `kept_text` was made of."""
    original, _, events = text.partition(b"\n")
    return original, tuple(
        Envelope(id_, kind, source, datetime.fromisoformat(time), None, traceparent, data.encode())
        for id_, kind, source, time, traceparent, data in orjson.loads(events)
    )


def original_in(text: bytes) -> Any:
    """The original as the door parsed it."""
    return parsed(text)
