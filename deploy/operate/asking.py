"""Asking the services about themselves, all at once, with one token."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

SERVICES: Final = ("catalog", "assessment", "awarding", "notifications")
STREAMING: Final = ("assessment", "awarding", "notifications")
WITHIN: Final = 30.0


class Refused(Exception):
    """A service did not answer, or not as it was asked to. The text says which and why."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What each service answered, and why others did not."""

    said: Mapping[str, Any]
    refused: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Platform:
    """`addresses` are those of the services by name; `token` is shown to each of them."""

    addresses: Mapping[str, str]
    token: str

    async def all(self, services: tuple[str, ...], path: str, **query: Any) -> Answers:
        """Ask each of them the same. One that does not answer keeps nobody from the others."""
        asked = [service for service in services if service in self.addresses]
        async with self._client() as http:
            found = await asyncio.gather(
                *(self._ask(http, service, "GET", path, params=query) for service in asked), return_exceptions=True
            )
        said, refused = {}, {}
        for service, answer in zip(asked, found, strict=True):
            if isinstance(answer, Refused):
                refused[service] = str(answer)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                said[service] = answer
        return Answers(said, refused)

    async def post(self, service: str, path: str, body: object = None) -> Any:
        """Raises Refused."""
        if service not in self.addresses:
            raise Refused(f"{service}: its address is not given (--{service})")
        async with self._client() as http:
            return await self._ask(http, service, "POST", path, json=body)

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(headers={"authorization": f"Bearer {self.token}"}, timeout=WITHIN, trust_env=False)

    async def _ask(self, http: httpx.AsyncClient, service: str, method: str, path: str, **request: Any) -> Any:
        try:
            answer = await http.request(method, self.addresses[service].rstrip("/") + path, **request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Refused(f"{service} does not answer: {type(error).__name__}") from error
        if not answer.is_success:
            raise Refused(f"{service} answers {answer.status_code}: {_reason(answer)}")
        try:
            return answer.json()
        except ValueError as error:
            raise Refused(f"{service} answers with something that is not JSON") from error


def _reason(answer: httpx.Response) -> str:
    """As problem details say it."""
    try:
        problem = answer.json()
    except ValueError:
        return answer.reason_phrase
    return str(problem.get("detail") or problem.get("title")) if isinstance(problem, dict) else answer.reason_phrase
