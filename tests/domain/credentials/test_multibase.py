"""Multibase text: base58btc and base64url, there and back."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.credentials.multibase import LONGEST_BASE58, NotMultibase, base58, base64url, decoded


@given(st.binary(max_size=200))
def test_what_was_written_reads_back(data: bytes) -> None:
    assert decoded(base58(data)) == data
    assert decoded(base64url(data)) == data


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"Hello World!", "z2NEpo7TZRRrLZSi2U"), (b"\x00\x00\x28\x7f\xb4\xcd", "z11233QC4"), (b"", "z")],
)
def test_base58_is_written_as_its_specification_shows(data: bytes, text: str) -> None:
    assert base58(data) == text


@given(st.binary(min_size=1, max_size=40))
def test_no_two_texts_mean_the_same_bytes(data: bytes) -> None:
    text = base64url(data)
    with pytest.raises(NotMultibase):
        decoded(text + "=")
    if len(text) % 4 != 1:
        longer = text[:-1] + chr(ord(text[-1]) + 1)
        with suppress(NotMultibase):
            assert decoded(longer) != data


@pytest.mark.parametrize("text", ["", "m1234", "z0OIl", "z12 3", "uab+/", "uA", "uab=", "uä", "z" + "2" * (LONGEST_BASE58 + 1)])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(NotMultibase):
        decoded(text)
