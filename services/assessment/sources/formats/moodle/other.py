"""The member `other` of an event: an array in PHP, which plugins send as JSON, as a text of JSON, or serialized by PHP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NoReturn

from services.assessment.sources.claims import Wrong
from services.assessment.sources.doors.bodies import parsed

LONGEST: Final = 20_000
"""Bytes of a serialized text."""

DEEPEST: Final = 10


def other_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Empty where there is nothing, which in PHP's JSON is an empty list. Raises Wrong."""
    other = event.get("other")
    if isinstance(other, str):
        other = _unpacked(other.strip())
    if isinstance(other, Mapping):
        return other
    if other is None or other == []:
        return {}
    raise Wrong("it must be an object, or such a thing as text (JSON, or serialized by PHP)", "other")


def _unpacked(said: str) -> Any:
    if said in ("", "N;"):
        return None
    try:
        if said.startswith("a:"):
            return unserialized(said.encode())
        if re.match(r"[OCbids]:", said):
            raise Wrong("of what PHP serializes only arrays of numbers, texts and arrays are taken here, and no objects", "other")
        return parsed(said)
    except ValueError as error:
        raise Wrong("this text is neither JSON nor serialized by PHP", "other") from error


def unserialized(said: bytes) -> Any:
    """What PHP's `serialize` made of null, true, numbers, texts and arrays of them; never an object. Raises ValueError.

    Lengths of texts are in bytes.
    """
    if len(said) > LONGEST:
        raise ValueError("it is too long")
    value, at = _value(said, 0, 0)
    if at != len(said):
        raise ValueError("something follows it")
    return value


def _value(said: bytes, at: int, depth: int) -> tuple[Any, int]:
    kind = said[at : at + 2]
    if kind == b"N;":
        return None, at + 2
    if kind == b"b:":
        word, at = _until(said, at + 2, b";")
        return word == b"1" if word in (b"0", b"1") else _never(), at
    if kind == b"i:":
        word, at = _until(said, at + 2, b";")
        return int(word), at
    if kind == b"d:":
        word, at = _until(said, at + 2, b";")
        return _finite(word), at
    if kind == b"s:":
        return _text(said, at + 2)
    if kind == b"a:" and depth < DEEPEST:
        return _array(said, at + 2, depth)
    return _never()


def _text(said: bytes, at: int) -> tuple[str, int]:
    word, at = _until(said, at, b":")
    end = at + 1 + _length(word)
    if said[at : at + 1] != b'"' or said[end : end + 2] != b'";':
        raise ValueError("a text is not as long as it says")
    return said[at + 1 : end].decode(), end + 2


def _array(said: bytes, at: int, depth: int) -> tuple[dict[str, Any], int]:
    word, at = _until(said, at, b":")
    if said[at : at + 1] != b"{":
        _never()
    found: dict[str, Any] = {}
    at += 1
    for _ in range(_length(word)):
        name, at = _value(said, at, DEEPEST)
        if not isinstance(name, str | int):
            _never()
        found[str(name)], at = _value(said, at, depth + 1)
    if said[at : at + 1] != b"}":
        _never()
    return found, at + 1


def _until(said: bytes, at: int, end: bytes) -> tuple[bytes, int]:
    found = said.find(end, at, at + 40)
    if found < 0:
        _never()
    return said[at:found], found + 1


def _length(word: bytes) -> int:
    if not word.isdigit() or len(word) > 6:
        _never()
    return int(word)


def _finite(word: bytes) -> Decimal:
    try:
        found = Decimal(word.decode())
    except ArithmeticError:
        _never()
    return found if found.is_finite() else _never()


def _never() -> NoReturn:
    raise ValueError("this is not what PHP serializes")
