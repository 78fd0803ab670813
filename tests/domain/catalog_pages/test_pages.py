"""What the public's pages say, in both languages, without a browser."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from services.catalog.domain.endorsements import endorsement_of
from services.catalog.domain.versions import Version, endorsed
from services.catalog.pages import routes
from services.catalog.publishing import Stock
from tests.domain.catalog.documents import achievement, stack
from tests.domain.catalog_pages.shelf import CATALOG, NOW, stock_of, visitor
from tests.journeys.catalog_partner import Partner

HOSTILE = """<script>alert(1)</script> "&' \N{RIGHT-TO-LEFT OVERRIDE}🪨"""
SQL = achievement("sql", name="Querying Data", skills=[{"code": "S/1 a", "name": "SQL", "framework": "ESCO"}])
ETHICS = achievement(
    "ethics",
    name="Data Ethics",
    requirement={"any": [{"achievement": "sql"}, {"activity": "lms:essay", "score_at_least": "0.6"}]},
    learning_outcomes=[{"id": "weigh", "text": "Weighs interests.", "assessed_by": ["lms:essay", "sql"]}],
    credits={"amount": 3, "system": "ECTS"},
    eqf_level=6,
    quality_assurance="Reviewed every third year.",
)
PRACTICE = stack("practice", {"bronze": {"achievement": "ethics"}, "silver": {"achievement": "practice.bronze"}}, name="Practice")
STOCK = stock_of(SQL, ETHICS, PRACTICE, ETHICS | {"eqf_level": 7})


async def page(address: str, stock: Stock = STOCK, language: str = "en", status: int = 200) -> str:
    async with visitor(stock, language) as client:
        answer = await client.get(address)
    assert answer.status_code == status, answer.text
    assert "script-src" not in answer.headers["content-security-policy"]
    return answer.text


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


async def test_criteria_are_sentences_whose_names_lead_on() -> None:
    html = await page("/microcredentials/ethics")
    assert "One of the following" in html
    assert f'Hold <a href="{CATALOG}/microcredentials/sql">Querying Data</a>' in html
    assert 'Score at least 60% in <span class="activity">lms:essay</span>' in html


async def test_the_same_in_german() -> None:
    html = await page("/microcredentials/ethics", language="de-CH,en;q=0.5")
    assert '<html lang="de"' in html
    assert "Eine der folgenden Bedingungen" in html
    assert f'<a href="{CATALOG}/microcredentials/sql">Querying Data</a> besitzen' in html
    assert 'In <span class="activity">lms:essay</span> mindestens 60\xa0% erreichen' in html
    for said in (
        "3 ECTS-Punkte",
        "EQR-Niveau 7",
        "Qualitätssicherung",
        "Was man danach kann",
        "Veröffentlicht am 22. November 2026.",
    ):
        assert said in text_of(html), said


async def test_a_stack_shows_a_cairn_that_grows_and_each_level_can_be_led_to() -> None:
    html = await page("/microcredentials/practice")
    assert [len(re.findall(r'class="stone valid', part)) for part in html.split('<svg class="cairn"')[1:]] == [2, 1, 2]
    assert 'id="bronze"' in html
    assert 'id="silver"' in html
    async with visitor(STOCK) as client:
        level = await client.get("/microcredentials/practice.silver/versions/1")
    assert (level.status_code, level.headers["location"]) == (303, f"{CATALOG}/microcredentials/practice/versions/1#silver")


async def test_a_page_says_what_asks_for_it_and_what_changed() -> None:
    assert "Where it leads" in (html := await page("/microcredentials/ethics"))
    assert f'<a href="{CATALOG}/microcredentials/practice"><bdi>Practice</bdi></a>' in html
    assert re.search(r"EQF level: <del><bdi>6</bdi></del> .* <ins><bdi>7</bdi></ins>", html)
    old = await page("/microcredentials/ethics/versions/1")
    assert "This is version 1. The one that counts is version 2." in old


