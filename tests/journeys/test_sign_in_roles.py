"""Roles and keys of a real OpenID Connect provider: by sign-in and by bearer token, while its keys change."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio

from shared.http.auth import Tokens, Untrusted
from shared.http.roles import Roles
from shared.http.sessions import Sessions
from shared.http.sign_in import Provider
from tests.journeys.sign_in_scene import BACK, HERE, PAGE, SECRET, Scene, browser

pytestmark = pytest.mark.asyncio(loop_scope="module")

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ROLES = Roles(claim="realm_access.roles", roles={"registrar": ["awards:read", "awards:write"]})


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with Scene.open(tmp_path_factory.mktemp("roles"), ROLES) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def scene(opened: Scene) -> AsyncIterator[Scene]:
    async with browser(opened.app) as fresh:
        yield Scene(opened.local, opened.app, fresh)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(scene: Scene, clock: Clock) -> Tokens:
    """What a service goes by that was told the provider's configuration."""
    configuration = f"{scene.local.issuer}/.well-known/openid-configuration"
    return Tokens(configuration, scene.local.issuer, "cairn", roles=ROLES, clock=clock)


async def access_token(scene: Scene, roles: str = "registrar") -> str:
    code = httpx.URL((await scene.code(CHALLENGE, roles)).headers["location"]).params["code"]
    answer: dict[str, str] = (await scene.token(code, VERIFIER)).raise_for_status().json()
    return answer["access_token"]


async def test_a_role_is_worth_its_scopes_to_who_signs_in(scene: Scene) -> None:
    page = await scene.goes(await scene.browser.get("/passport", headers=PAGE))
    answer = await scene.goes(await scene.chooses(page, "reg-1", roles="registrar unknown"))
    assert answer.json() == {"learner": "reg-1", "scopes": ["awards:read", "awards:write"]}


async def test_a_role_is_worth_its_scopes_in_a_bearer_token(scene: Scene, tokens: Tokens) -> None:
    assert (await tokens.caller(await access_token(scene))).scopes == {"awards:read", "awards:write"}
    assert (await tokens.caller(await access_token(scene, "student"))).scopes == frozenset()


async def test_a_token_for_another_audience_or_of_another_issuer_is_none(scene: Scene) -> None:
    configuration = f"{scene.local.issuer}/.well-known/openid-configuration"
    token = await access_token(scene)
    with pytest.raises(Untrusted, match="audience"):
        await Tokens(configuration, scene.local.issuer, "another").caller(token)
    with pytest.raises(Untrusted, match="issuer"):
        await Tokens(f"{scene.local.issuer}/jwks.json", "https://id.example.edu", "cairn").caller(token)


async def test_a_new_key_counts_without_a_restart_and_the_old_one_until_it_is_forgotten(
    scene: Scene, tokens: Tokens, clock: Clock
) -> None:
    old = await access_token(scene)
    await tokens.caller(old)
    scene.local.rotate()
    new = await access_token(scene)
    with pytest.raises(Untrusted, match="not in the key set"):
        await tokens.caller(new)
    clock.now += 31
    await tokens.caller(new)
    await tokens.caller(old)

    scene.local.rotate(forget=True)
    newest = await access_token(scene)
    clock.now += 31
    await tokens.caller(newest)
    for forgotten in (old, new):
        with pytest.raises(Untrusted, match="not in the key set"):
            await tokens.caller(forgotten)


async def test_a_withdrawn_key_is_forgotten_after_ten_minutes_though_no_token_names_a_new_one(
    scene: Scene, tokens: Tokens, clock: Clock
) -> None:
    token = await access_token(scene)
    await tokens.caller(token)
    scene.local.rotate(forget=True)
    clock.now += 599
    await tokens.caller(token)
    clock.now += 2
    with pytest.raises(Untrusted, match="not in the key set"):
        await tokens.caller(token)


async def test_sign_in_goes_on_after_the_keys_have_changed(scene: Scene) -> None:
    clock, kept = Clock(), scene.app.state.sessions
    scene.app.state.sessions = Sessions(bytes(32), HERE, Provider(scene.local.issuer, "cairn", SECRET, BACK, clock=clock))

    async def signs_in() -> httpx.Response:
        async with browser(scene.app) as other:
            another = Scene(scene.local, scene.app, other)
            page = await another.goes(await other.get("/passport", headers=PAGE))
            return await another.goes(await another.chooses(page, "ada"))

    try:
        assert (await signs_in()).status_code == 200
        scene.local.rotate(forget=True)
        assert (await signs_in()).status_code == 502
        clock.now += 31
        assert (await signs_in()).status_code == 200
    finally:
        scene.app.state.sessions = kept
