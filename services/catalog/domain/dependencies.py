"""What depends on what, that nothing depends on itself, and in which order to publish."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias

from services.catalog.domain.findings import Finding, error
from services.catalog.domain.known import Known
from services.catalog.domain.places import leaves_of
from shared.events.definitions import Definition
from shared.requirements.model import Achievements, AtLevel, Credits, Held, Leaf, Selection, Skills

Choice: TypeAlias = tuple[Selection | Skills, str | None]
"""A selection stands in the graph once for all that use it, or a wide choice would have an edge for each pair."""

Vertex: TypeAlias = str | Choice
Graph: TypeAlias = dict[Vertex, set[Vertex]]


def graph_of(known: Known) -> Graph:
    """Achievements (levels included) to what their requirements ask for, in all versions: an old one counts for some."""
    graph: Graph = {}
    for versions in known.definitions.values():
        for version in versions:
            for _, owner, leaf in leaves_of(version):
                edges = graph.setdefault(owner, set())
                for vertex in _vertices(leaf, owner, known):
                    edges.add(vertex)
                    if isinstance(vertex, tuple) and vertex not in graph:
                        graph[vertex] = set(_chosen(vertex, known))
    return graph


def _vertices(leaf: Leaf, owner: str, known: Known) -> Sequence[Vertex]:
    match leaf:
        case Held():
            return (leaf.achievement,)
        case AtLevel():
            return known.levels_from(leaf)
        case Credits() | Achievements():
            by_itself = owner in known.chosen(leaf.from_) and not leaf.from_.achievements
            return ((leaf.from_, owner if by_itself else None),)
        case Skills():
            return ((leaf, owner if owner in known.showing(leaf) else None),)
        case _:
            return ()


def _chosen(choice: Choice, known: Known) -> frozenset[str]:
    asks, owner = choice
    return known.showing(asks, owner) if isinstance(asks, Skills) else known.chosen(asks, owner)


def cycles(definitions: Iterable[Definition], known: Known) -> Iterator[tuple[str, Finding]]:
    """For each leaf by which a definition depends on itself: the definition's id and the finding, with the way round."""
    graph = graph_of(known)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        for definition in definitions:
            said: set[tuple[str, ...]] = set()
            for place, owner, leaf in leaves_of(definition):
                way = _way_back(graph, _vertices(leaf, owner, known), owner)
                if way is not None and (round_ := _named(owner, way)) not in said:
                    said.add(round_)
                    yield definition.id, error(place, _message(round_, way))


def _way_back(graph: Graph, starts: Iterable[Vertex], goal: str) -> list[Vertex] | None:
    """The shortest way from one of the starts to the goal."""
    before: dict[Vertex, Vertex | None] = dict.fromkeys(starts)
    waiting = deque(before)
    while waiting:
        vertex = waiting.popleft()
        if vertex == goal:
            way: list[Vertex] = []
            step: Vertex | None = vertex
            while step is not None:
                way.append(step)
                step = before[step]
            return way[::-1]
        for following in graph.get(vertex, ()):
            if following not in before:
                before[following] = vertex
                waiting.append(following)
    return None


def _named(owner: str, way: Iterable[Vertex]) -> tuple[str, ...]:
    return (owner, *(vertex for vertex in way if isinstance(vertex, str)))


def _message(round_: Sequence[str], way: Iterable[Vertex]) -> str:
    if len(round_) == 2:
        said = f"{round_[0]} would depend on itself"
    else:
        said = f"{round_[0]} would depend on itself: {' asks for '.join(round_)}"
    chosen = [vertex[0] for vertex in way if isinstance(vertex, tuple)]
    if any(not (isinstance(asks, Selection) and asks.achievements) for asks in chosen):
        return f"{said} (by what is chosen by tag, issuer or skill; name the achievements instead, or tag them apart)"
    return said


def publishing_order(definitions: Sequence[Definition], known: Known) -> tuple[Definition, ...]:
    """What others among them depend on comes first; as given where levels of two stacks build on each other."""
    own = {owner: definition.id for definition in definitions for _, owner, _ in leaves_of(definition)}
    sorter: TopologicalSorter[str] = TopologicalSorter({definition.id: () for definition in definitions})
    for definition in definitions:
        needs: set[str] = set()
        for _, owner, leaf in leaves_of(definition):
            for vertex in _vertices(leaf, owner, known):
                needs |= {vertex} if isinstance(vertex, str) else _chosen(vertex, known)
        sorter.add(definition.id, *({own[id_] for id_ in needs if id_ in own} - {definition.id}))
    by_id = {definition.id: definition for definition in definitions}
    try:
        return tuple(by_id[id_] for id_ in sorter.static_order())
    except CycleError:
        return tuple(definitions)
