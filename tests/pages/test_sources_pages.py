"""Registrars register systems and look after them, in a browser that runs no scripts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Page, expect

from deploy.local.platform import Platform
from services.assessment.pages.sources_yaml import example
from tests.pages.browsing import axe, kept, kept_everywhere, went
from tests.pages.judging_house import JudgingHouse
from tests.platform.eventually import eventually

pytestmark = [pytest.mark.pages, pytest.mark.asyncio(loop_scope="module")]

EVERYTHING = "sources:read sources:write directory:write originals:read"
VERBS = "http://adlnet.gov/expapi/verbs/"
CSV = (
    "Student;Component;Date;Mark\r\n"
    "2026-17;CS101 project;20.11.2026;71,5\r\n"
    "2026-18;CS101 project;20.11.2026;38\r\n"
    "2026-19;CS101 project;yesterday;90\r\n"
    "2026-20;CS101 project;20.11.2026;\r\n"
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> AsyncIterator[JudgingHouse]:
    env = {"CAIRN_LOG_LEVEL": "WARNING", "CAIRN_INSTITUTION": "Hochschule am Steinweg"}
    async with Platform(tmp_path_factory.mktemp("sources"), services=("assessment",), env=env) as platform:
        yield JudgingHouse(platform, browser)


async def test_a_system_is_registered_and_looked_after_without_a_script(house: JudgingHouse) -> None:
    async with house.visit("rita", EVERYTHING, "/desk/sources", java_script_enabled=False) as page:
        await page.get_by_role("link", name="Register a source").click()
        await page.get_by_role("link", name="xAPI statements").click()
        document = page.get_by_label("The document, as YAML")
        good = await document.input_value()
        await document.fill(good.replace("are: ids", "are: persons").replace("owner:", "owners:") + "# mine\n")
        await page.get_by_role("button", name="Register it").click()
        await expect(page.get_by_role("alert")).to_contain_text("learners[0].are")
        await expect(page.get_by_role("alert")).to_contain_text("Line 8")
        for words in ("owner: this is missing", "owners: this is not known here", "this must be 'ids' or 'directory'"):
            await expect(page.get_by_role("alert")).to_contain_text(words)
        assert (await document.input_value()).endswith("# mine\n"), "nothing that was typed is lost"
        await kept(page, "desk-source-mistake")
        await document.fill(good)
        await page.get_by_role("button", name="Check it only").click()
        await expect(page.get_by_role("status")).to_contain_text("Nothing is saved")
        await page.get_by_role("button", name="Register it").click()
        await expect(page.get_by_role("status")).to_contain_text("It is registered")
        await expect(page.get_by_text(f"{house.outside}/xapi/statements")).to_be_visible()

        await page.get_by_role("link", name="Keys", exact=True).click()
        await page.get_by_label("Note").fill("the old store")
        await page.get_by_role("button", name="Make a key").click()
        key, secret = await _facts(page, "The new key")
        await page.get_by_role("link", name="I have copied it").click()
        await expect(page.get_by_text(secret)).to_have_count(0)
        answer = await _send(
            house,
            (key, secret),
            _statement("l17", "completed", "cs101"),
            _statement("l18", "mailto:stranger@example.org", "cs101"),
            _statement("l17", "completed", "cs101/part"),
            _statement("l17", "shared", "cs101"),
            _statement("l17", "passed", "cs101") | {"timestamp": "yesterday"},
        )
        assert answer.status_code == 400, "of a batch with a bad statement the good ones are taken, and it says which"

        await page.get_by_role("link", name="How it is").click()
        await expect(page.get_by_role("region", name="Refused lately")).to_contain_text("timestamp")
        row = page.get_by_role("region", name="What came in, and what became of it").locator("tbody tr").first
        numbers = [int(text) for text in await row.locator("td.number").all_inner_texts()]
        assert numbers[0] == sum(numbers[1:6]) == 5
        assert numbers[1:6] == [1, 2, 1, 1, 0]

        await page.get_by_role("link", name="Held", exact=True).click()
        learners = page.get_by_role("region", name="Learners whom nobody knows yet")
        await expect(learners).to_contain_text("stranger@example.org")
        await kept(page, "desk-source-held-names")
        field = learners.get_by_label("The learner's id here")
        await field.fill("l 18")
        await learners.get_by_role("button", name="Enter").click()
        await expect(page.get_by_role("alert")).to_contain_text("no learner's id")
        await expect(field).to_have_value("l 18")
        await field.fill("l18")
        await learners.get_by_role("button", name="Enter").click()
        await expect(page.get_by_role("status")).to_contain_text("Entered")
        await expect(learners).to_have_count(0)
        activities = page.get_by_role("region", name="Activities that the document has no rule for")
        await expect(activities).to_contain_text("cs101/part")
        await activities.get_by_text("Give up waiting").last.click()
        await activities.get_by_label("Why?").fill("parts don't count")
        await activities.get_by_role("button", name="Give up").click()
        await expect(page.get_by_text("Nothing is held.")).to_be_visible()

        await page.get_by_role("link", name="Keys", exact=True).click()
        await expect(page.get_by_role("region", name="Keys that open").get_by_text("Never")).to_have_count(0)
        await page.locator("summary", has_text="Retire").first.click()
        await page.get_by_role("button", name="Retire it").click()
        await expect(page.get_by_role("status")).to_contain_text("opens nothing any more")
        assert (await _send(house, (key, secret), _statement("l17", "completed", "cs102"))).status_code == 401

        await page.get_by_role("link", name="How it is").click()
        await page.get_by_role("button", name="Pause it").click()
        await expect(page.get_by_role("status")).to_contain_text("paused")
        await page.get_by_role("button", name="Let it go on").click()
        await expect(page.get_by_role("button", name="Pause it")).to_be_visible()


async def test_a_form_that_is_sent_twice_makes_one_key(house: JudgingHouse) -> None:
    address = await _registered(house, "xapi", "once")
    async with house.visit("rita", EVERYTHING, f"{address}/keys") as page:
        await page.get_by_role("radio", name="Secret").check()
        await page.get_by_role("button", name="Make a key").click()
        key, secret = await _facts(page, "The new key")
        await page.reload()
        await expect(page.get_by_role("alert")).to_contain_text("made already")
        await expect(page.get_by_text(secret)).to_have_count(0)
        live = page.get_by_role("region", name="Keys that open")
        await expect(live.locator("tbody tr")).to_have_count(1)
        await expect(live).to_contain_text(key)
        await live.locator("summary", has_text="Retire").first.click()
        await live.get_by_label("At this time (UTC)").check()
        await live.get_by_label("When, in UTC").fill("2099-01-01T00:00")
        await live.get_by_role("button", name="Retire it").click()
        await expect(live).to_contain_text("Retires 1 January 2099")
        await page.get_by_role("button", name="Make a key").click()
        await expect(live.locator("tbody tr")).to_have_count(2)


async def test_a_source_whose_topics_cannot_be_read_is_among_those_to_be_looked_at(house: JudgingHouse) -> None:
    address = await _registered(house, "openedx")
    async with house.visit("rita", EVERYTHING, "/desk/sources") as page:

        async def is_said() -> bool:
            await went(page, f"{house.outside}/desk/sources")
            row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Open edX"))
            return "there is no topic learning-" in await row.inner_text()

        await eventually(is_said, within=60, every=0.5, why="nobody is told that the topics are missing")
        await expect(page.get_by_text("Its topics can't be read")).to_be_visible()
        await expect(page.get_by_text("to be looked at")).to_be_visible()
        await _fit(page, "desk-sources-unread")
        await went(page, f"{house.outside}{address}")
        pausing = page.get_by_role("region", name="Pause it?")
        await expect(pausing).to_contain_text("Nothing is read from its topics")
        await expect(pausing).not_to_contain_text("503")
        await _fit(page, "desk-source-unread")
        await page.get_by_role("button", name="Pause it").click()
        await expect(page.get_by_role("status")).to_contain_text("nothing is read from its topics")
        await went(page, f"{house.outside}/desk/sources")
        await expect(page.get_by_text("Its topics can't be read")).to_have_count(0)


async def test_whoever_changes_a_document_meanwhile_changed_is_told_and_loses_nothing(house: JudgingHouse) -> None:
    address = await _registered(house, "moodle")
    async with house.visit("rita", EVERYTHING, f"{address}/document") as rita, house.visit("sam", EVERYTHING, "/desk") as sam:
        await went(sam, f"{house.outside}{address}/document")
        document = sam.get_by_label("The document, as YAML")
        await document.fill((await document.input_value()).replace("name: Moodle", "name: Moodle of Sam"))
        await sam.get_by_role("button", name="Put it in force").click()
        await expect(sam.get_by_role("status")).to_contain_text("in force")
        document = rita.get_by_label("The document, as YAML")
        mine = (await document.input_value()).replace("name: Moodle", "name: Moodle of Rita")
        await document.fill(mine)
        await rita.get_by_role("button", name="Put it in force").click()
        await expect(rita.get_by_role("alert")).to_contain_text("sam")
        await expect(document).to_have_value(mine)
        await expect(rita.get_by_role("region", name="What is in force now")).to_contain_text("Moodle of Sam")
        await _fit(rita, "desk-source-conflict")
        await rita.get_by_role("button", name="Put it in force").click()
        await expect(rita.get_by_role("heading", level=1)).to_have_text("Moodle of Rita")
        await document.fill(await document.input_value() + "speaks_as: urn:example:moodle\n")
        await rita.get_by_role("button", name="Put it in force").click()
        await expect(rita.get_by_role("alert")).to_contain_text("speaks_as")
        await went(rita, f"{house.outside}/desk/sources/new?format=moodle")
        await rita.get_by_role("button", name="Register it").click()
        await expect(rita.get_by_role("alert")).to_contain_text("There is a source with this id already.")


async def test_a_file_is_tried_line_by_line_and_then_brought(house: JudgingHouse) -> None:
    address = await _registered(house, "csv")
    marks: FilePayload = {"name": "märz <1>.csv", "mimeType": "text/csv", "buffer": CSV.encode()}
    other: FilePayload = {"name": "other.csv", "mimeType": "text/csv", "buffer": b"Nothing;here\r\n1;2\r\n"}
    async with house.visit("rita", EVERYTHING, f"{address}/files") as page:
        await page.get_by_label("File", exact=True).set_input_files([other])
        await page.get_by_role("button", name="Upload").click()
        await expect(page.get_by_role("alert")).to_contain_text("Student")
        await page.get_by_label("File", exact=True).set_input_files([marks])
        await page.get_by_role("button", name="Upload").click()
        await expect(page.get_by_role("heading", level=2, name="märz <1>.csv")).to_be_visible()
        await expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=30_000)
        await expect(page.get_by_role("row", name=re.compile("Held"))).to_contain_text("2")
        refusals = page.get_by_role("region", name="The first that are refused")
        await expect(refusals.get_by_role("row").nth(1)).to_contain_text("Date")
        await _fit(page, "desk-source-file")
        async with page.expect_download() as download:
            await page.get_by_role("link", name="All refusals as CSV").click()
        assert "line,column,reason" in (await (await download.value).path()).read_text()
        await page.get_by_role("link", name="Look at the lines").click()
        await expect(page.get_by_role("row")).to_have_count(5)
        await _fit(page, "desk-source-lines")

        await went(page, f"{house.outside}{address}/files")
        await page.get_by_label("File", exact=True).set_input_files([marks])
        await page.get_by_label("For real").check()
        await page.get_by_role("button", name="Upload").click()
        await expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=30_000)
        await went(page, f"{house.outside}{address}/held")
        await expect(page.get_by_role("region", name="Learners whom nobody knows yet")).to_contain_text("2026-17")
        await went(page, f"{house.outside}{address}/files")
        await page.get_by_label("File", exact=True).set_input_files([marks])
        await page.get_by_label("For real").check()
        await page.get_by_role("button", name="Upload").click()
        await expect(page.get_by_role("status")).to_contain_text("was brought before")
        await went(page, f"{house.outside}{address}/files")
        await _fit(page, "desk-source-files")


async def test_what_came_in_is_read_again_by_a_corrected_document(house: JudgingHouse) -> None:
    address = await _registered(house, "cloudevents")
    async with house.visit("rita", EVERYTHING, f"{address}/reruns") as page:
        await page.get_by_role("button", name="Read again").click()
        await page.wait_for_url(re.compile(r"/reruns/\w+"))
        await expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=30_000)
        await _fit(page, "desk-source-rerun")
        await went(page, f"{house.outside}{address}/reruns")
        await expect(page.get_by_role("region", name="Read again so far")).to_contain_text("Done")
        await _fit(page, "desk-source-reruns")


async def test_the_pages_are_fit_for_everybody_at_every_width(house: JudgingHouse) -> None:
    address = await _registered(house, "xapi", "fit")
    async with house.visit("rita", EVERYTHING, "/desk/sources") as page:
        await went(page, f"{house.outside}{address}/keys")
        await page.get_by_label("Note").fill("the record store")
        await page.get_by_role("radio", name="Secret").check()
        await page.get_by_role("button", name="Make a key").click()
        key = await _facts(page, "The new key")
        await _fit(page, "desk-source-key-made")
        people = [_statement(f"p{n}", f"mailto:p{n}@example.org", "cs101") for n in range(3)]
        parts = [_statement("l17", "completed", "cs101/part"), _statement("l17", "completed", "cs101/other")]
        wrong = [_statement("l17", "passed", "cs101") | {"timestamp": "yesterday"}]
        answer = await _send(house, key, _statement("l17", "completed", "cs101"), *people, *parts, *wrong)
        assert answer.status_code == 400, "of a batch with a bad statement the good ones are taken, and it says which"
        await _send(house, key, *wrong)
        await went(page, f"{house.outside}{address}")
        (refused,) = await page.get_by_role("region", name="Refused lately").locator("tbody tr").all()
        await expect(refused.locator("td.number")).to_have_text("2")
        for end in ("", "/keys", "/held", "/trial", "/document"):
            await went(page, f"{house.outside}{address}{end}")
            await _fit(page, f"desk-source{end.replace('/', '-')}")
            await went(page, f"{house.outside}{address}{end}?lang=de")
            await _fit(page, f"desk-source{end.replace('/', '-')}-german")
            await went(page, f"{house.outside}{address}{end}?lang=en")
        await went(page, f"{house.outside}{address}/trial")
        await page.get_by_label("An original").fill(httpx.Response(200, json=_statement("l17", "completed", "cs103")).text)
        await page.get_by_role("button", name="Try it").click()
        await expect(page.get_by_text("urn:lms:course:cs103").first).to_be_visible()
        await _fit(page, "desk-source-tried")
        for path in ("", "/new", "/new?format=canvas"):
            await went(page, f"{house.outside}/desk/sources{path}")
            await _fit(page, f"desk-sources{re.sub('[^a-z]', '-', path)}")
        await went(page, f"{house.outside}/desk/accounts")
        await _fit(page, "desk-accounts")
        rows = [await row.locator("td.number").all_inner_texts() for row in await page.locator("tbody tr").all()]
        for numbers in ([int(text.replace(",", "")) for text in row] for row in rows):
            assert numbers[0] == sum(numbers[1:6])


async def test_whoever_may_only_look_changes_nothing_and_sees_no_names(house: JudgingHouse) -> None:
    address = await _registered(house, "canvas")
    async with house.visit("lena", "sources:read", address) as page:
        await expect(page.get_by_role("button", name="Pause it")).to_have_count(0)
        for end in ("/keys", "/files", "/trial", "/reruns", "/document"):
            await went(page, f"{house.outside}{address}{end}")
            await expect(page.locator("main form button")).to_have_count(0)
        origin = {"origin": house.outside}
        answer = await page.request.post(f"{house.outside}{address}/pause", headers=origin)
        assert answer.status == 403
        assert (await went(page, f"{house.outside}/desk/sources/new")).status == 403
        assert (await went(page, f"{house.outside}/desk/sources/nothing")).status == 404
    async with house.visit("rita", EVERYTHING, address) as page:
        answer = await page.request.post(f"{house.outside}{address}/pause", headers={"origin": "https://elsewhere.example"})
        assert answer.status == 403, "no other site can do that in her name"
    async with house.visit("ada") as page:
        assert (await went(page, f"{house.outside}{address}")).status == 403
    async with house.visit("lena", "sources:read", "/desk/sources") as page:

        async def held() -> None:
            await went(page, f"{house.outside}/desk/sources/fit/held")
            await expect(page.get_by_text("originals:read")).to_be_visible()

        await held()
        await expect(page.get_by_text("@example.org")).to_have_count(0)


async def _registered(house: JudgingHouse, format_: str, id_: str | None = None) -> str:
    """The path of its page. It may have been registered before."""
    text = example(format_)
    known = re.match(r"source: (\S+)", text)
    assert known is not None
    text = text.replace(known[1], id_ or known[1], 1)
    async with house.visit("rita", EVERYTHING, "/desk/sources") as page:
        await went(page, f"{house.outside}/desk/sources/new?format={format_}")
        await page.get_by_label("The document, as YAML").fill(text)
        await page.get_by_role("button", name="Register it").click()
    return f"/desk/sources/{id_ or known[1]}"


async def _facts(page: Page, region: str) -> tuple[str, str]:
    """The id of a key that was made, and its secret."""
    codes = page.get_by_role("region", name=region).locator("dd code")
    return await codes.nth(0).inner_text(), await codes.nth(1).inner_text()


async def _send(house: JudgingHouse, key: tuple[str, str], *statements: dict[str, Any]) -> httpx.Response:
    headers = {"X-Experience-API-Version": "1.0.3"}
    async with httpx.AsyncClient(base_url=house.outside, auth=key, headers=headers, timeout=30) as client:
        return await client.post("/xapi/statements", json=list(statements))


def _statement(who: str, verb: str, course: str) -> dict[str, Any]:
    """`verb` is one of ADL's, or the address of somebody who has completed it."""
    address = verb if verb.startswith("mailto:") else None
    account = {"account": {"homePage": "https://lms.example.edu", "name": who}}
    type_ = "http://adlnet.gov/expapi/activities/course"
    return {
        "actor": {"mbox": address} if address else account,
        "verb": {"id": f"{VERBS}{'completed' if address else verb}"},
        "object": {"id": f"https://lms.example.edu/course/{course}", "definition": {"type": type_}},
        "timestamp": "2026-11-20T10:00:00Z",
    }


async def _fit(page: Page, name: str) -> None:
    await page.wait_for_load_state()
    await kept_everywhere(page, name)
    assert await axe(page) == []
