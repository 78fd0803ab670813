"""Who is let onto a page, and which requests a signed-in browser may make."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter, Depends

from shared.http import Caller, Tokens, create_app, signing_in
from shared.http.sessions import SameOrigin, Sessions, signed_in, visitor
from shared.settings import Settings, Unset
from tests.domain.shared.authority import AUDIENCE, ISSUER, claims, ec_key, key_set, signed

KEY = ec_key()
SECRET = bytes(32)
HERE = "https://awards.example.org/cairn"
ORIGIN = "https://awards.example.org"
PAGE = {"accept": "text/html,application/xhtml+xml"}
router = APIRouter()


@router.get("/who")
async def who(caller: Annotated[Caller | None, Depends(visitor)]) -> str | None:
    return None if caller is None else caller.learner


@router.get("/passport")
@router.post("/passport")
async def passport(caller: Annotated[Caller, Depends(signed_in)]) -> str:
    return caller.learner


@router.post("/change", dependencies=[SameOrigin])
async def change() -> str:
    return "changed"


@pytest_asyncio.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async def ready() -> Mapping[str, bool | str]:
        return {}

    (tmp_path / "jwks.json").write_text(key_set(KEY))
    tokens = Tokens(str(tmp_path / "jwks.json"), ISSUER, AUDIENCE)
    app = create_app("small", routers=[router, signing_in.router], ready=ready, tokens=tokens)
    app.state.sessions = Sessions(SECRET, HERE)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as opened:
        yield opened


def cookie(learner: str = "ada") -> dict[str, str]:
    return {"cookie": f"__Host-cairn={Sessions(SECRET, HERE).signed(learner)}"}


def bearer(**changed: object) -> dict[str, str]:
    return {"authorization": f"Bearer {signed(KEY, 'ES256', claims(**changed))}"}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [({}, None), (cookie(), "ada"), (bearer(learner="bob"), "bob"), (cookie() | bearer(sub="eve"), "eve")],
)
async def test_a_visitor_is_known_by_token_or_cookie_and_the_token_counts_first(
    client: httpx.AsyncClient, headers: dict[str, str], expected: str | None
) -> None:
    assert (await client.get("/who", headers=headers)).json() == expected


async def test_a_token_that_is_not_accepted_is_not_nobody(client: httpx.AsyncClient) -> None:
    answer = await client.get("/who", headers=cookie() | bearer(aud="somebody else"))
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


async def test_a_browser_is_sent_to_sign_in_and_will_come_back_to_the_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/passport?lang=de", headers=PAGE)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{HERE}/sign-in?next={quote('/passport?lang=de', safe='/')}"
    assert "content-type" not in answer.headers, "nothing that could be taken for a problem to show"


@pytest.mark.parametrize(
    ("referer", "back"),
    [(f"{HERE}/passport", "/passport"), ("https://evil.example/passport", "/"), ("", "/"), (f"{HERE}//evil.example", "/")],
)
async def test_a_form_sent_too_late_leads_back_to_the_page_that_held_it(
    client: httpx.AsyncClient, referer: str, back: str
) -> None:
    answer = await client.post("/passport", headers=PAGE | {"referer": referer})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}/sign-in?next={back}")


async def test_a_program_that_is_nobody_gets_a_problem(client: httpx.AsyncClient) -> None:
    answer = await client.get("/passport")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": ORIGIN},
        {"origin": ORIGIN, "sec-fetch-site": "same-origin"},
        {"origin": "null", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "same-origin"},
        bearer(),
        bearer() | {"origin": "https://portal.example"},
    ],
)
async def test_a_form_of_this_site_or_a_token_may_change_things(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    assert (await client.post("/change", headers=cookie() | headers)).json() == "changed"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": "https://evil.example", "sec-fetch-site": "same-origin"},
        {"origin": "http://awards.example.org"},
        {"origin": "https://awards.example.org.evil.example"},
        {"origin": "https://awards.example.org:8443"},
        {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
        {"origin": ORIGIN, "sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"authorization": "Basic YTpi", "origin": "https://evil.example"},
    ],
)
async def test_a_form_of_another_site_changes_nothing(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.post("/change", headers=cookie() | headers)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert HERE in answer.json()["detail"]


async def test_without_a_provider_signing_in_says_so_and_tokens_are_accepted(client: httpx.AsyncClient) -> None:
    answer = await client.get("/sign-in", headers=PAGE)
    assert answer.status_code == 503
    assert "CAIRN_OIDC_ISSUER" in answer.json()["detail"]
    assert (await client.get("/passport", headers=bearer(learner="ada"))).json() == "ada"


@pytest.mark.parametrize("next_", ["//evil.example", "https://evil.example", "/\\evil.example", "passport"])
async def test_signing_in_leads_to_no_other_site(client: httpx.AsyncClient, next_: str) -> None:
    assert (await client.get("/sign-in", params={"next": next_}, headers=cookie())).status_code == 400


async def test_signing_out_forgets_the_cookie_and_asks_for_a_form_of_this_site(client: httpx.AsyncClient) -> None:
    assert (await client.post("/sign-out", headers=cookie() | {"origin": "https://evil.example"})).status_code == 403
    assert (await client.get("/sign-out", headers=cookie())).status_code == 405
    answer = await client.post("/sign-out", headers=cookie() | {"origin": ORIGIN})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}/")
    assert answer.headers["set-cookie"].startswith('__Host-cairn=""; ')


@pytest.mark.parametrize(
    ("outside", "origin"),
    [
        ("https://Awards.example.org:443/cairn", "https://awards.example.org"),
        ("http://awards.example.org:80", "http://awards.example.org"),
        ("http://awards.example.org:443", "http://awards.example.org:443"),
        ("https://[2001:db8::80]/x", "https://[2001:db8::80]"),
    ],
)
def test_an_origin_is_compared_as_browsers_write_it(outside: str, origin: str) -> None:
    assert Sessions(SECRET, outside).origin == origin


NEEDED = {"kafka": "k:1", "mongodb": "m", "jwks": "j", "token_issuer": "i", "token_audience": "a"}


def test_a_provider_without_a_key_for_cookies_is_named(tmp_path: Path) -> None:
    settings = Settings.model_validate({**NEEDED, "oidc_issuer": "https://sign-in.example.org"})
    with pytest.raises(Unset, match="CAIRN_SESSION_KEY"):
        Sessions.from_settings(settings, HERE)


@pytest.mark.parametrize("secret", ["", "not hexadecimal", "abcd"])
def test_a_key_for_cookies_that_is_none_is_named(tmp_path: Path, secret: str) -> None:
    (tmp_path / "key").write_text(secret)
    settings = Settings.model_validate({**NEEDED, "session_key": tmp_path / "key"})
    with pytest.raises(Unset, match="CAIRN_SESSION_KEY"):
        Sessions.from_settings(settings, HERE)


@pytest.mark.parametrize("issuer", ["http://sign-in.example.org", "sign-in.example.org", "ftp://localhost", "https://"])
def test_a_provider_is_asked_over_https_or_on_this_machine(tmp_path: Path, issuer: str) -> None:
    (tmp_path / "key").write_text("ab" * 32)
    settings = Settings.model_validate({**NEEDED, "oidc_issuer": issuer, "session_key": tmp_path / "key"})
    with pytest.raises(Unset, match="CAIRN_OIDC_ISSUER"):
        Sessions.from_settings(settings, HERE)
