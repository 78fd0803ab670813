"""Assessment alone on a platform of its own, with an achievement that asks for a portfolio, and people who sign in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from playwright.async_api import Browser, Page

from deploy.local.platform import Platform
from shared.events.catalog import AchievementPublished
from shared.events.envelope import envelope_of
from shared.kafka import Outgoing, Publisher
from shared.topics import PUBLICATIONS
from tests.domain.assessment.stories import published
from tests.pages.browsing import visitor
from tests.platform.eventually import eventually

TRACE: Final = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

REVIEW: Final[dict[str, Any]] = {
    "id": "portfolio",
    "name": "Portfolio of accessible interfaces",
    "instructions": (
        "Show **two interfaces** that you built or repaired so that people can use them without a mouse and without seeing.\n\n"
        "- What was wrong, and for whom?\n- What did you change, and how do you know that it helped?"
    ),
    "asks": ["text", "links", "files"],
    "rubric": {
        "criteria": [
            {
                "id": "diagnosis",
                "name": "Finds barriers",
                "description": "Names what keeps people out, and whom.",
                "levels": [
                    {"id": "missing", "name": "Not shown", "points": 0},
                    {"id": "named", "name": "Names barriers", "points": 2, "description": "With the guideline they fall under."},
                    {"id": "tested", "name": "Tested with people", "points": 4, "description": "With what they said."},
                ],
                "must_reach": "named",
            },
            {
                "id": "repair",
                "name": "Removes them",
                "levels": [
                    {"id": "none", "name": "Not shown", "points": 0},
                    {"id": "partly", "name": "Partly", "points": 1},
                    {"id": "wholly", "name": "Wholly", "points": 3, "description": "And nothing else was broken by it."},
                ],
            },
        ]
    },
    "passes_at": "0.6",
    "recognises_prior_learning": True,
}


@dataclass
class JudgingHouse:
    platform: Platform
    browser: Browser

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, browser: Browser) -> AsyncIterator[Self]:
        env = {"CAIRN_LOG_LEVEL": "WARNING", "CAIRN_INSTITUTION": "Hochschule am Steinweg"}
        async with (
            Platform(folder, services=("assessment",), env=env) as platform,
            Publisher(platform.bootstrap, client="pages") as publisher,
        ):
            base = published(
                {"activity": "urn:cairn:review:accessible-interfaces:portfolio", "passed": True}, id_="accessible-interfaces"
            )
            document = base.model_dump(mode="json")
            document["definition"] |= {"name": "Accessible interfaces", "reviews": [REVIEW]}
            document["definition"]["issuer"] = {"id": "steinweg", "name": "Hochschule am Steinweg"}
            fact = AchievementPublished.model_validate(document)
            await publisher.publish_all([Outgoing.of(PUBLICATIONS.name, fact.key, envelope_of(fact, "cairn/catalog", TRACE))])
            yield cls(platform, browser)

    @property
    def outside(self) -> str:
        return self.platform.address("assessment")

    @asynccontextmanager
    async def visit(self, who: str, scopes: str = "", path: str = "/my/submissions", **context: Any) -> AsyncIterator[Page]:
        """A window of this person's own, signed in."""
        async with visitor(self.browser, java_script_enabled=context.pop("java_script_enabled", True), **context) as page:
            await page.goto(f"{self.outside}{path}")
            await page.get_by_label("The learner's id").fill(who)
            if scopes:
                await page.get_by_label("Scopes of staff, if any").fill(scopes)
            await page.get_by_role("button", name="Sign in", exact=True).click()
            await page.wait_for_url(f"{self.outside}{path}")
            yield page

    async def offers(self, page: Page) -> None:
        """Wait until assessment has heard of the achievement."""

        async def offered() -> bool:
            await page.goto(f"{self.outside}/my/submissions")
            return await page.get_by_role("button", name="Hand in your work").is_visible()

        await eventually(offered, within=30, every=0.3, why="nothing asks for evidence")

    async def begun(self, page: Page, kind: str = "Hand in your work") -> None:
        """The page of a new draft."""
        await self.offers(page)
        await page.get_by_role("button", name=kind).click()
        await page.wait_for_url(f"{self.outside}/my/submissions/*")

    async def handed_in(self, page: Page, text: str = "I repaired a booking form.") -> str:
        """Its id."""
        await self.begun(page)
        await page.get_by_label("Text", exact=True).fill(text)
        await page.get_by_role("button", name="Save and hand in").click()
        await page.get_by_role("status").wait_for()
        return page.url.partition("?")[0].rpartition("/")[2]
