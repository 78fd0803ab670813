"""A visitor looks through the catalog: finds, opens, reads."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.pages.browsing import axe, kept_everywhere, visitor, went
from tests.pages.catalog_site import PARTNER, catalog_site
from tests.platform.parts import Broker, DatabaseServer

pytestmark = [pytest.mark.pages, pytest.mark.asyncio(loop_scope="module")]

PAGES = {
    "catalog": "/catalog",
    "catalog-chosen": "/catalog?subject=computing&q=design&lang=de",
    "catalog-stack": "/microcredentials/inclusive-computing",
    "catalog-achievement": "/microcredentials/programming-foundations?lang=de",
    "catalog-old-version": "/microcredentials/statistics-1/versions/1",
    "catalog-nothing": "/microcredentials/nothing",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(
    browser: Browser, kafka: Broker, mongodb: DatabaseServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    async with catalog_site(kafka, mongodb, tmp_path_factory.mktemp("catalog")) as address:
        yield address


async def names(page: Page) -> list[str]:
    return [name.strip() for name in await page.locator(".entry h3").all_inner_texts()]


async def test_a_visitor_chooses_without_javascript_and_lets_go_again(site: str, browser: Browser) -> None:
    async with visitor(browser, java_script_enabled=False) as page:
        await went(page, site)
        await expect(page.get_by_role("heading", level=2, name="24 microcredentials")).to_be_visible()
        await page.get_by_label("Subject").select_option("inclusion")
        await page.get_by_label("Participation").select_option("online")
        await page.get_by_role("button", name="Apply").click()
        assert await names(page) == ["Accessibility and the Law", "Recognising Unconscious Bias"]
        await page.get_by_role("link", name="Without Subject: inclusion").click()
        await expect(page.get_by_label("Participation")).to_have_value("online")
        assert len(await names(page)) > 2
        await page.get_by_role("searchbox").fill("bias awareness")
        await page.get_by_role("button", name="Find").click()
        assert await names(page) == ["Recognising Unconscious Bias"]


async def test_a_visitor_reads_in_german_what_a_level_takes_and_follows_it(site: str, browser: Browser) -> None:
    async with visitor(browser, locale="de-AT") as page:
        await went(page, f"{site}/catalog")
        await page.get_by_role("link", name="Inclusive Computing", exact=True).click()
        gold = page.locator("#gold")
        await expect(gold).to_contain_text("Innerhalb eines Zeitraums von 730 Tagen (etwa 2 Jahre)")
        await expect(gold).to_contain_text("Stufe 3 von 3")
        await expect(gold.get_by_role("heading", name=PARTNER.name)).to_be_visible()
        await gold.get_by_role("link", name="Accessible Design").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Accessible Design")
        await expect(page.get_by_role("listitem").filter(has_text="mindestens 65\xa0% erreichen").last).to_be_visible()


async def test_everything_is_reached_with_the_keyboard_alone(site: str, browser: Browser) -> None:
    async with visitor(browser) as page:
        await went(page, f"{site}/catalog")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("searchbox")).to_be_focused()
        await page.keyboard.type("practice")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/catalog?q=practice*")
        first = page.get_by_role("link", name="Data Practice")
        for _ in range(40):
            await page.keyboard.press("Tab")
            if await first.evaluate("link => link === document.activeElement"):
                break
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Data Practice")


async def test_on_a_narrow_window_the_choices_are_behind_a_disclosure(site: str, browser: Browser) -> None:
    async with visitor(browser, java_script_enabled=False, viewport={"width": 320, "height": 700}) as page:
        await went(page, f"{site}/catalog")
        await expect(page.get_by_label("Subject")).to_be_hidden()
        await page.get_by_text("Narrow the choice").click()
        await page.get_by_label("Subject").select_option("industry")
        await page.get_by_role("button", name="Apply").click()
        assert "Cloud Fundamentals" in await names(page)


async def test_a_credential_s_achievement_leads_to_its_level(site: str, browser: Browser) -> None:
    async with visitor(browser) as page:
        await went(page, f"{site}/microcredentials/inclusive-computing.silver/versions/1")
        assert page.url == f"{site}/microcredentials/inclusive-computing/versions/1#silver"


@pytest.mark.parametrize("name", PAGES)
async def test_pages_are_fit_for_everybody_at_every_width(name: str, site: str, browser: Browser) -> None:
    async with visitor(browser) as page:
        await went(page, site + PAGES[name])
        await kept_everywhere(page, name)
        assert await axe(page) == []
