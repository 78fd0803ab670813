"""What a query of Prometheus's names."""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORDS = frozenset(
    ["and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset", "inf", "nan"]
)
_STRING = re.compile(r"\"[^\"]*\"|'[^']*'")
_GROUPING = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r"(?<![\w:.$])([A-Za-z_][\w:]*)\s*(\{[^}]*\})?(?!\s*\(|[\w:])")
_RANGE = re.compile(r"\[[^\]]*\]")
_MATCHED = re.compile(r"([A-Za-z_]\w*)\s*(?:=~|!~|!=|=)")


def selected(query: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Each series that is named, with the labels it is chosen by."""
    bare = _GROUPING.sub(" ", _RANGE.sub("", _STRING.sub('""', query)))
    for name, labels in _SELECTOR.findall(bare):
        if name not in _WORDS:
            yield name, frozenset(_MATCHED.findall(labels))


def grouped(query: str) -> frozenset[str]:
    """The labels that results are put together or matched by."""
    return frozenset(
        name.strip() for _, names in _GROUPING.findall(_STRING.sub('""', query)) for name in names.split(",") if name.strip()
    )
