"""Whatever credential a stranger brings to the page where anybody checks: it answers, and says no more than was found."""

from __future__ import annotations

import html
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI, Request
from hypothesis import given, settings
from hypothesis import strategies as st

from services.awarding.checking.checker import Asked
from services.awarding.pages import check_page
from services.awarding.pages.reception import Reception
from shared.credentials.dates import in_force
from shared.credentials.findings import Check, Report, finding
from shared.credentials.people import given_to
from shared.credentials.reading import brought
from shared.credentials.summaries import summary_of
from shared.pages import Pages

GENUINE = (finding("proof.good"), finding("issuer.confirmed"), finding("status.none"), finding("schema.good"))
PAGES = Pages("services.awarding.pages")
HOLDER = {"type": "IdentityObject", "identityType": "name", "hashed": False, "identityHash": "Ada Okafor"}
ADDRESS = {"type": "IdentityObject", "identityType": "emailAddress", "hashed": False, "identityHash": "ada@uni.example"}

ODD_DATES = st.sampled_from(
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00Z", "24:00", "+10000-01-01", "", "2026"]
)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | ODD_DATES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def some(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object in which any member may be missing or be something else; or something else altogether."""
    return st.fixed_dictionaries({}, optional={name: given | ANYTHING for name, given in members.items()}) | ANYTHING


TEXT = st.text(max_size=40)
IDENTITY = some(identityType=st.sampled_from(["name", "emailAddress"]), identityHash=TEXT, hashed=st.booleans(), salt=TEXT)
ACHIEVEMENT = some(id=TEXT, name=TEXT, description=TEXT, achievementType=TEXT, criteria=some(narrative=TEXT))
SUBJECT = some(id=TEXT, achievement=ACHIEVEMENT, identifier=IDENTITY | st.lists(IDENTITY, max_size=3))
DATE = ODD_DATES | st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
CREDENTIALS = st.fixed_dictionaries(
    {},
    optional={
        "id": TEXT | ANYTHING,
        "name": TEXT | ANYTHING,
        "issuer": some(id=TEXT, name=TEXT),
        "credentialSubject": SUBJECT | st.lists(SUBJECT, max_size=3),
        **dict.fromkeys(("awardedDate", "validFrom", "validUntil", "issuanceDate", "expirationDate"), DATE | ANYTHING),
    },
)


def page(document: dict[str, Any], known: Check, email: str | None = None, checks: tuple[Check, ...] | None = None) -> str:
    """The result of a credential of which all was found to be true, but what its dates say."""
    found = (*GENUINE, in_force(document), known) if checks is None else (*checks, known)
    told = None if email is None else given_to(document, email)
    report = Report(found, "achievement", summary_of(document), document, False, email=told)
    view = check_page.result_page(Request(SCOPE), reception(), report)
    return bytes(view.body).decode()


SCOPE = {"type": "http", "method": "POST", "path": "/check", "query_string": b"", "headers": [], "server": ("cairn", 80)}


def reception() -> Reception:
    unused: Any = None
    return Reception(PAGES, unused, unused, unused)


@settings(max_examples=200, deadline=None)
@given(CREDENTIALS, st.sampled_from(["known.own", "known.not_listed", "known.not_confirmed"]), TEXT | st.none())
def test_any_credential_is_answered_with_a_page(document: dict[str, Any], known: str, email: str | None) -> None:
    assert "</html>" in page(document, finding(known), email)


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_date_that_falls_out_of_the_calendar_is_shown_as_it_was_written(date: str) -> None:
    assert date in html.unescape(page({"awardedDate": date}, finding("known.own")))


def test_a_credential_without_any_name_is_shown_without() -> None:
    shown = page({"type": ["VerifiableCredential"]}, finding("known.own"))
    assert "Genuine and valid" in shown
    assert "A credential" in shown


def test_an_issuer_that_is_not_known_is_shown_by_what_it_calls_itself_and_the_verdict_says_so() -> None:
    document = {"issuer": {"id": "did:web:stranger.example", "name": "Northfield University"}}
    stranger = page(document, finding("known.not_listed"))
    assert "Genuine; we don’t know the issuer" in stranger
    assert "calls itself “Northfield University”" in stranger
    assert "Genuine and valid" not in stranger
    ours = page(document, finding("known.own"))
    assert "Genuine and valid" in ours
    assert "calls itself" not in ours


def test_a_credential_shows_to_whom_it_says_it_was_given() -> None:
    assert "Ada Okafor" in page({"credentialSubject": {"identifier": [HOLDER]}}, finding("known.own"))
    hidden = page({"credentialSubject": {"identifier": HOLDER | {"hashed": True}}}, finding("known.own"))
    assert "Ada Okafor" not in hidden
    assert "Somebody whose name it does not say" in hidden


@pytest.mark.parametrize(
    ("identifier", "email", "code"),
    [
        ([ADDRESS], "Ada@uni.example", "email.matches"),
        ([ADDRESS], "eve@uni.example", "email.differs"),
        ([HOLDER], "ada@uni.example", "email.absent"),
    ],
)
def test_an_address_matches_or_does_not_or_there_is_nothing_to_compare(identifier: Any, email: str, code: str) -> None:
    shown = page({"credentialSubject": {"identifier": identifier}}, finding("known.own"), email)
    assert finding(code).sentence in html.unescape(shown)
    assert "Is it theirs?" in shown
    assert "Is it theirs?" not in page({"credentialSubject": {"identifier": identifier}}, finding("known.own"))


def test_criteria_keep_their_paragraphs_and_lists_and_nothing_of_them_becomes_markup() -> None:
    narrative = "All of **these**:\n\n- Hold A\n  - <b>or</b> B\n- Pass C"
    shown = page({"credentialSubject": {"achievement": {"criteria": {"narrative": narrative}}}}, finding("known.own"))
    assert "<strong>these</strong>" in shown
    assert shown.count('<li dir="auto">') == 3
    assert "&lt;b&gt;or&lt;/b&gt;" in shown


@pytest.mark.parametrize("encoding", ["multipart", "urlencoded"])
async def test_a_text_that_is_too_long_is_refused_in_the_readers_language(encoding: str) -> None:
    async def verify(asked: Asked) -> Report:
        assert asked.data is not None
        brought(asked.data)
        raise AssertionError("it is not too long")

    app = FastAPI()
    PAGES.mount(app, check_page.router)
    unused: Any = None
    app.state.reception = Reception(PAGES, unused, unused, unused, verify)
    typed = orjson.dumps({"name": "x" * 3_000_000}).decode()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://cairn", headers={"accept-language": "de"}) as browser:
        sent: dict[str, Any] = {"data": {"text": typed}} if encoding == "urlencoded" else {"files": {"text": (None, typed)}}
        refused = await browser.post("/check", **sent)
    assert refused.status_code == 413
    assert "2 MB" in refused.text
    assert "exceeded" not in refused.text
