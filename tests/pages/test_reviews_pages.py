"""Learners hand in evidence, and people judge it, in a browser that runs no scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Page, expect

from tests.pages.browsing import axe, kept, kept_everywhere, went
from tests.pages.judging_house import JudgingHouse

pytestmark = [pytest.mark.pages, pytest.mark.asyncio(loop_scope="module")]

PDF: FilePayload = {"name": "Porträt <b>.exe", "mimeType": "application/octet-stream", "buffer": b"%PDF-1.7\n%%EOF"}
PROGRAM: FilePayload = {"name": "essay.pdf", "mimeType": "application/pdf", "buffer": b"MZ\x90\x00\x03\x00\x00\x00"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> AsyncIterator[JudgingHouse]:
    async with JudgingHouse.open(tmp_path_factory.mktemp("house"), browser) as opened:
        yield opened


async def test_evidence_is_handed_in_asked_about_and_judged_without_a_script(house: JudgingHouse) -> None:
    async with (
        house.visit("ada", java_script_enabled=False) as ada,
        house.visit("tutor", "reviews:assess", "/desk/reviews", java_script_enabled=False) as tutor,
    ):
        await house.begun(ada)
        await ada.get_by_label("Another file").set_input_files([PDF])
        await ada.get_by_role("button", name="Upload").click()
        await expect(ada.get_by_role("status")).to_contain_text("The file is there.")
        await expect(ada.get_by_role("link", name="Porträt b.exe.pdf")).to_be_visible()
        await ada.get_by_label("Text", exact=True).fill("The booking form could not be used with a keyboard.")
        await ada.get_by_label("Links", exact=True).fill("javascript:alert(1)")
        await ada.get_by_role("button", name="Save and hand in").click()
        await expect(ada.get_by_role("alert")).to_contain_text("https://")
        await expect(ada.get_by_label("Text", exact=True)).to_have_value("The booking form could not be used with a keyboard.")
        await kept(ada, "submission-wrong-link")
        await ada.get_by_label("Links", exact=True).fill("https://example.edu/ada/booking")
        await ada.get_by_role("button", name="Save and hand in").click()
        await expect(ada.get_by_role("status")).to_contain_text("Handed in")
        own = ada.url.partition("?")[0]

        await tutor.reload()
        await tutor.get_by_role("link", name="Portfolio of accessible interfaces").click()
        await tutor.get_by_role("button", name="Take it").click()
        await expect(tutor.get_by_role("status")).to_contain_text("yours to judge")
        await tutor.get_by_text("Ask for more").first.click()
        await tutor.get_by_label("What is missing?").fill("Who tried the form afterwards?")
        await tutor.get_by_role("button", name="Ask the learner").click()
        await expect(tutor.get_by_role("status")).to_contain_text("asked for more")

        await went(ada, own)
        await expect(ada.get_by_text("Who tried the form afterwards?").first).to_be_visible()
        await kept(ada, "submission-asked")
        await ada.get_by_label("Text", exact=True).fill("Two people who use screen readers booked a room with it.")
        await ada.get_by_role("button", name="Save and hand in").click()

        await tutor.reload()
        await tutor.get_by_role("radio", name="Tested with people").check()
        await tutor.get_by_role("button", name="Save and judge").click()
        await expect(tutor.get_by_role("alert")).to_contain_text("every criterion")
        missing = tutor.get_by_role("radiogroup", name="Removes them")
        await expect(missing).to_have_attribute("aria-invalid", "true")
        await expect(missing).to_contain_text("Choose a level.")
        await expect(tutor.get_by_role("radiogroup", name="Finds barriers")).not_to_have_attribute("aria-invalid", "true")
        await tutor.get_by_role("radio", name="Wholly").check()
        await tutor.get_by_label("About the whole").fill("A pleasure to read.")
        await tutor.get_by_role("button", name="Save and judge").click()
        await expect(tutor.get_by_role("status")).to_contain_text("The verdict is on its way.")

        await went(ada, own)
        verdict = ada.get_by_role("region", name="The verdict")
        await expect(verdict.get_by_text("Passed")).to_be_visible()
        await expect(verdict.get_by_text("A pleasure to read.")).to_be_visible()
        await expect(verdict.get_by_role("link", name="your passport")).to_be_visible()
        await expect(ada.get_by_label("What was overlooked?")).to_be_hidden()
        await expect(ada.get_by_text("tutor")).to_have_count(0)


async def test_what_a_learner_typed_outlives_every_button_of_the_form(house: JudgingHouse) -> None:
    async with house.visit("fay", java_script_enabled=False) as page:
        await house.begun(page)
        text, links = page.get_by_label("Text", exact=True), page.get_by_role("textbox", name="Links")
        file = page.get_by_label("Another file")
        await text.fill("A first thought")
        await file.set_input_files([PDF])
        await page.get_by_role("button", name="Upload").click()
        await expect(page.get_by_role("link", name="Porträt b.exe.pdf")).to_be_visible()
        await expect(text).to_have_value("A first thought")
        await text.fill("A second thought")
        await page.get_by_role("button", name="Remove").click()
        await expect(page.get_by_role("status")).to_contain_text("The file is gone.")
        await expect(text).to_have_value("A second thought")
        await text.fill("A third thought")
        await page.get_by_role("button", name="Upload").click()
        await expect(page.get_by_role("alert")).to_contain_text("Choose a file first.")
        await expect(text).to_have_value("A third thought")
        await text.fill("A fourth thought")
        await links.fill("nowhere")
        await file.set_input_files([PDF])
        await page.get_by_role("button", name="Save and hand in").click()
        await expect(page.get_by_role("alert")).to_contain_text("https://")
        await expect(text).to_have_value("A fourth thought")
        await expect(links).to_have_value("nowhere")
        await expect(page.get_by_role("link", name="Porträt b.exe.pdf")).to_be_visible()
        await links.fill("https://example.edu/fay")
        await page.get_by_role("button", name="Remove").click()
        await file.set_input_files([PDF])
        await page.get_by_role("button", name="Save and hand in").click()
        await expect(page.get_by_role("status")).to_contain_text("Handed in")
        evidence = page.get_by_role("region", name="What was handed in")
        for handed_in in ("A fourth thought", "https://example.edu/fay", "Porträt b.exe.pdf"):
            await expect(evidence).to_contain_text(handed_in)


async def test_what_an_assessor_marked_outlives_every_button_of_the_page(house: JudgingHouse) -> None:
    async with house.visit("gus") as learner:
        id_ = await house.handed_in(learner)
        own = learner.url
        desk = f"/desk/reviews/{id_}"
        async with house.visit("tutor", "reviews:assess", desk, java_script_enabled=False) as page:
            await page.get_by_role("button", name="Take it").click()
            tested, repair = page.get_by_role("radio", name="Tested with people"), page.get_by_label("Comment – Removes them")
            about, question = page.get_by_label("About the whole"), page.get_by_label("What is missing?")
            await tested.check()
            await about.fill("So far so good.")
            await repair.fill("Which of them?")
            await page.get_by_text("Call a second assessor").first.click()
            await page.get_by_role("button", name="Call a second assessor").click()
            await expect(page.get_by_role("alert")).to_contain_text("comments without a level")
            await expect(repair).to_have_value("Which of them?")
            await page.get_by_role("radio", name="Partly").check()
            await page.get_by_text("Call a second assessor").first.click()
            await page.get_by_role("button", name="Call a second assessor").click()
            await expect(page.get_by_label("Why?")).to_have_attribute("aria-invalid", "true")
            await kept(page, "desk-review-why")
            await page.get_by_label("Why?").fill("I have known him for years.")
            await page.get_by_role("button", name="Call a second assessor").click()
            await expect(page.get_by_role("status")).to_contain_text("A second assessor")
            await page.get_by_text("Ask for more").first.click()
            await question.fill("Who tried it?")
            await about.fill("So far so very good.")
            await page.get_by_role("button", name="Save", exact=True).click()
            await expect(question).to_have_value("Who tried it?")
            await repair.fill("Which of them, and how?")
            await page.get_by_role("button", name="Ask the learner").click()
            await expect(page.get_by_role("status")).to_contain_text("asked for more")
            await went(learner, own)
            await learner.get_by_role("button", name="Save and hand in").click()
            await went(page, f"{house.outside}{desk}")
            await expect(tested).to_be_checked()
            await expect(page.get_by_role("radio", name="Partly")).to_be_checked()
            await expect(repair).to_have_value("Which of them, and how?")
            await expect(about).to_have_value("So far so very good.")


async def test_what_learners_see_is_fit_for_everybody_at_every_width(house: JudgingHouse) -> None:
    async with house.visit("bea") as page:
        await house.begun(page, "Have recognised what you learned before")
        await page.get_by_label("Another file").set_input_files([PDF])
        await page.get_by_role("button", name="Upload").click()
        await _fit(page, "submission-draft")
        await page.get_by_label("Where and when did you learn it?").fill("Ten years at a bank")
        await page.get_by_label("Text", exact=True).fill("I led the work on its forms.")
        await page.get_by_role("button", name="Save and hand in").click()
        await expect(page.get_by_role("status")).to_be_visible()
        await _fit(page, "submission-waiting")
        await page.get_by_role("navigation", name="Main").get_by_role("link", name="My submissions").click()
        await page.get_by_role("link", name="Credentials of what you learned elsewhere").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Learned elsewhere")
        await _fit(page, "proofs")
        await page.get_by_role("main").get_by_role("link", name="My submissions").click()
        await _fit(page, "submissions")
        await page.get_by_role("link", name="Deutsch").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Meine Einreichungen")
        await _fit(page, "submissions-german")


async def test_what_assessors_see_is_fit_for_everybody_at_every_width(house: JudgingHouse) -> None:
    async with house.visit("cyd") as learner:
        id_ = await house.handed_in(learner)
    async with house.visit("examiner", "reviews:assess submissions:write", "/desk") as page:
        await _fit(page, "desk")
        await went(page, f"{house.outside}/desk/reviews")
        await _fit(page, "desk-reviews")
        await went(page, f"{house.outside}/desk/reviews/{id_}")
        await page.get_by_role("button", name="Take it").click()
        await page.get_by_text("Call a second assessor").first.click()
        await _fit(page, "desk-review")
        await page.get_by_label("Why?").fill("I have known her for years.")
        await page.get_by_role("button", name="Call a second assessor").click()
        await expect(page.get_by_role("status")).to_be_visible()
        await page.get_by_role("radio", name="Names barriers").check()
        await page.get_by_role("button", name="Save and judge").click()
        await _fit(page, "desk-review-missing")
        await page.get_by_role("radio", name="Partly").check()
        await page.get_by_role("button", name="Save and judge").click()
        await page.get_by_role("link", name="Deutsch").click()
        await _fit(page, "desk-review-german")
        await went(page, f"{house.outside}/desk/submissions?lang=en")
        await _fit(page, "desk-submissions")
    async with house.visit("second", "reviews:assess:steinweg", f"/desk/reviews/{id_}") as page:
        await page.get_by_role("button", name="Take it").click()
        await expect(page.get_by_text("I have known her for years.")).to_have_count(0)
        await expect(page.get_by_role("radio", checked=True)).to_have_count(0)


async def test_files_are_taken_by_their_content_and_never_shown_in_place(house: JudgingHouse) -> None:
    async with house.visit("dan", locale="de-DE") as page:
        await went(page, f"{house.outside}/my/submissions")
        await page.get_by_role("button", name="Ihre Arbeit einreichen").click()
        await page.get_by_label("Eine weitere Datei").set_input_files([PROGRAM])
        await page.get_by_role("button", name="Hochladen").click()
        await expect(page.get_by_role("alert")).to_contain_text("keine der Dateien")
        await page.get_by_label("Eine weitere Datei").set_input_files([PDF])
        await page.get_by_role("button", name="Hochladen").click()
        link = page.get_by_role("link", name="Porträt b.exe.pdf")
        address = await link.get_attribute("href")
        answer = await page.request.get(f"{house.outside}{address}")
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        async with page.expect_download() as download:
            await link.click()
        assert (await download.value).suggested_filename == "Porträt b.exe.pdf"


async def test_pages_are_for_whom_they_are_for(house: JudgingHouse) -> None:
    async with house.visit("eve") as page:
        answer = await went(page, f"{house.outside}/desk/reviews")
        assert answer.status == 403
        await expect(page.get_by_role("heading", level=1)).to_have_text("You cannot see this")
        answer = await went(page, f"{house.outside}/my/submissions/nothing")
        assert answer.status == 404
        await went(page, f"{house.outside}/")
        await _fit(page, "assessment-front")


async def _fit(page: Page, name: str) -> None:
    await kept_everywhere(page, name)
    assert await axe(page) == []
