"""API4:2023, unrestricted resource consumption: no request gets more than its share of time, memory or answers."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from time import monotonic
from typing import Any

import httpx
import pytest

from tests.security.school import ADA, SERVICES, STAFF_SCOPES, School, exam

pytestmark = pytest.mark.asyncio(loop_scope="package")

PAGES = (
    ("catalog", "/definitions"),
    ("catalog", "/drafts"),
    ("catalog", "/publications"),
    ("assessment", "/learners/ada/entries"),
    ("assessment", "/learners/ada/verdicts"),
    ("assessment", "/learners/ada/submissions"),
    ("assessment", "/sources"),
    ("assessment", "/sources/moodle/held"),
    ("assessment", "/sources/moodle/proofs"),
    ("assessment", "/reviews/queue"),
    ("awarding", "/learners/ada/awards"),
    ("awarding", "/achievements/knots/awards"),
    ("awarding", "/stacks/ropes/levels/bronze/one-step-away"),
    ("notifications", "/learners/ada/inbox"),
    ("notifications", "/deliveries"),
    *((service, "/operations/dead-letters") for service in ("assessment", "awarding", "notifications")),
)
LIMITS = ("0", "-1", "501", "1000000000", "1e9", "9" * 400, "", "null", "NaN", "0x10", "1;2", "5&limit=100000", "%00")
CURSORS = (
    "x",
    "e30",
    "bnVsbA",
    "W10",
    "eyIkZ3QiOiIifQ",
    "A" * 2_001,
    "%00",
    "Ij8iIiI",
    "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5",
    "MC4x",
    "LTE",
)


async def test_every_list_has_a_limit_that_nobody_raises(school: School) -> None:
    """Whatever the document calls a list with pages is among those that are tried."""
    for service in SERVICES:
        document = (await school.ask(service, "GET", "/openapi.json", token="")).json()
        for path, operations in document["paths"].items():
            for parameter in operations.get("get", {}).get("parameters", ()):
                if parameter["name"] == "limit":
                    assert parameter["schema"]["maximum"] <= 1_000, path
                if parameter["name"] == "cursor":
                    filled = path.replace("{learner}", "ada").replace("{source}", "moodle").replace("{achievement}", "knots")
                    filled = filled.replace("{stack}", "ropes").replace("{level}", "bronze")
                    assert (service, filled) in PAGES or "/files" in path, f"{service} {path} is not tried"


@pytest.mark.parametrize(("service", "path"), PAGES, ids=[f"{service} {path}" for service, path in PAGES])
async def test_no_limit_and_no_cursor_of_one_s_own_gets_more(school: School, service: str, path: str) -> None:
    for limit in LIMITS:
        answer = await school.ask(service, "GET", f"{path}?limit={limit}", *STAFF_SCOPES)
        assert answer.status_code == 422, f"limit={limit}: {answer.status_code}"
    for cursor in CURSORS:
        answer = await school.ask(service, "GET", f"{path}?cursor={cursor}", *STAFF_SCOPES)
        assert answer.status_code in (200, 400, 422), f"cursor={cursor}: {answer.status_code} {answer.text}"
        assert len(answer.json().get("items", ())) <= 50


WRITTEN = (
    ("catalog", "POST", "/apply", ("catalog:write",)),
    ("catalog", "PUT", "/drafts/achievements/deep", ("catalog:write",)),
    ("assessment", "PUT", "/sources/deep", ("sources:write",)),
    ("assessment", "POST", "/sources/moodle/trial", ("sources:write",)),
    ("assessment", "POST", "/completions", ("completions:publish",)),
    ("awarding", "POST", "/awards", ("awards:write",)),
    ("awarding", "POST", "/checks", ()),
    ("notifications", "POST", "/contacts", ("contacts:write",)),
)
JSON = {"content-type": "application/json"}
DEEP = {
    "arrays": b"[" * 100_000,
    "arrays, closed": b"[" * 30_000 + b"]" * 30_000,
    "objects": b'{"a":' * 30_000 + b"1" + b"}" * 30_000,
    "in a document": b'{"documents":[' + b'{"all":[' * 5_000 + b"]}" * 5_000 + b"]}",
    "digits": b'{"x":' + b"9" * 200_000 + b"}",
    "keys": json.dumps({f"k{n}": n for n in range(40_000)}).encode(),
    "the same key": b"{" + b",".join(b'"a":1' for _ in range(60_000)) + b"}",
    "a text": b'{"learner":"' + b"x" * 500_000 + b'"}',
}


@pytest.mark.parametrize(("service", "method", "path", "scopes"), WRITTEN, ids=[f"{m} {p}" for _, m, p, _ in WRITTEN])
async def test_a_body_made_to_be_costly_is_refused_soon(
    school: School, service: str, method: str, path: str, scopes: tuple[str, ...]
) -> None:
    for name, body in DEEP.items():
        answer = await school.ask(service, method, path, *scopes, content=body, headers=JSON)
        fine = name in ("keys", "the same key", "a text") and path in (
            "/drafts/achievements/deep",
            "/checks",
            "/sources/moodle/trial",
        )
        assert fine or 400 <= answer.status_code < 500, f"{name}: {answer.status_code} {answer.text[:300]}"
        assert answer.status_code < 500
        assert len(answer.content) <= len(body) + 100_000, f"{name}: an answer of {len(answer.content)} bytes"


@pytest.mark.parametrize(("service", "method", "path", "scopes"), WRITTEN, ids=[f"{m} {p}" for _, m, p, _ in WRITTEN])
async def test_what_is_packed_is_not_unpacked(
    school: School, service: str, method: str, path: str, scopes: tuple[str, ...]
) -> None:
    """Fifty megabytes of zeros in fifty kilobytes, by each name that there is for it."""
    plain = b"0" * 50_000_000
    for encoding, body in (("gzip", gzip.compress(plain)), ("deflate", zlib.compress(plain)), ("br", b"\x0b\x02\x80\x00\x03")):
        answer = await school.ask(service, method, path, *scopes, content=body, headers=JSON | {"content-encoding": encoding})
        assert answer.status_code in (400, 413, 415, 422), f"{encoding}: {answer.status_code} {answer.text[:300]}"


@pytest.mark.parametrize("service", SERVICES)
async def test_a_body_too_long_is_not_kept(school: School, service: str) -> None:
    path = {"catalog": "/apply", "assessment": "/completions", "awarding": "/awards", "notifications": "/contacts"}[service]

    async def chunks() -> Any:
        for _ in range(400):
            yield b"x" * 100_000

    answer = await school.ask(service, "POST", path, *STAFF_SCOPES, content=chunks(), headers=JSON)
    assert answer.status_code == 413


@pytest.mark.parametrize("service", SERVICES)
async def test_headers_and_addresses_have_limits(school: School, service: str) -> None:
    async def status(path: str, headers: dict[str, str]) -> int:
        return (await school.ask(service, "GET", path, token="", headers=headers)).status_code

    for path, headers in (("/health/live", {f"x-{n}": "x" * 1_000 for n in range(2_000)}), ("/" + "x" * 60_000, {})):
        try:
            assert 400 <= await status(path, headers) < 500
        except httpx.TransportError:  # it is closed before all is sent
            continue
    assert await status("/health/live?" + "&".join(f"a{n}=1" for n in range(3_000)), {}) in (200, 400, 414)


SLOW = "a" * 2_000 + "!"
SEARCHES = (
    ("catalog", f"/definitions?tag={SLOW[:300]}&issuer={SLOW[:100]}&skill={SLOW[:300]}"),
    ("catalog", f"/catalog?q={SLOW}"),
    ("catalog", "/catalog?" + "&".join(f"subject={'x' * 20}{n}" for n in range(300))),
    ("catalog", f"/drafts/achievements/{SLOW}"),
    ("awarding", f"/awards/{'0' * 31}{SLOW}"),
    ("awarding", f"/shared/{SLOW}"),
    ("awarding", f"/issuers/{SLOW}/status/{SLOW}"),
    ("assessment", f"/learners/{SLOW}/entries"),
    ("assessment", f"/sources/{SLOW}"),
    ("notifications", f"/learners/{SLOW}/inbox"),
)


async def test_no_text_takes_a_pattern_long(school: School) -> None:
    """Together they take no longer than a handful of good requests would on the busiest machine."""
    begun = monotonic()
    answers = await asyncio.gather(*(school.ask(service, "GET", path, *STAFF_SCOPES) for service, path in SEARCHES))
    assert {answer.status_code for answer in answers} <= {200, 303, 400, 404, 422}
    assert monotonic() - begun < 30


async def test_patterns_of_sources_that_could_take_for_ever_are_refused(school: School) -> None:
    for pattern in ("(a+)+$", "(a|a)*b", "(.*)*x", "(a|aa)+$", "([a-zA-Z]+)*!"):
        document: dict[str, Any] = {"name": "x", "owner": "x", "format": "cloudevents", "may_publish": ["*"]}
        document |= {"learners": [{"are": "directory", "directory": "campus", "if_like": pattern}]}
        answer = await school.ask("assessment", "PUT", "/sources/patterns?dry_run=true", "sources:write", json=document)
        assert answer.status_code == 422, answer.text


async def test_parts_of_forms_have_a_number_and_a_size(school: School) -> None:
    many = [("credential", (f"{n}.json", b"{}", "application/json")) for n in range(2_000)]
    answer = await school.ask("awarding", "POST", "/checks", token="", files=many)
    assert 400 <= answer.status_code < 500, answer.text
    fields = [(f"f{n}", (None, b"x")) for n in range(3_000)]
    answer = await school.ask("awarding", "POST", "/checks", token="", files=fields)
    assert 400 <= answer.status_code < 500, answer.text
    headers = {"content-type": "multipart/form-data; boundary=" + "x" * 5_000}
    answer = await school.ask("awarding", "POST", "/checks", token="", content=b"--" + b"x" * 5_000, headers=headers)
    assert 400 <= answer.status_code < 500, answer.text


async def test_one_learner_has_no_more_of_anything_than_there_is_room_for(school: School) -> None:
    long = await school.ask("catalog", "POST", "/apply", "catalog:write", json={"documents": [exam("long", "n" * 5_000)]})
    assert long.status_code == 422
    contacts = {"contacts": [{"learner": f"l-{n}", "address": "a@example.edu"} for n in range(1_001)]}
    assert (await school.ask("notifications", "POST", "/contacts", "contacts:write", json=contacts)).status_code == 422
    assert (await school.ask("awarding", "GET", "/learners/ada/awards", learner=ADA)).is_success
