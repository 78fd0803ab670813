"""Anybody checks any credential on a page: as a picture, a text or an address."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import Browser, FilePayload, Page, expect

from tests.pages.browsing import axe, kept, kept_everywhere, visitor, went
from tests.pages.university import GOLD, SILVER, University
from tests.platform.eventually import eventually

pytestmark = [pytest.mark.pages, pytest.mark.asyncio(loop_scope="module")]

MEDIA_TYPES = {"json": "application/json", "jwt": "text/plain", "png": "image/png", "svg": "image/svg+xml"}


async def credential(university: University, form: str, achievement: str = GOLD) -> bytes:
    link = await university.shared(achievement)
    return (await university.http.get(f"{link}/credential.{form}")).raise_for_status().content


async def upload(page: Page, university: University, content: bytes, form: str) -> None:
    await went(page, f"{university.outside}/check")
    file: FilePayload = {"name": f"credential.{form}", "mimeType": MEDIA_TYPES[form], "buffer": content}
    await page.get_by_label("A file").set_input_files(file)
    await page.get_by_role("button", name="Check", exact=True).click()


async def test_the_check_page_is_fit_for_everybody_at_every_width(university: University, browser: Browser) -> None:
    async with visitor(browser) as page:
        await went(page, f"{university.outside}/check")
        await kept_everywhere(page, "check")
        assert await axe(page) == []


@pytest.mark.parametrize("form", ["png", "svg", "json", "jwt"])
async def test_a_credential_in_any_form_is_found_genuine(university: University, browser: Browser, form: str) -> None:
    content = await credential(university, form)
    async with visitor(browser, java_script_enabled=False) as page:
        await upload(page, university, content, form)
        await expect(page.get_by_role("heading", name="Genuine and valid")).to_be_visible()
        await expect(page.get_by_text("Northfield University").first).to_be_visible()
        await kept(page, f"check-{form}")


async def test_a_result_is_fit_for_everybody_at_every_width(university: University, browser: Browser) -> None:
    async with visitor(browser) as page:
        await upload(page, university, await credential(university, "png"), "png")
        await expect(page.get_by_role("heading", name="Genuine and valid")).to_be_visible()
        await kept_everywhere(page, "check-result")
        assert await axe(page) == []


async def test_a_file_that_was_tampered_with_is_told_from_a_genuine_one(university: University, browser: Browser) -> None:
    document: dict[str, Any] = json.loads(await credential(university, "json", SILVER))
    document["credentialSubject"]["achievement"]["name"] = "Doctor of Everything"
    async with visitor(browser) as page:
        await upload(page, university, json.dumps(document).encode(), "json")
        await expect(page.get_by_role("heading", name="Do not rely on this credential")).to_be_visible()
        proof = page.get_by_role("listitem").filter(has_text="Is the signature genuine?")
        await expect(proof).to_contain_text("something was changed")
        await kept(page, "check-tampered")
        assert await axe(page) == []


async def test_a_text_is_checked_with_the_keyboard_alone(university: University, browser: Browser) -> None:
    token = (await credential(university, "jwt")).decode()
    async with visitor(browser) as page:
        await went(page, f"{university.outside}/check")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        await page.keyboard.press("Enter")
        for _ in range(2):
            await page.keyboard.press("Tab")
        await expect(page.get_by_label("Its text")).to_be_focused()
        await page.keyboard.insert_text(token)
        for _ in range(3):
            await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Check", exact=True)).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Genuine and valid")).to_be_visible()


async def test_the_address_on_an_award_is_checked_by_itself(university: University, browser: Browser) -> None:
    link = await university.shared(GOLD)
    async with visitor(browser) as page:
        await went(page, f"{university.outside}/check?address={link}")
        await expect(page.get_by_role("heading", name="Genuine and valid")).to_be_visible()


async def test_a_revoked_credential_is_found_out_though_it_is_genuine(university: University, browser: Browser) -> None:
    content = await credential(university, "json", "cloud-fundamentals")
    await university.revoke("cloud-fundamentals")
    async with visitor(browser) as page:

        async def said() -> bool:
            await upload(page, university, content, "json")
            return await page.get_by_role("heading", name="Do not rely on this credential").count() == 1

        await eventually(said, within=20, every=1, why="the status list does not say that it is revoked")
        status = page.get_by_role("listitem").filter(has_text="Does the issuer stand by it?")
        await expect(status).to_contain_text("The issuer has revoked it.")
        await kept(page, "check-revoked")


@pytest.mark.parametrize(
    ("content", "form", "answer"),
    [
        (b"not a credential", "json", "It is neither JSON nor a JWT"),
        (b"\x89PNG\r\n\x1a\n", "png", "picture"),
        (b"[" * 10_000 + b"]" * 10_000, "json", "deeper than in any real credential"),
        (b"", "json", "Choose a file, paste a text, or give an address."),
    ],
)
async def test_what_is_no_credential_is_said_kindly(
    university: University, browser: Browser, content: bytes, form: str, answer: str
) -> None:
    async with visitor(browser) as page:
        await upload(page, university, content, form)
        await expect(page.get_by_role("alert")).to_contain_text(answer)
        assert await axe(page) == []


async def test_a_picture_that_is_too_large_is_refused_with_a_page(university: University, browser: Browser) -> None:
    async with visitor(browser) as page:
        await upload(page, university, b"\x89PNG\r\n\x1a\n" + bytes(12_000_000), "png")
        await expect(page.get_by_role("heading", level=1)).to_have_text("That is too much at once")
        await kept(page, "check-too-large")


async def test_the_front_page_leads_to_everything(university: University, browser: Browser) -> None:
    async with visitor(browser) as page:
        await went(page, f"{university.outside}/")
        await kept_everywhere(page, "front")
        assert await axe(page) == []
        await page.get_by_role("link", name="Check", exact=True).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Check a credential")


async def test_an_issuers_profile_leads_to_its_identity_document(university: University, browser: Browser) -> None:
    async with visitor(browser) as page:
        await went(page, f"{university.outside}/issuers/northfield")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Northfield University")
        assert await axe(page) == []
        await kept(page, "issuer")
        address = await page.get_by_role("link", name="Identity document").get_attribute("href")
    found = await university.http.get(f"{university.outside}{address}")
    assert found.json()["id"] == did_of(university)


async def test_the_institution_has_a_profile_like_every_issuer(university: University) -> None:
    address = f"{university.outside}/issuers/institution"
    page = await university.http.get(address, headers={"accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "/issuers/institution/did.json" in page.text
    assert "Profile" in (await university.http.get(address, headers={"accept": "application/json"})).json()["type"]


def did_of(university: University) -> str:
    host = university.outside.removeprefix("http://").replace(":", "%3A")
    return f"did:web:{host}:issuers:northfield"
