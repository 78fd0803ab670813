"""The demonstration's catalog is one that the catalog would publish, and shows all that requirements can say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.demo.curriculum import COURSES
from deploy.demo.documents import FIRST, REVISIONS, documents
from deploy.local import platform
from services.catalog.domain.document import Submission, read
from services.catalog.domain.findings import Finding, Severity
from services.catalog.domain.known import Known
from services.catalog.domain.validation import validated
from services.catalog.entitlements import entitlements_of
from shared.events.definitions import Achievement, Definition
from shared.requirements.model import (
    NODE_KEYS,
    AnyOf,
    Attempts,
    Credits,
    Held,
    Holding,
    Missing,
    Requirement,
    Scored,
    WeightedMean,
    Within,
)
from shared.requirements.tree import about_entries, leaves, parts_of, walk

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ENTITLEMENTS = entitlements_of(platform.ENTITLEMENTS)


def read_all(folder: Path) -> list[Submission]:
    submissions = [read(document) for document in documents(folder)]
    mistakes = [submission for submission in submissions if not isinstance(submission, Submission)]
    assert mistakes == []
    return [submission for submission in submissions if isinstance(submission, Submission)]


EDITIONS = [read_all(FIRST), read_all(REVISIONS)]
DEFINITIONS: list[Definition] = [submission.definition for edition in EDITIONS for submission in edition]


def requirements() -> Iterator[Requirement]:
    for definition in DEFINITIONS:
        if isinstance(definition, Achievement):
            yield definition.requirement
        else:
            yield from (level.requirement for level in definition.levels)


NODES = [node for requirement in requirements() for _, node in walk(requirement)]


def findings() -> Iterator[Finding]:
    """Of the first edition, and then of the revisions published upon it."""
    published = Known({})
    for edition in EDITIONS:
        for found in validated(edition, published, NOW, ENTITLEMENTS).values():
            yield from found
        published = published.with_([submission.definition for submission in edition])


def test_the_catalog_has_no_mistakes_and_warns_only_of_a_date_in_the_past() -> None:
    found = list(findings())
    assert [one for one in found if one.severity is Severity.ERROR] == []
    assert {one.place for one in found} <= {"teach_out_of_previous"}


@pytest.mark.parametrize("kind", NODE_KEYS)
def test_every_kind_of_requirement_is_shown(kind: str) -> None:
    assert any(isinstance(node, NODE_KEYS[kind]) for node in NODES)


def test_every_way_of_counting_is_shown() -> None:
    assert {node.holding for node in NODES if isinstance(node, Held)} == set(Holding)
    assert {node.missing for node in NODES if isinstance(node, WeightedMean)} == set(Missing)
    assert {node.attempts for node in NODES if isinstance(node, Scored)} == set(Attempts)
    assert any(isinstance(node, Held) and (node.from_version or 0) > 1 for node in NODES)
    assert any(isinstance(node, Credits) and node.rates and node.outside_at_most and node.own_at_least for node in NODES)


def test_requirements_are_nested_and_mix_activities_with_awards() -> None:
    assert any(isinstance(node, AnyOf) and any(parts_of(part) for _, part in parts_of(node)) for node in NODES)
    mixed = [node for node in NODES if isinstance(node, Within) and not about_entries(node)]
    assert any(about_entries(leaf) for node in mixed for _, leaf in leaves(node))


def test_everything_that_is_asked_for_can_be_taken_and_the_other_way_round() -> None:
    asked = {name for node in NODES for name in _activities(node)}
    taken = {step.activity for course in COURSES.values() for step in course.steps}
    assert asked == taken


def _activities(node: Requirement) -> Iterator[str]:
    if isinstance(node, WeightedMean):
        yield from (weighted.activity for weighted in node.of)
    elif (activity := getattr(node, "activity", None)) is not None:
        yield activity


def test_the_centrepiece_stacks_computing_and_inclusion_in_three_levels() -> None:
    [stack] = [one for one in DEFINITIONS if one.id == "inclusive-computing"]
    assert not isinstance(stack, Achievement)
    assert [level.name for level in stack.levels] == ["Bronze", "Silver", "Gold"]
