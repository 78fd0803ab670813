"""What depends on what, that nothing depends on itself, and in which order to publish."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias

from services.catalog.domain.findings import Finding, error, warning
from services.catalog.domain.known import Known
from services.catalog.domain.places import leaves_of
from shared.events.definitions import Definition
from shared.requirements.model import Achievements, AtLevel, Credits, Held, Leaf, Selection, Skills

Choice: TypeAlias = Selection | Skills
"""A choice by tag, issuer or skill: it stands in the graph once for all that make it, or a wide one would have too many edges."""

Vertex: TypeAlias = str | Choice


class Dependencies:
    """Achievements (levels included) and what their requirements ask for, in all versions: an old one counts for some.

    Nothing may ask for itself by name, however long the way round. A choice by tag, issuer or skill may: it just doesn't
    count what itself depends on the chooser.
    """

    def __init__(self, known: Known) -> None:
        self.known = known
        self.named: dict[str, set[str]] = {}
        self.graph: dict[Vertex, set[Vertex]] = {}
        for versions in known.definitions.values():
            for version in versions:
                for _, owner, leaf in leaves_of(version):
                    named = named_by(leaf, known)
                    self.named.setdefault(owner, set()).update(named)
                    edges = self.graph.setdefault(owner, set())
                    edges.update(named)
                    if (choice := choice_of(leaf)) is not None:
                        edges.add(choice)
                        if choice not in self.graph:
                            self.graph[choice] = set(self.chosen_by(leaf))

    def chosen_by(self, leaf: Leaf) -> frozenset[str]:
        """What a leaf chooses among, if it chooses."""
        match leaf:
            case Credits() | Achievements():
                return self.known.chosen(leaf.from_)
            case Skills():
                return self.known.showing(leaf)
            case _:
                return frozenset()

    def counted_by(self, leaf: Leaf, owner: str) -> frozenset[str]:
        """What a leaf of the achievement `owner` counts of what it chooses."""
        chosen = self.chosen_by(leaf)
        return chosen if choice_of(leaf) is None else chosen - self.mates(owner)

    def mates(self, achievement: str) -> frozenset[str]:
        """The achievement itself, and those that it depends on and that depend on it."""
        found = self._components.get(achievement, ())
        return frozenset(vertex for vertex in found if isinstance(vertex, str)) | {achievement}

    @cached_property
    def _components(self) -> Mapping[Vertex, tuple[Vertex, ...]]:
        return components(self.graph)


def named_by(leaf: Leaf, known: Known) -> Sequence[str]:
    """The achievements that a leaf names, one way or another."""
    match leaf:
        case Held():
            return (leaf.achievement,)
        case AtLevel():
            return known.levels_from(leaf)
        case Credits() | Achievements():
            return leaf.from_.achievements
        case _:
            return ()


def choice_of(leaf: Leaf) -> Choice | None:
    match leaf:
        case Credits() | Achievements() if not leaf.from_.achievements:
            return leaf.from_
        case Skills():
            return leaf
        case _:
            return None


def cycles(definitions: Iterable[Definition], dependencies: Dependencies) -> Iterator[tuple[str, Finding]]:
    """An error for each leaf by which a definition depends on itself: the definition's id and the finding, with the way round."""
    named = dependencies.named
    try:
        TopologicalSorter(named).prepare()
    except CycleError:
        for definition in definitions:
            told: set[tuple[str, ...]] = set()
            for place, owner, leaf in leaves_of(definition):
                way = _way_back(named, named_by(leaf, dependencies.known), owner)
                if way is not None and way not in told:
                    told.add(way)
                    said = f": {' asks for '.join((owner, *way))}" if len(way) > 1 else ""
                    yield definition.id, error(place, f"{owner} would depend on itself{said}")


def not_counted(definition: Definition, dependencies: Dependencies) -> Iterator[Finding]:
    """A warning for each choice that leaves out what depends on the chooser, other than levels of the same stack."""
    stack_of = dependencies.known.level_stack
    for place, owner, leaf in leaves_of(definition):
        if choice_of(leaf) is None:
            continue
        left_out = dependencies.chosen_by(leaf) - dependencies.counted_by(leaf, owner)
        others = sorted(id_ for id_ in left_out if stack_of.get(id_, id_) != definition.id)
        if others:
            named = ", ".join(others[:5]) + (f" and {len(others) - 5} more" if len(others) > 5 else "")
            yield warning(place, f"{named} would count here, but depends on {owner} itself, and so doesn't")


def publishing_order(definitions: Sequence[Definition], known: Known) -> tuple[Definition, ...]:
    """What others among them name comes first; as given where levels of two stacks build on each other."""
    own = {owner: definition.id for definition in definitions for _, owner, _ in leaves_of(definition)}
    sorter: TopologicalSorter[str] = TopologicalSorter({definition.id: () for definition in definitions})
    for definition in definitions:
        named = {id_ for _, _, leaf in leaves_of(definition) for id_ in named_by(leaf, known)}
        sorter.add(definition.id, *({own[id_] for id_ in named if id_ in own} - {definition.id}))
    by_id = {definition.id: definition for definition in definitions}
    try:
        return tuple(by_id[id_] for id_ in sorter.static_order())
    except CycleError:
        return tuple(definitions)


def components(graph: Mapping[Vertex, Iterable[Vertex]]) -> dict[Vertex, tuple[Vertex, ...]]:
    """For each vertex those that it reaches and that reach it, by Tarjan's way, without recursion."""
    number: dict[Vertex, int] = {}
    lowest: dict[Vertex, int] = {}
    open_: dict[Vertex, None] = {}
    found: dict[Vertex, tuple[Vertex, ...]] = {}
    for root in graph:
        if root in number:
            continue
        path: list[tuple[Vertex, Iterator[Vertex]]] = []
        arriving: Vertex | None = root
        while path or arriving is not None:
            if arriving is not None:
                number[arriving] = lowest[arriving] = len(number)
                open_[arriving] = None
                path.append((arriving, iter(graph.get(arriving, ()))))
                arriving = None
            vertex, following = path[-1]
            for each in following:
                if each not in number:
                    arriving = each
                    break
                if each in open_:
                    lowest[vertex] = min(lowest[vertex], number[each])
            if arriving is not None:
                continue
            path.pop()
            if path:
                before = path[-1][0]
                lowest[before] = min(lowest[before], lowest[vertex])
            if lowest[vertex] == number[vertex]:
                mates: list[Vertex] = []
                while not mates or mates[-1] != vertex:
                    mates.append(open_.popitem()[0])
                found |= dict.fromkeys(mates, tuple(mates))
    return found


def _way_back(graph: Mapping[str, Iterable[str]], starts: Iterable[str], goal: str) -> tuple[str, ...] | None:
    """The shortest way from one of the starts to the goal, both included."""
    before: dict[str, str | None] = dict.fromkeys(starts)
    waiting = deque(before)
    while waiting:
        vertex = waiting.popleft()
        if vertex == goal:
            way: list[str] = []
            step: str | None = vertex
            while step is not None:
                way.append(step)
                step = before[step]
            return tuple(way[::-1])
        for following in graph.get(vertex, ()):
            if following not in before:
                before[following] = vertex
                waiting.append(following)
    return None
