"""The requirements of a document and where they stand in it."""

from __future__ import annotations

from collections.abc import Iterator

from shared.events.definitions import Definition, Stack, level_achievement
from shared.requirements.model import Leaf, Requirement
from shared.requirements.tree import leaves, walk


def requirements_of(definition: Definition) -> Iterator[tuple[str, str, Requirement]]:
    """Place, the id of the achievement that is awarded for it, and the requirement."""
    if isinstance(definition, Stack):
        for i, level in enumerate(definition.levels):
            yield f"levels/{i}/requirement", level_achievement(definition.id, level.level), level.requirement
    else:
        yield "requirement", definition.id, definition.requirement


def nodes_of(definition: Definition) -> Iterator[tuple[str, str, Requirement]]:
    """Place, achievement and node, for every node of every requirement."""
    for place, owner, requirement in requirements_of(definition):
        for path, node in walk(requirement, place):
            yield path, owner, node


def leaves_of(definition: Definition) -> Iterator[tuple[str, str, Leaf]]:
    """Place, achievement and leaf, for every leaf of every requirement."""
    for place, owner, requirement in requirements_of(definition):
        for path, leaf in leaves(requirement):
            yield f"{place}/{path}".rstrip("/"), owner, leaf
