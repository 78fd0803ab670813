"""Completions for hours: does any process's memory grow with what it has done?

`python -m deploy.bench.soak --completions 1000000` writes `var/soak.csv` as it goes, then `var/soak.json` and a picture. Nothing
is sent while much is waiting, so the platform does it at its own speed; mails are thrown away when the mailbox has them.
"""

from __future__ import annotations

import asyncio
import csv
import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, time
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markdown import Markdown

from deploy.bench import tables
from deploy.bench.chain import new_folder, staged
from deploy.bench.curves_picture import Line, picture
from deploy.bench.figures import Figures
from deploy.bench.samples import MEGABYTE, Samples, processes_of
from deploy.bench.sending import AT_ONCE, Stage, quiet
from deploy.bench.workloads import RUNGS, Workload, of_turn
from deploy.demo.chain import INPUTS
from deploy.local.process import ProcessFailed
from shared.kafka import Outgoing
from shared.topics import COMPLETIONS

FOLDER: Final = Path("var")
PICTURE: Final = Path("docs/pictures/soak.svg")
LEARNERS: Final = 2_000
"""Of whom contacts are entered and completions sent together."""
MOST_WAITING: Final = 6_000
EVERY: Final = 10.0
TOLD_EVERY: Final = 60.0

console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Row:
    """At so many seconds, and so many completions sent: the megabytes of each process."""

    seconds: float
    completions: int
    memory: Mapping[str, float]


