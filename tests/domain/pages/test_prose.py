"""Texts and names of others among ours: they keep their form, turn nothing around them, and never become markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment import pages as assessment
from services.awarding import pages as awarding
from services.catalog import pages as catalog
from shared import pages as shared
from shared.pages.formats import Formats
from shared.pages.prose import isolated, isolated_list, prose

RIGHT_TO_LEFT = "\u202eنورة"
FOLDERS = [Path(package.__file__ or "").parent / "templates" for package in (assessment, awarding, catalog, shared)]
WHOSE = "award|stack|level|part|issuer|who|skill|outcome|endorsement|card|share|definition|it|step|other"
NAMED = re.compile(rf"{{{{ (?:holder|(?:{WHOSE})(?:\.\w+)*\.(?:name|label|issuer|text)) }}}}")
"""What somebody else chose, and no filter isolates."""


def test_paragraphs_lists_and_bold_words_keep_their_form() -> None:
    assert prose("One\ntwo\n\n- **a**\n  - b\n- c\n\nEnd") == (
        '<p dir="auto">One<br>two</p>'
        '<ul><li dir="auto"><strong>a</strong><ul><li dir="auto">b</li></ul></li><li dir="auto">c</li></ul>'
        '<p dir="auto">End</p>'
    )


@given(
    st.lists(
        st.sampled_from(["- ", "  ", "\t* ", "**", "<i>", "&", "\n", "\r\n", "a", "`", "](javascript:", "\u2028"]), max_size=40
    )
)
def test_whatever_is_written_becomes_whole_markup_of_few_kinds(parts: list[str]) -> None:
    shown = prose("".join(parts))
    tags = re.findall(r"<(/?)(\w+)[^>]*>", shown)
    assert {name for _, name in tags} <= {"p", "ul", "li", "strong", "br"}
    open_: list[str] = []
    for closing, name in tags:
        if closing:
            assert open_.pop() == name
        elif name != "br":
            open_.append(name)
    assert not open_


def test_a_name_turns_nothing_around_it() -> None:
    assert isolated(f"{RIGHT_TO_LEFT}<b>") == f"<bdi>{RIGHT_TO_LEFT}&lt;b&gt;</bdi>"
    assert isolated_list(["A{0}", "<b>"], Formats("en")) == "<bdi>A{0}</bdi> and <bdi>&lt;b&gt;</bdi>"


@pytest.mark.parametrize(
    "template", [file for folder in FOLDERS for file in sorted(folder.rglob("*.html"))], ids=lambda file: file.name
)
def test_every_name_that_somebody_chose_is_isolated_where_it_stands_among_other_words(template: Path) -> None:
    loose = [
        line.strip()
        for line in template.read_text().splitlines()
        if "{% block title %}" not in line
        for found in NAMED.finditer(line)
        if not _is_apart(line, found.start())
    ]
    assert not loose


def _is_apart(line: str, place: int) -> bool:
    """Within an attribute, or within an element that finds out its own direction."""
    before = line[:place]
    return before.count("<") > before.count(">") or 'dir="auto"' in before or "other.code" in before
