"""Injection (API8:2019, and where APIs are still lost): no text of a client is anything but a text."""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import quote

import pytest

from services.assessment.sources.files.files import row
from shared.mongo import Database
from tests.platform.eventually import eventually
from tests.security.doors import OPENED_BY
from tests.security.school import ADA, BEN, SERVICES, STAFF_SCOPES, School, address_of, exam

pytestmark = pytest.mark.asyncio(loop_scope="package")

LONG = "CAIRN_FUZZ" in os.environ
"""All of them in `make fuzz`; in the whole suite those that are used most."""

OPERATORS: tuple[Any, ...] = (
    {"$gt": ""},
    {"$ne": None},
    {"$regex": ".*"},
    {"$where": "sleep(5000) || true"},
    {"$in": ["ben"]},
    {"a.b": 1},
    {"": 1},
    {"$set": {"learner": "ben"}},
    ["$gt", ""],
)
TEXTS = (
    '{"$gt":""}',
    "[$ne]",
    "$where",
    "ben', $where: 'true",
    "ben\\u0000",
    "../ben",
    ";sleep 5",
    "' OR '1'='1",
    "{{7*7}}",
    "${7*7}",
)
BODIES: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("notifications", "PUT", "/learners/ada/contact", {"address": "a@example.edu", "name": "A", "language": "en"}),
    ("notifications", "PUT", "/learners/ada/identity", {"name": False, "email": False}),
    ("notifications", "POST", "/contacts", {"contacts": [{"learner": "zz", "address": "a@example.edu"}]}),
    ("awarding", "POST", "/awards", {"learner": "zz-nobody", "achievement": "sails", "reason": "because"}),
    ("awarding", "POST", "/awards/{ada.award}/revocation", {"reason": "because"}),
    ("awarding", "POST", "/learners/ada/shares", {"awards": [], "label": ""}),
    ("assessment", "POST", "/learners/ada/submissions", {"achievement": "weaving", "review": "portfolio"}),
    ("assessment", "PUT", "/submissions/{ada.submission}/evidence", {"text": "x", "links": []}),
    ("assessment", "PUT", "/submissions/{ada.submission}/sheet", {"marks": {"clarity": {"level": "good"}}, "comment": ""}),
    ("assessment", "POST", "/learners/zz/achievements/knots/waivers", {"version": 1, "path": "", "reason": "because"}),
    ("assessment", "PUT", "/directories/campus/names", {"kind": "id", "name": "1", "learner": "zz"}),
    ("assessment", "POST", "/directories/campus/lookups", {"kind": "id", "name": "1"}),
    ("assessment", "POST", "/sources/moodle/keys", {"kind": "secret", "note": ""}),
    ("assessment", "POST", "/completions", {"learner": "zz", "activity": "urn:x", "status": "passed"}),
    ("catalog", "POST", "/apply", {"documents": [exam("inject", "north")]}),
    ("catalog", "POST", "/achievements/knots/retire", {"teach_out_ends": "2999-01-01"}),
)


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for name, inner in items for place in ((*way, name), *places(inner, (*way, name)))]


def put(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(body))
    at = copy
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    return copy


@pytest.mark.parametrize(("service", "method", "path", "body"), BODIES, ids=[path for _, _, path, _ in BODIES])
async def test_an_operator_in_place_of_any_value_is_refused(
    school: School, service: str, method: str, path: str, body: dict[str, Any]
) -> None:
    who: dict[str, Any] = {"learner": ADA} if "/shares" in path or "submissions" in path else {}
    scopes = tuple(scope for scope in STAFF_SCOPES if not who)
    for place in places(body):
        for operator in OPERATORS if LONG else OPERATORS[:4]:
            if place[-1] in ("learner", "kind") and operator == ["$gt", ""]:
                continue
            asked = {"json": put(body, place, operator)}
            answer = await school.ask(service, method, school.filled(path), *scopes, **who, **asked)
            assert answer.status_code in (400, 403, 404, 409, 415, 422), (
                f"{place} {operator}: {answer.status_code} {answer.text[:300]}"
            )
            assert "ben" not in answer.text.replace("because", "")


