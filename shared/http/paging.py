"""Pages of results: `{"items": [...], "next": cursor}`, where the cursor asks for the next page and None says it was the last."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Generic, TypeVar

import orjson
from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.http.problems import Problem

T = TypeVar("T")
P = TypeVar("P")
"""Where a page of a path ends: the sort key of its last item, of the one shape that the path has."""


class Page(BaseModel, Generic[T]):
    """Some of the items, in order. `next` is the cursor of the page that follows; None: there is none."""

    model_config = ConfigDict(frozen=True)

    items: list[T]
    next: str | None = None


def cursor_of(position: object) -> str:
    """The opaque text for a position, which is made of texts, numbers and tuples."""
    return base64.urlsafe_b64encode(orjson.dumps(position)).rstrip(b"=").decode()


def position_of(cursor: str, shape: TypeAdapter[P]) -> P:
    """The position a cursor stands for. Raises the 400 problem when it is none of the path's own."""
    try:
        return shape.validate_json(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), strict=True)
    except (ValueError, ValidationError) as error:
        raise Problem(400, "The cursor is not valid", "Take it as it came, from `next` of the page before.") from error


@dataclass(frozen=True, slots=True)
class PageAsked(Generic[P]):
    """At most `limit` items after the position `after` (None: from the beginning)."""

    limit: int
    after: P | None

    def page(self, items: list[T], position: P | None) -> Page[T]:
        """The page of these items; `position` is that of the last one, None if nothing follows."""
        return Page(items=items, next=None if position is None else cursor_of(position))


def asked_by(shape: TypeAdapter[P]) -> Callable[..., PageAsked[P]]:
    """The dependency of a path whose cursors stand for positions of this shape, and for nothing else."""

    def page_asked(
        limit: Annotated[int, Query(ge=1, le=500, description="at most so many items")] = 50,
        cursor: Annotated[str | None, Query(max_length=2_000, description="`next` of the page before")] = None,
    ) -> PageAsked[P]:
        return PageAsked(limit, None if cursor is None else position_of(cursor, shape))

    return page_asked


Number = Annotated[int, Field(ge=0, lt=2**63)]
"""What a database can compare with."""

BY_TEXT: Final[TypeAdapter[str]] = TypeAdapter(str)
BY_NUMBER: Final[TypeAdapter[int]] = TypeAdapter(Number)
BY_TWO_TEXTS: Final[TypeAdapter[tuple[str, str]]] = TypeAdapter(tuple[str, str])
BY_THREE_TEXTS: Final[TypeAdapter[tuple[str, str, str]]] = TypeAdapter(tuple[str, str, str])

Paging = Annotated[PageAsked[str], Depends(asked_by(BY_TEXT))]
"""A parameter of a path operation: which page is asked for, where items are in the order of their ids."""
PagingByNumber = Annotated[PageAsked[int], Depends(asked_by(BY_NUMBER))]
PagingByTwo = Annotated[PageAsked[tuple[str, str]], Depends(asked_by(BY_TWO_TEXTS))]
"""Where items are in the order of their time and id."""
PagingByThree = Annotated[PageAsked[tuple[str, str, str]], Depends(asked_by(BY_THREE_TEXTS))]
"""Where their source counts as well."""
