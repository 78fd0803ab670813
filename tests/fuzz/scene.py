"""A town in which a source of each format has a key, and what must hold in it whatever comes."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self

import httpx

from services.assessment.sources.claims import Kind
from tests.fuzz.doors import DOORS, FORMATS_OF_DOORS, PERSONAL, Door, basic, names, outcomes, source
from tests.journeys.sources_town import SourcesTown
from tests.platform.parts import Broker, DatabaseServer

TAKEN = {Kind.ACCEPTED, Kind.HELD, Kind.IGNORED, Kind.DUPLICATED}


@dataclass
class Scene:
    town: SourcesTown
    keys: dict[str, tuple[str, str]]
    log: Log
    """`keys` are key and secret of each source, which is called as its format."""

    @classmethod
    @asynccontextmanager
    async def open(cls, kafka: Broker, mongodb: DatabaseServer, name: str, prefix: str, folder: Path) -> AsyncIterator[Self]:
        async with SourcesTown.open(kafka, mongodb, name, prefix, folder) as town:
            keys = {}
            for format_ in FORMATS_OF_DOORS:
                _, key, secret = await town.register(source(format_))
                keys[format_] = (key, secret)
            for door in DOORS:
                await town.learners("campus", names(door))
            with logged() as log:
                yield cls(town, keys, log)

    async def send(self, door: Door, body: bytes, **headers: str) -> httpx.Response:
        given = {"content-type": door.content_type, **door.headers, **basic(*self.keys[door.format])}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.town.client.request(door.method, door.path, content=body, headers=given)

    async def check(self, door: Door, body: bytes, headers: dict[str, str]) -> None:
        """Send it, and compare the answer with what was counted."""
        before = await self.town.counts(door.format)
        answer = await self.send(door, body, **headers)
        counted = await self.town.counts(door.format) - before
        said = _told(answer)
        assert PERSONAL.search(answer.text) is None
        told = outcomes(door, answer)
        kinds = Counter({kind.value: number for kind, number in counted.items()})
        if "taken" in told:
            kinds = Counter(taken=sum(kinds.pop(kind.value, 0) for kind in TAKEN)) + kinds
        assert kinds == told, (answer.status_code, said)

    async def nothing_is_half_stored(self) -> None:
        """What was accepted is kept, and on the topic once; what is held is kept and isn't; of all else there is nothing."""
        published = await self.town.published()
        assert max(Counter((one["source"], one["id"]) for one in published).values(), default=0) <= 1
        kept = await self.town.everything()
        originals = [one for one in kept if "sealed" in one and "digest" in one]
        assert not [one for one in kept if one.get("kind") == "taken"], "something is left in the outbox"
        for format_ in FORMATS_OF_DOORS:
            counts = await self.town.counts(format_)
            ours = [one for one in originals if one["source"] == format_]
            assert Counter(one["held"] for one in ours) == +Counter({False: counts[Kind.ACCEPTED], True: counts[Kind.HELD]}), (
                format_
            )
            days = await self.town.sources.accounts.days(date(2000, 1, 1), datetime.now(UTC).date(), format_)
            on_topic = [one for one in published if one["source"] == f"urn:cairn:source:{format_}"]
            assert sum(day.said for day in days) == len(on_topic), format_
        assert not [one for one in published if PERSONAL.search(str(one))]
        assert not [one for one in kept if PERSONAL.search(str(one))]
        assert not self.log.lines


class Log(logging.Handler):
    """Lines that repeat something personal, and those of mistakes of ours."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        if PERSONAL.search(line) or "nobody foresaw" in line or "a reader failed" in line:
            self.lines.append(line)


@contextmanager
def logged() -> Iterator[Log]:
    log = Log()
    logging.getLogger().addHandler(log)
    try:
        yield log
    finally:
        logging.getLogger().removeHandler(log)


def _told(answer: httpx.Response) -> Any:
    """Every answer is one that a person understands: no mistake of ours, and no refusal without a reason."""
    assert answer.status_code < 500, answer.text
    if answer.status_code == 204:
        return None
    said = answer.json()
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert said["status"] == answer.status_code
        assert said.get("detail"), said
    for item in said.get("items", ()) if isinstance(said, dict) else ():
        assert item["status"] != "refused" or item["detail"], item
    return said
