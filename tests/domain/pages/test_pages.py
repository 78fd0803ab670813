"""What every page has: its language, its headers, its style, and errors that people can read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from shared.http import Problem, create_app
from shared.pages import Pages
from shared.pages.assets import FOLDER

POLISH = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "There is nothing here"
msgstr "Tu nic nie ma"
"""
BROWSER = {"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


async def ready() -> Mapping[str, bool | str]:
    return {}


def app_with(pages: Pages) -> FastAPI:
    shown, api = APIRouter(include_in_schema=False), APIRouter()

    @shown.get("/hello")
    async def hello(request: Request) -> Response:
        return pages.render(request, "problem.html", problem={"status": 400, "detail": "<b>", "errors": (), "trace": None})

    @shown.get("/secret")
    async def secret(request: Request) -> Response:
        raise Problem(404, detail="Nothing that anybody should read")

    @api.get("/data")
    async def data() -> None:
        raise Problem(404, detail="No such data")

    @shown.post("/upload")
    async def upload(request: Request) -> None:
        await request.body()

    app = create_app("pages", routers=(api,), ready=ready, largest=100)
    pages.mount(app, shown)
    return app


def client(pages: Pages | None = None) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app_with(pages or Pages("shared.pages")))
    return httpx.AsyncClient(transport=transport, base_url="http://cairn", headers=BROWSER)


async def test_a_browser_reads_a_page_where_a_program_gets_problem_details() -> None:
    async with client() as browser:
        page = await browser.get("/secret")
        details = await browser.get("/secret", headers={"accept": "application/json"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing here" in page.text
    assert (details.status_code, details.headers["content-type"]) == (404, "application/problem+json")


async def test_an_api_answers_a_browser_with_problem_details_too() -> None:
    async with client() as browser:
        assert (await browser.get("/data")).headers["content-type"] == "application/problem+json"


async def test_what_middleware_refuses_on_a_pages_path_is_a_page_too() -> None:
    async with client() as browser:
        refused = await browser.post("/upload", content=b"x" * 101)
    assert refused.status_code == 413
    assert "That is too much at once" in refused.text


async def test_an_address_that_nothing_answers_to_is_a_page() -> None:
    async with client() as browser:
        found = await browser.get("/nowhere")
    assert (found.status_code, found.headers["content-type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("query", "cookie", "accepted", "language"),
    [
        ("", None, None, "en"),
        ("", None, "de-AT, en;q=0.5", "de"),
        ("", None, "fr, de;q=0.2, en;q=0.5", "en"),
        ("", None, "x;q=;;, \x01", "en"),
        ("", "de", "en", "de"),
        ("?lang=en", "de", "de", "en"),
        ("?lang=tlh", None, "de", "de"),
    ],
)
async def test_the_address_chooses_the_language_before_the_cookie_and_the_cookie_before_the_browser(
    query: str, cookie: str | None, accepted: str | None, language: str
) -> None:
    headers = {"accept-language": accepted} if accepted else {}
    async with client() as browser:
        if cookie:
            browser.cookies.set("cairn_language", cookie)
        page = await browser.get(f"/hello{query}", headers=headers)
    assert f'<html lang="{language}" dir="ltr">' in page.text
    assert page.headers["content-language"] == language


async def test_a_language_once_chosen_is_kept() -> None:
    async with client() as browser:
        await browser.get("/hello?lang=de")
        assert 'lang="de"' in (await browser.get("/hello")).text.partition(">")[2].partition(">")[0]


async def test_another_language_is_a_folder_and_no_code(tmp_path: Path) -> None:
    (tmp_path / "locales" / "pl" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "locales" / "pl" / "LC_MESSAGES" / "texts.po").write_text(POLISH)
    pages = Pages("shared.pages", more=(tmp_path,))
    assert pages.languages == ("en", "de", "pl")
    async with client(pages) as browser:
        page = await browser.get("/secret", headers={"accept-language": "pl"})
    assert "Tu nic nie ma" in page.text
    assert "Polski" in page.text
    assert "Skip to the content" in page.text, "what is not translated yet is said in English"


async def test_a_language_written_from_right_to_left_is_shown_so(tmp_path: Path) -> None:
    (tmp_path / "locales" / "ar").mkdir(parents=True)
    async with client(Pages("shared.pages", more=(tmp_path,))) as browser:
        assert '<html lang="ar" dir="rtl">' in (await browser.get("/hello?lang=ar")).text


def test_a_folder_that_names_no_language_is_refused(tmp_path: Path) -> None:
    (tmp_path / "locales" / "nonsense").mkdir(parents=True)
    with pytest.raises(ValueError, match="nonsense"):
        Pages("shared.pages", more=(tmp_path,))


async def test_no_page_runs_scripts_or_loads_from_elsewhere_or_sits_in_a_frame() -> None:
    async with client() as browser:
        headers = (await browser.get("/hello")).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert "script-src" not in policy
    assert headers["x-content-type-options"] == "nosniff"


async def test_what_a_page_is_given_never_becomes_markup() -> None:
    async with client() as browser:
        assert "&lt;b&gt;" in (await browser.get("/hello")).text


async def test_the_style_is_kept_for_good_under_the_hash_of_its_content() -> None:
    pages = Pages("shared.pages")
    async with client(pages) as browser:
        page = (await browser.get("/hello")).text
        address = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
        style = await browser.get(address)
        assert (await browser.get("/static/cairn.000000000000.css")).status_code == 404
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in style.headers["cache-control"]


def test_the_style_is_one_small_sheet_that_loads_nothing() -> None:
    (sheet,) = FOLDER.glob("*.css")
    text = sheet.read_text()
    assert len(text.encode()) < 25_000
    assert "url(" not in text
    assert "@import" not in text
