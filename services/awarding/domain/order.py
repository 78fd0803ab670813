"""In which order achievements are decided: what others rest on comes first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

N = TypeVar("N")


def components(graph: Mapping[N, Collection[N]]) -> list[list[N]]:
    """The strongly connected components of a graph from nodes to what they depend on, dependencies first (Tarjan, without
    recursion). Nodes that are only pointed at count as nodes without dependencies.
    """
    number: dict[N, int] = {}
    low: dict[N, int] = {}
    waiting: dict[N, None] = {}
    found: list[list[N]] = []
    for root in graph:
        if root in number:
            continue
        number[root] = low[root] = len(number)
        waiting[root] = None
        path = [(root, iter(graph[root]))]
        while path:
            node, rest = path[-1]
            following = next(rest, None)
            if following is not None:
                if following not in number:
                    number[following] = low[following] = len(number)
                    waiting[following] = None
                    path.append((following, iter(graph.get(following, ()))))
                elif following in waiting:
                    low[node] = min(low[node], number[following])
                continue
            path.pop()
            if path:
                low[path[-1][0]] = min(low[path[-1][0]], low[node])
            if low[node] == number[node]:
                component: list[N] = []
                while node not in component[-1:]:
                    member, _ = waiting.popitem()
                    component.append(member)
                found.append(component)
    return found


def ranked(
    members: Sequence[str], named: Mapping[str, Collection[str]], chosen: Mapping[str, Collection[str]]
) -> tuple[dict[str, int], dict[str, int]]:
    """The rank and the component of each member.

    `named` are the dependencies by name, among members; `chosen` all of them, which may go through further nodes. Members of one
    component depend on each other through some selection; among them only names order, and a circle of names by id.
    """
    rank: dict[str, int] = {}
    component_of: dict[str, int] = {}
    own = set(members)
    for position, component in enumerate(components(chosen)):
        inside = sorted(node for node in component if node in own)
        for node in inside:
            component_of[node] = position
        among = {node: sorted(set(named.get(node, ())) & set(inside)) for node in inside}
        for circle in components(among):
            for node in sorted(circle):
                rank[node] = len(rank)
    return rank, component_of
