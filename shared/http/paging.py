"""Pages of results: `{"items": [...], "next": cursor}`, where the cursor asks for the next page and None says it was the last."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

import orjson
from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict

from shared.http.problems import Problem

T = TypeVar("T")

Position = str | int | list[str | int | None]
"""Where a page ended: the sort key of its last item."""


class Page(BaseModel, Generic[T]):
    """Some of the items, in order. `next` is the cursor of the page that follows; None: there is none."""

    model_config = ConfigDict(frozen=True)

    items: list[T]
    next: str | None = None


def cursor_of(position: Position) -> str:
    """The opaque text for a position."""
    return base64.urlsafe_b64encode(orjson.dumps(position)).rstrip(b"=").decode()


def position_of(cursor: str) -> Position:
    """The position a cursor stands for. Raises the 400 problem when it is none of ours."""
    try:
        position = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise Problem(400, "The cursor is not valid", "Take it as it came, from `next` of the page before.") from error
    if isinstance(position, str | int) and not isinstance(position, bool):
        return position
    if isinstance(position, list) and all(isinstance(step, str | int | None) for step in position):
        return position
    raise Problem(400, "The cursor is not valid", "Take it as it came, from `next` of the page before.")


@dataclass(frozen=True, slots=True)
class PageAsked:
    """At most `limit` items after the position `after` (None: from the beginning)."""

    limit: int
    after: Position | None

    def page(self, items: list[T], position: Position | None) -> Page[T]:
        """The page of these items; `position` is that of the last one, None if nothing follows."""
        return Page(items=items, next=None if position is None else cursor_of(position))


def page_asked(
    limit: Annotated[int, Query(ge=1, le=500, description="at most so many items")] = 50,
    cursor: Annotated[str | None, Query(max_length=2_000, description="`next` of the page before")] = None,
) -> PageAsked:
    return PageAsked(limit, None if cursor is None else position_of(cursor))


Paging = Annotated[PageAsked, Depends(page_asked)]
"""A parameter of a path operation: which page is asked for."""