def grows(rows: Sequence[Row], name: str) -> float:
    """Megabytes for 100,000 completions, by the straight line that lies closest to the second half of a process's figures."""
    later = [(row.completions / 100_000, row.memory[name]) for row in rows[len(rows) // 2 :] if name in row.memory]
    middle = sum(x for x, _ in later) / len(later), sum(y for _, y in later) / len(later)
    spread = sum((x - middle[0]) ** 2 for x, _ in later)
    return sum((x - middle[0]) * (y - middle[1]) for x, y in later) / spread if spread else 0.0


def figures(rows: Sequence[Row]) -> Figures:
    tenth = next(row for row in rows if row.completions >= rows[-1].completions / 10)
    return {
        "completions": rows[-1].completions,
        "seconds": round(rows[-1].seconds),
        "completions_per_second": round(rows[-1].completions / rows[-1].seconds, 1),
        "memory": {
            name: {
                "at_tenth": tenth.memory[name],
                "at_end": memory,
                "peak": max(row.memory[name] for row in rows if name in row.memory),
                "grows": round(grows(rows, name), 2),
            }
            for name, memory in rows[-1].memory.items()
        },
        "rows": [[round(row.seconds), row.completions, dict(row.memory)] for row in rows[:: max(1, len(rows) // 200)]],
    }


def drawn(rows: Sequence[Row]) -> str:
    """Each process's memory over the completions."""
    thinned = rows[:: max(1, len(rows) // 200)]
    last = rows[-1].completions
    ticks = [(last * part / 4, f"{last * part // 4:,}") for part in range(5)]
    lines = [
        Line(name, [(row.completions, row.memory[name]) for row in thinned if name in row.memory], marked=False)
        for name in rows[-1].memory
    ]
    return picture("Memory of each process", "completions sent", "megabytes resident", lines, ticks)


class Soak:
    """Sends, and looks at the processes every some seconds."""

    def __init__(self, stage: Stage, log: Path) -> None:
        self._stage = stage
        self._log = log
        self._sent = 0
        self.rows: list[Row] = []

    async def run(self, completions: int, within: float) -> None:
        """Until all are sent and through, or the time is over. Raises ProcessFailed if a process ended meanwhile."""
        processes = processes_of(self._stage.platform)
        async with Samples(processes, EVERY) as samples:
            looking = asyncio.create_task(self._look(samples, list(processes)), name="look at memory")
            try:
                async with asyncio.timeout(within):
                    await self._send_all(completions)
                    await quiet(self._stage)
            except TimeoutError:
                self._stage.say(f"the time is over after {self._sent:,} completions")
            finally:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)
        self._note(samples)
        if ended := [name for name, process in processes.items() if not process.running]:
            raise ProcessFailed(f"{', '.join(ended)} ended in between")

    async def _send_all(self, completions: int) -> None:
        turn = 0
        while self._sent < completions:
            learners = min(LEARNERS, -(-(completions - self._sent) // RUNGS))
            await self._send(of_turn("awards", learners, turn))
            turn += 1

    async def _send(self, workload: Workload) -> None:
        if not self._sent:
            for edition in workload.editions:
                await self._stage.office.publish(edition)
        await self._stage.office.enter_contacts(workload.contacts)
        for start in range(0, len(workload.completions), AT_ONCE):
            await self._room()
            together = workload.completions[start : start + AT_ONCE]
            messages = [Outgoing.of(COMPLETIONS.name, learner, envelope) for learner, envelope in together]
            await self._stage.publisher.publish_all(messages, within=60)
            self._sent += len(together)

    async def _room(self) -> None:
        """Wait until not too much is on its way, and the mails are gone."""
        while True:
            positions = await self._stage.chain.positions()
            if sum(positions[service].lag for service in INPUTS) < MOST_WAITING:
                return
            await asyncio.sleep(0.5)

    async def _look(self, samples: Samples, names: Sequence[str]) -> None:
        told = monotonic()
        with self._log.open("w") as file:
            written = csv.writer(file)
            written.writerow(["seconds", "completions", *(f"{name} MB" for name in names)])
            while True:
                await asyncio.sleep(EVERY)
                row = self._note(samples)
                written.writerow([round(row.seconds), row.completions, *(row.memory.get(name, "") for name in names)])
                file.flush()
                await asyncio.to_thread(self._throw_away)
                if monotonic() - told > TOLD_EVERY:
                    told = monotonic()
                    memory = ", ".join(f"{name} {megabytes:,.0f}" for name, megabytes in row.memory.items())
                    self._stage.say(f"{row.completions:,} completions; MB: {memory}")

    def _note(self, samples: Samples) -> Row:
        at, taken = samples.taken[-1]
        memory = {name: round(sample.memory / MEGABYTE, 1) for name, sample in taken.items()}
        self.rows.append(Row(at - samples.taken[0][0], self._sent, memory))
        return self.rows[-1]

    def _throw_away(self) -> None:
        """Mails that have been there for a while."""
        for path in self._stage.mails.glob("*.eml"):
            if path.stat().st_mtime < time() - EVERY:
                path.unlink()


async def measure(folder: Path, completions: int, within: float, log: Path, say: Callable[[str], None]) -> list[Row]:
    """On a platform of its own. Raises ProcessFailed."""
    async with staged(folder, say) as stage:
        soak = Soak(stage, log)
        await soak.run(completions, within)
    return soak.rows


def main(
    completions: Annotated[int, typer.Option(help="in all")] = 1_000_000,
    minutes: Annotated[float, typer.Option(help="at most")] = 300.0,
    folder: Annotated[Path, typer.Option(help="where soak.csv and soak.json go")] = FOLDER,
    draw: Annotated[bool, typer.Option("--draw/--no-draw", help=f"write {PICTURE}")] = True,
) -> None:
    """Send completions for a long time and note the memory of each process."""
    data, started = new_folder("bench-soak"), monotonic()
    try:
        rows = asyncio.run(
            measure(
                data,
                completions,
                60 * minutes,
                folder / "soak.csv",
                lambda what: console.print(f"{monotonic() - started:6.0f} s  {what}"),
            )
        )
    except ProcessFailed as failure:
        sys.exit(str(failure))
    found = figures(rows)
    (folder / "soak.json").write_text(json.dumps(found) + "\n")
    if draw:
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        PICTURE.write_text(drawn(rows))
    console.print(Markdown(tables.of_soak(found)), width=tables.WIDTH)
    shutil.rmtree(data)


if __name__ == "__main__":
    typer.run(main)
