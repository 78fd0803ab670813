"""A learner signs in, sees how far they have come, shares and withdraws."""

from __future__ import annotations

import json

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.pages.browsing import axe, kept, kept_everywhere, visitor, went
from tests.pages.university import GOLD, NAME, University

pytestmark = [pytest.mark.pages, pytest.mark.asyncio(loop_scope="module")]


async def test_a_learner_sees_their_awards_and_stacks(university: University, browser: Browser) -> None:
    async with visitor(browser, java_script_enabled=False) as page:
        await university.sign_in(page)
        await expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
        stack = page.get_by_role("region", name="Inclusive Computing", exact=True)
        await expect(stack.get_by_role("img", name="3 of 3 levels reached")).to_be_visible()
        await expect(stack.get_by_text("You stand at Gold.")).to_be_visible()
        practice = page.get_by_role("region", name="Data Practice", exact=True)
        await expect(practice.get_by_text("The shortest way:")).to_be_visible()
        await expect(page.get_by_text("Your credentials say your name")).to_be_visible()


async def test_a_passport_is_fit_for_everybody_at_every_width(university: University, browser: Browser) -> None:
    async with visitor(browser) as page:
        await university.sign_in(page)
        await kept_everywhere(page, "passport")
        assert await axe(page) == []
        await page.get_by_role("region", name="Awards").get_by_role("link", name="Inclusive Computing: Gold").click()
        await expect(page.get_by_role("heading", name="Genuine and valid")).to_be_visible()
        await kept_everywhere(page, "passport-award")
        assert await axe(page) == []


async def test_a_learner_shares_an_award_and_withdraws_it(university: University, browser: Browser) -> None:
    async with visitor(browser) as mine, visitor(browser) as theirs:
        await university.sign_in(mine)
        await mine.get_by_label("Inclusive Computing: Gold").check()
        await mine.get_by_label("Whom is it for?").fill("Brightwater Systems")
        await mine.get_by_role("button", name="Make a link").click()
        await expect(mine.get_by_role("status")).to_contain_text("Your link is ready.")
        share = mine.get_by_role("region", name="Brightwater Systems")
        link = await share.get_by_role("link").inner_text()
        await kept(mine, "passport-shared")

        assert (await went(theirs, link)).status == 200
        await expect(theirs.get_by_role("heading", level=1)).to_have_text("Inclusive Computing: Gold")

        await share.get_by_role("button", name="Withdraw").click()
        await expect(mine.get_by_role("status")).to_contain_text("Withdrawn.")
        assert (await went(theirs, link)).status == 410
        await expect(theirs.get_by_role("heading", level=1)).to_have_text("This is no longer shared")
        assert "Inclusive Computing" not in await theirs.content()
        await kept(theirs, "shared-withdrawn")
        assert await axe(theirs) == []


async def test_a_learner_shares_everything_with_the_keyboard_alone(university: University, browser: Browser) -> None:
    async with visitor(browser) as mine, visitor(browser) as theirs:
        await university.sign_in(mine)
        await mine.get_by_label("Everything, also what comes later").focus()
        await mine.keyboard.press("Space")
        await mine.get_by_label("Whom is it for?").focus()
        await mine.keyboard.type("Mum")
        await mine.keyboard.press("Enter")
        await expect(mine.get_by_role("status")).to_contain_text("Your link is ready.")
        link = await mine.get_by_role("region", name="Mum").get_by_role("link").inner_text()
        await went(theirs, link)
        await expect(theirs.get_by_role("heading", level=1)).to_have_text(NAME)
        await kept_everywhere(theirs, "shared-passport")
        assert await axe(theirs) == []
        await theirs.get_by_role("region", name="Inclusive Computing", exact=True).get_by_role("link", name="Gold").click()
        await expect(theirs.get_by_role("heading", name="Genuine and valid")).to_be_visible()
        await theirs.get_by_role("link", name="All that is shared here").click()
        await expect(theirs.get_by_role("heading", level=1)).to_have_text(NAME)


