"""Members of JSON objects that others sent, taken out with care: what is there, of the right kind, or Wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from services.assessment.sources.claims import Wrong
from shared.events.envelope import EARLIEST

LONGEST: Final = 1_000
"""Characters of a name or an id."""

MOST_DIGITS: Final = 12
"""Of a number before the point, and zeros after it."""

NUMBERS: Final = (int, Decimal, str, float)


def mapping(value: Any) -> Mapping[str, Any]:
    """The object, or an empty one where there is something else."""
    return value if isinstance(value, dict) else {}


def the_object(value: Any, place: str, what: str) -> Mapping[str, Any]:
    """Raises Wrong unless it is an object."""
    if not isinstance(value, dict):
        raise Wrong(f"{what} must be a JSON object", place, status=400)
    return value


def text(value: Any, place: str) -> str | None:
    """A text or a whole number as text, blanks around it left out; None where there is nothing. Raises Wrong."""
    if value is None:
        return None
    if not isinstance(value, str) and (not isinstance(value, int) or isinstance(value, bool)):
        raise Wrong("it must be a text", place)
    try:
        said = str(value).strip()
        said.encode()
    except ValueError as error:
        raise Wrong("it must be a text that UTF-8 can hold", place) from error
    if len(said) > LONGEST:
        raise Wrong(f"it must be no longer than {LONGEST} characters", place)
    return said or None


def the_text(value: Any, place: str) -> str:
    """Raises Wrong where there is none."""
    if (found := text(value, place)) is None:
        raise Wrong("it is missing", place)
    return found


def number(value: Any, place: str) -> Decimal | None:
    """A number, or a text that is one; None where there is nothing. Raises Wrong."""
    if value is None:
        return None
    if not isinstance(value, NUMBERS) or isinstance(value, bool):
        raise Wrong("it must be a number", place)
    try:
        found = Decimal(value.strip()) if isinstance(value, str) else Decimal(str(value))
    except (ArithmeticError, ValueError) as error:
        raise Wrong("it must be a number", place) from error
    if not found.is_finite() or (found and abs(found.adjusted()) > MOST_DIGITS):
        raise Wrong(f"it must be a number of no more than {MOST_DIGITS} digits", place)
    return found


def whole(value: Any, place: str) -> int | None:
    """A whole number, however it is written; None where there is nothing. Raises Wrong."""
    found = number(value, place)
    if found is None:
        return None
    if found != found.to_integral_value():
        raise Wrong("it must be a whole number", place)
    return int(found)


def instant(value: Any, place: str) -> datetime:
    """A moment as RFC 3339 has it, in UTC. Raises Wrong."""
    said = the_text(value, place)
    try:
        found = datetime.fromisoformat(said)
        if found.tzinfo is None:
            raise Wrong("the time needs an offset, as in 2026-11-23T12:00:00Z", place)
        return _possible(found.astimezone(UTC), place)
    except (ValueError, OverflowError) as error:
        raise Wrong("it must be a time as RFC 3339 has it, as in 2026-11-23T12:00:00Z", place) from error


def seconds(value: Any, place: str) -> datetime:
    """A moment as seconds since 1970, in UTC. Raises Wrong."""
    found = number(value, place)
    try:
        if found is None:
            raise Wrong("it is missing", place)
        return _possible(datetime.fromtimestamp(int(found), UTC), place)
    except (ValueError, OverflowError, OSError) as error:
        raise Wrong("it must be a time in seconds since 1970", place) from error


def _possible(moment: datetime, place: str) -> datetime:
    if moment < EARLIEST:
        raise Wrong("no learning system has anything to tell from then", place)
    return moment


def derived_id(format_: str, kind: str, *parts: object) -> str:
    """An id for what has none of its own: the same for the same parts, and telling nothing of them."""
    said = json.dumps([None if part is None else str(part) for part in parts])
    return f"{format_}:{kind}:{sha256(said.encode()).hexdigest()[:40]}"