async def test_an_operator_in_an_address_or_a_form_finds_nothing(school: School) -> None:
    """As PHP and its like read `learner[$ne]=x`, and as JSON in a text."""
    for service in SERVICES:
        for operation, opens in OPENED_BY[service].items():
            method, path = operation.split()
            if method != "GET" or "{" not in path or opens == ("public",):
                continue
            for text in TEXTS if LONG else TEXTS[:2]:
                filled = path
                for name in (
                    "learner",
                    "award",
                    "source",
                    "submission",
                    "message",
                    "delivery",
                    "id",
                    "key",
                    "decision",
                    "directory",
                ):
                    filled = filled.replace(f"{{{name}}}", quote(text, safe=""))
                filled = filled.replace("{kinds}", "achievements")
                answer = await school.ask(service, "GET", filled, *STAFF_SCOPES)
                assert answer.status_code < 500, f"{operation} with {text}: {answer.status_code}"
                assert school.things["ben.award"] not in answer.text
                assert "Bencanary" not in answer.text
        query = "?learner[$ne]=x&limit[$gt]=0&state[$ne]=sent&cursor[$gt]=&achievement[$regex]=.*"
        for path in ("/definitions", "/deliveries", "/sources", "/learners/zz/awards", "/reviews/queue"):
            assert (await school.ask(service, "GET", path + query, *STAFF_SCOPES)).status_code in (200, 404, 422)
    form = {"grant_type": "client_credentials", "client_id[$ne]": "x", "client_secret[$ne]": "x", "client_id": '{"$ne":""}'}
    answer = await school.ask("assessment", "POST", "/oauth/token", token="", data=form | {"client_secret": '{"$ne":""}'})
    assert answer.status_code in (400, 401)


async def test_a_learner_id_with_an_operator_s_letters_is_a_learner_like_any_other(school: School) -> None:
    """What is kept under it is under that name and no other's."""
    for learner in ("$where", "a.b.c", "$set.x", '{"$gt":""}', "__proto__", "constructor"):
        await school.complete(learner, "https://lms.example/knots")
        path = f"/learners/{quote(learner, safe='')}/awards"

        async def awarded(path: str = path) -> bool:
            answer = await school.must("awarding", "GET", path, "awards:read")
            return [one["achievement"] for one in answer["items"] if one["achievement"] == "knots"] == ["knots"]

        await eventually(awarded, within=40, why=f"{learner} has no award")
    database = Database(school.platform.mongodb, "cairn_awarding")
    try:
        assert await database["records"].find_one({"_id": "$where"}) is not None
        assert await database["records"].find_one({"_id": BEN}) is not None
    finally:
        database.close()


async def test_no_name_and_no_reason_makes_a_header_of_a_mail(school: School) -> None:
    lines = ("Eve\r\nBcc: all@example.edu", "Eve\nX-Evil: 1", "Eve\r\n\r\nhidden", "Eve\u2028Bcc: x", "Eve\x00", "Eve\x0b\x0c")
    for name in lines:
        body = {"address": address_of("eve"), "name": name}
        answer = await school.ask("notifications", "PUT", "/learners/eve/contact", "contacts:write", json=body)
        assert answer.status_code == 422 or "\n" not in answer.json()["name"], name
    for address in (
        "eve@example.edu\r\nRCPT TO:<all@example.edu>",
        "eve@example.edu>,<all@example.edu",
        "<eve@example.edu> SIZE=1",
        "eve @example.edu",
        "@",
        "eve@example.edu\x00",
    ):
        answer = await school.ask("notifications", "PUT", "/learners/eve/contact", "contacts:write", json={"address": address})
        assert answer.status_code == 422, address
    for name in ('"<script>alert(1)</script>" <x@y>', "=?utf-8?q?=0d=0aBcc:_x?=", "{{ 7*7 }}{% raw %}"):
        body = {"address": address_of("eve"), "name": name}
        await school.must("notifications", "PUT", "/learners/eve/contact", "contacts:write", json=body)
        before = len(school.platform.mailbox.mails_to(address_of("eve")))
        await school.complete("eve", f"https://lms.example/{'knots' if before == 0 else 'sails'}")
        if before > 2:
            continue

        def came(before: int = before) -> bool:
            return len(school.platform.mailbox.mails_to(address_of("eve"))) > before

        await eventually(came, within=40, why="no mail came")
    for mail in school.platform.mailbox.mails_to(address_of("eve")):
        assert mail.get_all("Bcc") is None
        assert mail.get_all("Delivered-To") == [address_of("eve")]
        assert "49" not in str(mail["Subject"])
        for part in mail.walk():
            if part.get_content_type() == "text/html":
                assert "<script" not in part.get_content()


