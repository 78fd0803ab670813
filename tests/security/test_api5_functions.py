"""API5:2023, broken function level authorization, and API9:2023, inventory: every operation is known here with what opens it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.security.apps import apps, pages
from tests.security.doors import EVERYWHERE, OPENED_BY, PUBLIC_PAGES
from tests.security.school import ADA, SERVICES, STAFF_SCOPES, School

pytestmark = pytest.mark.asyncio(loop_scope="package")

OPERATIONS = [(service, operation, opens) for service, known in OPENED_BY.items() for operation, opens in known.items()]
IDS = [f"{service} {operation}" for service, operation, _ in OPERATIONS]
NOBODYS = {
    "learner": "zz-nobody",
    "kinds": "achievements",
    "name": "achievement.json",
    "version": "1",
    "form": "svg",
    "format": "xapi",
}
HEX = {"award": 32, "share": 32, "digest": 64, "proof": 32}
BODIES = {
    "POST /learners/{learner}/submissions": {"achievement": "weaving", "review": "portfolio"},
    "POST /submissions/{submission}/appeal": {"reason": "because"},
    "POST /learners/{learner}/shares": {},
}
"""Where the body is read before it is known who may."""
WORDS = {"public", "anyone", "source", "own", "hidden"}


async def test_every_operation_of_every_document_is_known_with_what_opens_it(school: School) -> None:
    for service in SERVICES:
        document = (await school.ask(service, "GET", "/openapi.json", token="")).json()
        found = {f"{method.upper()} {path}" for path, operations in document["paths"].items() for method in operations}
        assert found == set(OPENED_BY[service]), "say in doors.py what opens it, or take it out"


async def test_the_documents_say_who_needs_to_prove_who_they_are(school: School) -> None:
    for service in SERVICES:
        document = (await school.ask(service, "GET", "/openapi.json", token="")).json()
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                public = OPENED_BY[service][f"{method.upper()} {path}"] == ("public",)
                assert bool(operation.get("security")) is not public, f"{service} {method} {path}"


def address(school: School, service: str, operation: str, *, there: bool) -> tuple[str, str]:
    """Method and path: of ben's things that are there, or of what nobody has."""
    method, path = operation.split()
    things = {
        "learner": "ben",
        "id": "knots",
        "achievement": "knots",
        "stack": "ropes",
        "level": "bronze",
        "source": "moodle",
        **{name: school.things[f"ben.{name}"] for name in ("award", "share", "submission", "file", "message")},
        "delivery": school.things["ben.message"],
        "directory": "campus",
        "key": school.things["moodle.key"],
    }

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if there and name in things:
            return things[name]
        return NOBODYS.get(name) or ("0" * HEX[name] if name in HEX else f"zz-{name}")

    return method, re.sub(r"\{(\w+)\}", value, path)


async def status(school: School, service: str, operation: str, *scopes: str, there: bool = True, **who: Any) -> int:
    method, path = address(school, service, operation, there=there)
    return (await school.ask(service, method, path, *scopes, json=BODIES.get(operation), **who)).status_code


@pytest.mark.parametrize(("service", "operation", "opens"), OPERATIONS, ids=IDS)
async def test_each_opens_to_whom_it_should_and_to_nobody_else(
    school: School, service: str, operation: str, opens: tuple[str, ...]
) -> None:
    scopes = [scope for scope in opens if scope not in WORDS]
    others = [scope for scope in STAFF_SCOPES if scope not in scopes]
    without = await status(school, service, operation, token="")
    lacking = await status(school, service, operation, *others)
    if opens == ("public",):
        assert without not in (401, 403)
        return
    # Forms of OAuth, versions of xAPI and the site that a form comes from are looked at first.
    first = {"POST /oauth/token": 400, "POST /xapi/statements": 400, "PUT /xapi/statements": 400}
    assert without in (401, 403 if "/shares" in operation else first.get(operation, 401)), f"open to everybody: {without}"
    if opens == ("anyone",):
        assert lacking == 200
        return
    if "source" in opens:
        assert lacking in (400, 401), f"a platform token opens a source's door: {lacking}"
        return
    assert lacking == 403 or (lacking == 404 and "hidden" in opens), f"with all other scopes: {lacking}"
    for scope in scopes:
        # Of what nobody has, so that nothing is done.
        assert await status(school, service, operation, scope, there=False) not in (401, 403), f"closed to {scope}"
    another = await status(school, service, operation, learner=ADA)
    assert another == 403 or (another == 404 and "hidden" in opens), f"with another learner's token: {another}"


PAGES = [(service, method, path) for service, app in apps().items() for method, path in pages(app)]


@pytest.mark.parametrize(("service", "method", "path"), PAGES, ids=[f"{s} {m} {p}" for s, m, p in PAGES])
async def test_a_page_is_public_only_if_it_is_known_as_such(school: School, service: str, method: str, path: str) -> None:
    if path in PUBLIC_PAGES[service] | EVERYWHERE or path.startswith("/catalog/style."):
        return
    _, filled = address(school, service, f"{method} {path}", there=True)
    browser = {"accept": "text/html", "sec-fetch-site": "same-origin"}
    for headers in ({}, browser):
        answer = await school.ask(service, method, filled, token="", headers=headers)
        to_sign_in = answer.status_code == 303 and ("/sign-in?" in (to := answer.headers["location"]) or to == "/passport#shares")
        assert to_sign_in or answer.status_code in (401, 403), f"{answer.status_code} {answer.text[:300]}"
    lacking = await school.ask(service, method, filled, learner="zz-nobody", headers=browser)
    if "{" in path or path.startswith("/desk/"):
        assert lacking.status_code in (400, 403, 404, 405, 422), lacking.text[:300]
    assert "Bencanary" not in lacking.text


@pytest.mark.parametrize("service", SERVICES)
async def test_a_scope_of_other_spelling_is_none(school: School, service: str) -> None:
    wanted = {
        "catalog": "/drafts",
        "assessment": "/sources",
        "awarding": "/achievements/knots/awards",
        "notifications": "/deliveries",
    }
    for scope in (
        "*",
        "admin",
        "CATALOG:READ",
        "catalog:*",
        "awards:read:",
        "sources:readx",
        "operations",
        "catalog:read,catalog:write",
    ):
        assert (await school.ask(service, "GET", wanted[service], scope)).status_code == 403, scope


async def test_nothing_that_helps_who_builds_the_services_is_served(school: School) -> None:
    """API9: no old versions, debugging or files beside what is documented."""
    for service in SERVICES:
        for path in (
            "/redoc",
            "/metrics",
            "/debug",
            "/admin",
            "/v1",
            "/.env",
            "/.git/config",
            "/static/../api.py",
            "/static/%2e%2e/api.py",
            "/server-status",
        ):
            assert (await school.ask(service, "GET", path, token="")).status_code == 404, f"{service} {path}"
