"""Publications as what rules are made of, over and over: whenever something is published, all that was before comes again."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeVar

from shared.events.catalog import Published

T = TypeVar("T")

MOST: Final = 50_000


class _Same:
    """A publication as a key: itself, not what it says. Comparing whole definitions would take longer than the work."""

    __slots__ = ("it",)

    def __init__(self, it: Published) -> None:
        self.it = it

    def __hash__(self) -> int:
        return id(self.it)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.it is self.it


def once_for_each(make: Callable[[Published], T]) -> Callable[[Published], T]:
    """A decorator: what is made of a publication is made once and kept."""

    @lru_cache(maxsize=MOST)
    def kept(same: _Same) -> T:
        return make(same.it)

    def made(published: Published) -> T:
        return kept(_Same(published))

    return made
