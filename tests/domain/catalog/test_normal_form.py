"""Requirements that ask for the same are written the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.domain.normal import normal, written
from shared.requirements.model import Leaf, Requirement
from shared.requirements.tree import Finding, Moment, evaluate
from tests.domain.requirements.trees import REQUIREMENT, requirements

A, B, C = ({"activity": name, "passed": True} for name in "abc")
MOMENT = Moment(datetime(2026, 1, 1, tzinfo=UTC))

SAME: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"all": [A, B]}, {"all": [B, A, B]}),
    ({"all": [A, {"all": [B, C]}]}, {"all": [A, B, C]}),
    ({"any": [{"any": [A]}, {"all": [B]}]}, {"any": [A, B]}),
    ({"at_least": 1, "of": [A, B]}, {"any": [A, B]}),
    ({"at_least": 2, "of": [A, B]}, {"all": [A, B]}),
    ({"at_least": 2, "of": [A, B, C]}, {"at_least": 2, "of": [C, B, A]}),
    ({"activity": "a", "grade": ["1"]}, {"activity": "a", "grade": "1"}),
    ({"activity": "a", "score_at_least": "0.50"}, {"activity": "a", "score_at_least": 0.5}),
    (
        {"weighted_mean_at_least": 0.5, "of": [{"activity": "a", "weight": "0.5"}, {"activity": "b", "weight": "1.50"}]},
        {"weighted_mean_at_least": 0.5, "of": [{"activity": "b", "weight": 3}, {"activity": "a", "weight": 1}]},
    ),
    (
        {"credits_at_least": "30.0", "from": {"tags": ["x", "y", "x"]}, "own_at_least": 0},
        {"credits_at_least": 30, "from": {"tags": ["y", "x"]}},
    ),
    ({"skills_at_least": 1, "among": ["x", "y", "y"]}, {"skills_at_least": 1, "among": ["y", "x"]}),
]
DIFFERENT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"all": [A, B]}, {"any": [A, B]}),
    ({"at_least": 2, "of": [A, A, B]}, {"at_least": 2, "of": [A, B, C]}),
    ({"achievement": "a"}, {"achievement": "a", "holding": "valid"}),
    ({"within": "P1D", "requirement": A}, {"within": "P2D", "requirement": A}),
    ({"activity": "a", "score_at_least": 0.5}, {"activity": "a", "score_at_least": 0.5, "attempts": "latest"}),
]


def form(document: dict[str, Any]) -> str:
    return written(normal(REQUIREMENT.validate_python(document)))


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_asked_differently_has_one_normal_form(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert form(one) == form(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_asks_for_something_else_has_another_normal_form(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert form(one) != form(other)


@given(requirements)
def test_a_normal_form_is_its_own_normal_form(requirement: Requirement) -> None:
    once = normal(requirement)
    assert written(normal(once)) == written(once)


@given(requirements, st.randoms(use_true_random=False))
def test_whoever_meets_a_requirement_meets_its_normal_form(requirement: Requirement, chance: Any) -> None:
    met: dict[str, bool] = {}

    def look_up(leaf: Leaf, path: str, moment: Moment) -> Finding:
        return Finding(met.setdefault(f"{moment.since}{written(normal(leaf))}", chance.random() < 0.5))

    finds: Callable[[Requirement], bool] = lambda node: evaluate(node, look_up, MOMENT).met  # noqa: E731
    assert finds(requirement) == finds(normal(requirement))
