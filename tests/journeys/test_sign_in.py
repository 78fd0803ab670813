"""Signing in with a real OpenID Connect provider, from a page and back to it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator

import httpx
import psutil
import pytest
import pytest_asyncio

from shared.http.sessions import Sessions
from shared.http.sign_in import Provider
from tests.journeys.sign_in_scene import BACK, HERE, PAGE, SECRET, Scene, browser

pytestmark = pytest.mark.asyncio(loop_scope="module")

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with Scene.open(tmp_path_factory.mktemp("sign-in")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def scene(opened: Scene) -> AsyncIterator[Scene]:
    """With a browser that has never been there."""
    async with browser(opened.app) as fresh:
        yield Scene(opened.local, opened.app, fresh)


async def at_provider(scene: Scene, path: str = "/passport?lang=de") -> httpx.Response:
    page = await scene.goes(await scene.browser.get(path, headers=PAGE))
    assert str(page.url).startswith(scene.local.issuer)
    return page


async def test_a_learner_opens_a_page_signs_in_and_is_back_on_it(scene: Scene) -> None:
    page = await at_provider(scene)
    assert "Ada &amp; Söhne &lt;script&gt;" in page.text
    answer = await scene.goes(await scene.chooses(page, "ada"))
    assert str(answer.url) == f"{HERE}/passport?lang=de"
    assert answer.json() == {"learner": "ada", "scopes": []}
    assert (await scene.browser.get("/sign-in?next=/passport")).headers["location"] == f"{HERE}/passport"


async def test_staff_bring_their_scopes(scene: Scene) -> None:
    answer = await scene.goes(await scene.chooses(await at_provider(scene), "staff-7", "awards:read  entries:read"))
    assert answer.json() == {"learner": "staff-7", "scopes": ["awards:read", "entries:read"]}


async def test_who_signs_out_is_nobody_again_and_comes_back_from_the_provider(scene: Scene) -> None:
    await scene.goes(await scene.chooses(await at_provider(scene), "ada"))
    left = await scene.browser.post("/sign-out", headers={**PAGE, "origin": HERE})
    assert left.status_code == 200
    assert f"{scene.local.issuer}/end-session?client_id=cairn" in left.text
    ended = await scene.browser.get(
        f"{scene.local.issuer}/end-session", params={"client_id": "cairn", "post_logout_redirect_uri": f"{HERE}/"}
    )
    assert ended.headers["location"] == f"{HERE}/"
    assert (await scene.browser.get("/passport")).status_code == 401


async def test_an_answer_is_good_once(scene: Scene) -> None:
    back = (await scene.chooses(await at_provider(scene), "ada")).headers["location"]
    assert (await scene.browser.get(back)).status_code == 303
    again = await scene.browser.get(back)
    assert (again.status_code, again.json()["title"]) == (400, "This sign-in was not begun here")


async def test_an_answer_is_of_no_use_to_another_browser(scene: Scene) -> None:
    back = (await scene.chooses(await at_provider(scene), "ada")).headers["location"]
    async with browser(scene.app) as other:
        assert (await other.get(back)).status_code == 400
        await Scene(scene.local, scene.app, other).goes(await other.get("/passport", headers=PAGE))
        assert (await other.get(back)).status_code == 400
        assert (await other.get("/passport")).status_code == 401


async def test_a_stolen_code_is_of_no_use_in_anothers_attempt(scene: Scene) -> None:
    """The thief's own state, and the victim's code: the code belongs to another verifier."""
    stolen = httpx.URL((await scene.chooses(await at_provider(scene), "victim")).headers["location"]).params["code"]
    async with browser(scene.app) as other:
        thief = Scene(scene.local, scene.app, other)
        own = httpx.URL((await thief.chooses(await at_provider(thief), "thief")).headers["location"])
        answer = await other.get(str(own.copy_set_param("code", stolen)))
        assert (answer.status_code, answer.json()["title"]) == (502, "The sign-in was not accepted")
        assert (await other.get("/passport")).status_code == 401


async def test_an_answer_of_another_provider_is_refused(scene: Scene) -> None:
    back = httpx.URL((await scene.chooses(await at_provider(scene), "ada")).headers["location"])
    for changed in (back.copy_set_param("iss", "http://evil.example"), back.copy_remove_param("iss")):
        answer = await scene.browser.get(str(changed))
        assert (answer.status_code, "another provider" in answer.json()["detail"]) == (502, True)


async def test_who_turns_back_at_the_provider_is_told_that_nobody_signed_in(scene: Scene) -> None:
    page = await at_provider(scene)
    state = httpx.URL(str(page.url)).params["state"]
    answer = await scene.browser.get("/sign-in/back", params={"error": "access_denied", "state": state})
    assert (answer.status_code, answer.json()["title"]) == (403, "You have not signed in")


async def test_while_the_provider_is_away_signing_in_can_be_tried_again(scene: Scene) -> None:
    scene.app.state.sessions, kept = (
        Sessions(bytes(32), HERE, Provider("http://localhost:9", "cairn", SECRET, BACK)),
        scene.app.state.sessions,
    )
    try:
        answer = await scene.browser.get("/sign-in")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    finally:
        scene.app.state.sessions = kept


async def test_a_code_is_good_once_with_its_verifier_its_address_and_the_clients_secret(scene: Scene) -> None:
    async def code() -> str:
        return httpx.URL((await scene.code(CHALLENGE)).headers["location"]).params["code"]

    first = await code()
    assert (await scene.token(first, VERIFIER)).status_code == 200
    for refused, error in (
        (await scene.token(first, VERIFIER), "invalid_grant"),
        (await scene.token(await code(), "w" * 64), "invalid_grant"),
        (await scene.token(await code(), VERIFIER, redirect_uri=f"{HERE}/"), "invalid_grant"),
        (await scene.token(await code(), VERIFIER, client_secret="guessed"), "invalid_client"),
        (await scene.token(await code(), VERIFIER, grant_type="password"), "unsupported_grant_type"),
    ):
        assert (refused.status_code, refused.json()["error"]) == (401 if error == "invalid_client" else 400, error)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"redirect_uri": "https://evil.example/"}, 400),
        ({"client_id": "another"}, 400),
        ({"code_challenge_method": "plain"}, 303),
        ({"code_challenge": ""}, 303),
        ({"response_type": "token"}, 303),
        ({"scope": "profile"}, 303),
    ],
)
async def test_the_provider_gives_no_code_to_who_asks_wrongly(scene: Scene, changed: dict[str, str], status: int) -> None:
    answer = await scene.code(CHALLENGE, **changed)
    assert answer.status_code == status
    assert "code" not in httpx.URL(answer.headers.get("location", "")).params


async def test_the_provider_is_reached_from_this_machine_only(scene: Scene) -> None:
    found = [c.laddr.ip for c in psutil.Process(scene.local.process.pid).net_connections("inet") if c.status == "LISTEN"]
    assert found == ["127.0.0.1"]
