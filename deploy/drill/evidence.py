"""What a platform says when all is done: by its APIs, on its topics, in its databases, in the mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Final

import httpx

from deploy.demo.chain import Chain
from deploy.demo.office import Office, Refused
from deploy.demo.run import Shape
from deploy.drill.doors import Doors
from deploy.drill.judge import Difference, Entry, Found, Mailed, Place
from deploy.drill.log import Log, facts
from deploy.drill.plain import Editions, Held, told_and_mailed
from deploy.local.platform import Platform
from services.awarding.answers import AwardShown
from shared.credentials.status import decoded
from shared.events.awarding import AwardStatus, CredentialIssued
from shared.events.envelope import Fact
from shared.mongo import Database
from shared.topics import AWARDS, DEAD_LETTERS, VERDICTS

SETTLED_WITHIN: Final = 240.0
"""Seconds: a mail's lease that nobody ended takes one minute, an outage that was backed off from some more."""

QUIET: Final = 8
"""Looks, half a second apart: longer than awarding waits between two looks at what fell due."""


async def settled(platform: Platform, within: float = SETTLED_WITHIN) -> list[Difference]:
    """Wait until nothing is on its way; what still is when the time is over."""
    deadline, quiet = monotonic() + within, 0
    async with Office(platform) as office, Chain(platform.bootstrap) as chain:
        while quiet < QUIET:
            waiting = await _waiting(office, chain)
            quiet = 0 if waiting else quiet + 1
            if waiting and monotonic() > deadline:
                return [Difference(f"parts are not done {within:.0f} s after the last fault", len(waiting), tuple(waiting))]
            await asyncio.sleep(0.5)
    return []


async def _waiting(office: Office, chain: Chain) -> list[str]:
    positions = await chain.positions()
    found = [f"{service} lags by {position.lag}" for service, position in positions.items() if position.lag]
    try:
        if await office.sweeping():
            found.append("somebody is still being looked at again")
        states = await office.get("notifications", "/deliveries/states")
        found += [f"{states[state]} mails are {state}" for state in ("waiting", "leased", "deferred") if states.get(state)]
    except (Refused, httpx.TransportError) as trouble:
        found.append(f"{type(trouble).__name__} {trouble}")
    return found


async def collected(
    platform: Platform,
    log: Log,
    doors: Doors,
    shape: Shape,
    editions: Editions,
    windows: Sequence[tuple[float, float]],
) -> Found:
    """Once it has settled."""
    await log.caught_up()
    verdicts, awards = list(facts(log.of(VERDICTS))), list(facts(log.of(AWARDS)))
    told, mailed = await asyncio.to_thread(told_and_mailed, awards, editions)
    async with Office(platform) as office:
        held = await _held(office, shape)
    async with _database(platform, "notifications") as database:
        inbox = await database["inbox"].find({}, {"learner": 1, "number": 1}).to_list(None)
        deliveries = await database["deliveries"].find({}, {"state": 1}).to_list(None)
    return Found(
        held=held,
        verdicts=verdicts,
        awards=awards,
        entries=await _entries(platform),
        dead=[line.value or b"" for line in log.of(*DEAD_LETTERS.values())],
        set_places=await _set_places(platform, awards),
        inbox=[(message["_id"], message["learner"], message["number"]) for message in inbox],
        told=told,
        mailed=mailed,
        deliveries={delivery["_id"]: delivery["state"] for delivery in deliveries},
        mails=await asyncio.to_thread(lambda: list(mails(platform.mailbox.folder / "mails"))),
        windows=windows,
        source=await doors.accounts(),
    )


async def _held(office: Office, shape: Shape) -> list[Held]:
    """By awarding's own word: every award that stands, whether valid, suspended or expired."""
    levels = (level.achievement for found in shape.levels.values() for level in found)
    found: list[Held] = []
    for achievement in (*shape.achievements, *levels):
        async for item in office.pages("awarding", f"/achievements/{achievement}/awards"):
            award = AwardShown.model_validate(item)
            if award.status is not AwardStatus.REVOKED:
                found.append(Held(award.learner, award.achievement, award.version, award.awarded_at, award.status))
    return found


async def _entries(platform: Platform) -> list[Entry]:
    async with _database(platform, "assessment") as database:
        found = await database["entries"].find({}, {"learner": 1, "source": 1, "id": 1}).to_list(None)
    return [(entry["learner"], entry["source"], entry["id"]) for entry in found]


async def _set_places(platform: Platform, awards: Iterable[Fact]) -> frozenset[Place]:
    """Of all status lists in which a credential has a place, as they are served to strangers."""
    lists = {(fact.issuer, fact.status.list) for fact in awards if isinstance(fact, CredentialIssued)}
    places: set[Place] = set()
    async with httpx.AsyncClient(base_url=platform["awarding"].url, trust_env=False, timeout=60) as http:
        for unit, name in sorted(lists):
            served = (await http.get(f"/issuers/{unit}/status/{name}")).raise_for_status().json()
            bits = decoded(served["credentialSubject"]["encodedList"])
            places |= {(name, index) for index in range(bits.size) if bits.get(index)}
    return frozenset(places)


def mails(folder: Path) -> Iterable[Mailed]:
    """Each as it arrived: the mailbox writes a file for each, whose time is that of its arrival."""
    for path in sorted(folder.glob("*.eml")):
        with path.open("rb") as mail:
            found = next((line for line in mail if line.lower().startswith(b"message-id:")), b"")
        yield Mailed(found.partition(b":")[2].decode().strip().strip("<>").split("@")[0], path.stat().st_mtime)


@asynccontextmanager
async def _database(platform: Platform, service: str) -> AsyncIterator[Database]:
    """To look into: nobody but the service writes there."""
    database = Database(platform.mongodb, f"cairn_{service}")
    try:
        yield database
    finally:
        database.close()


def now() -> datetime:
    return datetime.now(UTC)
