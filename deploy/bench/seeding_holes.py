"""Documents with holes: functions of what is filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from operator import itemgetter
from typing import Any

Filled = dict[str, Any]
"""What one learner has in the place of each hole; numbers are numbers."""
Fill = Callable[[Filled], Any]


class Holes:
    """Finds holes in values. What might be one has the form of an id, and is one if it is known."""

    def __init__(self, known: Set[str], learner: str) -> None:
        self._known = known
        uuids = r"(?:urn:uuid:)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
        marks = r"<list \d+>|<partition>"
        self._pattern = re.compile(f"({marks}|{re.escape(learner)}|{uuids}|[0-9a-f]{{16,64}})")

    def compiled(self, value: Any) -> Any:
        """The value itself if there is no hole in it, else a function of what fills them."""
        match value:
            case str():
                return self._text(value)
            case int() if str(value) in self._known:
                return itemgetter(str(value))
            case dict():
                parts = {name: self.compiled(part) for name, part in value.items()}
                if any(map(callable, parts.values())):
                    return lambda filled: {name: part(filled) if callable(part) else part for name, part in parts.items()}
            case list() | tuple():
                items = [self.compiled(part) for part in value]
                if any(map(callable, items)):
                    return lambda filled: [part(filled) if callable(part) else part for part in items]
        return value

    def _text(self, value: str) -> Any:
        if value in self._known:
            return itemgetter(value)
        pieces: list[str] = [""]
        holes: list[str] = []
        for place, piece in enumerate(self._pattern.split(value)):
            if place % 2 and piece in self._known:
                holes.append(piece)
                pieces.append("")
            else:
                pieces[-1] += piece.replace("{", "{{").replace("}", "}}")
        if not holes:
            return value
        shape = "{}".join(pieces)
        return lambda filled: shape.format(*[filled[hole] for hole in holes])