async def test_programs_get_the_open_badges_achievement_at_the_same_address() -> None:
    async with visitor(STOCK) as client:
        for accept in ("application/ld+json", "application/json"):
            answer = await client.get("/microcredentials/practice.silver/versions/1", headers={"accept": accept})
            assert answer.headers["content-type"] == accept
            assert "Accept" in answer.headers["vary"]
            assert answer.json()["id"] == f"{CATALOG}/microcredentials/practice.silver/versions/1"
        whole = (await client.get("/microcredentials/practice", headers={"accept": "application/json"})).json()
        assert [each["name"] for each in whole["@graph"]] == ["Practice: Bronze", "Practice: Silver"]
        sql = (await client.get("/microcredentials/sql", headers={"accept": "application/ld+json"})).json()
    assert sql["alignment"][0]["targetUrl"] == f"{CATALOG}/microcredentials/sql/versions/1#skill-S%2F1%20a"


async def test_whatever_a_document_says_stays_text() -> None:
    skills = [{"code": HOSTILE, "name": HOSTILE}]
    outcomes = [{"id": "o", "text": HOSTILE, "assessed_by": [HOSTILE]}]
    document: dict[str, Any] = achievement(
        "a", name=HOSTILE, description=HOSTILE, criteria=HOSTILE, tags=[HOSTILE], skills=skills
    )
    document |= {"learning_outcomes": outcomes, "requirement": {"activity": "<script>x</script>", "grade": HOSTILE}}
    again = stack("b", {"x": {"achievement": "a"}}, name=HOSTILE, issuer={"id": "n", "name": HOSTILE})
    stock = stock_of(document, again)
    for address in ("/catalog", "/catalog?q=%3Cscript%3E&subject=%3Cscript%3E", "/microcredentials/a", "/microcredentials/b"):
        html = await page(address, stock)
        assert "<script" not in html
        assert "🪨" in html or "q=" in address


async def test_who_vouches_is_shown_with_what_was_checked() -> None:
    partner, address = Partner("Fjord <Analytics>"), f"{CATALOG}/microcredentials/sql/versions/1"
    credential = partner.endorsement(address, validUntil="2027-11-01T00:00:00Z")
    endorsement = endorsement_of("{}", credential, "sql", address)
    [version] = STOCK.shelf.of("sql")
    now = await page("/microcredentials/sql", _with(endorsed(version, endorsement, NOW)[0]))
    assert "Fjord &lt;Analytics&gt;" in now
    assert "We take on whoever holds this." in now
    assert "In force until 1 November 2027." in text_of(now)
    past = endorsement.model_copy(update={"valid_until": NOW - timedelta(days=100)})
    assert "Vouched for it until" in await page("/microcredentials/sql", _with(replace(version, endorsements=(past,))))


def _with(version: Version) -> Stock:
    return Stock(2, STOCK.shelf.with_([version]))


@pytest.mark.parametrize(
    "address", ["/microcredentials/nothing", "/microcredentials/ethics/versions/9", "/microcredentials/practice.gold"]
)
async def test_what_is_not_there_is_said_on_a_page(address: str) -> None:
    assert "There is nothing here" in await page(address, status=404)


async def test_the_front_leads_to_the_catalog_and_keeps_what_was_asked() -> None:
    async with visitor(STOCK) as client:
        answer = await client.get("/?subject=data")
    assert (answer.status_code, answer.headers["location"]) == (308, f"{CATALOG}/catalog?subject=data")


def test_every_text_of_the_pages_has_its_translations() -> None:
    folder = Path(routes.__file__).parent
    texts = set()
    for file in (folder / "templates").rglob("*.html"):
        with file.open("rb") as opened:
            for _, _, message, _ in babel_extract(opened, ("_", "gettext", "ngettext"), (), {"trimmed": "true"}):
                texts.add(message[0] if isinstance(message, tuple) else message)
    for path in (folder / "locales").glob("*/LC_MESSAGES/*.po"):
        with path.open("rb") as opened:
            messages = {
                message.id[0] if isinstance(message.id, (tuple, list)) else message.id: message for message in read_po(opened)
            }
        assert texts == set(messages) - {""}
        assert all(message.string and not message.fuzzy for message in messages.values())
