"""`python -m deploy.bench.pressure`: what the platform does when its database has a tenth of its speed.

The same workload once as it is and once with the slow database; then, while it is slow, far more completions than it can take,
and more clients at a door than it has room for. It tells speeds, the memory of each process, and what clients were answered,
and writes all of it to `var/pressure.json`.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic, time
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from deploy.bench.chain import new_folder, staged, warmed
from deploy.bench.figures import of_speed
from deploy.bench.flood import Flood
from deploy.bench.samples import Samples, processes_of
from deploy.bench.sending import Stage, prepare, quiet, send
from deploy.bench.tables import table
from deploy.bench.throughput import Speed, at_full_speed, open_database
from deploy.bench.workloads import Workload, of_turn
from deploy.local.process import ProcessFailed
from deploy.local.slowness import quick, slow_down

MIX: Final = "awards"
WARM: Final = (20, 900)
AT_ONCE: Final = 20
PAGE: Final = Path("docs/reliability.md")
BEGIN: Final = "<!-- pressure: written by make pressure PRESSURE=--write -->"
END: Final = "<!-- pressure: end -->"

console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Flooded:
    """`memory` of each process in megabytes: before, and its peak while `backlog` completions lay on the topic and `clients` sent
    more for `seconds`. `arrived_after` seconds after the database was quick again nothing was on its way any more, and all
    `accepted` events were in the archive, each once. `log_lines`: how many each service wrote meanwhile.
    """

    backlog: int
    clients: int
    seconds: float
    answers: dict[str, int]
    retry_after: tuple[int, int]
    accepted: int
    memory: dict[str, tuple[float, float]]
    log_lines: dict[str, int]
    live: bool
    arrived_after: float


@dataclass(frozen=True)
class Pressure:
    """`slower`: how many times, as measured by the same work directly and through the proxy."""

    slower: float
    normal: Speed
    slow: Speed
    flooded: Flooded

    def figures(self) -> dict[str, Any]:
        speeds = {"normal": of_speed(self.normal), "slow": of_speed(self.slow)}
        return {"times_slower": round(self.slower, 1), **speeds, "flooded": asdict(self.flooded)}


async def measure(folder: Path, learners: int, backlog: int, clients: int, seconds: float) -> Pressure:
    async with staged(folder, console.print, through=("database",)) as stage:
        await warmed(stage, of_turn(MIX, *WARM))
        database, way = stage.platform.database, stage.platform.proxies["database"]
        if database is None:
            raise ProcessFailed("this needs a database of its own: unset CAIRN_MONGODB")
        workloads = [of_turn(MIX, number, turn) for turn, number in enumerate((learners, learners, backlog))]
        for workload in workloads:
            await prepare(stage, workload)
        normal, _ = await at_full_speed(stage, workloads[0])
        slower = await slow_down(way, database)
        console.print(f"the database is {slower:.1f} times slower")
        slow, _ = await at_full_speed(stage, workloads[1])
        flooded = await _flooded(stage, workloads[2], clients, seconds)
    return Pressure(slower, normal, slow, flooded)


async def _flooded(stage: Stage, backlog: Workload, clients: int, seconds: float) -> Flooded:
    platform, live = stage.platform, True
    async with Flood.open(platform, clients=clients, at_once=AT_ONCE) as flood:
        logged = _log_lines(stage)
        async with Samples(processes_of(platform)) as samples:
            before = samples.taken[0][1]
            await send(stage.publisher, backlog.completions)
            console.print(f"{len(backlog.completions):,} completions are on the topic, and {clients} clients send more")
            flooding, ends = asyncio.create_task(flood.run()), monotonic() + seconds
            while monotonic() < ends:
                live = live and (await flood.client.get("/health/live")).is_success
                await asyncio.sleep(0.5)
            flood.ended.set()
            quick(platform.proxies["database"])
            quick_at = time()
            await flooding
        peaks = samples.peaks()
        arrived_at = await _arrived(stage, flood.accepted)
        return Flooded(
            backlog=len(backlog.completions),
            clients=clients,
            seconds=seconds,
            answers={str(status): number for status, number in sorted(flood.answers.items())},
            retry_after=(min(flood.again, default=0), max(flood.again, default=0)),
            accepted=len(flood.accepted),
            memory={name: (round(one.memory / 1e6, 1), peaks[name]) for name, one in before.items()},
            log_lines={name: number - logged[name] for name, number in _log_lines(stage).items()},
            live=live,
            arrived_after=round(max(0.0, arrived_at - quick_at), 1),
        )


def _log_lines(stage: Stage) -> dict[str, int]:
    return {one.name: len(one.log.read_text(errors="replace").splitlines()) for one in stage.platform.instances}


async def _arrived(stage: Stage, ids: list[str]) -> float:
    """Since when nothing was on its way any more. Raises ProcessFailed if one is missing, or there twice, when all is quiet."""
    at = await quiet(stage)
    async with open_database(stage.platform, "assessment") as database:
        wanted = set(ids)
        entries = Counter([one["id"] async for one in database["entries"].find({}, {"id": 1}) if one["id"] in wanted])
    if entries.keys() != wanted or set(entries.values()) - {1}:
        raise ProcessFailed(f"of {len(ids)} that were accepted {len(entries)} are in the archive, {entries.total()} times")
    return at


def told(found: Mapping[str, Any]) -> str:
    """As Markdown. `found` is what is in the JSON file."""
    flooded = found["flooded"]
    speeds = table(
        ("", "at its speed", f"{found['times_slower']} times slower"),
        (
            (says, *(f"{found[which][name]:,.1f}" for which in ("normal", "slow")))
            for says, name in (("completions a second", "completions_per_second"), ("awards a second", "awards_per_second"))
        ),
    )
    lines = {name.rpartition("-")[0]: number for name, number in flooded["log_lines"].items()}
    swelling = table(
        ("process", "megabytes before", "at most", "lines in its log"),
        (
            (process, f"{before:,.0f}", f"{peak:,.0f}", str(lines.get(process, "")))
            for process, (before, peak) in flooded["memory"].items()
        ),
    )
    answers = ", ".join(f"{number:,} times {status}" for status, number in flooded["answers"].items())
    least, most = flooded["retry_after"]
    return f"""Measured on {os.cpu_count()} cores, load before {found["load_before"]}. The database through the proxy:

