"""`python -m deploy.replay --from cairn --into again`: the environment says where broker and database are, as to the services.

`--local <folder>` starts broker and database of a local platform (`make up`) for it, and no services.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer

from deploy.replay.order import Asked, replay_all
from shared.replay.command import REFUSALS, to_people, to_programs
from shared.settings import Settings, Unset


def main(
    into: Annotated[str, typer.Option(help="beginning of the names of the databases to be filled: CAIRN_DATABASE_PREFIX later")],
    origin: Annotated[str, typer.Option("--from", help="beginning of the names of the databases as they were")] = "cairn",
    from_mongodb: Annotated[str | None, typer.Option(help="where those are (default: CAIRN_MONGODB)")] = None,
    folder: Annotated[Path, typer.Option(help="for what the replays leave to each other; removed when all is done")] = Path(
        "var/replay"
    ),
    local: Annotated[Path | None, typer.Option(help="the folder of a local platform that is down")] = None,
    heal: Annotated[bool, typer.Option(help="let services correct what was said and doesn't follow from the archive")] = False,
    json: Annotated[bool, typer.Option(help="progress as one JSON object a line")] = False,
) -> None:
    """Rebuild all derived state into empty databases. Exits with 1, and says why, if that is refused or something differs."""
    try:
        asyncio.run(run(into, origin, from_mongodb, folder, local, heal, json))
    except (*REFUSALS, Unset) as refusal:
        sys.exit(str(refusal))


async def run(into: str, origin: str, from_mongodb: str | None, folder: Path, local: Path | None, heal: bool, json: bool) -> None:
    async with AsyncExitStack() as parts:
        if local is not None:
            from deploy.local.platform import Platform  # needs what is installed where there are no other brokers and databases

            platform = await parts.enter_async_context(Platform(local, services=()))
            os.environ.update(platform.environment())
        settings = Settings.read()
        tell = to_programs if json else to_people
        differences = await replay_all(Asked(settings, origin, into, folder, from_mongodb, heal, tell))
    if differences is not None:
        print(f"What will be told anew, for it wasn't said as it follows, is in {differences}", file=sys.stderr)
    print(f"Done: start the services with CAIRN_DATABASE_PREFIX={into}", file=sys.stderr)


if __name__ == "__main__":
    typer.run(main)
