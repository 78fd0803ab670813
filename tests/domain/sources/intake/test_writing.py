"""Originals are kept to the last digit, sealed, and known again."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.assessment.sources.claims import Wrong
from services.assessment.sources.doors.bodies import parsed
from services.assessment.sources.vault import Unreadable, Vault
from services.assessment.sources.writing import LARGEST, kept_text, original_in, read_kept, text_of
from shared.events.envelope import Envelope
from tests.domain.sources.intake.test_resolving import THEN

VAULT = Vault(b"s" * 32)

# As doors parse: what has neither point nor exponent is an integer.
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.decimals(allow_nan=False, allow_infinity=False).filter(lambda number: set(str(number)) & set(".E")),
        st.text(st.characters(codec="utf-8")),
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4),
    max_leaves=15,
)


@settings(deadline=None)
@given(VALUES)
def test_an_original_comes_back_as_the_door_parsed_it(original: Any) -> None:
    text = text_of(original)
    back = original_in(text)
    assert text_of(back) == text
    assert back == original or str(back) == str(original) or _numbers(back) == _numbers(original)


def _numbers(value: Any) -> Any:
    """Whole decimals come back as integers: the same number."""
    if isinstance(value, list):
        return [_numbers(one) for one in value]
    if isinstance(value, dict):
        return {name: _numbers(one) for name, one in value.items()}
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def test_numbers_keep_all_their_digits() -> None:
    assert text_of(parsed('{"a": 0.10000000000000000001, "b": 1E+2}')) == b'{"a":0.10000000000000000001,"b":1E+2}'


@pytest.mark.parametrize("original", [2**64, "\ud800", {"a": {"\udfff": 1}}])
def test_what_no_utf8_json_can_carry_is_refused(original: Any) -> None:
    with pytest.raises(Wrong) as wrong:
        text_of(original)
    assert wrong.value.status == 422


def test_what_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(Wrong):
        text_of(json.loads("[" * 300 + "]" * 300))


def test_an_original_may_have_256_kilobytes() -> None:
    text_of("x" * (LARGEST - 2))
    with pytest.raises(Wrong) as wrong:
        text_of("x" * (LARGEST - 1))
    assert wrong.value.status == 413


def test_what_was_said_is_kept_with_the_original_byte_for_byte() -> None:
    said = (Envelope("e", "cairn.completion.reported.v1", "urn:s", THEN, None, None, b'{"score":{"raw":"0.10"}}'),)
    assert read_kept(kept_text(b'{"a":"\\n"}', said)) == (b'{"a":"\\n"}', said)


@settings(deadline=None)
@given(st.binary(max_size=200), st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
def test_only_the_owners_key_opens_what_is_sealed_and_only_for_what_it_is_about(text: bytes, owner: str) -> None:
    key, kept = VAULT.new_key(owner)
    sealed = key.seal(text, "a")
    assert VAULT.key(owner, kept).unseal(sealed, "a") == text
    assert len(text) < 8 or text not in sealed
    for other, about in ((key, "b"), (VAULT.new_key(owner).key, "a")):
        with pytest.raises(Unreadable):
            other.unseal(sealed, about)
    with pytest.raises(Unreadable):
        VAULT.key(owner + "x", kept)
    with pytest.raises(Unreadable):
        Vault(b"t" * 32).key(owner, kept)


def test_names_are_hidden_by_directory_kind_and_secret() -> None:
    marks = {VAULT.name(*one) for one in (("d", "k", "v"), ("e", "k", "v"), ("d", "l", "v"), ("d", "k", "w"))}
    assert len(marks | {Vault(b"t" * 32).name("d", "k", "v")}) == 5
    assert VAULT.name("d", "k", "v") in marks
