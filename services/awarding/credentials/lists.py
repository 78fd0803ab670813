"""Status lists as they are served: followed change by change, and signed again only when a bit changed or an hour began.

Source: https://www.w3.org/TR/vc-bitstring-status-list/
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Final

import orjson

from services.awarding.credentials.keyring import Keyring
from services.awarding.domain.status_lists import ListId
from services.awarding.store import Shelves
from shared.credentials.contexts import CREDENTIALS
from shared.credentials.proofs import signed
from shared.credentials.status import Bits
from shared.events.envelope import rfc3339

TTL: Final = timedelta(minutes=5)
"""How long whoever checks credentials may go on with a copy."""

LOOKED_AT: Final = 1.0
"""Seconds for which the changes that were found last count as all of them."""

PERIOD: Final = timedelta(hours=1)
VALID: Final = timedelta(hours=24)
KEPT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Served:
    """A status list credential, signed, as JSON; `etag` with its quotation marks."""

    body: bytes
    etag: str


@dataclass(slots=True)
class _Followed:
    """A list as far as its changes were read: up to the `n`-th."""

    bits: Bits = field(default_factory=Bits)
    n: int = 0
    looked_at: float = float("-inf")
    encoded: str | None = None
    served: tuple[int, datetime, Served] | None = None
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


class StatusLists:
    """The app carries it as `app.state.status_lists`. Raises NoKey where nothing can be signed for the unit."""

    def __init__(self, shelves: Shelves, keyring: Keyring) -> None:
        self._shelves = shelves
        self._keyring = keyring
        self._followed: OrderedDict[str, _Followed] = OrderedDict()

    async def served(self, unit: str, list_: str, now: datetime | None = None) -> Served | None:
        """The list as it was at most a second ago; None if no credential has a place in it."""
        followed = self._followed.get(list_)
        if followed is None:
            named = ListId.of(list_)
            if named is None or named.unit != unit or not await self._shelves.has_begun(named):
                return None
            followed = self._followed.setdefault(list_, _Followed())
        elif list_.rsplit("-", 3)[0] != unit:
            return None
        self._followed.move_to_end(list_)
        while len(self._followed) > KEPT:
            self._followed.popitem(last=False)
        async with followed.reading:
            if monotonic() - followed.looked_at > LOOKED_AT:
                await self._follow(list_, followed)
            begun = period_of(now or datetime.now(UTC))
            if followed.served is None or followed.served[:2] != (followed.n, begun):
                served = await asyncio.to_thread(self._signed, unit, list_, followed, begun)
                followed.served = followed.n, begun, served
            return followed.served[2]

    async def _follow(self, list_: str, followed: _Followed) -> None:
        looking = monotonic()
        for change in await self._shelves.changes(list_, followed.n):
            followed.bits.put(change["index"], change["set"])
            followed.n = change["n"]
            followed.encoded = None
        followed.looked_at = looking

    def _signed(self, unit: str, list_: str, followed: _Followed, begun: datetime) -> Served:
        if followed.encoded is None:
            followed.encoded = followed.bits.encoded()
        key = self._keyring.proof_key(unit)
        document = self.document(unit, list_, followed.encoded, begun)
        body = orjson.dumps(signed(document, key, self._keyring.addresses.key(unit, key.kid), begun))
        return Served(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')

    def document(self, unit: str, list_: str, encoded: str, begun: datetime) -> dict[str, Any]:
        """The BitstringStatusListCredential, unsigned."""
        named = ListId.of(list_)
        assert named is not None, list_
        address = self._keyring.addresses.status_list(unit, list_)
        return {
            "@context": [CREDENTIALS],
            "id": address,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": self._keyring.addresses.did(unit),
            "validFrom": rfc3339(begun),
            "validUntil": rfc3339(begun + VALID),
            "credentialSubject": {
                "id": f"{address}#list",
                "type": "BitstringStatusList",
                "statusPurpose": named.purpose,
                "encodedList": encoded,
                "ttl": int(TTL.total_seconds() * 1000),
            },
        }


def period_of(now: datetime) -> datetime:
    """The full hour that had begun five minutes ago: so no instance dates a list into the future of whoever checks it, and all
    instances date it alike.
    """
    return (now - TTL).replace(minute=0, second=0, microsecond=0)
