"""A learner decides what their credentials say of who they are."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

from tests.pages.browsing import axe, kept, kept_everywhere, visitor, went
from tests.pages.university import EMAIL, NAME, University
from tests.platform.eventually import eventually

pytestmark = [pytest.mark.pages, pytest.mark.asyncio(loop_scope="module")]


def settings_of(university: University) -> str:
    return f"{university.campus.platform.address('notifications')}/settings"


async def signed_in(university: University, page: Page) -> None:
    """From the settings themselves, with the institution's sign-in in between."""
    await page.goto(settings_of(university))
    await page.get_by_role("button", name=NAME).click()
    await page.wait_for_url(settings_of(university))


async def test_settings_are_fit_for_everybody_at_every_width(university: University, browser: Browser) -> None:
    async with visitor(browser) as page:
        await signed_in(university, page)
        known = page.get_by_role("region", name="What we know")
        await expect(known.get_by_text(NAME)).to_be_visible()
        await expect(known.get_by_text(EMAIL)).to_be_visible()
        await kept_everywhere(page, "settings")
        assert await axe(page) == []
        await page.get_by_role("link", name="Deutsch").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Einstellungen")
        await kept_everywhere(page, "settings-german")


async def test_credentials_say_what_a_learner_chose_and_nothing_after_it_was_withdrawn(
    university: University, browser: Browser
) -> None:
    async with visitor(browser, java_script_enabled=False) as page:
        await university.sign_in(page)
        await page.get_by_role("link", name="Change it in your settings").click()
        await page.wait_for_url(settings_of(university))
        await expect(page.get_by_label("my name")).to_be_checked()
        await page.get_by_label("my e-mail address").uncheck()
        await page.get_by_role("button", name="Save what they say").click()
        await expect(page.get_by_role("status")).to_contain_text("say what you chose")
        await kept(page, "settings-saved")
        await says(university, page, "Your credentials say your name.")

        await page.goto(settings_of(university))
        await expect(page.get_by_label("my e-mail address")).not_to_be_checked()
        await page.get_by_label("my name").uncheck()
        await page.get_by_role("button", name="Save what they say").click()
        await expect(page.get_by_role("status")).to_contain_text("say nothing of who you are")
        await says(university, page, "Your credentials say neither your name nor your e-mail address.")


async def test_a_learner_chooses_which_mails_they_get(university: University, browser: Browser) -> None:
    async with visitor(browser) as page:
        await signed_in(university, page)
        await page.get_by_label("an award is renewed").uncheck()
        await page.get_by_label("Language of the mails").select_option("es")
        await page.get_by_role("button", name="Save which mails").click()
        await expect(page.get_by_role("status")).to_contain_text("It counts for what is mailed from now on.")
        await expect(page.get_by_label("an award is renewed")).not_to_be_checked()
        await expect(page.get_by_label("an award is revoked")).to_be_checked()
        await expect(page.get_by_label("Language of the mails")).to_have_value("es")


async def test_signing_out_of_the_settings_ends_there(university: University, browser: Browser) -> None:
    async with visitor(browser) as page:
        await signed_in(university, page)
        await page.get_by_role("button", name="Sign out").click()
        home = settings_of(university).removesuffix("settings")
        await page.wait_for_url(home)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
        assert await axe(page) == []
        await went(page, settings_of(university))
        assert not page.url.startswith(home)


async def says(university: University, page: Page, text: str) -> None:
    """The passport does, once the credentials were issued again."""

    async def it_does() -> bool:
        await went(page, f"{university.outside}/passport")
        return await page.get_by_text(text, exact=True).is_visible()

    await eventually(it_does, within=60, every=0.5, why=f"the passport does not say: {text}")
