"""Tokens for the broker, from a real provider: one for all connections, renewed before it ends, also while nobody answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from aiokafka.errors import KafkaConnectionError
from joserfc import jwt
from joserfc.jwk import KeySet

from deploy.local.provider import Provider
from deploy.local.provider_keys import keys_in
from shared.broker import ClientCredentials

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = "a: strange/secret+"


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provider(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    folder: Path = tmp_path_factory.mktemp("tokens")
    (folder / "secret").write_text(SECRET)
    async with Provider(folder / "provider", "cairn", folder / "secret") as running:
        running.admit({"awar:ding": folder / "secret"})
        yield running


def credentials(provider: Provider, clock: Clock, secret: str = SECRET) -> ClientCredentials:
    return ClientCredentials(f"{provider.issuer}/token", "awar:ding", secret, "kafka", clock=clock)


async def test_a_token_is_the_clients_own_and_meant_for_the_broker(provider: Provider) -> None:
    token = await credentials(provider, Clock()).token()
    claims = jwt.decode(token, KeySet(list(keys_in(provider.folder)))).claims
    assert (claims["iss"], claims["sub"], claims["aud"]) == (provider.issuer, "awar:ding", "kafka")


async def test_all_connections_share_a_token_until_it_is_time_for_the_next(provider: Provider) -> None:
    clock = Clock()
    tokens = credentials(provider, clock)
    first = set(await asyncio.gather(*(tokens.token() for _ in range(20))))
    clock.now += 479
    assert first == {await tokens.token()}
    clock.now += 2
    assert first != {await tokens.token()}


async def test_while_the_provider_is_away_a_token_is_used_until_it_ends(provider: Provider) -> None:
    clock = Clock()
    tokens = credentials(provider, clock)
    token = await tokens.token()
    await provider.stop()
    try:
        clock.now += 500
        assert await tokens.token() == token
        clock.now += 101
        with pytest.raises(KafkaConnectionError, match="no token for the broker"):
            await tokens.token()
    finally:
        await provider.start()
    assert await tokens.token() != token


async def test_a_refusal_is_said_without_the_secret(provider: Provider) -> None:
    with pytest.raises(KafkaConnectionError, match="answered with 401") as refusal:
        await credentials(provider, Clock(), "guessed").token()
    assert "guessed" not in str(refusal.value)
