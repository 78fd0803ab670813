"""Documents in files, with where each place stands: several to a file, as YAML or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml

SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})


class Unreadable(Exception):
    """A file can't be read as YAML or JSON. The text names the file and, if known, the line."""


@dataclass(frozen=True, slots=True)
class Written:
    """A document as it was written. `node` knows the lines of its parts, in YAML."""

    path: Path
    document: object
    node: yaml.Node | None = None

    def line(self, place: str) -> int | None:
        """The line, from 1, at which the place stands, or the nearest place around it."""
        node, line = self.node, None
        for step in ["", *place.split("/")] if node is not None else []:
            if step:
                node, key = _under(node, step)
                if node is None:
                    return line
                line = (key or node).start_mark.line + 1
            elif node is not None:
                line = node.start_mark.line + 1
        return line

    def where(self, place: str) -> str:
        """`cs.yaml:12: levels/1/requirement`"""
        line = self.line(place)
        return f"{self.path}{'' if line is None else f':{line}'}{f': {place}' if place else ''}"


def read_folder(folder: Path) -> Iterator[Written]:
    """Every document of a file, or of all files beneath a folder in the order of their names. Raises Unreadable."""
    if folder.is_file():
        paths = [folder]
    elif folder.is_dir():
        paths = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and not _hidden(path, folder))
    else:
        raise Unreadable(f"{folder}: there is no such file or folder")
    for path in paths:
        yield from read_file(path)


def read_file(path: Path) -> Iterator[Written]:
    """The documents of one file; empty ones are passed over. Raises Unreadable."""
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            found = json.loads(text, parse_float=str)
            yield from (Written(path, document) for document in (found if isinstance(found, list) else [found]))
            return
        loader = _Loader(text)
        try:
            while loader.check_node():
                node = loader.get_node()
                document: object = loader.construct_document(node)
                if document is not None:
                    yield Written(path, document, node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise Unreadable(f"{path}{line}: {error.problem}") from error
    except (OSError, UnicodeDecodeError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise Unreadable(f"{path}: {error}") from error


class _Loader(yaml.SafeLoader):
    """YAML as people mean it: `no` is text, a day stays a day, decimals stay exact, and no key stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key} stands here twice", key_node.start_mark)
            seen.add(key)
        return dict(super().construct_mapping(node, deep))


def _as_text(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_MEANT: Final = {
    "tag:yaml.org,2002:bool": "tTfF",
    "tag:yaml.org,2002:int": "-+0123456789",
    "tag:yaml.org,2002:float": "-+0123456789.",
    "tag:yaml.org,2002:null": "~nN",
}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if first in _MEANT.get(tag, "")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_constructor("tag:yaml.org,2002:float", _as_text)


def _under(node: yaml.Node | None, step: str) -> tuple[yaml.Node | None, yaml.Node | None]:
    """The node under a key or index, and the key's own."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return value, key
    elif isinstance(node, yaml.SequenceNode) and step.isdecimal() and int(step) < len(node.value):
        return node.value[int(step)], None
    return None, None


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def day(text: str) -> date:
    """Raises ValueError with what would be right."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text} is not a day like 2027-09-01") from error
