"""A small service with a page for who is signed in, and the real local provider to sign in with."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import httpx
from fastapi import APIRouter, Depends, FastAPI

from deploy.local.provider import Provider as LocalProvider
from shared.http import Caller, create_app, signing_in
from shared.http.roles import Roles
from shared.http.sessions import Sessions, signed_in
from shared.http.sign_in import Provider

HERE = "http://awards.localhost:8002"
BACK = f"{HERE}/sign-in/back"
SECRET = "the client's secret"
PAGE = {"accept": "text/html"}
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
router = APIRouter()


@router.get("/passport")
async def passport(caller: Annotated[Caller, Depends(signed_in)]) -> dict[str, object]:
    return {"learner": caller.learner, "scopes": sorted(caller.scopes)}


@dataclass(frozen=True)
class Scene:
    """`browser` keeps cookies and follows no redirects by itself: this is what `goes` does, and it says which way."""

    local: LocalProvider
    app: FastAPI
    browser: httpx.AsyncClient

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, roles: Roles | None = None) -> AsyncIterator[Self]:
        (folder / "secret").write_text(SECRET)
        async with LocalProvider(folder / "provider", "cairn", folder / "secret", [HERE]) as local:
            local.offer({"ada": "Ada & Söhne <script>"})
            app = create_app("small", routers=[router, signing_in.router], ready=_ready)
            app.state.sessions = Sessions(bytes(32), HERE, Provider(local.issuer, "cairn", SECRET, BACK), roles)
            async with browser(app) as client:
                yield cls(local, app, client)

    async def goes(self, answer: httpx.Response) -> httpx.Response:
        """Where redirects lead to, until a page comes."""
        while answer.is_redirect:
            answer = await self.browser.get(answer.headers["location"], headers=PAGE)
        return answer

    async def chooses(self, page: httpx.Response, learner: str, scopes: str = "", roles: str = "") -> httpx.Response:
        """The answer to the form on the provider's page, which sends the browser back."""
        fields = {name: html.unescape(value) for name, value in HIDDEN.findall(page.text)}
        return await self.browser.post(
            f"{self.local.issuer}/authorize", data={**fields, "learner": learner, "scopes": scopes, "roles": roles}, headers=PAGE
        )

    async def token(self, code: str, verifier: str, **changed: str) -> httpx.Response:
        """A request for tokens, as the service makes it."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": verifier} | changed
        client = changed.get("client_id", "cairn"), changed.get("client_secret", SECRET)
        return await self.browser.post(f"{self.local.issuer}/token", data=form, auth=client)

    async def code(self, challenge: str, roles: str = "", **changed: str) -> httpx.Response:
        """The provider's answer to somebody who asks for a code and chooses ada."""
        asked = {
            "response_type": "code",
            "client_id": "cairn",
            "redirect_uri": BACK,
            "scope": "openid",
            "state": "s",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        } | changed
        return await self.browser.post(f"{self.local.issuer}/authorize", data={**asked, "learner": "ada", "roles": roles})


@asynccontextmanager
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Reaches the app at HERE, and whatever else over the network."""
    mounts = {"http://awards.localhost:8002": httpx.ASGITransport(app)}
    async with httpx.AsyncClient(mounts=mounts, base_url=HERE, timeout=20, trust_env=False) as client:
        yield client


async def _ready() -> Mapping[str, bool | str]:
    return {}
