"""A key in one text, for senders with one field for it."""

from __future__ import annotations

from base64 import b64decode

import pytest

from services.assessment.sources.doors.one_key import as_basic


@pytest.mark.parametrize("key", ["key-0123456789abcdef:s3cret", "key-0123456789abcdef.s3cret", " key-0123456789abcdef:s3cret "])
def test_a_key_is_an_attempt_with_it_however_its_secret_was_mangled(key: str) -> None:
    basic = as_basic(key)
    assert basic is not None
    assert b64decode(basic.removeprefix("Basic ")) == b"key-0123456789abcdef:s3cret"


@pytest.mark.parametrize("token", ["", "eyJhbGciOiJFUzI1NiJ9.e30.sig", "key-0123456789abcdef", "key-0123456789abcdef:", "a:b"])
def test_anything_else_is_none(token: str) -> None:
    assert as_basic(token) is None