async def test_sharing_nothing_shows_the_form_again_with_what_is_wrong_and_what_was_typed(
    university: University, browser: Browser
) -> None:
    async with visitor(browser) as page:
        await university.sign_in(page)
        await page.get_by_label("the stack it belongs to").uncheck()
        await page.get_by_label("Whom is it for?").fill("Mum")
        async with page.expect_response("**/passport/shares") as answering:
            await page.get_by_role("button", name="Make a link").click()
        assert (await answering.value).status == 422
        form = page.get_by_role("form", name="Share something")
        await expect(form.get_by_role("alert")).to_have_text("Choose at least one award, or everything.")
        await expect(page.get_by_label("the stack it belongs to")).not_to_be_checked()
        await expect(page.get_by_label("Whom is it for?")).to_have_value("Mum")
        assert await axe(page) == []
        await page.get_by_role("link", name="Deutsch").click()
        await expect(page.locator("html")).to_have_attribute("lang", "de")


@pytest.mark.parametrize("awards", [["x"], [""], ["0" * 32], [f"{n:032x}" for n in range(101)]])
async def test_what_cannot_be_shared_is_said_at_the_form(university: University, browser: Browser, awards: list[str]) -> None:
    async with visitor(browser) as page:
        await university.sign_in(page)
        cookies = {cookie["name"]: cookie["value"] for cookie in await page.context.cookies()}
    headers = {"origin": university.outside, "sec-fetch-site": "same-origin", "accept": "text/html"}
    async with httpx.AsyncClient(cookies=cookies, trust_env=False, timeout=30) as sender:
        sent = {"award": awards, "label": "Typed before"}
        refused = await sender.post(f"{university.outside}/passport/shares", data=sent, headers=headers)
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert 'value="Typed before"' in refused.text


async def test_a_shares_code_has_an_address_that_only_its_learner_reads(university: University, browser: Browser) -> None:
    link = await university.shared(GOLD, label="With a code")
    async with visitor(browser) as page:
        await university.sign_in(page)
        assert "data:image" not in await page.content()
        code = page.get_by_role("region", name="With a code").locator("img.qr")
        address = f"{university.outside}{await code.get_attribute('src')}"
        found = await page.request.get(address)
        assert (found.status, found.headers["content-type"]) == (200, "image/svg+xml")
        assert link not in await found.text()
        assert (await page.request.get(address.replace("/qr.svg", "x/qr.svg"))).status in (404, 422)
    refused = await university.http.get(address, headers={"accept": "image/svg+xml"})
    assert refused.status_code in (401, 403)


async def test_a_learner_takes_their_record_and_credentials_along(university: University, browser: Browser) -> None:
    async with visitor(browser) as page:
        await university.sign_in(page)
        async with page.expect_download() as downloading:
            await page.get_by_role("link", name="Everything as one signed record").click()
        record = json.loads((await (await downloading.value).path()).read_text())
        assert "ClrCredential" in record["type"]
        await went(page, f"{university.outside}/passport/awards/{university.awards[GOLD]}")
        async with page.expect_download() as downloading:
            await page.get_by_role("link", name="Picture (PNG)").click()
        assert (await (await downloading.value).path()).read_bytes().startswith(b"\x89PNG")


async def test_a_learner_reads_their_passport_in_german(university: University, browser: Browser) -> None:
    async with visitor(browser) as page:
        await university.sign_in(page)
        await page.get_by_role("link", name="Deutsch").click()
        await expect(page.locator("html")).to_have_attribute("lang", "de")
        await expect(page.get_by_role("heading", name="Auszeichnungen")).to_be_visible()
        await expect(page.get_by_text("Der kürzeste Weg:").first).to_be_visible()
        await kept(page, "passport-german")


async def test_nobody_sees_a_passport_without_signing_in(university: University, browser: Browser) -> None:
    async with visitor(browser) as page:
        await went(page, f"{university.outside}/passport")
        assert not page.url.startswith(university.outside)
    refused = await university.http.get(f"{university.outside}/passport", headers={"accept": "application/json"})
    assert refused.status_code == 401


async def test_another_site_cannot_share_in_a_learners_name(university: University, browser: Browser) -> None:
    async with visitor(browser) as page:
        await university.sign_in(page)
        cookies = {cookie["name"]: cookie["value"] for cookie in await page.context.cookies()}
    async with httpx.AsyncClient(cookies=cookies, trust_env=False) as elsewhere:
        forged = await elsewhere.post(
            f"{university.outside}/passport/shares",
            data={"all": "yes"},
            headers={"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site", "accept": "application/json"},
        )
    assert forged.status_code == 403
