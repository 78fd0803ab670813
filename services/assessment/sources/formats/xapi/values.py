"""The simple values of xAPI statements, each checked as the specification's special data types want it."""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.assessment.sources.claims import Wrong
from shared.events.envelope import EARLIEST

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s\x00-\x1f\x7f<>\"\ud800-\udfff]+")
_HALVES: Final = re.compile(r"[\ud800-\udfff]")
_DURATION: Final = re.compile(
    r"P(?:\d+W|(?=[\dT])(?:\d+(?:[.,]\d+)?Y)?(?:\d+(?:[.,]\d+)?M)?(?:\d+(?:[.,]\d+)?D)?"
    r"(?:T(?=\d)(?:\d+(?:[.,]\d+)?H)?(?:\d+(?:[.,]\d+)?M)?(?:\d+(?:[.,]\d+)?S)?)?)",
    re.ASCII,
)
_LANGUAGE: Final = re.compile(
    r"(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(?:-[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8})+)*"
    r"(?:-[xX](?:-[A-Za-z0-9]{1,8})+)?|[xX](?:-[A-Za-z0-9]{1,8})+|[iI](?:-[A-Za-z0-9]{2,8})+"
)
_KEY: Final = re.compile(r"[A-Za-z]{1,40}")
_UNKNOWN_OFFSET: Final = ("-00", "-0000", "-00:00")


def wrong(detail: str, place: str) -> Wrong:
    """With 400, as a record store answers whatever is no good statement."""
    return Wrong(detail, place, status=400)


def members(value: Any, place: str, known: Set[str]) -> dict[str, Any]:
    """An object that has only known members, none of them null."""
    if type(value) is not dict:
        raise wrong("this must be an object", place)
    if not value.keys() <= known:
        strange = next(key for key in value if key not in known)
        raise wrong(f"{_called(strange, known)}; it may have {', '.join(sorted(known))}", place)
    if None in value.values():
        empty = next(key for key in value if value[key] is None)
        raise wrong("null is no value here: leave the property out", f"{place}.{empty}" if place else empty)
    return value


def _called(strange: str, known: Set[str]) -> str:
    """What is strange about it, without repeating what could be anything."""
    if (meant := next((key for key in known if key.lower() == strange.lower()), None)) is not None:
        return f"{strange} is written {meant}"
    return f"there is no property {strange} here" if _KEY.fullmatch(strange) else "there is a property that does not belong here"


def required(value: dict[str, Any], name: str, place: str) -> Any:
    try:
        return value[name]
    except KeyError:
        raise wrong(f"{name} is missing", place) from None


def text(value: Any, place: str) -> str:
    if type(value) is not str:
        raise wrong("this must be a string", place)
    if not value.isascii() and _HALVES.search(value):
        raise wrong("this has half of a surrogate pair, which is no character", place)
    return value


def flag(value: Any, place: str) -> bool:
    if type(value) is not bool:
        raise wrong("this must be true or false, without quotes", place)
    return value


def number(value: Any, place: str) -> Decimal | int:
    if type(value) is not int and type(value) is not Decimal:
        raise wrong("this must be a number, without quotes", place)
    return value


def iri(value: Any, place: str) -> str:
    if type(value) is not str or not _IRI.fullmatch(value):
        raise wrong("this must be an IRI with its scheme, such as https://example.com/course/7", place)
    return value


def uuid(value: Any, place: str) -> str:
    """In small letters, as UUIDs are compared."""
    if type(value) is not str or not _UUID.fullmatch(value):
        raise wrong("this must be a UUID, such as 12345678-1234-5678-1234-567812345678", place)
    return value.lower()


def is_uuid(value: Any) -> bool:
    return type(value) is str and _UUID.fullmatch(value) is not None


def moment(value: Any, place: str, zone: ZoneInfo | None = None) -> datetime:
    """A timestamp, in UTC. `zone` is that of timestamps that have none."""
    if type(value) is not str or len(value) < 13 or "T" not in value.upper().replace(" ", "T", 1)[8:11]:
        raise wrong(_TIMESTAMP, place)
    try:
        found = datetime.fromisoformat(value.upper())
    except ValueError:
        raise wrong(_TIMESTAMP, place) from None
    if found.tzinfo is None:
        if zone is None:
            raise wrong(
                "a timestamp without an offset can't be ordered: write 2026-11-24T12:00:00Z, "
                "or let the source's options say its time_zone",
                place,
            )
        found = found.replace(tzinfo=zone)
    elif value.endswith(_UNKNOWN_OFFSET):
        raise wrong("the offset -00:00 says that the offset is unknown; write Z or +00:00 for UTC", place)
    try:
        found = found.astimezone(UTC)
    except (OverflowError, ValueError):
        raise wrong("the calendar has no such time in UTC", place) from None
    if found < EARLIEST:
        raise wrong(f"the time is before {EARLIEST.year}", place)
    return found


_TIMESTAMP: Final = "this must be a timestamp of ISO 8601 with its offset, such as 2026-11-24T12:00:00.000Z"


def duration(value: Any, place: str) -> None:
    if type(value) is not str or not _DURATION.fullmatch(value):
        raise wrong("this must be a duration of ISO 8601, such as PT4H35M59.14S or P4W", place)


def language(value: Any, place: str) -> None:
    if type(value) is not str or not _LANGUAGE.fullmatch(value):
        raise wrong("this must be a language tag of RFC 5646, such as en or pt-BR", place)


def language_map(value: Any, place: str) -> None:
    if type(value) is not dict:
        raise wrong('this must be an object of texts by language, such as {"en": "passed"}', place)
    for tag, said in value.items():
        if not _LANGUAGE.fullmatch(tag):
            raise wrong("its keys must be language tags of RFC 5646, such as en or pt-BR", place)
        text(said, place)


def extensions(value: Any, place: str) -> dict[str, Any]:
    """Keys are IRIs; what they hold is nobody's business but theirs."""
    if type(value) is not dict:
        raise wrong("this must be an object", place)
    for key in value:
        if not _IRI.fullmatch(key):
            raise wrong("the keys of extensions must be IRIs with their scheme", place)
    return value


def each(value: Any, place: str, check: Callable[[Any, str], object]) -> list[Any]:
    if type(value) is not list:
        raise wrong("this must be an array", place)
    for index, one in enumerate(value):
        check(one, f"{place}[{index}]")
    return value
