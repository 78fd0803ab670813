"""What documents of one shape have in common, and the texts in which they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

Shape = tuple[object, ...]
"""The document without its free texts: equal for two documents only if they have the same members in the same order, arrays
of the same lengths, and the same numbers, types and contexts."""

START, END, TEXT, ARRAY = 0, 1, 2, 3

READ_KEYWORDS: Final = frozenset({"@id", "@value", "@graph", "@list", "@set", "@included"})


ONLY_JSON: Final = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS


class NoShape(ValueError):
    """The document has something that JSON has not."""


def _is_fixed(name: str) -> bool:
    """Whether the member's value decides what others mean: contexts, types, languages and the like."""
    return name == "type" or (name[:1] == "@" and name not in READ_KEYWORDS)


def shape_of(document: Mapping[str, Any]) -> tuple[Shape, list[str]]:
    """The document's shape and its texts, in the document's order. Raises NoShape."""
    shape: list[object] = []
    texts: list[str] = []
    try:
        _read(dict(document), shape, texts)
    except TypeError as error:
        raise NoShape("the name of a member is no text, or something that decides is no JSON") from error
    return tuple(shape), texts


def _read(value: Any, shape: list[object], texts: list[str]) -> None:
    kind = type(value)
    if kind is str:
        shape.append(TEXT)
        texts.append(value)
    elif kind is dict:
        shape.append(START)
        for name, member in value.items():
            shape.append(name)
            if _is_fixed(name):
                shape.append(orjson.dumps(member, option=ONLY_JSON))
            elif type(member) is str:
                shape.append(TEXT)
                texts.append(member)
            else:
                _read(member, shape, texts)
        shape.append(END)
    elif kind is list:
        shape.append(ARRAY)
        shape.append(len(value))
        for member in value:
            _read(member, shape, texts)
    elif value is None or kind in (bool, int, float):
        shape.append((kind, repr(value)))
    else:
        raise NoShape(f"{kind.__name__} is no JSON")


def with_texts(value: Any, texts: Iterator[str]) -> Any:
    """The document, or a part of it, with other texts: as many as `shape_of` finds, in the same order."""
    if type(value) is str:
        return next(texts)
    if type(value) is dict:
        return {name: member if _is_fixed(name) else with_texts(member, texts) for name, member in value.items()}
    if type(value) is list:
        return [with_texts(member, texts) for member in value]
    return value
