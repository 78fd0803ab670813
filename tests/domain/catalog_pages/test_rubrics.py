"""How a microcredential is assessed is public: the rubric as a table, in both languages."""

from __future__ import annotations

from typing import Any

from tests.domain.catalog.documents import achievement, stack
from tests.domain.catalog.test_reviews import CASE, REVIEW
from tests.domain.catalog_pages.shelf import stock_of
from tests.domain.catalog_pages.test_pages import HOSTILE, page, text_of

RUBRIC: dict[str, Any] = REVIEW["rubric"]
MARKED = RUBRIC["criteria"][0] | {"must_reach": "fair", "description": "Whose interests are seen."}
REVIEWED = REVIEW | {"assessors": 2, "recognises_prior_learning": True, "rubric": {"criteria": [MARKED, RUBRIC["criteria"][1]]}}
ETHICS = achievement("ethics", {"activity": CASE, "passed": True}, name="Data Ethics", reviews=[REVIEWED])


async def test_a_rubric_is_shown_as_a_table_with_what_must_be_reached() -> None:
    html = await page("/microcredentials/ethics", stock_of(ETHICS))
    text = text_of(html)
    assert 'Pass <a href="#review-ethics-case">The case essay</a>' in html
    assert 'id="review-ethics-case"' in html
    assert "How it is assessed" in text
    assert "a text, files; also what was learned before, or elsewhere" in text
    assert "Two assessors, who must agree" in text
    assert "with 50% of the points, and wherever a level is marked with that or a higher one" in text
    assert "Care Whose interests are seen. Poor 0 points Fair 2 points at least this" in text
    assert "Style counts 3 times Poor 0 points" in text
    assert "urn:cairn:review" not in text


async def test_the_same_in_german() -> None:
    text = text_of(await page("/microcredentials/ethics", stock_of(ETHICS), language="de"))
    for said in (
        "Wie geprüft wird",
        "ein Text, Dateien",
        "Fair 2 Punkte mindestens diese",
        "mit 50 % der Punkte",
        "Kriterium",
    ):
        assert said in text, said


async def test_each_level_of_a_stack_shows_its_own() -> None:
    gold = {"activity": "urn:cairn:review:cs.gold:case", "passed": True}
    document = stack("cs", {"silver": {"activity": "lms:1", "passed": True}, "gold": gold})
    document["levels"][1]["reviews"] = [REVIEW]
    html = await page("/microcredentials/cs", stock_of(document))
    assert '<div class="review" id="review-cs.gold-case"' in html.partition('id="gold"')[2]
    assert "with 50% of the points" in text_of(html)


async def test_whatever_a_rubric_says_stays_text() -> None:
    levels = [{"id": "a", "name": HOSTILE, "points": 1, "description": HOSTILE}, {"id": "b", "name": "B", "points": 2}]
    criterion = {"id": "c", "name": HOSTILE, "description": HOSTILE, "levels": levels}
    hostile = REVIEW | {"name": HOSTILE, "instructions": HOSTILE, "rubric": {"criteria": [criterion]}}
    document = achievement("ethics", {"activity": CASE, "passed": True}, reviews=[hostile])
    html = await page("/microcredentials/ethics", stock_of(document))
    assert "<script" not in html
    assert html.count("🪨") >= 6


async def test_the_history_names_a_changed_rubric() -> None:
    later = ETHICS | {"reviews": [REVIEWED | {"passes_at": "0.6"}]}
    text = text_of(await page("/microcredentials/ethics", stock_of(ETHICS, later)))
    assert "How it is assessed" in text.partition("Versions")[2]
