"""An issuing house in a town: awarding's HTTP side as it runs in production, any number of instances on one database."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx
from joserfc.jwk import OKPKey, RSAKey

from deploy.local.keys import AUDIENCE, ISSUER
from services.awarding.api import Desk, app_of
from services.awarding.checking.checker import Asked, Checker, inside
from services.awarding.credentials.counter import Counter
from services.awarding.credentials.keyring import Keyring
from services.awarding.credentials.opening import counter_of
from services.awarding.issuance import issuing_of
from services.awarding.rulebook import Rulebook
from shared.credentials.findings import Report
from shared.credentials.reading import Unreadable
from shared.events.catalog import Published
from shared.http import Tokens
from shared.settings import Settings
from tests.domain.awarding.scene import IDS
from tests.journeys.awarding_town import Town
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

AWARDING = "https://awards.example.org:8443/cairn"
CATALOG = "https://catalog.example.org"


@asynccontextmanager
async def town_of(kafka: Broker, mongodb: DatabaseServer, folder: Path, *published: Published) -> AsyncIterator[Town]:
    """A town under names of its own."""
    name = uuid4().hex[:12]
    async with Town.open(kafka.bootstrap, mongodb.uri, f"test_{name}", f"test-{name}.", folder) as town:
        await town.publish(*published)
        yield town


@dataclass
class House:
    """One instance. `client` speaks to it; `checker` is any stranger's, who knows only what it serves."""

    town: Town
    client: httpx.AsyncClient
    checker: Checker
    counter: Counter

    @classmethod
    @asynccontextmanager
    async def open(cls, town: Town, keys: str | None = None) -> AsyncIterator[Self]:
        """`keys` is the issuers' key set, by default the town's own; the town's stream issues with it from now on."""
        settings = settings_of(town, town.keys.issuer_keys.read_text() if keys is None else keys)
        keyring = Keyring.from_settings(settings)
        town.issuing = None if keyring is None else issuing_of(keyring)

        async def ready() -> Mapping[str, bool | str]:
            return {}

        rulebook = Rulebook(town.broadcast, IDS)
        desk = Desk(town.shelves, rulebook, town.publisher, town.topics.requests)
        app = app_of(ready, Tokens(str(town.keys.jwks), ISSUER, AUDIENCE), desk)
        app.state.counter = await counter_of(settings, town.database, rulebook, keyring)
        transport = httpx.ASGITransport(app)
        async with (
            Checker.open(settings, inside(app, settings.awarding_url)) as checker,
            httpx.AsyncClient(transport=transport, base_url="http://cairn", timeout=30) as client,
        ):
            yield cls(town, client, checker, app.state.counter)

    async def get(self, path: str, *, learner: str | None = None, scopes: tuple[str, ...] = (), **query: Any) -> httpx.Response:
        """Without scopes and learner: as anybody."""
        headers = {}
        if scopes or learner:
            headers["authorization"] = f"Bearer {self.town.keys.token(*scopes, learner=learner)}"
        if "accept" in query:
            headers["accept"] = query.pop("accept")
        return await self.client.get(path, headers=headers, params=query or None)

    async def awards(self, learner: str = "ada") -> dict[str, str]:
        """The newest award's id by achievement."""
        found = await self.town.shelves.awards_of(learner)
        return {award["achievement"]: award["_id"] for award in found}

    async def credential(self, achievement: str, learner: str = "ada", **query: Any) -> httpx.Response:
        award = (await self.awards(learner))[achievement]
        return (await self.get(f"/awards/{award}/credential", scopes=("awards:read",), **query)).raise_for_status()

    async def edition(self, achievement: str, learner: str = "ada") -> int | None:
        kept = await self.town.shelves.credentials_of(learner)
        return next((found["edition"] for found in kept if found["achievement"] == achievement), None)

    async def issued(self, achievement: str, edition: int = 1, learner: str = "ada") -> None:
        """Waits until it was."""

        async def there() -> bool:
            return await self.edition(achievement, learner) == edition

        await eventually(there, within=30, why=f"edition {edition} for {achievement} was not issued")

    async def checked(self, credential: bytes, email: str | None = None) -> Report:
        """As often as it takes, should others keep the machine so busy that a check is given up."""
        for _ in range(10):
            try:
                report = await self.checker.check(Asked(credential, email=email))
            except Unreadable as error:
                busy: Exception = error
                continue
            codes = [check.code for checks in (report.checks, *(part.checks for part in report.parts)) for check in checks]
            if not any(code.endswith("too_costly") for code in codes):
                return report
            busy = TimeoutError("the check was given up every time")
        raise busy


def settings_of(town: Town, keys: str) -> Settings:
    return Settings(
        kafka=town.bootstrap,
        mongodb="mongodb://unused",
        jwks=str(town.keys.jwks),
        token_issuer=ISSUER,
        token_audience=AUDIENCE,
        awarding_url=AWARDING,
        catalog_url=CATALOG,
        institution="Cairn University",
        issuer_keys=keys or None,
        unsealing_key=town.keys.unsealing_key,
    )


def made_key(kid: str, **others: Any) -> dict[str, Any]:
    return {**OKPKey.generate_key("Ed25519").as_dict(private=True), "kid": kid, **others}


def made_rsa(kid: str, **others: Any) -> dict[str, Any]:
    return {**RSAKey.generate_key(2048).as_dict(private=True), "kid": kid, **others}


def key_set(*keys: Mapping[str, Any]) -> str:
    return json.dumps({"keys": list(keys)})


SCHEMAS = Path(__file__).parents[3] / "shared" / "credential-standards" / "schemas"
