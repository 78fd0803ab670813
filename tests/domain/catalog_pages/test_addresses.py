"""Whatever stands in a catalog page's address, it is answered."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.catalog.pages.cards import FACETS, Shelves
from services.catalog.pages.search import ORDER, PAGE, Asked, search
from tests.domain.catalog.documents import achievement, stack
from tests.domain.catalog_pages.shelf import NOW, stock_of, visitor

STOCK = stock_of(
    achievement("sql", tags=["data"], workload_hours=75, cost={"amount": 100, "currency": "EUR"}),
    stack("practice", {"bronze": {"achievement": "sql"}}),
)
SHELVES = Shelves.of(STOCK, NOW)
NUMBERLIKE = ("abc", "1e999", "NaN", "-Infinity", "9" * 5_000, "٣", "²", "75.0", "0x10", "-1", "\N{NULL}")
VALUES = st.one_of(
    st.text(), st.sampled_from(NUMBERLIKE), st.sampled_from([value for values in ORDER.values() for value in values])
)
ADDRESSES = st.dictionaries(st.sampled_from(("q", "page", "lang", *FACETS)), VALUES)


@given(ADDRESSES)
@example({"page": "9" * 5_000})
def test_what_cannot_be_meant_is_passed_over(query: dict[str, str]) -> None:
    asked = Asked.of(query)
    found = search(SHELVES, asked)
    assert 1 <= found.page <= found.pages
    assert len(found.cards) <= PAGE
    for facet, value in asked.chosen:
        assert value in ORDER.get(facet, (value,))


@given(ADDRESSES)
@settings(max_examples=30, deadline=None)
async def test_no_query_breaks_the_catalogs_page(query: dict[str, str]) -> None:
    async with visitor(STOCK) as client:
        address = urlencode({name: value.encode("utf-8", "replace") for name, value in query.items()})
        assert (await client.get(f"/catalog?{address}")).status_code == 200


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("name", ["cost", "workload", "page", "language", "participation", "kind", "credit", "issuer"])
async def test_a_mistyped_value_still_shows_the_catalog(name: str, language: str) -> None:
    async with visitor(STOCK, language) as client:
        for value in NUMBERLIKE:
            assert (await client.get("/catalog", params={name: value})).status_code == 200, value
        for nonsense in ("%ff%fe", "%00", "%F0%9F", "a&&&=&="):
            assert (await client.get(f"/catalog?{name}={nonsense}")).status_code == 200, nonsense
