"""What checks work with here: who may be asked for documents, who is known, and our own documents without a network."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx
import orjson
from fastapi import FastAPI

from services.awarding.credentials.addresses import Addresses
from shared.credentials.checking import Tools, check, given_up
from shared.credentials.fetching import Fetcher
from shared.credentials.findings import Report
from shared.credentials.resolving import Own
from shared.credentials.workers import TookTooLong, Workers
from shared.settings import Settings, Unset

PUBLIC: Final = re.compile(r"/(issuers|shared)/[A-Za-z0-9_.~!$&'()*+,;=:@%-]+(/[A-Za-z0-9_.~!$&'()*+,;=:@%-]+)*")
"""Paths of our own that a credential may name, or that somebody may give: identity documents, status lists, shares."""

SIGNED: Final = "application/vc+ld+json, application/vc, application/did+json, application/json"
READING: Final = 1.0


@dataclass(frozen=True)
class Asked:
    """What somebody wants to have checked. Either the bytes or the address is there."""

    data: bytes | None = None
    address: str | None = None
    documents: Mapping[str, Any] | None = None
    email: str | None = None


@dataclass(frozen=True)
class Checker:
    """The app carries it as `app.state.checker`."""

    tools: Tools

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, own: Own) -> AsyncIterator[Self]:
        """`own` gives our own public documents. Raises Unset when the file of known issuers can't be read."""
        known = known_issuers(settings)
        fetcher = Fetcher(settings.fetch_from.split(","))
        ours = Addresses.of(settings).did("")
        try:
            async with Workers() as workers:
                warming = asyncio.ensure_future(workers.warm())
                try:
                    yield cls(Tools(fetcher, workers, own, (settings.awarding_url,), known, (ours,), settings.check_seconds))
                finally:
                    warming.cancel()
        finally:
            await fetcher.close()

    async def check(self, asked: Asked) -> Report:
        """Raises Unreadable."""
        return await check(self.tools, asked.data, address=asked.address, documents=asked.documents, email=asked.email)

    async def verify(self, credential: bytes) -> Report:
        """Of a credential that is at hand, in any form. Raises Unreadable."""
        return await check(self.tools, credential)

    async def unwrapped(self, body: bytes) -> Asked:
        """From the JSON body of a request: the credential itself, or an object that has it. Raises Unreadable."""
        try:
            found = await self.tools.workers.ask("unwrap", body, within=READING)
        except TookTooLong as error:
            raise given_up(error) from error
        text = found["credential"]
        return Asked(None if text is None else text.encode(), found["address"], found["documents"], found["email"])


def inside(app: FastAPI, awarding_url: str) -> Own:
    """Our own public documents, asked of the app itself: nothing leaves the process."""
    prefix = urlsplit(awarding_url).path
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://inside")

    async def own(address: str) -> bytes | None:
        path = urlsplit(address).path.removeprefix(prefix)
        if not PUBLIC.fullmatch(path) or ".." in path or "%2e" in path.lower():
            return None
        try:
            async with asyncio.timeout(READING):
                response = await client.get(path, headers={"accept": SIGNED})
        except TimeoutError:
            return None
        return response.content if response.status_code == 200 else None

    return own


def known_issuers(settings: Settings) -> dict[str, str]:
    """Names by id. Raises Unset."""
    if settings.known_issuers is None:
        return {}
    try:
        found = orjson.loads(settings.known_issuers.read_bytes())
        return {str(issuer["id"]): str(issuer["name"]) for issuer in found}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Unset(f"CAIRN_KNOWN_ISSUERS: {settings.known_issuers} is no JSON array of objects with id and name") from error
