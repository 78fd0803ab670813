"""More clients at a door than it has room for: each sends its next batch when the last was taken, until they are stopped."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Self

import httpx

from deploy.bench.senders import SENDERS, Sender, Sent, authorization
from deploy.local.platform import Platform

SCOPES = ("sources:read", "sources:write")
TIMEOUT = 300.0


@dataclass
class Flood:
    """CloudEvents for one source of assessment's. `answers` counts statuses; `again` are the seconds that the refused were told
    to wait; `accepted` the ids of the events that were answered for.
    """

    client: httpx.AsyncClient
    batches: Iterator[Sent]
    headers: dict[str, str]
    clients: int
    pause: float = 1.0
    answers: Counter[int] = field(default_factory=Counter)
    titles: Counter[str] = field(default_factory=Counter)
    again: list[int] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    @asynccontextmanager
    async def open(cls, platform: Platform, *, clients: int, at_once: int) -> AsyncIterator[Self]:
        """With a source registered for it. Batches have `at_once` events. Raises httpx.HTTPError."""
        sender = next(replace(each, at_once=at_once) for each in SENDERS if each.format == "cloudevents")
        staff = {"authorization": f"Bearer {platform.keys.token(*SCOPES)}"}
        limits = httpx.Limits(max_connections=clients + 10)
        url = platform["assessment"].url
        async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT, trust_env=False, limits=limits) as client:
            path = f"/sources/{sender.source}"
            (await client.put(path, json=sender.document(), headers=staff)).raise_for_status()
            made = (await client.post(f"{path}/keys", json={"kind": "secret"}, headers=staff)).raise_for_status().json()
            yield cls(client, numbered(sender), authorization(made["key"]["id"], made["secret"]), clients)

    def anew(self) -> Self:
        """The same clients, with nothing counted yet. They go on where these end."""
        return type(self)(self.client, self.batches, self.headers, self.clients)

    async def run(self) -> None:
        """Until `ended` is set and everybody has an answer."""
        async with asyncio.TaskGroup() as clients:
            for _ in range(self.clients):
                clients.create_task(self._send_on())

    async def _send_on(self) -> None:
        while not self.ended.is_set():
            batch = next(self.batches)
            while not await self.taken(batch) and not self.ended.is_set():
                await asyncio.sleep(self.pause)

    async def taken(self, batch: Sent) -> bool:
        """Whether it was answered with 202."""
        answer = await self.client.post(batch.path, content=batch.body, headers=batch.headers | self.headers)
        self.answers[answer.status_code] += 1
        if answer.status_code == 429:
            self.titles[answer.json()["title"]] += 1
            self.again.append(int(answer.headers["retry-after"]))
        if answer.status_code != 202:
            return False
        self.accepted += [item["id"] for item in answer.json()["items"] if item["status"] in ("accepted", "duplicated")]
        return True


def numbered(sender: Sender) -> Iterator[Sent]:
    """Batches without end, each event but once."""
    for first in count(0, sender.at_once):
        yield from sender.requests(first, sender.at_once)
