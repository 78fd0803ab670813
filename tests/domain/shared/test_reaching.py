"""How what is public is reached: with HEAD, from pages of other origins, and at no address that a request makes up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter

from services.awarding.api import app_of as awarding
from services.catalog.app import app_of as catalog
from shared.http import Problem, create_app
from tests.domain.catalog.documents import achievement
from tests.domain.catalog_pages.shelf import stock_of, visitor

STOCK = stock_of(achievement("sql", name="Querying"))
ABROAD = {"origin": "https://elsewhere.example"}
PAGES = (
    "/catalog",
    "/microcredentials/sql",
    "/microcredentials/nothing",
    "/nowhere",
    "/definitions",
    "/definitions?limit=0",
    "/",
)
BOTH = ("content-length", "content-type", "cache-control", "vary", "content-security-policy", "location")
ALLOWED = "access-control-allow-origin"

public, private = APIRouter(), APIRouter()


@public.get("/open")
async def opened() -> dict[str, str]:
    return {"for": "all"}


@public.get("/missing")
async def missing() -> None:
    raise Problem(404)


@private.get("/closed")
async def closed() -> str:
    return "for some"


@private.post("/open")
async def written() -> str:
    return "not for all"


async def nothing() -> Mapping[str, bool | str]:
    return {}


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = create_app("test", routers=[public, private], ready=nothing, open_to_all=public.routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=ABROAD) as client:
        yield client


async def preflight(http: httpx.AsyncClient, path: str, method: str = "GET") -> httpx.Response:
    asked = {"access-control-request-method": method, "access-control-request-headers": "authorization, content-type"}
    return await http.options(path, headers=ABROAD | asked)


@pytest.mark.parametrize("accept", ["text/html", "application/json", "*/*"])
@pytest.mark.parametrize("path", PAGES)
async def test_head_is_answered_as_get_without_the_body(path: str, accept: str) -> None:
    async with visitor(STOCK) as client:
        got, head = [await client.request(method, path, headers={"accept": accept}) for method in ("GET", "HEAD")]
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert [head.headers.get(name) for name in BOTH] == [got.headers.get(name) for name in BOTH]


async def test_head_of_what_is_only_posted_is_refused() -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(awarding(nothing)), base_url="http://test") as client:
        head = await client.head("/checks")
    assert (head.status_code, head.headers["allow"]) == (405, "POST")


async def test_pages_of_other_origins_read_what_is_open_and_nothing_else(http: httpx.AsyncClient) -> None:
    for path in ("/open", "/missing"):
        answer = await http.get(path)
        assert (answer.headers[ALLOWED], "access-control-allow-credentials" in answer.headers) == ("*", False)
    for answer in (
        await http.get("/closed"),
        await http.post("/open"),
        await http.get("/health/live"),
        await http.get("/nowhere"),
    ):
        assert ALLOWED not in answer.headers


async def test_a_preflight_is_answered_for_what_is_open_and_never_allows_a_token(http: httpx.AsyncClient) -> None:
    answer = await preflight(http, "/open")
    assert (answer.status_code, answer.headers[ALLOWED], answer.headers["access-control-allow-methods"]) == (204, "*", "GET")
    assert "authorization" not in answer.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in answer.headers
    for path, method in (("/open", "POST"), ("/closed", "GET"), ("/nowhere", "GET")):
        assert ALLOWED not in (await preflight(http, path, method)).headers


async def test_public_documents_are_open_to_other_origins_and_what_is_about_people_is_not() -> None:
    open_, shut = ("/issuers/x/did.json", "/issuers/x/status/s", "/issuers/x"), ("/learners/ada/awards", "/sweeps", "/awards/1")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(awarding(nothing)), base_url="http://test") as client:
        assert [(await preflight(client, path)).status_code for path in open_] == [204] * len(open_)
        assert (await preflight(client, "/checks", "POST")).headers[ALLOWED] == "*"
        assert [ALLOWED in (await preflight(client, path)).headers for path in shut] == [False] * len(shut)
    transport = httpx.ASGITransport(catalog(nothing))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for path in ("/definitions", "/schemas/stack.json", "/achievements/sql", "/microcredentials/sql/versions/1"):
            assert (await preflight(client, path)).headers[ALLOWED] == "*", path
        for path in ("/drafts", "/publications", "/drafts/achievements/sql"):
            assert ALLOWED not in (await preflight(client, path)).headers, path


@pytest.mark.parametrize("path", ["/catalog/", "/microcredentials/sql/", "/definitions/", "/", "/microcredentials"])
async def test_no_answer_leads_to_a_host_that_the_request_made_up(path: str) -> None:
    async with visitor(STOCK) as client:
        answer = await client.get(path, headers={"host": "evil.example"})
    assert "evil.example" not in answer.headers.get("location", "") + answer.text
