"""Several instances of each streaming service: what they get through together, who has which partitions, and what it costs.

`python -m deploy.bench.instances` runs one, two and four of each, turn by turn, on one broker and database.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markdown import Markdown

from deploy.bench import tables
from deploy.bench.chain import WARM, WARM_TURN, new_folder, staged, warmed
from deploy.bench.figures import Figures, median_of
from deploy.bench.sending import Stage, prepare, quiet
from deploy.bench.throughput import STREAMS, Speed, at_full_speed, open_database
from deploy.bench.workloads import of_turn
from deploy.local.platform import PARTITIONS, Platform, together
from deploy.local.process import ProcessFailed

SUMMARY: Final = Path("var/instances.json")
COUNTS: Final = (1, 2, 4)
SHARED_WITHIN: Final = 120.0

console = Console(highlight=False, soft_wrap=True)


@dataclass
class Several:
    """The runs with so many instances of each. `partitions` are those of each instance, the most first."""

    instances: int
    partitions: dict[str, list[int]] = field(default_factory=dict)
    runs: list[Speed] = field(default_factory=list)

    def figures(self) -> Figures:
        middle = median_of([_figures(speed) for speed in self.runs])
        return {"instances": self.instances, "partitions": self.partitions, **middle}


def _figures(speed: Speed) -> Figures:
    """CPU seconds for 1,000 completions, of all instances of a service together."""
    cpu: Counter[str] = Counter()
    for name, seconds in speed.cpu.items():
        cpu[next((service for service in STREAMS if name.startswith(service)), name)] += seconds  # type: ignore[assignment]
    costs = {name: round(1_000 * seconds / speed.completions, 3) for name, seconds in cpu.items()}
    return {
        "completions_per_second": round(speed.per_second, 1),
        "awards_per_second": round(speed.awards_per_second, 1),
        "cpu": costs,
        "cpu_all": round(sum(costs.values()), 3),
        "memory": dict(speed.memory),
    }


async def measure(folder: Path, learners: int, turns: int, numbers: Sequence[int], say: Callable[[str], None]) -> Figures:
    """On a platform of its own. Raises ProcessFailed, also if partitions aren't shared evenly in time."""
    several = {number: Several(number) for number in numbers}
    async with staged(folder, say) as stage:
        for turn in range(turns):
            for place, number in enumerate(numbers):
                await _scaled(stage.platform, number)
                await warmed(stage, of_turn("awards", WARM, WARM_TURN + turn * len(numbers) + place))
                shares = await shared(stage, number)
                say(f"{number} of each: " + "; ".join(f"{service} {found}" for service, found in shares.items()))
                workload = of_turn("awards", learners, turn * len(numbers) + place)
                await prepare(stage, workload)
                speed, _ = await at_full_speed(stage, workload)
                several[number].partitions = shares
                several[number].runs.append(speed)
                await quiet(stage)
    found = [each.figures() for each in several.values()]
    least = found[0]["completions_per_second"]
    return {"turns": turns, "each": [each | {"of_one": round(each["completions_per_second"] / least, 3)} for each in found]}


async def _scaled(platform: Platform, number: int) -> None:
    """Start instances until there are so many of each streaming service, or stop the last ones."""
    for service in STREAMS:
        known = [instance for instance in platform.instances if instance.service == service]
        running = [instance for instance in known if instance.process.running]
        await together(instance.stop() for instance in running[number:])
        resting = [instance for instance in known if not instance.process.running]
        for _ in range(number - len(running)):
            await (resting.pop(0).start() if resting else platform.add(service))


async def shared(stage: Stage, number: int) -> dict[str, list[int]]:
    """How many partitions each instance has, when all have some."""
    expected = sorted((PARTITIONS // number + (place < PARTITIONS % number) for place in range(number)), reverse=True)
    found: dict[str, list[int]] = {}
    deadline = monotonic() + SHARED_WITHIN
    while monotonic() < deadline:
        found = {service: await _partitions(stage.platform, service) for service in STREAMS}
        if all(shares == expected for shares in found.values()):
            return found
        await asyncio.sleep(0.5)
    raise ProcessFailed(f"{number} instances have {found} partitions after {SHARED_WITHIN:.0f} s")


async def _partitions(platform: Platform, service: str) -> list[int]:
    async with open_database(platform, service) as database:
        checkpoints = await database["checkpoints"].find({}, {"instance": 1}).to_list(None)
    return sorted(Counter(one["instance"] for one in checkpoints).values(), reverse=True)


def main(
    learners: Annotated[int, typer.Option(help="in each run, nine completions each")] = 300,
    turns: Annotated[int, typer.Option(help="runs with each number of instances")] = 2,
    most: Annotated[int, typer.Option(help="instances of each service")] = COUNTS[-1],
    json_: Annotated[Path, typer.Option("--json", help="where the figures go")] = SUMMARY,
) -> None:
    """Run the chain with one, two and four instances of each streaming service."""
    folder, started = new_folder("bench-instances"), monotonic()
    numbers = [number for number in COUNTS if number <= most]
    try:
        found = asyncio.run(
            measure(folder, learners, turns, numbers, lambda what: console.print(f"{monotonic() - started:5.0f} s  {what}"))
        )
    except ProcessFailed as failure:
        sys.exit(str(failure))
    json_.parent.mkdir(parents=True, exist_ok=True)
    json_.write_text(json.dumps(found, indent=2) + "\n")
    console.print(Markdown(tables.of_instances(found)), width=tables.WIDTH)
    shutil.rmtree(folder)


if __name__ == "__main__":
    typer.run(main)
