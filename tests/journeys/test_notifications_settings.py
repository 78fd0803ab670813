"""A learner's settings over HTTP: what is shown, saved and refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest_asyncio
from fastapi import FastAPI

from deploy.local.keys import AUDIENCE, ISSUER
from services.notifications.pages.routes import add_pages
from shared.http.sessions import Sessions
from shared.settings import Settings
from tests.journeys.test_notifications_identity import ADA, Bureau, bureau_at
from tests.platform.parts import Broker, DatabaseServer

HERE = "http://cairn"


@dataclass(frozen=True)
class Learner:
    """Somebody's browser, signed in."""

    bureau: Bureau
    app: FastAPI
    sessions: Sessions

    async def see(self, learner: str = "ada", language: str = "en", path: str = "/settings") -> httpx.Response:
        return await self.bureau.client.get(path, headers=self._headers(learner) | {"accept-language": language})

    async def save(self, what: str, form: dict[str, str | list[str]], origin: str = HERE, learner: str = "ada") -> httpx.Response:
        return await self.bureau.client.post(f"/settings/{what}", data=form, headers=self._headers(learner) | {"origin": origin})

    def _headers(self, learner: str) -> dict[str, str]:
        return {"accept": "text/html", "cookie": f"{self.sessions.cookie}={self.sessions.signed(learner)}"}


@pytest_asyncio.fixture
async def ada(kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path) -> AsyncIterator[Learner]:
    async with bureau_at(kafka, mongodb, database_name, prefix, tmp_path) as bureau:
        transport = bureau.client._transport
        assert isinstance(transport, httpx.ASGITransport)
        app = transport.app
        assert isinstance(app, FastAPI)
        settings = Settings(
            kafka=kafka.bootstrap,
            mongodb=mongodb.uri,
            jwks=str(bureau.keys.jwks),
            token_issuer=ISSUER,
            token_audience=AUDIENCE,
            session_key=bureau.keys.session_key,
            oidc_issuer="http://localhost:9",
            notifications_url=HERE,
        )
        add_pages(app, settings)
        yield Learner(bureau, app, app.state.sessions)


async def test_what_a_learner_chooses_on_the_page_is_what_their_credentials_say(ada: Learner) -> None:
    await ada.bureau.enter(ADA)
    saved = await ada.save("identity", {"name": "yes", "email": "yes"})
    assert (saved.status_code, saved.headers["location"]) == (303, "/settings?done=shared")
    assert "say what you chose" in (await ada.see(path=saved.headers["location"])).text
    assert (await ada.save("identity", {"email": "yes"})).status_code == 303
    assert (await ada.save("identity", {})).headers["location"] == "/settings?done=withdrawn"
    assert await ada.bureau.said(3) == [
        {"name": "Ada Lovelace", "email": "ada@example.edu"},
        {"email": "ada@example.edu"},
        None,
    ]


async def test_a_learner_sees_their_own_entry_and_nobody_elses(ada: Learner) -> None:
    await ada.bureau.enter(ADA)
    shown = await ada.see()
    assert "Ada Lovelace" in shown.text
    assert "ada@example.edu" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    other = await ada.see("eve")
    assert other.status_code == 200
    assert "we know neither" in other.text
    assert "Ada" not in other.text
    staff = {"authorization": f"Bearer {ada.bureau.keys.token('contacts:read', 'contacts:write')}"}
    assert (await ada.bureau.client.get("/settings", headers=staff)).status_code == 403


async def test_what_can_not_be_shared_is_told_on_the_page(ada: Learner) -> None:
    refused = await ada.save("identity", {"email": "yes"})
    assert (refused.status_code, "This was not saved" in refused.text) == (409, True)
    await ada.bureau.enter({"address": "ada@example.edu", "name": "<b>Ada</b>"})
    assert "&lt;b&gt;Ada" in (await ada.see()).text
    state = ada.app.state
    state.stores = replace(state.stores, identities=replace(state.stores.identities, sealer=None))
    assert "Zurzeit können Sie nur zurücknehmen" in (await ada.see(language="de")).text
    refused = await ada.save("identity", {"name": "yes"})
    assert (refused.status_code, "has not given it the key" in refused.text) == (503, True)
    assert await ada.bureau.on(ada.bureau.topics["requests"]) == []
    assert (await ada.save("identity", {})).status_code == 303


async def test_choosing_mails_leaves_name_address_and_what_is_shared_alone(ada: Learner) -> None:
    await ada.bureau.enter(ADA | {"language": "de-AT"})
    await ada.save("identity", {"name": "yes"})
    assert (await ada.save("mails", {"language": "de", "wants": ["granted", "revoked", "expired"]})).status_code == 303
    contact = (await ada.bureau.ask("GET", "/learners/ada/contact", learner="ada")).json()
    assert sorted(contact.pop("wants")) == ["granted", "revoked"]
    assert contact.pop("changed_at")
    assert contact == ADA | {"language": "de-AT"}
    assert (await ada.save("mails", {"language": "es"})).status_code == 303
    contact = (await ada.bureau.ask("GET", "/learners/ada/contact", learner="ada")).json()
    assert (contact["language"], contact["wants"]) == ("es", [])
    assert (await ada.save("mails", {"language": "xx"})).status_code == 422
    assert (await ada.save("mails", {"language": "en"}, learner="eve")).status_code == 409
    assert (await ada.bureau.ask("GET", "/learners/ada/identity", learner="ada")).json() == {"name": True, "email": False}


async def test_another_site_saves_nothing_in_a_learners_name(ada: Learner) -> None:
    await ada.bureau.enter(ADA)
    for what in ("identity", "mails"):
        assert (await ada.save(what, {"name": "yes", "language": "es"}, origin="https://elsewhere.example")).status_code == 403
    assert (await ada.bureau.ask("GET", "/learners/ada/identity", learner="ada")).json() == {"name": False, "email": False}


async def test_whoever_is_not_signed_in_is_sent_to_sign_in(ada: Learner) -> None:
    answer = await ada.bureau.client.get("/settings", headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}/sign-in?next=/settings")
    assert (await ada.bureau.client.get("/settings")).status_code == 401
    away = await ada.bureau.client.get("/sign-in", headers={"accept": "text/html"})
    assert 'href="/sign-in?next=/settings"' in away.text
