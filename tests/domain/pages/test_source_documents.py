"""Documents of sources as pages show them: examples that are good, mistakes with their lines, and nothing lost on the way."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.api import app_of
from services.assessment.pages.sources import ADDRESSES
from services.assessment.pages.sources_accounts import between
from services.assessment.pages.sources_yaml import example, mistakes, yaml_of
from services.assessment.sources.accounts_api import LONGEST
from services.assessment.sources.formats import FORMATS
from services.assessment.sources.reading import source_in, yaml_in
from services.assessment.sources.registry import NotPossible
from shared.http import Problem

REGISTERED = sorted(name for name, known in FORMATS.items() if known.registered)


@pytest.mark.parametrize("name", REGISTERED)
def test_the_example_of_every_format_is_a_good_document(name: str) -> None:
    source = source_in(yaml_in(example(name).encode()))
    assert source.format == name
    assert example(name).count("#") > 4, "its parts are explained"


@pytest.mark.parametrize("name", REGISTERED)
def test_a_document_that_is_shown_reads_as_what_is_in_force(name: str) -> None:
    source = source_in(yaml_in(example(name).encode()))
    assert source_in(yaml_in(yaml_of(source).encode())) == source


@given(name=st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=60))
def test_whatever_a_rule_says_is_shown_as_it_is(name: str) -> None:
    document = yaml_in(example("xapi").encode()) | {"activities": [{"named": name, "is": "urn:lms:course:1"}]}
    source = source_in(document)
    assert source_in(yaml_in(yaml_of(source).encode())) == source


def test_each_mistake_has_its_place_and_its_line() -> None:
    text = example("xapi").replace("batches: each", "batches: some").replace("are: ids", "are: people")
    with pytest.raises(Problem) as caught:
        source_in(yaml_in(text.encode()))
    found = mistakes(caught.value, text)
    lines = text.splitlines()
    assert [one.place for one in found] == ["learners[0].are", "options.batches"]
    assert all(one.line is not None for one in found)
    assert ["are: people" in lines[(found[0].line or 0) - 1], "batches: some" in lines[(found[1].line or 0) - 1]] == [True, True]


def test_what_is_missing_is_said_without_a_line_and_what_cannot_be_read_with_the_readers_words() -> None:
    (missing,) = mistakes(NotPossible("speaks_as", "another source speaks so"), "source: a\n")
    assert (missing.place, missing.line) == ("speaks_as", None)
    with pytest.raises(Problem) as caught:
        yaml_in(b"source: a\nname: [")
    (unread,) = mistakes(caught.value, "source: a\nname: [")
    assert "line" in unread.says


def test_every_format_is_told_an_address_that_there_is() -> None:
    async def ready() -> dict[str, bool | str]:
        return {}

    paths = set(app_of(ready).openapi()["paths"])
    assert set(ADDRESSES) == set(REGISTERED)
    for path in {path for each in ADDRESSES.values() for path in each}:
        assert path in paths


@given(first=st.none() | st.dates(), last=st.none() | st.dates())
def test_every_period_that_can_be_asked_for_can_be_shown(first: date | None, last: date | None) -> None:
    begins, ends = between(first, last)
    assert begins <= ends
    assert ends - begins <= LONGEST
