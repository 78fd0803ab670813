"""API3:2023, broken object property level authorization: what isn't a client's to set is refused or ignored, and answers say
nothing that isn't for who asks."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.security.school import ADA, BEN, School, exam

pytestmark = pytest.mark.asyncio(loop_scope="package")

MORE: dict[str, Any] = {
    "_id": "x",
    "id": "x",
    "partition": 3,
    "revision": 99,
    "learner": BEN,
    "decided_by": "root",
    "scopes": ["awards:write"],
    "is_learner": False,
    "state": "decided",
    "status": "valid",
    "passed": True,
    "made_by": "root",
    "verified": True,
    "changed_at": "2000-01-01T00:00:00Z",
    "__class__": "x",
    "$set": {"learner": BEN},
}
"""Fields that only the services themselves set, in every body."""

BODIES: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("notifications", "PUT", "/learners/ada/contact", {"address": "ada@example.edu", "name": "Ada"}),
    ("notifications", "PUT", "/learners/ada/identity", {"name": False}),
    ("awarding", "POST", "/learners/ada/shares", {"awards": None}),
    ("awarding", "POST", "/awards", {"learner": "zz-nobody", "achievement": "sails", "reason": "because"}),
    ("awarding", "POST", "/awards/{ada.award}/revocation", {"reason": "because"}),
    ("assessment", "POST", "/learners/zz-nobody/submissions", {"achievement": "weaving", "review": "portfolio"}),
    ("assessment", "PUT", "/submissions/{ada.submission}/evidence", {"text": "mine"}),
    ("assessment", "POST", "/submissions/{ada.submission}/question", {"question": "Why?"}),
    ("assessment", "POST", "/submissions/{ada.submission}/giving-back", {"reason": "because"}),
    ("assessment", "PUT", "/submissions/{ada.submission}/sheet", {"marks": {}, "comment": ""}),
    ("assessment", "POST", "/learners/ada/achievements/knots/waivers", {"version": 1, "path": "", "reason": "because"}),
    ("assessment", "POST", "/learners/zz-nobody/erasure", {"reason": "because"}),
    ("assessment", "POST", "/sources/moodle/keys", {"kind": "secret", "note": ""}),
    ("assessment", "PUT", "/sources/mass", {"name": "x", "owner": "x", "format": "xapi", "learners": [], "may_publish": ["*"]}),
    ("assessment", "POST", "/sources/moodle/held/discard", {"reason": "because"}),
    ("catalog", "POST", "/apply", {"documents": []}),
)
SCOPES = {
    "notifications": ("contacts:write",),
    "awarding": ("awards:write",),
    "assessment": ("submissions:write", "reviews:assess", "decisions:write", "sources:write"),
    "catalog": ("catalog:write",),
}


@pytest.mark.parametrize(("service", "method", "path", "body"), BODIES, ids=[path for _, _, path, _ in BODIES])
async def test_what_is_no_client_s_to_set_is_refused_with_its_place(
    school: School, service: str, method: str, path: str, body: dict[str, Any]
) -> None:
    who: dict[str, Any] = {"learner": ADA} if path.endswith("/shares") else {}
    scopes = () if who else SCOPES[service]
    for name, value in MORE.items():
        if name in body:
            continue
        answer = await school.ask(service, method, school.filled(path), *scopes, **who, json=body | {name: value})
        assert answer.status_code == 422, f"{name}: {answer.status_code} {answer.text[:300]}"
        assert name in json.dumps(answer.json()["errors"]), answer.text


async def test_a_document_s_unknown_fields_are_refused(school: School) -> None:
    for name, value in (("revision", 7), ("published_at", "2000-01-01T00:00:00Z"), ("version", 99), ("endorsements", [{}])):
        answer = await school.ask(
            "catalog", "POST", "/apply", "catalog:write", json={"documents": [exam("mass", "north") | {name: value}]}
        )
        assert answer.status_code == 422, f"{name}: {answer.text[:300]}"


async def test_who_decides_and_when_comes_from_the_token_and_the_clock(school: School) -> None:
    """And not from headers that clients or proxies could add."""
    headers = {
        "x-forwarded-user": "root",
        "x-user": "root",
        "x-original-url": "/learners/ben/contact",
        "x-http-method-override": "GET",
    }
    answer = await school.ask(
        "notifications",
        "PUT",
        "/learners/ada/contact",
        learner=ADA,
        json={"address": "ada.zqxcanary@example.edu"},
        headers=headers,
    )
    assert datetime.fromisoformat(answer.raise_for_status().json()["changed_at"]).date() == datetime.now(UTC).date()
    assert (await school.ask("awarding", "GET", "/achievements/knots/awards", token="", headers=headers)).status_code == 401


PRIVATE = ("Adacanary", "Bencanary", "@example.edu")


@pytest.mark.parametrize(
    ("service", "path", "scope"),
    [
        ("awarding", "/learners/ada/awards", "awards:read"),
        ("awarding", "/awards/{ada.award}", "awards:read"),
        ("awarding", "/achievements/knots/awards", "awards:read"),
        ("awarding", "/learners/ada/stacks", "awards:read"),
        ("assessment", "/learners/ada/entries", "entries:read"),
        ("assessment", "/learners/ada/verdicts", "verdicts:read"),
        ("notifications", "/deliveries?state=sent", "operations:read"),
        ("notifications", "/deliveries/{ada.message}", "operations:read"),
        ("notifications", "/learners/ada/inbox", "inbox:read"),
        ("assessment", "/sources/moodle/keys", "sources:read"),
        ("assessment", "/sources/moodle", "sources:read"),
        ("catalog", "/publications", "catalog:read"),
    ],
)
async def test_an_answer_says_no_more_than_what_it_is_about(school: School, service: str, path: str, scope: str) -> None:
    text = (await school.ask(service, "GET", school.filled(path), scope)).raise_for_status().text
    assert not [one for one in (*PRIVATE, *school.secrets.values()) if one in text]
    for internal in ('"_id"', "partition", "digest", "hash", "sealed", "traceparent", "lease"):
        assert internal not in text, internal


async def test_what_is_public_names_no_learner(school: School) -> None:
    award = school.things["ada.award"]
    for service, path in (("awarding", "/issuers/north"), ("awarding", "/issuers/north/documents"), ("catalog", "/definitions")):
        text = (await school.ask(service, "GET", path, token="")).raise_for_status().text
        assert not [one for one in (*PRIVATE, award, "urn:cairn:learner") if one in text], path


async def test_a_link_shows_what_was_shared_and_nothing_beside(school: School) -> None:
    page = await school.ask("awarding", "GET", f"/shared/{school.secrets['ada.link']}", token="", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert not [one for one in ("Bencanary", "@example.edu", "for zqxcanary", school.things["ada.share"]) if one in page.text]
