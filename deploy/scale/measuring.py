"""`python -m deploy.scale.measuring`: what a batch costs and what each message in it does, told apart.

The cohort is sent slowly, faster, and all at once. Slowly each batch is small, so that its fixed cost (a transaction, an
acknowledgement, a publishing) is most of what is spent; at once it is shared by many. Some three minutes; `var/batches.json`.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform as machine
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from deploy.bench import counts, latency
from deploy.bench.chain import WARM, WARM_TURN, new_folder, staged, warmed
from deploy.bench.counts import Counters, asked_by
from deploy.bench.cpu import CpuTime
from deploy.bench.figures import of_delays, of_speed
from deploy.bench.samples import processes_of
from deploy.bench.sending import Stage, prepare
from deploy.bench.throughput import OWN, STREAMS, at_full_speed
from deploy.bench.workloads import of_turn
from deploy.local.process import ProcessFailed
from shared.topics import REQUESTS

MIX: Final = "cohort"
RATES: Final = (5.0, 15.0, 40.0)
"""Completions a second: far below what the platform can do, so that nothing piles up."""
SECONDS: Final = 25.0
LEARNERS: Final = 250
"""Of the run at full speed."""
IDLE_FOR: Final = 8.0
TURN: Final = 300

console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Point:
    """A run: `cpu` is processor time of each process in seconds, without what it has when idle; `read` how many messages each
    service read, `batches` in how many transactions. `award` are seconds from completion to award, where they were measured.
    """

    rate: float
    completions: int
    cpu: Mapping[str, float]
    read: Mapping[str, int]
    batches: Mapping[str, int]
    award: Mapping[str, float] | None


async def measure(folder: Path, rates: tuple[float, ...], seconds: float, learners: int) -> dict[str, Any]:
    """Raises ProcessFailed."""
    async with staged(folder, console.print) as stage:
        await warmed(stage, of_turn(MIX, WARM, WARM_TURN))
        idle = await _idle(stage)
        points = []
        for turn, rate in enumerate(rates, TURN):
            points.append(await _at_rate(stage, rate, seconds, turn, idle))
            console.print(f"{rate:g}/s: {points[-1]}")
        before, full = await _stored(stage), of_turn(MIX, learners, TURN - 1)
        await prepare(stage, full)
        speed, said = await at_full_speed(stage, full)
        grown = {
            service: [now - was for now, was in zip(found, before[service], strict=True)]
            for service, found in (await _stored(stage)).items()
        }
    spent = {
        name: max(0.0, used - idle.get(name, 0.0) * max(speed.seconds, speed.mailed_after)) for name, used in speed.cpu.items()
    }
    read = {service: said.read_by(service) for service in STREAMS}
    batches = {service: round(read[service] / speed.batch[service]) for service in STREAMS}
    points.append(Point(speed.per_second, speed.completions, spent, read, batches, None))
    stored = {service: [round(part / speed.completions, 1) for part in parts] for service, parts in grown.items()}
    return {"idle": idle, "points": [asdict(point) for point in points], "full": {**of_speed(speed), "stored_bytes": stored}}


async def _idle(stage: Stage) -> dict[str, float]:
    cpu = CpuTime(processes_of(stage.platform))
    await asyncio.sleep(IDLE_FOR)
    return {name: round(seconds / IDLE_FOR, 4) for name, seconds in cpu.seconds().items()}


async def _at_rate(stage: Stage, rate: float, seconds: float, turn: int, idle: Mapping[str, float]) -> Point:
    await prepare(stage, of_turn(MIX, max(1, round(rate * seconds / latency.COMPLETIONS_OF_ONE[MIX])), turn))
    asked = {service: asked_by(stage.counts, service) for service in STREAMS}
    ends = await counts.ends(stage.platform.bootstrap, OWN)
    at = await latency.at_rate(stage, MIX, rate, seconds, turn)
    later = await counts.ends(stage.platform.bootstrap, OWN)
    new = {name: sum(later[name].values()) - sum(ends[name].values()) for name in later}
    took = len(at.sent) / rate
    return Point(
        rate,
        len(at.sent),
        {name: round(max(0.0, share - idle.get(name, 0.0)) * took, 3) for name, share in at.busy.items()},
        {service: new[STREAMS[service][0].name] + new[REQUESTS[service].name] for service in STREAMS},
        {
            service: counts.since(asked[service], asked_by(stage.counts, service)).get(("", "commitTransaction"), counts.NONE)[0]
            for service in STREAMS
        },
        of_delays(at.award),
    )


async def _stored(stage: Stage) -> dict[str, tuple[int, int]]:
    counters = Counters(stage.platform.mongodb)
    try:
        return {service: await counters.stored(f"cairn_{service}") for service in STREAMS}
    finally:
        await counters.close()


def main(
    seconds: Annotated[float, typer.Option(help="for each rate")] = SECONDS,
    learners: Annotated[int, typer.Option(help="whose completions come all at once")] = LEARNERS,
    json_: Annotated[Path, typer.Option("--json", help="where the figures go")] = Path("var/batches.json"),
) -> None:
    """Send the cohort at several rates through a platform started for it, and count batches and processor time."""
    found: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "processor": processor(),
        "load_before": round(os.getloadavg()[0], 2),
    }
    folder = new_folder("scale-measuring")
    try:
        found |= asyncio.run(measure(folder, RATES, seconds, learners))
    except ProcessFailed as failure:
        sys.exit(str(failure))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    json_.parent.mkdir(parents=True, exist_ok=True)
    json_.write_text(json.dumps(found, indent=1) + "\n")
    console.print(f"All figures: {json_}")


def processor() -> str:
    """What the system calls it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return machine.processor() or machine.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else machine.machine()


if __name__ == "__main__":
    typer.run(main)
