"""Requirements as trees to read, in any language: what an achievement asks for, and what of it was met."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from services.awarding.credentials.rubrics import reached
from services.awarding.domain.rules import Rules, Version
from services.awarding.pages.views import Mark, Node
from shared.events.awarding import Reason
from shared.pages.formats import Formats
from shared.requirements.model import Achievements, Credits, Requirement, Scored, Skills, WeightedMean
from shared.requirements.sentences import label
from shared.requirements.tree import joined, parts_of


def criteria(version: Version, rules: Rules, language: str, reason: Reason | None = None) -> Node:
    """The version's requirement. With a reason each node is marked; parts it is silent about are shown without a mark."""
    found = dict(_by_path(reason))
    return _node("", version.requirement, found, version, rules, language)


def _by_path(reason: Reason | None) -> Iterator[tuple[str, Reason]]:
    if reason is not None:
        yield reason.path, reason
        for part in reason.of:
            yield from _by_path(part)


def _node(path: str, node: Requirement, found: dict[str, Reason], version: Version, rules: Rules, language: str) -> Node:
    reason = found.get(path)
    return Node(
        says=label(node, rules.name_of, language),
        mark=None if reason is None else _mark(reason),
        value=None if reason is None else _value(node, reason.value, Formats(language)) or _judged(reason, version),
        of=tuple(_node(joined(path, step), part, found, version, rules, language) for step, part in parts_of(node)),
    )


def _judged(reason: Reason, version: Version) -> str | None:
    """The levels that assessors found, by the criteria of the version's rubrics."""
    found = reached(reason, version.definition)
    return "; ".join(f"{criterion.name}: {level.name}" for _, criterion, level in found) or None


def _mark(reason: Reason) -> Mark:
    if reason.waived is not None:
        return "waived"
    return "met" if reason.met else "open"


def _value(node: Requirement, value: str | None, formats: Formats) -> str | None:
    """What was reached, where the node asks for an amount; how many parts of a group are met can be counted beneath it."""
    try:
        amount = None if value is None else Decimal(value)
    except InvalidOperation:
        return None
    if amount is None:
        return None
    match node:
        case Scored() | WeightedMean():
            return formats.percent(amount)
        case Credits():
            return f"{formats.number(amount)} {node.system}"
        case Achievements() | Skills():
            return formats.number(amount)
        case _:
            return None
