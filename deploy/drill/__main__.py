"""`make drill`: what can befall a platform, at random, while completions flow; and then the verdict."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from typing import Annotated, Final

import typer
from rich.console import Console

from deploy.bench.marks import filled
from deploy.drill.drill import Drill, NotHere
from deploy.drill.people import records, university
from deploy.drill.report import in_markdown, shown, written
from deploy.drill.schedule import UnknownFault, each, schedule
from deploy.local.process import ProcessFailed

FOLDER: Final = Path("var/drill")
RATE: Final = 40
PAGE: Final = Path("docs/reliability.md")
BY: Final = 'make drill DRILL="--each --write"'


def main(
    minutes: Annotated[float, typer.Option(help="for which the load flows and faults come")] = 10.0,
    seed: Annotated[int | None, typer.Option(help="of the schedule of faults, the cohort and the garbage")] = None,
    rate: Annotated[int, typer.Option(help="completions in a second, of the seeded cohort")] = RATE,
    folder: Annotated[Path | None, typer.Option("--oulad", help="real records instead of the seeded cohort")] = None,
    only: Annotated[list[str] | None, typer.Option(help="a kind of fault, or a fault (`kill awarding`); several times")] = None,
    apart: Annotated[float, typer.Option(help="seconds between the end of a fault and the next, at least")] = 8.0,
    json: Annotated[Path, typer.Option(help="where the outcome is written")] = Path("var/drill.json"),
    recoveries: Annotated[bool, typer.Option("--each", help="every fault once, far apart, however long it takes")] = False,
    plan: Annotated[bool, typer.Option(help="show the schedule and do nothing")] = False,
    write: Annotated[bool, typer.Option("--write", help=f"put the recoveries into {PAGE}, if all is as it must be")] = False,
) -> None:
    """Exit status 1 if anything is not as a plain evaluation of what was acknowledged says."""
    console = Console(soft_wrap=True)
    chosen = SystemRandom().randrange(1_000_000) if seed is None else seed
    seconds = minutes * 60
    try:
        faults = each(chosen, only or ()) if recoveries else schedule(chosen, seconds, only or (), apart=(apart, apart + 6))
    except UnknownFault as unknown:
        sys.exit(str(unknown))
    seconds = faults[-1].until + 25 if recoveries else seconds
    console.print(f"seed {chosen}", highlight=False)
    if plan:
        for fault in faults:
            console.print(f"{fault.at:6.1f} s  {fault}", highlight=False)
        return
    at, load = datetime.now(UTC).isoformat(timespec="seconds"), os.getloadavg()[0]
    where = f"Measured at {at} on {os.cpu_count()} cores, load before {load:.2f}."
    plot = records(folder) if folder else university(chosen, int(seconds * rate), datetime.now(UTC), seconds)
    try:
        outcome = asyncio.run(Drill(chosen, seconds, faults, plot, FOLDER, console).run())
    except (ProcessFailed, NotHere) as failure:
        sys.exit(f"{failure}\nseed {chosen}")
    written(outcome, json)
    told = in_markdown(outcome, where)
    json.with_suffix(".md").write_text(f"{told}\n")
    shown(outcome, console)
    if write and outcome.exact:
        PAGE.write_text(filled(PAGE.read_text(), {"recovery": told}, BY))
    console.print(f"logs: {FOLDER / 'logs'}; figures: {json}\nseed {chosen}", highlight=False)
    sys.exit(0 if outcome.exact else 1)


if __name__ == "__main__":
    typer.run(main)