{speeds}

While it is slow, {flooded["backlog"]:,} completions are put on the topic at once, and {flooded["clients"]} clients send
batches of {AT_ONCE} to one door for {flooded["seconds"]:g} seconds:

{swelling}

The clients were answered {answers}; `Retry-After` was from {least} to {most} seconds. `/health/live` answered
{"every time" if flooded["live"] else "NOT every time"}. All {flooded["accepted"]:,} events that were accepted were in
the archive, each once; {flooded["arrived_after"]:.0f} seconds after the database had its speed again nothing was on its
way any more."""


def filled(page: str, text: str) -> str:
    """The page with the text between its marks. Raises ValueError if it has none."""
    begin, end = page.index(BEGIN) + len(BEGIN), page.index(END)
    return f"{page[:begin]}\n{text}\n{page[end:]}"


def main(
    learners: Annotated[int, typer.Option(help="of each of the two workloads: some 8 completions for each")] = 120,
    backlog: Annotated[int, typer.Option(help="learners of what is sent at once in the end")] = 1_000,
    clients: Annotated[int, typer.Option(help="that send at the same time")] = 400,
    seconds: Annotated[float, typer.Option(help="for which they do")] = 20.0,
    write: Annotated[bool, typer.Option("--write", help=f"put the tables into {PAGE}")] = False,
    json_: Annotated[Path, typer.Option("--json", help="where to write all figures")] = Path("var/pressure.json"),
) -> None:
    """Slow the database down and see what the platform does."""
    load = os.getloadavg()[0]
    folder = new_folder("bench-pressure")
    try:
        found = asyncio.run(measure(folder, learners, backlog, clients, seconds))
    except ProcessFailed as failure:
        sys.exit(str(failure))
    figures = {**found.figures(), "load_before": round(load, 2)}
    text = told(figures)
    console.print(text, markup=False)
    json_.parent.mkdir(parents=True, exist_ok=True)
    json_.write_text(json.dumps(figures, indent=2) + "\n")
    if write:
        PAGE.write_text(filled(PAGE.read_text(), text))
    shutil.rmtree(folder)


if __name__ == "__main__":
    typer.run(main)
