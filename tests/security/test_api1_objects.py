"""API1:2023, broken object level authorization: what is somebody else's is not had by knowing its id."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fuzz.doors import basic
from tests.security.school import ADA, BEN, School

pytestmark = pytest.mark.asyncio(loop_scope="package")

OF_BEN: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("awarding", "GET", "/learners/ben/awards", {}),
    ("awarding", "GET", "/learners/ben/stacks", {}),
    ("awarding", "GET", "/learners/ben/achievements/knots", {}),
    ("awarding", "GET", "/learners/ben/record", {}),
    ("awarding", "GET", "/awards/{ben.award}", {}),
    ("awarding", "GET", "/awards/{ben.award}/credential", {}),
    ("awarding", "GET", "/awards/{ben.award}/credential?format=png", {}),
    ("awarding", "POST", "/awards/{ben.award}/revocation", {"json": {"reason": "because"}}),
    ("awarding", "GET", "/learners/ben/shares", {}),
    ("awarding", "POST", "/learners/ben/shares", {"json": {}}),
    ("awarding", "DELETE", "/learners/ben/shares/{ben.share}", {}),
    ("awarding", "GET", "/passport/awards/{ben.award}", {}),
    ("assessment", "GET", "/learners/ben/entries", {}),
    ("assessment", "GET", "/learners/ben/verdicts", {}),
    ("assessment", "GET", "/learners/ben/achievements/knots", {}),
    ("assessment", "GET", "/learners/ben/proofs", {}),
    ("assessment", "GET", "/learners/ben/decisions", {}),
    ("assessment", "POST", "/learners/ben/erasure", {"json": {"reason": "because"}}),
    ("assessment", "GET", "/learners/ben/submissions", {}),
    ("assessment", "POST", "/learners/ben/submissions", {"json": {"achievement": "weaving", "review": "portfolio"}}),
    ("assessment", "GET", "/submissions/{ben.submission}", {}),
    ("assessment", "PUT", "/submissions/{ben.submission}/evidence", {"json": {"text": "mine"}}),
    ("assessment", "POST", "/submissions/{ben.submission}/files?name=a.txt", {"content": b"mine"}),
    ("assessment", "GET", "/submissions/{ben.submission}/files/{ben.file}", {}),
    ("assessment", "DELETE", "/submissions/{ben.submission}/files/{ben.file}", {}),
    ("assessment", "POST", "/submissions/{ben.submission}/handing-in", {}),
    ("assessment", "POST", "/submissions/{ben.submission}/withdrawal", {"json": {"reason": "because"}}),
    ("assessment", "POST", "/submissions/{ben.submission}/appeal", {"json": {"reason": "because"}}),
    ("assessment", "POST", "/submissions/{ben.submission}/seat", {}),
    ("assessment", "PUT", "/submissions/{ben.submission}/sheet", {"json": {"marks": {"clarity": {"level": "good"}}}}),
    ("assessment", "POST", "/submissions/{ben.submission}/judgement", {}),
    ("assessment", "GET", "/my/submissions/{ben.submission}", {}),
    ("notifications", "GET", "/learners/ben/inbox", {}),
    ("notifications", "POST", "/learners/ben/inbox/{ben.message}/read", {}),
    ("notifications", "GET", "/learners/ben/contact", {}),
    ("notifications", "PUT", "/learners/ben/contact", {"json": {"address": "eve@example.edu", "name": "Eve"}}),
    ("notifications", "DELETE", "/learners/ben/contact", {}),
    ("notifications", "GET", "/learners/ben/identity", {}),
    ("notifications", "PUT", "/learners/ben/identity", {"json": {"name": True}}),
    ("notifications", "DELETE", "/learners/ben/identity", {}),
    ("notifications", "GET", "/deliveries/{ben.message}", {}),
    ("notifications", "POST", "/deliveries/{ben.message}/retry", {}),
)
IDS = [f"{method} {path}" for _, method, path, _ in OF_BEN]


@pytest.mark.parametrize(("service", "method", "path", "request_"), OF_BEN, ids=IDS)
async def test_a_learner_gets_and_changes_nothing_of_another(
    school: School, service: str, method: str, path: str, request_: dict[str, Any]
) -> None:
    answer = await school.ask(service, method, school.filled(path), learner=ADA, **request_)
    assert answer.status_code in (403, 404), answer.text
    assert not any(secret in answer.text for secret in ("Bencanary", "ben.zqx", school.things["ben.award"][:12], "What I wove"))


async def test_an_own_path_opens_nothing_with_anothers_thing_in_it(school: School) -> None:
    """The learner's own id in front, somebody else's thing behind it."""
    things = school.things
    shares = await school.ask("awarding", "DELETE", f"/learners/ada/shares/{things['ben.share']}", learner=ADA)
    made = await school.ask("awarding", "POST", "/learners/ada/shares", learner=ADA, json={"awards": [things["ben.award"]]})
    read = await school.ask("notifications", "POST", f"/learners/ada/inbox/{things['ben.message']}/read", learner=ADA)
    path = f"/submissions/{things['ada.submission']}/files/{things['ben.file']}"
    file = await school.ask("assessment", "GET", path, learner=ADA)
    assert (shares.status_code, made.status_code, read.status_code, file.status_code) == (404, 422, 404, 404)
    assert (await school.must("awarding", "GET", "/learners/ben/shares", learner=BEN))["items"][0]["withdrawn_at"] is None


async def test_what_does_not_exist_and_what_is_anothers_is_answered_alike(school: School) -> None:
    """Or else ids could be tried out."""
    for path in ("/submissions/{}", "/submissions/{}/files/" + school.things["ben.file"]):
        theirs = await school.ask("assessment", "GET", path.format(school.things["ben.submission"]), learner=ADA)
        none = await school.ask("assessment", "GET", path.format("0" * 32), learner=ADA)
        assert (theirs.status_code, theirs.json()) == (none.status_code, none.json())


async def test_a_learner_whose_id_begins_like_anothers_is_another(school: School) -> None:
    for learner in ("be", "ben ", "BEN", "ben%00", "ben/../ada"):
        token = school.token(learner=learner)
        for service, path in (("awarding", "/learners/ben/awards"), ("notifications", "/learners/ben/contact")):
            assert (await school.ask(service, "GET", path, token=token)).status_code == 403


SOURCES = (
    ("POST", "/sources/canvas/canvas", b"[]"),
    ("POST", "/sources/cloudevents/completions", b"{}"),
    ("POST", "/sources/canvas/proofs", b"{}"),
    ("GET", "/sources/canvas/originals/1", b""),
    ("GET", "/sources/canvas/files", b""),
    ("POST", "/sources/canvas/files", b"a,b"),
    ("GET", "/sources/canvas/accounts", b""),
    ("GET", "/sources/canvas/held", b""),
    ("POST", "/sources/canvas/keys", b'{"kind":"secret"}'),
    ("GET", "/sources/canvas/keys", b""),
    ("PUT", "/sources/canvas", b"{}"),
)


@pytest.mark.parametrize(("method", "path", "content"), SOURCES, ids=[path for _, path, _ in SOURCES])
async def test_a_source_opens_no_door_of_another_and_none_of_staffs(
    school: School, method: str, path: str, content: bytes
) -> None:
    headers = school.of_source("moodle") | {"content-type": "application/json"}
    answer = await school.ask("assessment", method, path, token="", headers=headers, content=content)
    assert answer.status_code in (401, 403), answer.text


async def test_a_source_speaks_of_no_activity_that_is_not_its_own(school: School) -> None:
    document = {
        "name": "Narrow",
        "owner": "IT",
        "format": "cloudevents",
        "learners": [{"are": "directory", "directory": "campus"}],
        "may_publish": ["https://narrow.example/*"],
    }
    await school.must("assessment", "PUT", "/sources/narrow", "sources:write", json=document)
    key = await school.must("assessment", "POST", "/sources/narrow/keys", "sources:write", json={"kind": "secret"})
    await school.must(
        *("assessment", "PUT", "/directories/campus/names", "directory:write"),
        json=[{"kind": "id", "name": "n-1", "learner": ADA}],
    )
    said = {"learner": "n-1", "activity": "https://lms.example/sails", "status": "passed"}
    event = {"specversion": "1.0", "id": "stolen", "source": "urn:cairn:source:narrow", "type": "cairn.completion.reported.v1"}
    body = event | {"time": "2026-01-02T00:00:00Z", "data": said}
    headers = basic(key["key"]["id"], key["secret"]) | {"content-type": "application/cloudevents+json"}
    answer = await school.ask("assessment", "POST", "/completions", token="", headers=headers, content=json.dumps(body))
    items = answer.json().get("items", [{}])
    assert answer.status_code in (403, 422) or items[0].get("status") == "refused", answer.text
