"""Documents of sources as people write them: commented examples, and the lines on which something is wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from services.assessment.sources.document import Source
from services.assessment.sources.registry import NotPossible
from shared.http import Problem

EXAMPLES: Final = Path(__file__).parent / "examples"
STEP: Final = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
ON_A_LINE: Final = ("learners", "activities", "quota")
WIDTH: Final = 1_000
MOST: Final = 50
"""Mistakes that are shown at once."""


@dataclass(frozen=True)
class Mistake:
    """`place` is where in the document (`activities[1].is`), `line` where in its text, if that can be said."""

    place: str
    line: int | None
    says: str


@cache
def example(format_: str) -> str:
    """A good document of a source of this format, with words that explain it."""
    return (EXAMPLES / f"{format_}.yaml").read_text()


def yaml_of(source: Source) -> str:
    """The document, without what goes without saying."""
    said: dict[str, Any] = source.model_dump(mode="json", exclude_defaults=True)
    if not said["options"]:
        del said["options"]
    return yaml.dump(
        {name: _flat(part) if name in ON_A_LINE else part for name, part in said.items()},
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=WIDTH,
    )


class _Flat(dict[str, Any]):
    """What stands on one line."""


class _Dumper(yaml.SafeDumper):
    """Lists are indented, as people do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


_Dumper.add_representer(_Flat, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True))


def _flat(part: Any) -> Any:
    return [_Flat(one) for one in part] if isinstance(part, list) else _Flat(part)


def mistakes(error: Problem | NotPossible, text: str) -> list[Mistake]:
    """The first of them, each with its place, in the order in which they stand in the text."""
    document = _composed(text)
    if isinstance(error, NotPossible):
        return [Mistake(error.place, _line(document, error.place), error.says)]
    found = [
        Mistake(place, _line(document, place), each["message"])
        for each in error.members.get("errors", ())[:MOST]
        for place in [str(each["place"]).removeprefix("body").removeprefix(".")]
    ]
    found = found or [Mistake("", None, error.detail or error.title)]
    return sorted(found, key=lambda one: (one.line is None, one.line or 0))


def _composed(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError):
        return None


def _line(node: yaml.Node | None, place: str) -> int | None:
    """The line, from 1, on which a place of the document stands, or what it should be part of."""
    line: int | None = None
    for index, name in STEP.findall(place):
        found = None if node is None else _within(node, int(index) if index else None, name)
        if found is None:
            break
        node, line = found
    return line


def _within(node: yaml.Node, index: int | None, name: str) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.SequenceNode) and index is not None and index < len(node.value):
        return node.value[index], node.value[index].start_mark.line + 1
    if isinstance(node, yaml.MappingNode) and name:
        return next(((value, key.start_mark.line + 1) for key, value in node.value if key.value == name), None)
    return None
