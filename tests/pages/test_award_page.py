"""An employer who has never heard of the issuer opens a link that a learner gave them."""

from __future__ import annotations

import json
import re

import pytest
from playwright.async_api import Browser, expect

from tests.pages.browsing import axe, kept, kept_everywhere, visitor, went
from tests.pages.university import EMAIL, GOLD, NAME, SILVER, University

pytestmark = [pytest.mark.pages, pytest.mark.asyncio(loop_scope="module")]


async def test_an_employer_sees_at_once_that_an_award_is_genuine_and_what_it_means(
    university: University, browser: Browser
) -> None:
    link = await university.shared(SILVER)
    async with visitor(browser, java_script_enabled=False) as page:
        assert (await went(page, link)).status == 200
        await expect(page.get_by_role("heading", level=1)).to_have_text("Inclusive Computing: Silver")
        await expect(page.get_by_role("heading", name="Genuine and valid")).to_be_visible()
        await expect(page.get_by_text(NAME)).to_be_visible()
        checks = page.get_by_role("region", name="What was checked")
        await expect(checks.get_by_text("Yes", exact=True)).to_have_count(6)
        stack = page.get_by_role("region", name="Part of Inclusive Computing")
        await expect(stack.get_by_role("heading", level=3)).to_have_count(3)
        await expect(page.get_by_role("region", name="What was shown").get_by_role("listitem").first).to_be_visible()


async def test_an_award_page_is_fit_for_everybody_at_every_width(university: University, browser: Browser) -> None:
    async with visitor(browser) as page:
        await went(page, await university.shared(GOLD))
        await kept_everywhere(page, "award")
        assert await axe(page) == []


async def test_an_award_page_prints_on_one_page(university: University, browser: Browser) -> None:
    async with visitor(browser) as page:
        await went(page, await university.shared(SILVER))
        printed = await page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


async def test_a_program_finds_the_credential_behind_the_page(university: University, browser: Browser) -> None:
    link = await university.shared(SILVER)
    async with visitor(browser) as page:
        await went(page, link)
        alternate = await page.locator('link[rel="alternate"]').get_attribute("href")
    by_kind = await university.http.get(link, headers={"accept": "application/vc+ld+json"})
    by_link = await university.http.get(f"{university.outside}{alternate}")
    assert by_kind.content == by_link.content
    assert by_kind.headers["content-type"] == "application/vc+ld+json"
    assert by_kind.json()["type"] == ["VerifiableCredential", "AchievementCredential"]


@pytest.mark.parametrize(
    ("address", "answer"), [(EMAIL.upper(), "was given to the person"), ("eve@example.org", "somebody with")]
)
async def test_an_employer_learns_whether_an_address_is_the_holders(
    university: University, browser: Browser, address: str, answer: str
) -> None:
    async with visitor(browser) as page:
        await went(page, await university.shared(SILVER))
        await page.get_by_label("E-mail address").fill(address)
        await page.get_by_role("button", name="Compare").click()
        await expect(page.get_by_role("status")).to_contain_text(answer)
        assert address not in page.url


async def test_a_share_without_a_name_shows_none_and_gives_no_credential_that_says_it(
    university: University, browser: Browser
) -> None:
    link = await university.shared(SILVER, name=False)
    async with visitor(browser) as page:
        await went(page, link)
        assert NAME not in await page.content()
        await expect(page.get_by_role("heading", name="Genuine and valid")).to_be_visible()
        await expect(page.get_by_role("heading", name="Take it with you")).to_have_count(0)
    assert (await university.http.get(f"{link}/credential.json")).status_code == 403


async def test_an_award_page_speaks_german(university: University, browser: Browser) -> None:
    async with visitor(browser, locale="de-DE") as page:
        await went(page, await university.shared(SILVER))
        await expect(page.locator("html")).to_have_attribute("lang", "de")
        await expect(page.get_by_role("heading", name="Echt und gültig")).to_be_visible()
        await expect(page.get_by_text("Alle folgenden Bedingungen").first).to_be_visible()
        await kept(page, "award-german")
        await page.get_by_role("link", name="English").click()
        await expect(page.get_by_role("heading", name="Genuine and valid")).to_be_visible()


async def test_nothing_is_shown_at_an_address_that_nobody_shared(university: University, browser: Browser) -> None:
    async with visitor(browser) as page:
        response = await went(page, f"{university.outside}/shared/{'A' * 43}")
        assert response.status == 404
        await expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is shared here")
        assert response.headers["referrer-policy"] == "no-referrer"
        await kept(page, "shared-nothing")


async def test_an_award_that_a_share_does_not_cover_is_not_shown_through_it(university: University, browser: Browser) -> None:
    link = await university.shared(SILVER)
    async with visitor(browser) as page:
        assert (await went(page, f"{link}/awards/{university.awards[GOLD]}")).status == 404
    refused = await university.http.get(f"{link}/awards/{university.awards[GOLD]}/credential.json")
    assert refused.status_code == 404
    assert "credentialSubject" not in json.dumps(refused.json())


async def test_a_revoked_award_says_so_before_anything_else(university: University, browser: Browser) -> None:
    link = await university.shared("cloud-fundamentals")
    await university.revoke("cloud-fundamentals")
    async with visitor(browser) as page:
        await went(page, link)
        await expect(page.get_by_role("heading", name="This award has been revoked")).to_be_visible()
        await expect(page.get_by_text("Genuine and valid")).to_have_count(0)
        assert "sat the examination" not in await page.content(), "what a person wrote is the learner's to read"
        await kept_everywhere(page, "award-revoked")
        assert await axe(page) == []
