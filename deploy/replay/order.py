"""The services in the order in which their replays build on each other, each asked once."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.assessment.replay.collections import COLLECTIONS as OF_ASSESSMENT
from services.assessment.replay.running import replay as assessment
from services.awarding.replay.collections import COLLECTIONS as OF_AWARDING
from services.awarding.replay.running import DIFFERENCES
from services.awarding.replay.running import replay as awarding
from services.catalog.replay import COLLECTIONS as OF_CATALOG
from services.catalog.replay import replay as catalog
from services.notifications.replay import COLLECTIONS as OF_NOTIFICATIONS
from services.notifications.replay import replay as notifications
from shared.broker import broker_of
from shared.mongo import Database
from shared.replay.command import Differs, Replay
from shared.replay.course import Tell, tell_nobody
from shared.replay.ground import begun, check_stopped
from shared.settings import Settings

REPLAYS: Final[Mapping[str, Callable[[Replay], Awaitable[None]]]] = {
    "catalog": catalog,
    "assessment": assessment,
    "awarding": awarding,
    "notifications": notifications,
}
COLLECTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "catalog": OF_CATALOG,
    "assessment": OF_ASSESSMENT,
    "awarding": OF_AWARDING,
    "notifications": OF_NOTIFICATIONS,
}
"""What becomes of each collection: it is rebuilt, copied, or left."""

STREAMS: Final = ("assessment", "awarding", "notifications")


@dataclass(frozen=True, slots=True)
class Asked:
    """`origin` and `into` are beginnings of databases' names; `folder` is for what the replays leave to each other."""

    settings: Settings
    origin: str
    into: str
    folder: Path
    origin_mongodb: str | None = None
    heal: bool = False
    tell: Tell = tell_nobody


async def replay_all(asked: Asked) -> Path | None:
    """The file with what was said otherwise than it follows from the archive, if anything was.

    Raises Occupied, Running, Unknown, before anything is written by the service that is refused. Asked again after it was
    interrupted, it goes on where it was. Raises Differs at the end if learners were told what doesn't follow.
    """
    asked.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ended = asked.folder / f"ended-{asked.into}"
    done = set(ended.read_text().split()) if ended.exists() else set[str]()
    for service in STREAMS:
        await check_stopped(broker_of(asked.settings), service)
    differs: Differs | None = None
    for service in [service for service in REPLAYS if service not in done]:
        await _check_ground(asked, service)
    for service, replay in REPLAYS.items():
        if service in done:
            continue
        try:
            await _one(asked, service, replay)
        except Differs as found:
            differs = found
        done.add(service)
        ended.write_text(" ".join(sorted(done)))
    differences = asked.folder / DIFFERENCES
    kept = None
    if differences.exists() and differences.stat().st_size:
        kept = asked.folder.with_name(f"{asked.folder.name}-{DIFFERENCES}")
        shutil.move(differences, kept)
    shutil.rmtree(asked.folder)
    if differs is not None:
        raise Differs(f"{differs} (all of them: {kept})")
    return kept


async def _check_ground(asked: Asked, service: str) -> None:
    target = Database.of(asked.settings, f"{asked.into}_{service}")
    try:
        await begun(target)
    finally:
        target.close()


async def _one(asked: Asked, service: str, replay: Callable[[Replay], Awaitable[None]]) -> None:
    target = Database.of(asked.settings, f"{asked.into}_{service}")
    origin = Database.of(asked.settings, f"{asked.origin}_{service}", asked.origin_mongodb)
    try:
        await replay(Replay(asked.settings, origin, target, asked.folder, asked.tell, asked.heal))
    finally:
        target.close()
        origin.close()
