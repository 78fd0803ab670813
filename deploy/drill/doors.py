"""Senders at the doors of a platform that is under fire: each sends the same again until it is answered."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import orjson

from deploy.local.platform import Platform
from shared.events.envelope import Envelope, rfc3339

SOURCE: Final = "drill-lms"
SPEAKS_AS: Final = f"urn:cairn:source:{SOURCE}"
BATCH: Final = {"content-type": "application/cloudevents-batch+json"}
DOCUMENT: Final[Mapping[str, Any]] = {
    "name": "A learning system in a drill",
    "owner": "The drill",
    "format": "cloudevents",
    "learners": [{"are": "ids"}],
    "may_publish": ["*"],
    "quota": {"per_minute": 1_000_000},
}
COME_AGAIN: Final = frozenset({429, 502, 503, 504})
PAUSE: Final = 0.3
PATIENCE: Final = 15.0


def in_json(envelope: Envelope) -> dict[str, Any]:
    """As CloudEvents' JSON format has it."""
    attributes = {"specversion": "1.0", "id": envelope.id, "source": envelope.source, "type": envelope.type}
    return attributes | {"time": rfc3339(envelope.time), "data": orjson.loads(envelope.data)}


@dataclass
class Visitor:
    """Asks over HTTP as often as it takes. `mistakes` are answers that nobody should get, whatever befalls the platform."""

    answers: Counter[str] = field(default_factory=Counter)
    mistakes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._http = httpx.AsyncClient(timeout=PATIENCE, trust_env=False)

    async def asked(self, method: str, url: str, **request: Any) -> httpx.Response:
        """The first answer that is not "come again": whether it was done before, when no answer came, the sender can't know."""
        while True:
            try:
                answer = await self._http.request(method, url, **request)
            except httpx.TransportError as trouble:
                self.answers[type(trouble).__name__] += 1
            else:
                self.answers[str(answer.status_code)] += 1
                if answer.status_code in COME_AGAIN and "retry-after" not in answer.headers:
                    self.mistakes.append(f"{method} {answer.url.path}: {answer.status_code} without Retry-After")
                if answer.status_code >= 500 and answer.status_code not in COME_AGAIN:
                    self.mistakes.append(f"{method} {answer.url.path}: {answer.status_code} {answer.text[:300]}")
                elif answer.status_code not in COME_AGAIN:
                    return answer
            await asyncio.sleep(PAUSE)

    async def close(self) -> None:
        await self._http.aclose()


@dataclass
class Doors:
    """A registered source with its key, and a system that is trusted wholly. `refused` counts what was refused, by door."""

    platform: Platform
    visitor: Visitor
    key: tuple[str, str] = ("", "")
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def _assessment(self) -> str:
        return self.platform["assessment"].url

    async def register(self) -> None:
        staff = {"authorization": f"Bearer {self.platform.keys.token('sources:read', 'sources:write')}"}
        source = f"{self._assessment}/sources/{SOURCE}"
        (await self.visitor.asked("PUT", source, json=dict(DOCUMENT), headers=staff)).raise_for_status()
        made = await self.visitor.asked("POST", f"{source}/keys", json={"kind": "secret"}, headers=staff)
        found = made.raise_for_status().json()
        self.key = found["key"]["id"], found["secret"]

    async def by_source(self, events: Sequence[dict[str, Any]]) -> list[str]:
        """What became of each: accepted, duplicated, held or refused."""
        url = f"{self._assessment}/sources/{SOURCE}/completions"
        answer = await self.visitor.asked("POST", url, content=orjson.dumps(events), headers=BATCH, auth=self.key)
        return self._outcomes("source", answer, len(events))

    async def by_trusted(self, events: Sequence[dict[str, Any]]) -> list[str]:
        """What became of each: accepted or refused."""
        trusted = {"authorization": f"Bearer {self.platform.keys.token('completions:publish')}"}
        url = f"{self._assessment}/completions"
        answer = await self.visitor.asked("POST", url, content=orjson.dumps(events), headers=BATCH | trusted)
        return self._outcomes("trusted", answer, len(events))

    async def accounts(self) -> dict[str, int]:
        """What became of all that the source sent, and what the stream read of it."""
        staff = {"authorization": f"Bearer {self.platform.keys.token('sources:read')}"}
        answer = await self.visitor.asked("GET", f"{self._assessment}/sources/{SOURCE}/accounts", headers=staff)
        days = answer.raise_for_status().json()["days"]
        kinds = ("accepted", "held", "ignored", "refused", "duplicated")
        counts = {kind: sum(day[kind] for day in days) for kind in kinds}
        return counts | {f"read {name}": sum(day["read"][name] for day in days) for name in ("new", "repeated", "dead")}

    def _outcomes(self, door: str, answer: httpx.Response, expected: int) -> list[str]:
        items = answer.json().get("items") if answer.status_code in (202, 400, 403, 422) else None
        if items is None or len(items) != expected:
            self.visitor.mistakes.append(f"the {door}'s batch of {expected}: {answer.status_code} {answer.text[:300]}")
            return []
        found = [item["status"] for item in items]
        self.refused[door] += found.count("refused")
        return found
