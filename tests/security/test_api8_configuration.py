"""API8:2023, security misconfiguration: headers, other origins, errors, and what servers say of themselves."""

from __future__ import annotations

import re

import httpx
import pytest

from shared.pages.headers import POLICY
from tests.security.doors import OPENED_BY
from tests.security.school import ADA, SERVICES, School

pytestmark = pytest.mark.asyncio(loop_scope="package")

PAGES = (
    *(("catalog", path) for path in ("/catalog", "/microcredentials/knots", "/microcredentials/nothing-there")),
    *(("awarding", path) for path in ("/", "/check", "/passport", "/shared/nothing-there", "/issuers/north")),
    *(("assessment", path) for path in ("/", "/my/submissions", "/my/proofs", "/desk", "/desk/sources")),
    *(("notifications", path) for path in ("/", "/settings", "/nothing-there")),
)
INTERNALS = re.compile(
    r"Traceback|File \"|site-packages|\.py\b|pymongo|motor|aiokafka|fastapi|starlette|uvicorn|pydantic_core|mongodb://|localhost:270"
    r"|/work|/root|/home|/tmp|0x[0-9a-f]{8}",
    re.IGNORECASE,
)


@pytest.mark.parametrize(("service", "path"), PAGES, ids=[f"{s} {p}" for s, p in PAGES])
async def test_every_page_says_what_browsers_may_do_with_it(school: School, service: str, path: str) -> None:
    answer = await school.ask(service, "GET", path, learner=ADA, headers={"accept": "text/html"})
    assert "text/html" in answer.headers.get("content-type", ""), answer.text[:300]
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] in ("no-referrer", "same-origin")
    assert "<script" not in answer.text.lower()
    if path.startswith(("/passport", "/my", "/desk", "/settings", "/shared")):
        assert answer.headers["cache-control"] == "no-store"


async def test_a_secret_address_is_told_to_nobody(school: School) -> None:
    page = await school.ask("awarding", "GET", f"/shared/{school.secrets['ada.link']}", token="", headers={"accept": "text/html"})
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in page.headers["x-robots-tag"]
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("service", SERVICES)
async def test_pages_of_other_origins_read_only_what_everybody_may_read(school: School, service: str) -> None:
    for operation, opens in OPENED_BY[service].items():
        method, path = operation.split()
        address = re.sub(r"\{kinds\}", "achievements", path)
        address = re.sub(r"\{version\}", "1", address)
        address = re.sub(r"\{\w+\}", "knots", address)
        preflight = {"origin": "https://evil.example", "access-control-request-method": method}
        asked = await school.ask(service, "OPTIONS", address, token="", headers=preflight)
        allowed = "access-control-allow-origin" in asked.headers
        assert not allowed or opens == ("public",), f"{service} {operation}"
        if allowed:
            assert asked.headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in asked.headers
            assert "authorization" not in asked.headers["access-control-allow-headers"].lower()


def faults(service: str) -> list[tuple[str, str, dict[str, str], bytes]]:
    json = {"content-type": "application/json"}
    path = {"catalog": "/apply", "assessment": "/completions", "awarding": "/awards", "notifications": "/contacts"}[service]
    return [
        ("GET", "/nothing/there", {}, b""),
        ("PATCH", path, {}, b""),
        ("POST", path, json, b"{"),
        ("POST", path, json, b"[]"),
        ("POST", path, {"content-type": "text/plain"}, b"x"),
        ("POST", path, {}, b"\xff"),
        ("GET", "/%ff%fe", {}, b""),
        ("GET", "/health/live/../../etc/passwd", {}, b""),
        ("GET", "/" + "%00" * 20, {}, b""),
        ("GET", "/learners/%F0%9F%A6%86/awards?limit=%F0%9F%A6%86", {}, b""),
    ]


@pytest.mark.parametrize("service", SERVICES)
async def test_errors_are_problems_and_show_nothing_of_how_it_is_made(school: School, service: str) -> None:
    scopes = ("catalog:write", "completions:publish", "awards:write", "contacts:write")
    for method, path, headers, body in faults(service):
        for token in ("", school.token(*scopes)):
            answer = await school.ask(service, method, path, token=token, headers=headers, content=body)
            assert 400 <= answer.status_code < 500, f"{method} {path}: {answer.status_code}"
            assert INTERNALS.search(answer.text) is None, answer.text
            if "html" not in answer.headers["content-type"]:
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["status"] == answer.status_code


@pytest.mark.parametrize("service", SERVICES)
async def test_no_answer_says_what_the_server_is(school: School, service: str) -> None:
    for path in ("/health/live", "/nothing", "/openapi.json"):
        headers = (await school.ask(service, "GET", path, token="")).headers
        assert not {"server", "x-powered-by", "x-aspnet-version", "via"} & set(headers)


@pytest.mark.parametrize("service", SERVICES)
async def test_what_is_about_a_person_is_kept_by_no_cache(school: School, service: str) -> None:
    paths = {
        "catalog": (),
        "assessment": ("/submissions/{ada.submission}/files/{ada.file}",),
        "awarding": ("/awards/{ada.award}/credential", "/learners/ada/record", "/passport"),
        "notifications": ("/settings",),
    }[service]
    for path in paths:
        answer = await school.ask(service, "GET", school.filled(path), learner=ADA, headers={"accept": "*/*"})
        assert answer.is_success, answer.text
        assert re.search(r"no-store|private", answer.headers.get("cache-control", "")), f"{path}: {answer.headers}"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "DEBUG"])
async def test_no_method_of_other_servers_is_answered(school: School, method: str) -> None:
    for service in SERVICES:
        try:
            answer = await school.ask(service, method, "/health/live", token="", headers={"x-secret": "zqxcanary-header"})
        except httpx.HTTPError:
            continue
        assert answer.status_code in (400, 404, 405, 501)
        assert "zqxcanary-header" not in answer.text


async def test_a_form_of_another_site_changes_nothing(school: School) -> None:
    from shared.http.sessions import Sessions

    key = bytes.fromhex(school.platform.keys.session_key.read_text())
    forms = (
        ("awarding", "/passport/shares"),
        ("notifications", "/settings/mails"),
        ("notifications", "/settings/identity"),
        ("assessment", "/my/submissions"),
        ("assessment", "/desk/sources/moodle/pause"),
        ("awarding", "/sign-out"),
    )
    for service, path in forms:
        sessions = Sessions(key, school.platform.address(service))
        cookie = f"{sessions.cookie}={sessions.signed(ADA, frozenset({'sources:write', 'sources:read'}))}"
        for lie in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {}):
            answer = await school.ask(service, "POST", path, token="", headers={"cookie": cookie} | lie, data={"x": "1"})
            assert answer.status_code == 403, f"{service} {path} {lie}: {answer.status_code}"
