"""Access tokens for sources by client credentials: by secret, and by assertions that the client signs."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import time
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]
from authlib.oauth2.rfc7523 import PrivateKeyJWT  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from services.assessment.sources.grants import ASSERTION
from services.assessment.sources.jwks import KeySets
from services.assessment.sources.keys import digest_of
from shared.credentials.fetching import Fetcher
from tests.journeys.sources_desk import ADDRESS, SourcesDesk, basic
from tests.platform.parts import Broker, DatabaseServer

ENDPOINT = f"{ADDRESS}/oauth/token"
GRANT = {"grant_type": "client_credentials"}


@pytest_asyncio.fixture
async def desk(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[SourcesDesk]:
    async with SourcesDesk.open(kafka, mongodb, database_name, prefix, tmp_path) as opened:
        await opened.register()
        yield opened


@pytest.fixture(scope="module")
def pair() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)


def public(*keys: RSAKey | ECKey) -> dict[str, Any]:
    return dict(KeySet(list(keys)).as_dict(private=False))


def assertion(pair: RSAKey | ECKey, client: str, alg: str = "RS256", **claims: Any) -> str:
    now = int(time())
    said = {"iss": client, "sub": client, "aud": ENDPOINT, "iat": now, "exp": now + 300, "jti": uuid4().hex} | claims
    left = {name: value for name, value in said.items() if value is not None}
    return jwt.encode({"alg": alg, "typ": "JWT", "kid": pair.kid}, left, pair, algorithms=[alg])


def unsigned(client: str) -> str:
    parts = ({"alg": "none"}, {"iss": client, "sub": client})
    return ".".join(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


async def ask(desk: SourcesDesk, assertion: str, **fields: str) -> httpx.Response:
    form = GRANT | {"client_assertion_type": ASSERTION, "client_assertion": assertion} | fields
    return await desk.client.post("/oauth/token", data=form)


async def opens(desk: SourcesDesk, token: str) -> bool:
    headers = {"authorization": f"Bearer {token}", "content-type": "application/cloudevents-batch+json"}
    answer = await desk.client.post("/completions", content=b"[]", headers=headers)
    assert answer.status_code in (202, 401)
    return answer.status_code == 202


async def test_a_secret_gets_a_token_by_basic_and_in_the_form(desk: SourcesDesk) -> None:
    key, secret = await desk.key()
    by_basic = await desk.client.post("/oauth/token", data=GRANT, auth=(key, secret))
    in_form = await desk.client.post("/oauth/token", data=GRANT | {"client_id": key, "client_secret": secret})
    for answer in (by_basic, in_form):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        said = answer.json()
        assert (said["token_type"], said["expires_in"], said["scope"]) == ("Bearer", 3600, "completions:publish")
        assert await opens(desk, said["access_token"])
    async with AsyncOAuth2Client(key, secret, transport=desk.client._transport, base_url=ADDRESS) as client:
        await client.fetch_token(ENDPOINT)
        events = await client.post("/completions", content=b"[]", headers={"content-type": "application/cloudevents-batch+json"})
        assert events.status_code == 202


async def test_a_token_ends_with_its_time_and_with_its_key(desk: SourcesDesk) -> None:
    key, secret = await desk.key()
    first, second = await desk.token(key, secret), await desk.token(key, secret)
    tokens = desk.database["source_tokens"]
    shown = await tokens.find_one({"_id": digest_of(first)})
    assert shown is not None
    await tokens.update_one({"_id": digest_of(first)}, {"$set": {"ends_at": shown["made_at"]}})
    assert not await opens(desk, first)
    assert await opens(desk, second)
    await desk.ask("POST", f"/sources/lms/keys/{key}/retire")
    assert not await opens(desk, second)
    await desk.sources.gate.tokens.forget()


async def test_an_assertion_signed_with_the_registered_key_gets_a_token_once(desk: SourcesDesk, pair: RSAKey) -> None:
    client, none = await desk.key(kind="public_key", jwks=public(pair))
    assert none is None
    signed = assertion(pair, client)
    first = await ask(desk, signed)
    assert first.status_code == 200, first.text
    assert await opens(desk, first.json()["access_token"])
    again = await ask(desk, signed)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    assert "used before" in again.json()["error_description"]
    assert (await ask(desk, assertion(pair, client), client_id=client)).status_code == 200
    assert (await ask(desk, assertion(pair, client, aud=[ENDPOINT, "https://else.example"]))).status_code == 200
    async with AsyncOAuth2Client(
        client, pair.as_pem(private=True).decode(), "private_key_jwt", transport=desk.client._transport
    ) as tool:
        tool.register_client_auth_method(PrivateKeyJWT(ENDPOINT, headers={"kid": pair.kid}))
        assert (await tool.fetch_token(ENDPOINT))["token_type"] == "Bearer"


async def test_an_assertion_that_proves_nothing_is_refused_with_the_reason(desk: SourcesDesk, pair: RSAKey) -> None:
    client, _ = await desk.key(kind="public_key", jwks=public(pair))
    secret_key, secret = await desk.key()
    now = int(time())
    stranger = RSAKey.generate_key(2048, {"kid": str(pair.kid)})
    elliptic = ECKey.generate_key("P-256", {"kid": str(pair.kid)})
    for wrong, why in (
        (assertion(stranger, client), "does not verify"),
        (assertion(elliptic, client, "ES256"), "kid and alg"),
        (assertion(RSAKey.generate_key(2048, auto_kid=True), client), "kid and alg"),
        (assertion(pair, "key-none"), "no such client"),
        (assertion(pair, secret_key), "no such client"),
        (assertion(pair, client, aud="https://else.example"), ENDPOINT),
        (assertion(pair, client, exp=now - 120), "expired"),
        (assertion(pair, client, exp=now + 90_000), "3600"),
        (assertion(pair, client, exp=None), "exp"),
        (assertion(pair, client, iat=now + 600), "iat"),
        (assertion(pair, client, jti=None), "jti"),
        (assertion(pair, client, iss="other"), "iss and sub"),
        (unsigned(client), "algorithm"),
        ("nonsense", "not a signed JWT"),
    ):
        answer = await ask(desk, wrong)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), answer.text
        assert why in answer.json()["error_description"]
    assert (await desk.listed())[client]["failures"] >= 8
    unproven = [assertion(stranger, client), assertion(elliptic, client, "ES256"), assertion(pair, "key-none")]
    assert len({(await ask(desk, wrong)).text for wrong in unproven}) == 1
    assert (await desk.client.post("/oauth/token", data=GRANT, auth=(client, secret))).status_code == 401


async def test_a_tool_that_asks_for_more_is_told_what_it_gets(desk: SourcesDesk) -> None:
    await desk.register("tool", format="ags", options={"platform": "https://lms.example.edu"})
    key, secret = await desk.key("tool")
    lti = "https://purl.imsglobal.org/spec/lti-ags/scope/"
    answer = await desk.client.post("/oauth/token", data=GRANT | {"scope": f"{lti}lineitem {lti}score"}, auth=(key, secret))
    assert (answer.status_code, answer.json()["scope"]) == (200, f"{lti}score")
    refused = await desk.client.post("/oauth/token", data=GRANT | {"scope": f"{lti}lineitem"}, auth=(key, secret))
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")


async def test_what_is_wrong_with_a_request_is_said_in_the_words_of_oauth(desk: SourcesDesk) -> None:
    key, secret = await desk.key()
    for form, headers, status, error in (
        ({}, basic(key, secret), 400, "invalid_request"),
        ({"grant_type": "password"}, basic(key, secret), 400, "unsupported_grant_type"),
        (GRANT, {}, 401, "invalid_client"),
        (GRANT, basic(key, "wrong"), 401, "invalid_client"),
        (GRANT, {"authorization": "Bearer x"}, 401, "invalid_client"),
        (GRANT | {"client_id": key, "client_secret": secret}, basic(key, secret), 400, "invalid_request"),
        (GRANT | {"scope": "everything"}, basic(key, secret), 400, "invalid_scope"),
        (GRANT | {"client_assertion": "x"}, {}, 400, "invalid_request"),
    ):
        answer = await desk.client.post("/oauth/token", data=form, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
        assert ("www-authenticate" in answer.headers) == (status == 401)
    for content, kind in (
        (b'{"grant_type": 1}', "application/json"),
        (b"grant_type=a&grant_type=b", "application/x-www-form-urlencoded"),
    ):
        answer = await desk.client.post("/oauth/token", content=content, headers={"content-type": kind})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    described = (await desk.client.get("/.well-known/oauth-authorization-server")).raise_for_status().json()
    assert (described["issuer"], described["token_endpoint"]) == (ADDRESS, ENDPOINT)


class Tool:
    """A server of public keys, as a tool has one."""

    def __init__(self) -> None:
        self.document: bytes = b"{}"
        tool = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("cache-control", "no-store")
                self.send_header("content-length", str(len(tool.document)))
                self.end_headers()
                self.wfile.write(tool.document)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.place = f"localhost:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def tool() -> Iterator[Tool]:
    running = Tool()
    yield running
    running.server.shutdown()


async def test_keys_at_an_address_are_read_there_and_change_there(desk: SourcesDesk, tool: Tool, pair: RSAKey) -> None:
    desk.sources.grants.key_sets = KeySets(Fetcher([tool.place]))
    address = f"http://{tool.place}/jwks"
    asked = {"kind": "public_key", "jwks_uri": address}
    empty = await desk.ask("POST", "/sources/lms/keys", asked)
    assert (empty.status_code, empty.json()["errors"][0]["place"]) == (422, "body.jwks_uri")
    desk.sources.grants.key_sets = KeySets(Fetcher([tool.place]))
    tool.document = json.dumps(KeySet([pair]).as_dict(private=True)).encode()
    assert "private parts" in (await desk.ask("POST", "/sources/lms/keys", asked)).text
    desk.sources.grants.key_sets = KeySets(Fetcher([tool.place]))
    tool.document = json.dumps(public(pair)).encode()
    client, _ = await desk.key(kind="public_key", jwks_uri=address)
    assert (await ask(desk, assertion(pair, client))).status_code == 200
    newer = RSAKey.generate_key(2048, auto_kid=True)
    tool.document = json.dumps(public(newer)).encode()
    assert (await ask(desk, assertion(newer, client))).status_code == 200
    assert (await ask(desk, assertion(pair, client))).status_code == 401
