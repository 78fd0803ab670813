"""Operators look after a stream and its dead letters, and follow one learner, in a browser that runs no scripts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from deploy.local.platform import Platform
from shared.kafka import Outgoing, Publisher
from tests.pages.browsing import axe, kept, kept_everywhere, visitor
from tests.pages.judging_house import JudgingHouse
from tests.platform.eventually import eventually

pytestmark = [pytest.mark.pages, pytest.mark.asyncio(loop_scope="module")]

BOTH = "operations:read operations:write"
HOME = "/desk/operations"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> AsyncIterator[JudgingHouse]:
    env = {"CAIRN_LOG_LEVEL": "WARNING", "CAIRN_INSTITUTION": "Hochschule am Steinweg"}
    async with Platform(tmp_path_factory.mktemp("operations"), services=("assessment",), env=env) as platform:
        await report(platform, "ada", "cairn.completion.reported.v1")
        await report(platform, "eve", "cairn.completion.reported.v9")
        yield JudgingHouse(platform, browser)


async def report(platform: Platform, learner: str, type_: str) -> None:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": f"e-{learner}",
        "ce_type": type_,
        "ce_source": "https://lms.example",
        "ce_time": (datetime.now(UTC) - timedelta(seconds=1)).isoformat(),
        "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01",
    }
    data = json.dumps({"learner": learner, "activity": "https://lms.example/course/painting", "status": "passed"}).encode()
    raw = [(name, said.encode()) for name, said in headers.items()]
    async with Publisher(platform.bootstrap) as publisher:
        await publisher.publish_all([Outgoing("completions", learner.encode(), data, raw)])


async def test_a_stream_is_paused_and_goes_on_again_by_two_buttons(house: JudgingHouse) -> None:
    async with house.visit("otto", BOTH, HOME, java_script_enabled=False) as page:
        await expect(page.get_by_role("region", name="Consumers")).to_contain_text("completions")
        await page.get_by_label("Why?").fill("The new rules are looked at.")
        await page.get_by_role("button", name="Pause the stream").click()
        await expect(page.get_by_role("status")).to_contain_text("The stream stops within seconds.")
        await expect(page.get_by_role("region", name="Switch")).to_contain_text("The new rules are looked at.")
        await expect(page.get_by_text("Paused", exact=True)).to_be_visible()
        await kept(page, "operations-paused")
        await page.get_by_role("button", name="Let the stream go on").click()
        await expect(page.get_by_role("status")).to_contain_text("The stream goes on within seconds.")
        await expect(page.get_by_role("button", name="Pause the stream")).to_be_visible()


async def test_a_dead_letter_is_put_right_in_a_form(house: JudgingHouse) -> None:
    async with house.visit("otto", BOTH, HOME, java_script_enabled=False) as page:
        await page.goto(f"{house.outside}{HOME}/dead-letters")

        async def there() -> bool:
            await page.reload()
            return await page.get_by_text("v9").first.is_visible()

        await eventually(there, within=40, every=0.5, why="the letter is not shown")
        await kept(page, "operations-letters")
        await page.get_by_role("region", name="1 waits to be looked at").get_by_role("link").first.click()
        original = page.get_by_label("Its key, its headers and its data")
        text = await original.input_value()
        assert json.loads(text)["data"]["learner"] == "eve"
        await original.fill(text.replace('"key": "eve"', '"key": "mallory"'))
        await page.get_by_role("button", name="Send it again").click()
        await expect(page.get_by_role("alert")).to_contain_text("The key says whom the message is about")
        await original.fill(text.replace("reported.v9", "reported.v1"))
        await page.get_by_role("button", name="Send it again").click()
        await expect(page.get_by_role("status")).to_contain_text("It is on its way again.")
        await expect(page.get_by_label("Although it was sent again before")).to_be_visible()


async def test_one_learners_way_is_shown_with_its_trace(house: JudgingHouse) -> None:
    async with house.visit("otto", BOTH, HOME, java_script_enabled=False) as page:
        await page.get_by_role("link", name="One learner's way").click()

        async def shown() -> bool:
            await page.get_by_label("The learner's id").fill("ada")
            await page.get_by_role("button", name="Show", exact=True).click()
            return await page.get_by_text(TRACE).first.is_visible()

        await eventually(shown, within=40, every=0.5, why="the entry is not shown with its trace")
        elsewhere = page.get_by_role("link", name="Awarding", exact=True).last
        assert (await elsewhere.get_attribute("href") or "").endswith("/desk/operations/learners?learner=ada")


async def test_the_pages_are_fit_for_everybody_at_every_width_and_speak_german(house: JudgingHouse) -> None:
    async with house.visit("otto", BOTH, HOME) as page:
        places = {"": "stream", "/dead-letters": "dead-letters", "/learners?learner=ada": "learner"}
        for path, name in places.items():
            await page.goto(f"{house.outside}{HOME}{path}")
            await kept_everywhere(page, f"operations-{name}")
            assert await axe(page) == []
        await page.goto(f"{house.outside}{HOME}/dead-letters")
        await page.locator("tbody a").first.click()
        await kept_everywhere(page, "operations-letter")
        assert await axe(page) == []
        await page.goto(f"{house.outside}{HOME}")
        await page.get_by_role("link", name="Deutsch").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Datenstrom")
        await kept_everywhere(page, "operations-german")
        assert await axe(page) == []


async def test_who_may_only_look_finds_no_button_and_who_may_not_finds_nothing(house: JudgingHouse) -> None:
    async with house.visit("lena", "operations:read", HOME) as page:
        await expect(page.get_by_role("region", name="Switch")).to_contain_text("operations:write")
        assert await page.get_by_role("button", name="Pause the stream").count() == 0
    async with visitor(house.browser) as page:
        await page.goto(f"{house.outside}/my/submissions")
        await page.get_by_label("The learner's id").fill("ben")
        await page.get_by_role("button", name="Sign in", exact=True).click()
        answer = await page.goto(f"{house.outside}{HOME}")
        assert answer is not None
        assert answer.status == 403
