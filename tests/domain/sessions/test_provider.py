"""What a provider says is believed only if it proves it. A real HTTP server answers as a false or careless provider would."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from shared.http.sign_in import Attempt, NotSignedIn, Provider, ProviderAway
from tests.domain.shared.authority import ec_key, key_set, rsa_key, signed

KEY, ANOTHER = rsa_key(), ec_key()
ATTEMPT = Attempt("state", "nonce", "v" * 64, "/")


class Careless:
    """Answers with whatever a test has put there."""

    def __init__(self) -> None:
        careless = self

        class Exchange(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(careless.configuration if self.path.startswith("/.well-known") else careless.keys)

            def do_POST(self) -> None:
                careless.asked.append((self.headers, self.rfile.read(int(self.headers["content-length"])).decode()))
                self.answer(careless.token)

            def answer(self, content: object) -> None:
                self.send_response(careless.status)
                self.end_headers()
                self.wfile.write(content if isinstance(content, bytes) else json.dumps(content).encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        at = self.issuer
        self.status = 200
        self.asked: list[tuple[Any, str]] = []
        self.configuration: Any = {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize?tenant=1",
            "token_endpoint": f"{at}/token",
            "jwks_uri": f"{at}/jwks",
        }
        self.keys: Any = json.loads(key_set(KEY))
        self.token: Any = {}
        self.says()

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.server.server_port}"

    def says(self, key: Any = KEY, algorithm: str = "RS256", **changed: object) -> None:
        """An identity token, good but for the claims that are changed; None removes one."""
        now = int(time.time())
        good = {"iss": self.issuer, "aud": "cairn", "sub": "s-1", "iat": now, "exp": now + 300, "nonce": "nonce"} | changed
        payload = {name: value for name, value in good.items() if value is not None}
        self.token = {"access_token": "a", "token_type": "Bearer", "id_token": signed(key, algorithm, payload)}

    def provider(self, secret: str | None = "s:e c") -> Provider:
        return Provider(self.issuer, "cairn", secret, "http://here/sign-in/back")


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
