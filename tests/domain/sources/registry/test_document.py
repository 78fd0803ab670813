"""The document by which a source is registered."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.assessment.sources.claims import Name
from services.assessment.sources.document import Source
from services.assessment.sources.formats import FORMATS
from services.assessment.sources.reading import json_schema, source_in, yaml_in
from services.assessment.sources.resolving import Plan
from shared.http import Problem


def source(**fields: Any) -> Source:
    said = {"source": "lms", "name": "Ours", "owner": "IT", "format": "cloudevents", "may_publish": ["urn:course:*"]}
    return Source.model_validate(said | fields)


def test_a_source_speaks_of_its_own_activities_only() -> None:
    ours = source(may_publish=["urn:course:*", "https://lms.example/view.php?id=1"])
    assert ours.may_speak_of("urn:course:1")
    assert ours.may_speak_of("https://lms.example/view.php?id=1")
    assert not ours.may_speak_of("https://lms.example/view.phpXid=1")
    assert not ours.may_speak_of("urn:courses")


def test_what_is_filled_in_must_be_a_group_of_what_is_matched() -> None:
    source(activities=[{"matching": "(?P<id>a+)", "is": "urn:course:{id}"}])
    source(activities=[{"named": "{id}", "is": "urn:course:{id}"}])
    with pytest.raises(ValidationError, match="has the groups id"):
        source(activities=[{"matching": "(?P<id>a+)", "is": "urn:course:{nr}"}])
    with pytest.raises(ValidationError, match="no named group"):
        source(activities=[{"matching": "a+", "is": "urn:course:{nr}"}])


def test_patterns_are_fewer_than_names_for_each_is_tried() -> None:
    source(activities=[{"named": f"a{number}", "is": "urn:course:a"} for number in range(5_000)])
    with pytest.raises(ValidationError, match="at most 200"):
        source(activities=[{"matching": f"a{number}", "is": "urn:course:a"} for number in range(201)])


REGISTERED = [name for name, known in FORMATS.items() if known.registered]
PLAIN = [name for name in REGISTERED if not FORMATS[name].options.model_json_schema().get("required")]
"""Formats that need no options; the others' tests give them theirs."""


@pytest.mark.parametrize("name", PLAIN)
def test_a_document_that_is_written_reads_the_same(name: str) -> None:
    made = source(format=name, quota={"per_minute": 5}, expects_every="P1D", learners=[{"of": "mbox*", "are": "ids"}])
    assert Source.model_validate_json(made.model_dump_json(exclude_defaults=True)) == made
    assert Source.model_validate_json(made.model_dump_json()) == made


@pytest.mark.parametrize("name", REGISTERED)
def test_a_formats_schema_says_what_every_document_has(name: str) -> None:
    schema = json_schema(FORMATS[name])
    assert set(schema["required"]) >= {"source", "name", "owner", "format", "may_publish"}


def test_the_guides_example_is_a_source_that_means_what_it_says() -> None:
    section = (Path(__file__).parents[4] / "docs/sources.md").read_text().split("\n## Register a source\n")[1]
    example = source_in(yaml_in(section.split("```yaml\n")[1].split("```")[0].encode()))
    plan = Plan(example)
    assert plan.meant("canvas:course:565") == ("urn:course:cs101", None)
    assert plan.meant("canvas:assignment:7") == ("urn:canvas:assignment:7", Decimal("0.5"))
    assert plan.meant("canvas:quiz:7") is None
    assert plan.leads(Name("canvas:sis", "123456-T")) == "123456"
    assert plan.leads(Name("canvas:user", "21070000000000123")) == ("campus", "canvas:user", "21070000000000123")


def test_every_mistake_is_found_at_once_also_in_what_only_the_format_knows() -> None:
    with pytest.raises(Problem) as refused:
        source_in({"source": "a b", "format": "cloudevents", "options": {"learners_are": "", "x": 1}, "may_publish": ["*"]})
    places = [error["place"] for error in refused.value.members["errors"]]
    assert set(places) == {"body.source", "body.name", "body.owner", "body.options.learners_are", "body.options.x"}
    with pytest.raises(Problem):
        source_in([])


def test_nobody_may_speak_of_what_assessors_judge_whatever_the_document_says() -> None:
    anything = source(may_publish=["*", "urn:cairn:review:*"])
    assert anything.may_speak_of("urn:cairn:reviewed")
    assert not anything.may_speak_of("urn:cairn:review:weaving:portfolio")
