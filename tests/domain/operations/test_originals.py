"""An original that is edited in a form or a request is sent, or refused with a reason; it never fails otherwise."""

from __future__ import annotations

import json

import pytest

from shared.dead_letters.letters import Letter
from shared.dead_letters.original import Unreadable, document_of, edited
from shared.operations.desk import document_text, name_of


def letter(value: bytes | None = b'{"learner":"ada"}') -> Letter:
    return Letter("1", "assessment", "t", 0, 0, "r", "completions/0/0", "?", None, b"ada", (("ce_type", b"a.v1"),), value)


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    "data",
    [nested(300), nested(250), '"\\ud800"', "NaN", '{"a": Infinity}'],
    ids=["deep", "too deep beneath the document", "half a character", "no number", "infinite"],
)
def test_what_cannot_be_sent_as_json_is_refused_with_a_reason(data: str) -> None:
    with pytest.raises(Unreadable):
        edited(letter(), '{"key": "ada", "headers": {}, "data": ' + data + "}")


def test_what_a_request_brings_as_json_is_refused_by_the_same_rules() -> None:
    for data in (nested(300), '"\\ud800"', "NaN"):
        with pytest.raises(Unreadable):
            edited(letter(), document_text({"key": "ada", "headers": {}, "data": json.loads(data)}))


def test_an_original_that_nobody_could_show_as_json_is_shown_as_text_and_kept() -> None:
    deep = letter(nested(400).encode())
    assert document_of(deep)["text"] == nested(400)
    assert edited(deep, document_text(document_of(deep))).value == deep.value


def test_an_original_that_is_left_as_it_is_keeps_its_very_bytes() -> None:
    spaced = letter(b'{ "learner" :  "ada" }')
    assert edited(spaced, document_text(document_of(spaced))) == spaced


def test_a_type_has_its_name_without_its_version() -> None:
    assert (name_of("cairn.completion.reported.v1"), name_of("?")) == ("cairn.completion.reported", "?")
