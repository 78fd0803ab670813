"""Walking and evaluating a requirement tree. Pure: what is known of the learner comes in as a function.

A node's path is the way to it from the root, as in `""`, `all/0`, `all/2/of/1` or `requirement/any/0`.
A `Finding` mirrors the tree node by node: the evaluation that decides is the one that explains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, assert_never

from shared.requirements.model import (
    AWARD_LEAVES,
    ENTRY_LEAVES,
    All,
    AnyOf,
    AtLeast,
    Leaf,
    Requirement,
    Within,
)


@dataclass(frozen=True, slots=True)
class Judged:
    """The level that assessors found by one criterion of a rubric. `activity` is the review's, `points` a decimal in text."""

    activity: str
    criterion: str
    level: str
    points: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found at one node: `of` has the findings of its parts, in the requirement's order.

    `by` are the ids of the entries or awards that count here (empty at a group), `value` what was reached where the node
    asks for an amount (a score, a mean, credits, a count), as a decimal in text. `waived` names the decision of a person
    that stands in for it. `results` has what people judged in the entries that count (None: nothing), and `links` what the
    learner shows of it to whoever sees the credential.
    """

    met: bool
    by: tuple[str, ...] = ()
    value: str | None = None
    waived: str | None = None
    of: tuple[Finding, ...] = ()
    results: tuple[Judged, ...] | None = None
    links: tuple[str, ...] | None = None


EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """When a tree is looked at: `at`, counting only what was earned after `since` (None: since ever)."""

    at: datetime
    since: datetime | None = None

    def narrowed(self, period: timedelta) -> Moment:
        start = EARLIEST if period > self.at - EARLIEST else self.at - period
        return Moment(self.at, start if self.since is None or start > self.since else self.since)


LookUp = Callable[[Leaf, str, Moment], Finding]
"""Finds out about one leaf, given its path and the moment it is looked at."""

Overrides = Callable[[str, Moment], Finding | None]
"""A finding that is already known for a whole subtree (a part decided elsewhere, a waiver), by its path; else None."""


def parts_of(node: Requirement) -> tuple[tuple[str, Requirement], ...]:
    """The direct parts of a group with the steps to them; none for a leaf."""
    match node:
        case All():
            return tuple((f"all/{i}", part) for i, part in enumerate(node.all))
        case AnyOf():
            return tuple((f"any/{i}", part) for i, part in enumerate(node.any))
        case AtLeast():
            return tuple((f"of/{i}", part) for i, part in enumerate(node.of))
        case Within():
            return (("requirement", node.requirement),)
        case _:
            return ()


def joined(path: str, step: str) -> str:
    return f"{path}/{step}" if path else step


def walk(node: Requirement, path: str = "") -> Iterator[tuple[str, Requirement]]:
    """Every node with its path, the root first."""
    yield path, node
    for step, part in parts_of(node):
        yield from walk(part, joined(path, step))


def leaves(node: Requirement) -> Iterator[tuple[str, Leaf]]:
    for path, part in walk(node):
        if isinstance(part, ENTRY_LEAVES + AWARD_LEAVES):
            yield path, part


def about_entries(node: Requirement) -> bool:
    """Whether the tree has only leaves about entries, so that assessment alone can decide it."""
    return all(isinstance(leaf, ENTRY_LEAVES) for _, leaf in leaves(node))


def entry_parts(node: Requirement, path: str = "") -> Iterator[tuple[str, Requirement]]:
    """The parts that assessment decides: the largest subtrees about entries only.

    Beneath a `within` that also asks for awards each leaf is a part of its own, because awarding measures the period there.
    """
    if about_entries(node):
        yield path, node
    elif isinstance(node, Within):
        for inner, leaf in walk(node.requirement, joined(path, "requirement")):
            if isinstance(leaf, ENTRY_LEAVES):
                yield inner, leaf
    else:
        for step, part in parts_of(node):
            yield from entry_parts(part, joined(path, step))


def evaluate(node: Requirement, look_up: LookUp, moment: Moment, known: Overrides | None = None, path: str = "") -> Finding:
    """Evaluate the whole tree; every part is looked at, so that the finding explains also what is still open."""
    if known is not None and (finding := known(path, moment)) is not None:
        return finding
    match node:
        case All() | AnyOf() | AtLeast():
            found = tuple(evaluate(part, look_up, moment, known, joined(path, step)) for step, part in parts_of(node))
            met = sum(finding.met for finding in found)
            needed = len(found) if isinstance(node, All) else 1 if isinstance(node, AnyOf) else node.at_least
            return Finding(met=met >= needed, value=str(met), of=found)
        case Within():
            inner = evaluate(node.requirement, look_up, moment.narrowed(node.within), known, joined(path, "requirement"))
            return Finding(met=inner.met, of=(inner,))
        case _ if isinstance(node, ENTRY_LEAVES + AWARD_LEAVES):
            return look_up(node, path, moment)
        case _:
            assert_never(node)
