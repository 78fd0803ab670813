"""What staff do over HTTP: publish documents, keep the contact book, ask who holds what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Any, Final, Self

import httpx

from deploy.local.platform import Platform

SCOPES: Final = (
    "catalog:write",
    "contacts:write",
    "entries:read",
    "verdicts:read",
    "awards:read",
    "inbox:read",
    "operations:read",
)
CONTACTS_AT_ONCE: Final = 1_000

Shown = dict[str, Any]


class Refused(Exception):
    """A service answered with a problem; the text is what it says."""


class Office:
    """Talks to the services of a platform with a token of staff."""

    def __init__(self, platform: Platform) -> None:
        self._urls = {instance.service: instance.url for instance in reversed(platform.instances)}
        token = platform.keys.token(*SCOPES)
        self._http = httpx.AsyncClient(headers={"authorization": f"Bearer {token}"}, timeout=120, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._http.aclose()

    async def publish(self, documents: Sequence[Shown]) -> list[Shown]:
        """All of them or, raising Refused, none. What is published already stays as it is."""
        answer = await self._asked("POST", "catalog", "/apply", json={"documents": list(documents)})
        published: list[Shown] = answer["documents"]
        return published

    async def enter_contacts(self, contacts: Sequence[Shown]) -> None:
        for start in range(0, len(contacts), CONTACTS_AT_ONCE):
            await self._asked("POST", "notifications", "/contacts", json={"contacts": contacts[start : start + CONTACTS_AT_ONCE]})

    async def get(self, service: str, path: str, **query: str) -> Shown:
        return await self._asked("GET", service, path, params=query)

    async def pages(self, service: str, path: str, **query: str) -> AsyncIterator[Shown]:
        """Every item of all pages."""
        cursor: str | None = None
        while True:
            page = await self.get(service, path, limit="500", **query, **({"cursor": cursor} if cursor else {}))
            for item in page["items"]:
                yield item
            cursor = page["next"]
            if cursor is None:
                return

    async def sweeping(self) -> bool:
        """Whether somebody is still being looked at again after something was published."""
        return any([(await self.get(service, "/sweeps"))["sweeps"] for service in ("assessment", "awarding")])

    async def mails_waiting(self) -> int:
        states = await self.get("notifications", "/deliveries/states")
        return int(states.get("waiting", 0)) + int(states.get("leased", 0))

    async def _asked(self, method: str, service: str, path: str, **request: Any) -> Shown:
        response = await self._http.request(method, self._urls[service] + path, **request)
        if not response.is_success:
            raise Refused(f"{method} {service} {path}: {response.status_code} {response.text[:2_000]}")
        answer: Shown = response.json()
        return answer
