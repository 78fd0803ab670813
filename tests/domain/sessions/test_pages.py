"""What people see between a page and the provider when it does not go well."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import httpx
import pytest
import pytest_asyncio

from shared.http import create_app, signing_in
from shared.http.sessions import Sessions
from shared.http.sign_in import Provider
from shared.pages import Pages
from shared.pages.pages import Site

HERE = "http://awards.example.org/cairn"
ORIGIN = "http://awards.example.org"
GERMAN = {"accept": "text/html", "accept-language": "de"}
ENGLISH = {"accept": "text/html"}


async def opened(provider: Provider | None) -> httpx.AsyncClient:
    async def ready() -> Mapping[str, bool | str]:
        return {}

    app = create_app("small", routers=[signing_in.router], ready=ready)
    app.state.sessions = Sessions(bytes(32), HERE, provider)
    Pages("services.awarding.pages", Site(own=HERE, awarding=HERE)).mount(app, beside=(signing_in.router,))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN)


@pytest_asyncio.fixture
async def away() -> AsyncIterator[httpx.AsyncClient]:
    async with await opened(Provider("http://localhost:9", "cairn", None, f"{HERE}/sign-in/back")) as client:
        yield client


async def test_without_a_provider_the_page_says_that_nobody_can_sign_in() -> None:
    async with await opened(None) as client:
        answer = await client.get("/sign-in", headers=ENGLISH)
        assert answer.status_code == 503
        assert "Nobody can sign in here yet" in answer.text
        assert "Sign in again" not in answer.text


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/sign-in", 503, "Der Anmeldedienst antwortet nicht"),
        ("/sign-in/back?state=x&code=y", 400, "in einem anderen Fenster begonnen"),
    ],
)
async def test_a_sign_in_that_fails_says_why_and_offers_another(
    away: httpx.AsyncClient, path: str, status: int, says: str
) -> None:
    answer = await away.get(path, headers=GERMAN)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert says in answer.text
    assert 'href="/cairn/sign-in?next=/passport"' in answer.text
    program = await away.get(path)
    assert program.headers["content-type"] == "application/problem+json"


async def test_who_signs_out_while_the_provider_is_away_is_signed_out_here(away: httpx.AsyncClient) -> None:
    answer = await away.post("/sign-out", headers={**ENGLISH, "origin": ORIGIN})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}/")
