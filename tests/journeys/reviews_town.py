"""Assessment where evidence is handed in and judged: its HTTP side, real broker and database, and if wanted its stream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx

from deploy.local.keys import AUDIENCE, ISSUER
from services.assessment.api import Desk, app_of
from services.assessment.reviews.opening import Reviews, open_reviews
from services.assessment.rulebook import Rulebook
from services.assessment.store import Shelves
from shared.events.catalog import AchievementPublished
from shared.http import Tokens
from tests.domain.assessment.stories import published
from tests.domain.reviews.cases import ONE
from tests.journeys.sources_town import SourcesTown
from tests.platform.parts import Broker, DatabaseServer

GOOD = {"clarity": {"level": "full", "comment": "Very clear."}, "depth": {"level": "some"}}
POOR = {"clarity": {"level": "none"}, "depth": {"level": "some"}}


def weaving(**review: Any) -> AchievementPublished:
    """An achievement that asks for a portfolio, which people judge."""
    base = published({"activity": "urn:cairn:review:weaving:portfolio", "passed": True}, id_="weaving")
    asked = {**ONE.model_dump(mode="json"), **review}
    document = base.model_dump(mode="json")
    document["definition"] |= {"name": "Weaving", "reviews": [asked]}
    return AchievementPublished.model_validate(document)


@dataclass
class Clock:
    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class ReviewsTown:
    """`client` reaches the app; time goes on by `clock.ahead`."""

    at: SourcesTown
    reviews: Reviews
    client: httpx.AsyncClient
    clock: Clock = field(default_factory=Clock)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        kafka: Broker,
        mongodb: DatabaseServer,
        name: str,
        prefix: str,
        folder: Path,
        *,
        stream: bool = False,
        **settings: Any,
    ) -> AsyncIterator[Self]:
        async with AsyncExitStack() as stack:
            at = await stack.enter_async_context(
                SourcesTown.open(kafka, mongodb, name, prefix, folder, stream=stream, **settings)
            )
            town = at.town
            rulebook = Rulebook(town.broadcast)
            reviews = await stack.enter_async_context(
                open_reviews(at.settings, town.database, rulebook, at.sources, town.publisher, topic=town.topics.submissions)
            )
            clock = Clock()
            reviews.office.clock = clock

            async def ready() -> Mapping[str, bool | str]:
                return {}

            desk = Desk(Shelves(town.database), rulebook, town.publisher, town.topics.completions, town.topics.requests)
            tokens = Tokens(str(town.keys.jwks), ISSUER, AUDIENCE)
            app = app_of(ready, tokens, desk, at.sources, reviews.office)
            transport = httpx.ASGITransport(app)
            client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://cairn", timeout=60))
            yield cls(at, reviews, client, clock)

    def headers(self, *scopes: str, who: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.at.town.keys.token(*scopes, learner=who)}"}

    async def ask(self, method: str, path: str, *scopes: str, who: str, body: object = None, **query: Any) -> httpx.Response:
        """As `who`, with these scopes."""
        return await self.client.request(method, path, headers=self.headers(*scopes, who=who), json=body, params=query)

    async def assess(
        self, id_: str, path: str, body: object = None, *, who: str = "tutor", method: str = "POST"
    ) -> httpx.Response:
        return await self.ask(method, f"/submissions/{id_}/{path}", "reviews:assess", who=who, body=body)

    async def draft(self, who: str = "ada", **more: Any) -> str:
        body = {"achievement": "weaving", "review": "portfolio", **more}
        answer = await self.ask("POST", f"/learners/{who}/submissions", who=who, body=body)
        assert answer.status_code == 201, answer.text
        found: str = answer.json()["id"]
        return found

    async def give(self, id_: str, who: str = "ada", **evidence: Any) -> httpx.Response:
        return await self.ask("PUT", f"/submissions/{id_}/evidence", who=who, body={"text": "I wove this."} | evidence)

    async def upload(self, id_: str, name: str, content: bytes, who: str = "ada") -> httpx.Response:
        path = f"/submissions/{id_}/files"
        return await self.client.post(path, params={"name": name}, content=content, headers=self.headers(who=who))

    async def handed_in(self, who: str = "ada", **evidence: Any) -> str:
        id_ = await self.draft(who)
        (await self.give(id_, who, **evidence)).raise_for_status()
        (await self.ask("POST", f"/submissions/{id_}/handing-in", who=who)).raise_for_status()
        return id_

    async def judged(self, id_: str, marks: object, *, who: str = "tutor") -> httpx.Response:
        """Taken, scored and judged by this assessor."""
        (await self.assess(id_, "seat", who=who)).raise_for_status()
        (await self.assess(id_, "sheet", {"marks": marks, "comment": "Well."}, who=who, method="PUT")).raise_for_status()
        return await self.assess(id_, "judgement", who=who)
