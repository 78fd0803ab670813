"""Browsers get the page, programs the JSON-LD."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.pages.accepting import json_type


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", None),
        ("*/*", None),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", None),
        ("application/ld+json", "application/ld+json"),
        ("application/json", "application/json"),
        ("application/json, */*", "application/json"),
        ("application/*", "application/ld+json"),
        ("application/ld+json;q=0.5, text/html", None),
        ("application/ld+json, text/html;q=0.5", "application/ld+json"),
        ("application/json;q=0", None),
        ("application/json;q=x", None),
    ],
)
def test_json_is_for_whoever_prefers_it(accept: str, media_type: str | None) -> None:
    assert json_type(accept) == media_type


@given(st.text(max_size=200))
def test_any_header_is_answered(accept: str) -> None:
    assert json_type(accept) in (None, "application/ld+json", "application/json")
