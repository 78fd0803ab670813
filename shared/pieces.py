"""Mappings that never change, whose values are read from their texts when they are asked for, and written as texts once.

A record holds much more than one event touches. So what is only kept stays a text, and of what changed alone a new one is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, Final, Generic, Self, TypeVar

V = TypeVar("V")

_UNREAD: Final[Any] = object()


class _Piece(Generic[V]):
    """Shared by all mappings that have it: what one of them reads or writes all have."""

    __slots__ = ("text", "value")

    def __init__(self, value: V, text: str | None = None) -> None:
        self.value = value
        self.text = text


class Pieces(Mapping[str, V]):
    """Immutable. `Pieces()` is empty; `having` gives another one."""

    __slots__ = ("_pieces", "_read")

    def __init__(self, values: Mapping[str, V] | None = None) -> None:
        self._pieces: dict[str, _Piece[V]] = {key: _Piece(value) for key, value in (values or {}).items()}
        self._read: Callable[[str, str], V] | None = None

    @classmethod
    def of_texts(cls, texts: Mapping[str, str], read: Callable[[str, str], V]) -> Self:
        """`read` makes a value of its key and its text."""
        found = cls()
        found._pieces = {key: _Piece(_UNREAD, text) for key, text in texts.items()}
        found._read = read
        return found

    def having(self, changes: Mapping[str, V], without: set[str] | frozenset[str] = frozenset()) -> Self:
        """This with these values added or replaced, and those keys gone."""
        other = type(self)()
        other._read = self._read
        other._pieces = dict(self._pieces)
        for key in without:
            other._pieces.pop(key, None)
        for key, value in changes.items():
            other._pieces[key] = _Piece(value)
        return other

    def texts(self, write: Callable[[V], str]) -> Iterator[tuple[str, str]]:
        """Each key with its value's text, which is made where it isn't known."""
        for key, piece in self._pieces.items():
            if piece.text is None:
                piece.text = write(piece.value)
            yield key, piece.text

    def __getitem__(self, key: str) -> V:
        piece = self._pieces[key]
        if piece.value is _UNREAD:
            assert self._read is not None
            piece.value = self._read(key, piece.text or "")
        return piece.value

    def __contains__(self, key: object) -> bool:
        return key in self._pieces

    def __iter__(self) -> Iterator[str]:
        return iter(self._pieces)

    def __len__(self) -> int:
        return len(self._pieces)

    def __repr__(self) -> str:
        return f"Pieces({dict(self)!r})"


def having(known: Mapping[str, V], changes: Mapping[str, V]) -> Pieces[V]:
    """The mapping with these values, as pieces."""
    return (known if isinstance(known, Pieces) else Pieces(known)).having(changes)


def as_lines(found: Mapping[str, V], write: Callable[[V], str]) -> str:
    """A line for each: the key, a tab, the value's text. Neither may have line ends, nor a key tabs: ids and JSON don't."""
    pieces = found if isinstance(found, Pieces) else Pieces(found)
    return "\n".join([f"{key}\t{text}" for key, text in pieces.texts(write)])


def of_lines(text: str, read: Callable[[str, str], V]) -> Pieces[V]:
    """What `as_lines` made; `read` makes a value of its key and its text."""
    return Pieces.of_texts(dict(line.split("\t", 1) for line in text.split("\n")), read) if text else Pieces()


class Draft(MutableMapping[str, V]):
    """A mapping and what is to be otherwise in it; `done` gives it as pieces."""

    __slots__ = ("_changed", "_gone", "_known")

    def __init__(self, known: Mapping[str, V]) -> None:
        self._known = known if isinstance(known, Pieces) else Pieces(known)
        self._changed: dict[str, V] = {}
        self._gone: set[str] = set()

    def done(self) -> Pieces[V]:
        return self._known.having(self._changed, self._gone) if self._changed or self._gone else self._known

    def __getitem__(self, key: str) -> V:
        if key in self._changed:
            return self._changed[key]
        if key in self._gone:
            raise KeyError(key)
        return self._known[key]

    def __setitem__(self, key: str, value: V) -> None:
        self._changed[key] = value

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._changed.pop(key, None)
        self._gone.add(key)

    def __contains__(self, key: object) -> bool:
        return key in self._changed or (key not in self._gone and key in self._known)

    def __iter__(self) -> Iterator[str]:
        for key in self._known:
            if key in self._changed or key not in self._gone:
                yield key
        yield from (key for key in self._changed if key not in self._known)

    def __len__(self) -> int:
        return sum(1 for _ in self)