async def test_nothing_that_a_client_wrote_is_markup_on_a_page(school: School) -> None:
    bad = "\"><script>zqx()</script><img src=x onerror=zqx()>{{7*7}}'-->"
    document = exam("markup", "north") | {"name": bad, "description": bad, "criteria": f"{bad}\n\n[x](javascript:zqx())"}
    await school.must("catalog", "POST", "/apply", "catalog:write", json={"documents": [document]})
    await school.complete(ADA, "https://lms.example/markup")
    await school.must("awarding", "POST", "/learners/ada/shares", learner=ADA, json={"label": bad[:100], "name": True})

    async def shown() -> str:
        page = await school.must("awarding", "GET", "/passport", learner=ADA, headers={"accept": "text/html"})
        assert "zqx()" in page
        return str(page)

    pages = [await eventually(shown, within=40, why="the award is not on the page")]
    for service, path in (
        ("catalog", "/catalog"),
        ("catalog", "/microcredentials/markup"),
        ("catalog", f"/catalog?q={quote(bad)}"),
        ("awarding", "/passport/shares"),
        ("awarding", f"/check?address={quote(bad)}"),
        ("awarding", f"/shared/{quote(bad, safe='')}"),
        ("assessment", f"/my/submissions/{quote(bad, safe='')}"),
        ("notifications", f"/settings?lang={quote(bad)}"),
        ("notifications", f"/{quote(bad, safe='')}"),
    ):
        pages.append((await school.ask(service, "GET", path, learner=ADA, headers={"accept": "text/html"})).text)
    for page in pages:
        assert not [one for one in ("<script>zqx", "<img src=x", 'href="javascript:', ">49<") if one in page]


async def test_no_header_is_made_of_what_a_client_wrote(school: School) -> None:
    file = "x\"; filename*=utf-8''evil.html\r\nset-cookie: a=b.txt"
    path = f"/submissions/{school.things['ada.submission']}/files?name={quote(file)}"
    await school.ask("assessment", "POST", path, learner=ADA, content=b"some text")
    for service, path in (
        ("awarding", "/check?address=%0d%0aset-cookie:%20a=b"),
        ("awarding", "/shared/%0d%0aset-cookie:%20a=b"),
        ("catalog", "/microcredentials/%0d%0aset-cookie:%20a=b"),
        ("awarding", "/sign-in?next=/%0d%0aset-cookie:%20a=b"),
        ("assessment", f"/submissions/{school.things['ada.submission']}/files/{school.things['ada.file']}"),
    ):
        answer = await school.ask(service, "GET", path, learner=ADA)
        cookies = [cookie for cookie in answer.headers.get_list("set-cookie") if cookie.startswith("a=")]
        assert cookies == []
        assert "\n" not in answer.headers.get("content-disposition", "")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "\n=1"])
def test_no_cell_of_an_export_is_a_formula(cell: str) -> None:
    assert row(cell).strip('"').startswith("'")
