"""Requirements that ask for the same, written the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from math import gcd
from typing import assert_never

from shared.requirements.model import (
    AWARD_LEAVES,
    ENTRY_LEAVES,
    Achievements,
    All,
    AnyOf,
    AtLeast,
    AtLevel,
    Completed,
    Credits,
    Graded,
    Held,
    Leaf,
    Passed,
    Requirement,
    Scored,
    Selection,
    Skills,
    WeightedMean,
    Within,
)


def normal(node: Requirement) -> Requirement:
    """The normal form. Two requirements with the same one are met by the same learners; it is its own normal form.

    Groups in groups of their kind are flattened, groups of one opened, parts sorted, and repeated ones dropped where they
    change nothing; amounts lose trailing zeros, and weights of a mean are made whole and as small as they go.
    """
    match node:
        case All():
            parts = _flat(map(normal, node.all), lambda part: part.all if isinstance(part, All) else (part,))
            return parts[0] if len(parts) == 1 else All.model_construct(all=parts)
        case AnyOf():
            parts = _flat(map(normal, node.any), lambda part: part.any if isinstance(part, AnyOf) else (part,))
            return parts[0] if len(parts) == 1 else AnyOf.model_construct(any=parts)
        case AtLeast():
            if node.at_least == 1:
                return normal(AnyOf(any=node.of))
            if node.at_least == len(node.of):
                return normal(All(all=node.of))
            return node.model_copy(update={"of": tuple(sorted(map(normal, node.of), key=written))})
        case Within():
            return node.model_copy(update={"requirement": normal(node.requirement)})
        case _ if isinstance(node, ENTRY_LEAVES + AWARD_LEAVES):
            return _leaf(node)
        case _:
            assert_never(node)


def written(node: Requirement) -> str:
    """The node as text; the same text for equal nodes."""
    return node.model_dump_json()


def _flat(parts: Iterable[Requirement], opened: Callable[[Requirement], tuple[Requirement, ...]]) -> tuple[Requirement, ...]:
    unique = {written(inner): inner for part in parts for inner in opened(part)}
    return tuple(unique[text] for text in sorted(unique))


def _leaf(leaf: Leaf) -> Leaf:
    match leaf:
        case Completed() | Passed() | Held() | AtLevel():
            return leaf
        case Graded():
            grades = tuple(sorted(set(leaf.grades)))
            return leaf.model_copy(update={"grade": grades[0] if len(grades) == 1 else grades})
        case Scored():
            return leaf.model_copy(update={"score_at_least": _plain(leaf.score_at_least)})
        case WeightedMean():
            return _weighted_mean(leaf)
        case Credits():
            return leaf.model_copy(
                update={
                    "credits_at_least": _plain(leaf.credits_at_least),
                    "from_": _selection(leaf.from_),
                    "rates": {system: _plain(rate) for system, rate in sorted(leaf.rates.items())},
                    "outside_at_most": None if leaf.outside_at_most is None else _plain(leaf.outside_at_most),
                    "own_at_least": _plain(leaf.own_at_least) if leaf.own_at_least else None,
                }
            )
        case Achievements():
            return leaf.model_copy(update={"from_": _selection(leaf.from_), "own_at_least": leaf.own_at_least or None})
        case Skills():
            return leaf.model_copy(update={"among": tuple(sorted(set(leaf.among)))})
        case _:
            assert_never(leaf)


def _weighted_mean(leaf: WeightedMean) -> WeightedMean:
    scale = 10 ** max(0, *(-_exponent(weighted.weight) for weighted in leaf.of))
    whole = [int(weighted.weight * scale) for weighted in leaf.of]
    divisor = gcd(*whole) or 1
    of = [
        weighted.model_copy(update={"weight": Decimal(weight // divisor)})
        for weighted, weight in zip(leaf.of, whole, strict=True)
    ]
    of.sort(key=lambda weighted: weighted.model_dump_json())
    return leaf.model_copy(update={"weighted_mean_at_least": _plain(leaf.weighted_mean_at_least), "of": tuple(of)})


def _selection(selection: Selection) -> Selection:
    return Selection.model_construct(
        achievements=tuple(sorted(set(selection.achievements))),
        tags=tuple(sorted(set(selection.tags))),
        issuers=tuple(sorted(set(selection.issuers))),
    )


def _plain(amount: Decimal) -> Decimal:
    short = amount.normalize()
    return short.quantize(Decimal(1)) if _exponent(short) > 0 else short


def _exponent(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int), "amounts are finite"
    return exponent
