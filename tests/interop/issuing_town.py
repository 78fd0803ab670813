"""Awarding with keys, as strangers reach it: credentials, records, identity documents and status lists over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

import httpx

from deploy.local.keys import AUDIENCE, ISSUER
from services.awarding.api import Desk, app_of
from services.awarding.credentials.addresses import INSTITUTION, Addresses
from services.awarding.credentials.archive import Archive
from services.awarding.credentials.counter import Counter
from services.awarding.credentials.gallery import Gallery
from services.awarding.credentials.keyring import Keyring
from services.awarding.credentials.lists import StatusLists
from services.awarding.credentials.office import Office
from services.awarding.credentials.records import Registry
from services.awarding.credentials.template import Signer
from services.awarding.issuance import issuing_of
from services.awarding.rulebook import Rulebook
from shared.http import Tokens
from tests.domain.awarding.scene import IDS
from tests.domain.credentials.keys import jwk
from tests.journeys.awarding_town import Town
from tests.platform.eventually import eventually

ADDRESSES: Final = Addresses("https://awards.example.org:8443/cairn", "https://catalog.example.org")


@cache
def ring() -> Keyring:
    return Keyring.of(json.dumps({"keys": [jwk("Ed25519"), jwk("RS256")]}), ADDRESSES)


@dataclass
class IssuingTown:
    """`documents` are what a stranger finds now at the addresses that credentials name."""

    town: Town
    client: httpx.AsyncClient

    @classmethod
    @asynccontextmanager
    async def open(cls, bootstrap: str, uri: str, database: str, prefix: str, folder: Path) -> AsyncIterator[Self]:
        async with Town.open(bootstrap, uri, database, prefix, folder) as town:
            keyring = ring()
            town.issuing = issuing_of(keyring)
            rulebook, archive, gallery = Rulebook(town.broadcast, IDS), Archive(town.database, keyring), Gallery()
            await archive.prepare()
            office = Office(town.shelves, rulebook, keyring, archive, gallery=gallery, sign=Signer().signed)
            registry, lists = Registry(office, "Example University"), StatusLists(town.shelves, keyring)

            async def ready() -> Mapping[str, bool | str]:
                return {}

            desk = Desk(town.shelves, rulebook, town.publisher, town.topics.requests)
            app = app_of(ready, Tokens(str(town.keys.jwks), ISSUER, AUDIENCE), desk)
            app.state.counter = Counter(rulebook, town.shelves, archive, gallery, "Example University", office, registry, lists)
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url=ADDRESSES.awarding.removesuffix("/cairn")) as client:
                yield cls(town, client)

    async def get(self, path: str, **query: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.town.keys.token('awards:read')}"}
        return (await self.client.get(path, headers=headers, params=query)).raise_for_status()

    async def award(self, learner: str, achievement: str) -> str:
        """The id of the newest award of it."""
        found = (await self.town.read(f"/learners/{learner}/awards", limit=500))["items"]
        return str([award["id"] for award in found if award["achievement"] == achievement][-1])

    async def credential(self, learner: str, achievement: str) -> dict[str, Any]:
        """As soon as there is one, with its proof."""
        path = f"/awards/{await self.award(learner, achievement)}/credential"

        async def issued() -> bool:
            headers = {"authorization": f"Bearer {self.town.keys.token('awards:read')}"}
            return (await self.client.get(path, headers=headers)).status_code == 200

        await eventually(issued, within=20, why=f"nothing was issued to {learner} for {achievement}")
        found: dict[str, Any] = (await self.get(path, format="json")).json()
        return found

    async def documents(self, *credentials: Mapping[str, Any]) -> dict[str, Any]:
        """What these name, read without a token: their issuers' identity documents and their status lists."""
        found: dict[str, Any] = {}
        for credential in credentials:
            unit = credential["issuer"]["id"].rpartition(":")[2]
            found[ADDRESSES.did(unit)] = await self._public(f"/issuers/{unit}/did.json")
            if "credentialStatus" in credential:
                address = credential["credentialStatus"]["statusListCredential"]
                found[address] = await self._public(address.removeprefix(ADDRESSES.awarding))
        found[ADDRESSES.did(INSTITUTION)] = await self._public(f"/issuers/{INSTITUTION}/did.json")
        return found

    async def _public(self, path: str) -> Any:
        return (await self.client.get(path)).raise_for_status().json()
