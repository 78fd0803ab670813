"""Who may keep copies of the catalog's pages."""

from __future__ import annotations

import pytest

from tests.domain.catalog.documents import achievement
from tests.domain.catalog_pages.shelf import stock_of, visitor

STOCK = stock_of(achievement("sql"))
PAGES = ("/catalog", "/microcredentials/sql", "/microcredentials/sql/versions/1")


@pytest.mark.parametrize("path", PAGES)
async def test_what_sets_a_cookie_is_kept_by_nobody_but_the_browser(path: str) -> None:
    async with visitor(STOCK) as client:
        answer = await client.get(f"{path}?lang=de")
    assert "set-cookie" in answer.headers
    assert answer.headers["cache-control"] == "private, max-age=60"


@pytest.mark.parametrize("path", PAGES)
async def test_what_everybody_gets_alike_may_be_shared_by_those_who_ask_alike(path: str) -> None:
    async with visitor(STOCK) as client:
        answers = [await client.get(path), await client.get(f"{path}?lang=xx"), await client.get(path, headers={"accept": "*/*"})]
    for answer in answers:
        assert "set-cookie" not in answer.headers
        assert answer.headers["cache-control"] == "public, max-age=60"
        assert {each.strip() for each in answer.headers["vary"].split(",")} >= {"Accept", "Accept-Language", "Cookie"}


async def test_a_page_that_says_what_went_wrong_is_kept_by_nobody() -> None:
    async with visitor(STOCK) as client:
        assert (await client.get("/microcredentials/nothing?lang=de")).headers["cache-control"] == "no-store"
