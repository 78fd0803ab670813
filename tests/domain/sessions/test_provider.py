"""What a provider says is believed only if it proves it, and a session is for whom it names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from shared.http import create_app, signing_in
from shared.http.auth import Caller
from shared.http.sessions import Sessions
from shared.http.sign_in import Attempt, NotSignedIn, Provider, ProviderAway
from tests.domain.sessions.careless import Careless
from tests.domain.shared.authority import ec_key, key_set, rsa_key

ANOTHER = ec_key()
ATTEMPT = Attempt("state", "nonce", "v" * 64, "/")


@pytest.fixture
def careless() -> Iterator[Careless]:
    found = Careless()
    yield found
    found.server.shutdown()
    found.server.server_close()


async def claims(careless: Careless, issuer: str | None = None) -> dict[str, Any]:
    return dict(await careless.provider().claims(ATTEMPT, "the code", issuer))


async def refused(careless: Careless) -> str:
    with pytest.raises(NotSignedIn) as caught:
        await claims(careless)
    return str(caught.value)


async def test_a_provider_without_the_extras_is_enough(careless: Careless) -> None:
    careless.says(learner="ada", azp="cairn", aud=["cairn"])
    assert (await claims(careless))["learner"] == "ada"
    ((_, body),) = careless.asked
    assert "code=the+code" in body
    assert f"code_verifier={'v' * 64}" in body
    address = await careless.provider().address(ATTEMPT)
    assert address.startswith(f"{careless.issuer}/authorize?tenant=1&response_type=code&client_id=cairn")
    assert "code_challenge_method=S256" in address
    assert await careless.provider().end("http://here/") is None


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"aud": "another"}, "audience"),
        ({"aud": ["cairn", "another"]}, "azp"),
        ({"azp": "another"}, "azp"),
        ({"iss": "http://localhost:1"}, "issuer"),
        ({"exp": 1_000}, "expired"),
        ({"exp": None}, "expires"),
        ({"iat": None}, "iat"),
        ({"sub": None}, "subject"),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "at_hash"),
    ],
)
async def test_an_identity_token_with_a_wrong_claim_is_refused(careless: Careless, changed: dict[str, Any], says: str) -> None:
    careless.says(**changed)
    assert says in await refused(careless)


async def test_an_identity_token_of_another_key_is_refused(careless: Careless) -> None:
    careless.says(ANOTHER, "ES256")
    assert "key" in await refused(careless)
    careless.keys = json.loads(key_set(rsa_key()))
    careless.says()
    assert "key" in await refused(careless)


@pytest.mark.parametrize("token", [{}, {"id_token": 7}, {"id_token": "a.b.c"}, [], b"<html>", b"[" * 100_000, b" " * 300_000])
async def test_an_answer_without_an_identity_token_is_refused(careless: Careless, token: Any) -> None:
    careless.token = token
    assert await refused(careless)


async def test_an_answer_that_names_another_provider_is_refused(careless: Careless) -> None:
    with pytest.raises(NotSignedIn, match="another provider"):
        await claims(careless, "http://evil.example")
    assert careless.asked == []


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": None},
        {"token_endpoint": "file:///etc/passwd"},
        {"jwks_uri": "/etc/passwd"},
        {"authorization_endpoint": ["x"]},
    ],
)
async def test_a_configuration_that_cannot_be_right_is_refused(careless: Careless, changed: dict[str, Any]) -> None:
    careless.configuration = careless.configuration | changed
    assert await refused(careless)


async def test_a_failing_provider_is_away_and_asked_again_later(careless: Careless) -> None:
    careless.status = 500
    now = [0.0]
    provider = Provider(careless.issuer, "cairn", None, "http://here/sign-in/back", clock=lambda: now[0])
    with pytest.raises(ProviderAway):
        await provider.address(ATTEMPT)
    careless.status = 200
    with pytest.raises(ProviderAway):
        await provider.address(ATTEMPT)
    now[0] = 2.0
    assert await provider.address(ATTEMPT)
    careless.status = 500
    now[0] = 2_000.0
    assert await provider.address(ATTEMPT)


async def test_a_client_with_a_secret_shows_it_as_the_provider_wishes(careless: Careless) -> None:
    await claims(careless)
    careless.configuration["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    await claims(careless)
    await careless.provider(None).claims(ATTEMPT, "code", None)
    (basic, first), (post, second), (public, third) = careless.asked
    assert basic["authorization"].startswith("Basic ")
    assert "secret" not in first
    assert "client_secret=s%3Ae+c" in second
    assert "client_id=cairn" in third
    assert post["authorization"] is public["authorization"] is None


@pytest.mark.parametrize(
    ("said", "who", "scopes"),
    [
        ({}, "s-1", set()),
        ({"learner": "ada"}, "ada", set()),
        ({"scope": "awards:read"}, "s-1", {"awards:read"}),
        ({"cairn_scopes": ["awards:read", "entries:read"], "scope": "openid"}, "s-1", {"awards:read", "entries:read"}),
        ({"learner": "ada", "cairn_scopes": "self:read"}, "ada", {"self:read"}),
    ],
)
async def test_a_session_is_for_the_learner_that_is_named_else_for_the_subject(
    careless: Careless, said: dict[str, Any], who: str, scopes: set[str]
) -> None:
    answer, sessions = await signed_in_by(careless, said)
    assert (answer.status_code, answer.headers["location"]) == (303, "http://here/passport")
    assert sessions.caller_of(answer.cookies["cairn"]) == Caller(who, frozenset(scopes), who, is_learner=True)


@pytest.mark.parametrize("said", [{"learner": 7}, {"cairn_scopes": {"a": 1}}, {"scope": 7}])
async def test_there_is_no_session_for_claims_that_mean_nothing(careless: Careless, said: dict[str, Any]) -> None:
    answer, _ = await signed_in_by(careless, said)
    assert (answer.status_code, "cairn" in answer.cookies) == (502, False)


async def signed_in_by(careless: Careless, said: dict[str, Any]) -> tuple[httpx.Response, Sessions]:
    """What a browser is answered that comes back from a provider that says so."""

    async def ready() -> Mapping[str, bool | str]:
        return {}

    app = create_app("small", routers=[signing_in.router], ready=ready)
    sessions = app.state.sessions = Sessions(bytes(32), "http://here", careless.provider())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as browser:
        sent = httpx.URL((await browser.get("/sign-in?next=/passport")).headers["location"])
        careless.says(nonce=sent.params["nonce"], **said)
        return await browser.get("/sign-in/back", params={"code": "c", "state": sent.params["state"]}), sessions
