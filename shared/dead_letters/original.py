"""The original of a dead letter as a document that a person reads and, where they must, puts right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from shared.dead_letters.letters import Letter


class Unreadable(ValueError):
    """The edited document is no original. The text says why."""


def document_of(letter: Letter) -> dict[str, Any]:
    """`key`, `headers`, and the value as `data` where it is JSON, as `text` where it is other text, or else as `hex`."""
    document: dict[str, Any] = {
        "key": None if letter.key is None else letter.key.decode("utf-8", "backslashreplace"),
        "headers": {name: raw.decode("utf-8", "backslashreplace") for name, raw in letter.headers},
    }
    if letter.value is None:
        return document
    try:
        data = orjson.loads(letter.value)
        _shallow_enough(data)
        return document | {"data": data}
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        pass
    try:
        return document | {"text": letter.value.decode()}
    except UnicodeDecodeError:
        return document | {"hex": letter.value.hex()}


def edited(letter: Letter, text: str) -> Letter:
    """The letter with the original as the edited document says; what was not touched keeps its very bytes. Raises Unreadable."""
    before = document_of(letter)
    try:
        after = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"it is not JSON: {error}") from error
    match after:
        case {"key": str() | None as key, "headers": dict() as headers} if all(
            isinstance(said, str) for said in headers.values()
        ):
            pass
        case _:
            raise Unreadable("it needs `key` (text or null) and `headers` (an object of texts)")
    raw = dict(letter.headers)
    kept = tuple(
        (name, raw[name] if before["headers"].get(name) == said and name in raw else said.encode())
        for name, said in headers.items()
    )
    return replace(
        letter,
        key=letter.key if key == before["key"] else None if key is None else key.encode(),
        headers=kept,
        value=_value(letter, before, after),
        truncated_from=letter.truncated_from if _same_value(before, after) else None,
    )


def _shallow_enough(data: Any) -> bytes:
    """As JSON. Raises JSONEncodeError for what is nested so deeply that it can't be shown as part of a document."""
    orjson.dumps([[[[[[[[data]]]]]]]])
    return orjson.dumps(data)


def _same_value(before: dict[str, Any], after: dict[str, Any]) -> bool:
    return all(before.get(form, ...) == after.get(form, ...) for form in ("data", "text", "hex"))


def _value(letter: Letter, before: dict[str, Any], after: dict[str, Any]) -> bytes | None:
    if _same_value(before, after):
        return letter.value
    match after:
        case {"data": data}:
            try:
                return _shallow_enough(data)
            except orjson.JSONEncodeError as error:
                raise Unreadable("`data` is nested too deeply, or has numbers that are too large") from error
        case {"text": str(text)}:
            return text.encode()
        case {"hex": str(digits)}:
            try:
                return bytes.fromhex(digits)
            except ValueError as error:
                raise Unreadable("`hex` has other characters than hexadecimal digits") from error
    return None
