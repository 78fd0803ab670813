"""A service's replay as a command: `python -m services.<service>.replay --into <prefix> [--from <prefix>]`.

Everything else is said by the environment, as to the service itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from shared.mongo import Database
from shared.replay.copying import Unknown
from shared.replay.course import Report, Tell, tell_nobody
from shared.replay.ground import Occupied, Running
from shared.settings import Settings, Unset


class Differs(Exception):
    """What follows from the archive is not what was said. The text names the differences."""


@dataclass(frozen=True, slots=True)
class Replay:
    """`origin` is the service's database as it was, or a backup of it; `verdicts` the folder in which assessment's replay leaves
    the verdicts that awarding's reads; `scratch` may be removed afterwards.

    `heal` lets the services tell the world of what follows from the archive and was said otherwise.
    """

    settings: Settings
    origin: Database | None
    target: Database
    verdicts: Path
    tell: Tell = tell_nobody
    heal: bool = False


REFUSALS = (Occupied, Running, Unknown, Differs)
"""Why a replay isn't done, said in one line."""


def to_people(report: Report) -> None:
    print(report, file=sys.stderr, flush=True)


def to_programs(report: Report) -> None:
    print(json.dumps(report.to_json()), flush=True)


def command(service: str, replay: Callable[[Replay], Awaitable[None]]) -> None:
    """Exits with 1, and says why, if the replay is refused."""
    reader = argparse.ArgumentParser(prog=f"python -m services.{service}.replay", description=replay.__doc__)
    reader.add_argument("--into", required=True, metavar="PREFIX", help="beginning of the name of the database to be filled")
    reader.add_argument("--from", dest="origin", metavar="PREFIX", help="beginning of the name of the database as it was")
    reader.add_argument("--from-mongodb", metavar="URL", help="where that is (default: CAIRN_MONGODB)")
    reader.add_argument("--verdicts", type=Path, default=Path("var/replay"), metavar="FOLDER", help="verdicts handed over")
    reader.add_argument("--heal", action="store_true", help="go on where the archive contradicts what was said, and correct it")
    reader.add_argument("--json", action="store_true", help="progress as one JSON object a line")
    told = reader.parse_args()
    try:
        settings = Settings.read()
    except Unset as unset:
        sys.exit(str(unset))

    async def run() -> None:
        target = Database.of(settings, f"{told.into}_{service}")
        origin = Database.of(settings, f"{told.origin}_{service}", told.from_mongodb) if told.origin else None
        try:
            tell = to_programs if told.json else to_people
            await replay(Replay(settings, origin, target, told.verdicts, tell, told.heal))
        finally:
            target.close()
            if origin is not None:
                origin.close()

    try:
        asyncio.run(run())
    except (*REFUSALS, Unset) as refusal:
        sys.exit(f"{service}: {refusal}")
