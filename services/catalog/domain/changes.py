"""What differs between two versions of a definition."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.events.definitions import Definition


class Change(BaseModel):
    """What stands at one place of the document now and before; None where there is or was nothing."""

    model_config = ConfigDict(frozen=True)

    place: str
    old: Any = None
    new: Any = None


def changes(old: Definition, new: Definition) -> tuple[Change, ...]:
    """The differences in the order of the new document, each as high up as it is a whole."""
    return tuple(_changes("", document_of(old), document_of(new)))


def document_of(definition: Definition) -> dict[str, Any]:
    """The definition as an author would write it: JSON values, and only what was said or differs from what is usual."""
    document: dict[str, Any] = definition.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return document


def _changes(place: str, old: Any, new: Any) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*new, *(key for key in old if key not in new)]:
            yield from _changes(f"{place}/{key}".lstrip("/"), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for i, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _changes(f"{place}/{i}", before, after)
    elif old != new:
        yield Change(place=place, old=old, new=new)
