"""`python -m deploy.bench.chain`: only the throughput of the whole chain, and what it cost each process; in about a minute."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from deploy.bench.counts import counted
from deploy.bench.figures import of_speed
from deploy.bench.sending import Stage, prepare, quiet, send
from deploy.bench.throughput import Speed, at_full_speed
from deploy.bench.workloads import MIXES, Workload, of_turn
from deploy.demo.chain import Chain
from deploy.demo.office import Office
from deploy.local.platform import Platform
from deploy.local.process import ProcessFailed
from shared.kafka import Publisher

WARM: Final = 30
"""Learners of a turn of their own, sent before anything is measured: what is loaded and compiled once should not count."""
WARM_TURN: Final = 900

console = Console(highlight=False, soft_wrap=True)


def main(
    mix: Annotated[str, typer.Option(help=" or ".join(MIXES))] = "awards",
    learners: Annotated[int, typer.Option(help="some 8 or 9 completions for each")] = 400,
    json_: Annotated[Path | None, typer.Option("--json", help="where to write all figures")] = None,
) -> None:
    """Send a workload through a platform started for it, and tell how fast it came through."""
    folder = new_folder("bench-chain")
    load = os.getloadavg()[0]
    try:
        speed = asyncio.run(measure(folder, of_turn(mix, learners, 0), of_turn(mix, WARM, WARM_TURN)))
    except ProcessFailed as failure:
        sys.exit(str(failure))
    show(speed, load)
    if json_ is not None:
        json_.parent.mkdir(parents=True, exist_ok=True)
        json_.write_text(json.dumps({**of_speed(speed), "load_before": round(load, 2)}, indent=2) + "\n")
    shutil.rmtree(folder)


async def measure(folder: Path, workload: Workload, warm: Workload) -> Speed:
    async with staged(folder, console.print) as stage:
        await warmed(stage, warm)
        await prepare(stage, workload)
        speed, _ = await at_full_speed(stage, workload)
    return speed


def new_folder(name: str) -> Path:
    """Under `var/`, of its own, so that several may run at a time."""
    Path("var").mkdir(exist_ok=True)
    return Path(mkdtemp(prefix=f"{name}-", dir="var"))


@asynccontextmanager
async def staged(folder: Path, say: Any, **options: Any) -> AsyncIterator[Stage]:
    """A platform in the folder, with what a bench needs around it. `options` are the platform's. Raises ProcessFailed."""
    env = {"CAIRN_LOG_LEVEL": "WARNING", **counted(Path.cwd() / folder / "counts")}
    say("starting broker, database and services")
    async with AsyncExitStack() as opened:
        platform = await opened.enter_async_context(Platform(folder, env=env, **options))
        publisher = await opened.enter_async_context(Publisher(platform.bootstrap))
        office = await opened.enter_async_context(Office(platform))
        chain = await opened.enter_async_context(Chain(platform.bootstrap))
        yield Stage(platform, office, publisher, chain, say, folder / "counts")


async def warmed(stage: Stage, workload: Workload) -> None:
    """Send a few learners through that aren't counted."""
    await prepare(stage, workload)
    await send(stage.publisher, workload.completions)
    await quiet(stage)
    stage.say("warm")


def show(speed: Speed, load: float) -> None:
    found = of_speed(speed)
    title = f"{speed.mix}: {speed.completions:,} completions on {os.cpu_count()} cores (load before: {load:.1f})"
    table = Table(title=title, title_justify="left")
    for column in ("", "a second", "in all"):
        table.add_column(column, justify="right" if column else "left")
    for name in ("completions", "awards", "upgrades", "credentials", "verdicts", "facts"):
        number = found[name]
        table.add_row(name, f"{number / speed.seconds:,.1f}", f"{number:,}")
    table.add_row("mails", f"{found['mails_per_second']:,.1f}", f"{speed.mails:,}")
    console.print(table)
    seconds = f"{speed.seconds:.1f} s to the last write of notifications, {speed.mailed_after:.1f} s to the last mail"
    console.print(seconds)
    costs = Table(title="for 1,000 completions", title_justify="left")
    for column in (
        "process",
        "processor seconds",
        "peak megabytes",
        "kilobytes to disk",
        "commands",
        "messages in a transaction",
    ):
        costs.add_column(column, justify="left" if column == "process" else "right")
    for name, spent in found["cpu"].items():
        asked = found["commands"].get(name)
        batch = found["batch"].get(name)
        costs.add_row(
            name,
            f"{spent:.3f}",
            f"{found['memory'].get(name, 0):,.0f}",
            f"{found['disk_bytes'].get(name, 0):,.0f}",
            "" if asked is None else f"{1_000 * asked:,.1f}",
            "" if batch is None else f"{batch:,.0f}",
        )
    costs.add_row("together", f"{sum(found['cpu'].values()):.3f}")
    console.print(costs)


if __name__ == "__main__":
    typer.run(main)
