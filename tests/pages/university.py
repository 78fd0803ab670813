"""A university on a platform of its own: a catalog, and a learner whose story has been told, with credentials for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import httpx
from playwright.async_api import Page

from deploy.demo.cohort import story_reports
from deploy.demo.story import STORY
from tests.journeys.campus import Campus
from tests.platform.eventually import eventually

LEARNER: Final = STORY.learner
NAME: Final = STORY.name
EMAIL: Final = STORY.address
GOLD: Final = "inclusive-computing.gold"
SILVER: Final = "inclusive-computing.silver"


@dataclass
class University:
    campus: Campus
    http: httpx.AsyncClient
    awards: dict[str, str]
    """The learner's awards: their ids by achievement."""

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator[Self]:
        """The learner's credentials say their name, and hold their address to compare with."""
        async with Campus.open(folder) as campus, httpx.AsyncClient(timeout=30, trust_env=False) as http:
            await campus.publish_catalog()
            await campus.office.enter_contacts([STORY.contact()])
            await campus.send([(report.learner, report.envelope()) for report in story_reports()])
            self = cls(campus, http, {})
            notifications = campus.platform["notifications"].url
            await self._asked("PUT", f"{notifications}/learners/{LEARNER}/identity", json={"name": True, "email": True})
            await eventually(self._is_told, within=90, every=0.5, why="the learner's credentials do not say who they are")
            campus.platform.provider.offer({LEARNER: NAME})
            yield self

    @property
    def outside(self) -> str:
        """Where awarding is reached."""
        return self.campus.platform.address("awarding")

    async def shared(self, *achievements: str, **what: Any) -> str:
        """A link to these of the learner's awards, or to all of them."""
        awards = [self.awards[achievement] for achievement in achievements] or None
        asked = {"name": True, "evidence": True, "stack": True, **({} if awards is None else {"awards": awards}), **what}
        response = await self._asked("POST", f"{self.outside}/learners/{LEARNER}/shares", learner=LEARNER, json=asked)
        link: str = response.json()["link"]
        return link

    async def revoke(self, achievement: str) -> None:
        """Returns when it is."""
        award = self.awards[achievement]
        asked = {"reason": "Another person sat the examination."}
        await self._asked("POST", f"{self.outside}/awards/{award}/revocation", scopes=("awards:write",), json=asked)

        async def is_revoked() -> bool:
            found = await self._asked("GET", f"{self.outside}/awards/{award}")
            return bool(found.json()["status"] == "revoked")

        await eventually(is_revoked, within=30, why="the award is not revoked")

    async def sign_in(self, page: Page) -> None:
        """From the front page to the passport, with the institution's sign-in in between."""
        await page.goto(f"{self.outside}/passport")
        await page.get_by_role("button", name=NAME).click()
        await page.wait_for_url(f"{self.outside}/passport")

    async def _is_told(self) -> bool:
        found = await self._asked("GET", f"{self.outside}/learners/{LEARNER}/awards", params={"limit": "200"})
        self.awards = {award["achievement"]: award["id"] for award in found.json()["items"]}
        if GOLD not in self.awards:
            return False
        response = await self.http.get(
            f"{self.outside}/awards/{self.awards[GOLD]}/credential", headers=self._headers(("awards:read",), None)
        )
        return response.status_code == 200 and len(response.json()["credentialSubject"].get("identifier", [])) == 2

    async def _asked(
        self,
        method: str,
        address: str,
        *,
        scopes: tuple[str, ...] = ("awards:read", "contacts:write"),
        learner: str | None = None,
        **request: Any,
    ) -> httpx.Response:
        headers = self._headers(() if learner else scopes, learner)
        return (await self.http.request(method, address, headers=headers, **request)).raise_for_status()

    def _headers(self, scopes: tuple[str, ...], learner: str | None) -> dict[str, str]:
        token = self.campus.platform.keys.token(*scopes, learner=learner)
        return {"authorization": f"Bearer {token}", "accept": "application/json"}
