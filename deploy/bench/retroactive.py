"""A stack published late: how fast those who had earned it get it, beside the speed of the stream, alone and under load.

`python -m deploy.bench.retroactive --learners 100000`. The learners are written straight into the databases, each with three
completions and what followed from them; the stack then awards each of them its first level, and every third an upgrade.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, time
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markdown import Markdown

from deploy.bench import counts, tables
from deploy.bench.chain import WARM, WARM_TURN, new_folder, staged, warmed
from deploy.bench.figures import Figures, of_delays
from deploy.bench.latency import at_rate
from deploy.bench.log import Line, delays, lines
from deploy.bench.samples import Samples, processes_of
from deploy.bench.seeding import Signers, seed, stencil
from deploy.bench.sending import Stage, prepare, quiet, send
from deploy.bench.throughput import STREAMS, Watch, at_full_speed, open_database
from deploy.bench.workloads import ISSUER, LADDERS, RUNGS, awards, completed, of_turn
from deploy.local.platform import PARTITIONS, together
from deploy.local.process import ProcessFailed
from shared.broadcast import Broadcast
from shared.events.awarding import AwardGranted, StackUpgraded
from shared.events.envelope import Envelope
from shared.topics import AWARDS, COMPLETIONS, PUBLICATIONS

SUMMARY: Final = Path("var/retroactive.json")
DONE: Final = 3
"""Completions of each seeded learner."""
NOBODY: Final = "nobody-but-a-stencil"
SEEDED: Final = "seeded"
LIVE_TURN: Final = 200
QUIET_SECONDS: Final = 15.0
MOST_LIVE: Final = 60_000
"""Completions beside the sweep: it ends before."""
STREAM_LEARNERS: Final = 300

console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Swept:
    """`awards` and `upgrades` from the sweep alone; `seconds` from the publication to notifications' last write about them."""

    learners: int
    awards: int
    upgrades: int
    seconds: float
    cpu: dict[str, float]

    def figures(self, stream: float) -> Figures:
        """Beside the completions that the stream does in a second."""
        speed = self.learners / self.seconds
        cpu = {name: round(1_000 * spent / self.learners, 3) for name, spent in self.cpu.items()}
        return {
            "learners": self.learners,
            "awards": self.awards,
            "upgrades": self.upgrades,
            "seconds": round(self.seconds, 1),
            "learners_per_second": round(speed, 1),
            "of_the_stream": round(speed / stream, 3),
            "cpu": cpu,
        }


async def measure(folder: Path, learners: int, say: Callable[[str], None]) -> Figures:
    """On a platform of its own. Raises ProcessFailed."""
    async with staged(folder, say) as stage:
        await prepare(stage, awards(1))
        await _seeded(stage, learners)
        stage.say("sweeping with nothing else to do")
        await warmed(stage, of_turn("awards", WARM, WARM_TURN))
        alone, _ = await _sweep(stage, "late-1", learners, [])
        stage.say(f"swept in {alone.seconds:.0f} s; now the stream alone")
        workload = of_turn("awards", STREAM_LEARNERS, LIVE_TURN)
        await prepare(stage, workload)
        speed, _ = await at_full_speed(stage, workload)
        half = speed.per_second / 2
        before = await at_rate(stage, "awards", half, QUIET_SECONDS, LIVE_TURN + 1)
        stage.say(f"sweeping beside {half:.0f} completions/s")
        beside, live = await _sweep(stage, "late-2", learners, _lots(half, learners), half)
    return {
        "stream_per_second": round(speed.per_second, 1),
        "alone": alone.figures(speed.per_second),
        "beside": beside.figures(speed.per_second),
        "live": {
            "rate": round(half, 1),
            "without_sweep": {"award": of_delays(before.award), "upgrade": of_delays(before.upgrade)},
            "with_sweep": {kind: of_delays(found) for kind, found in live.items()},
        },
    }


def _lots(rate: float, learners: int) -> list[tuple[str, Envelope]]:
    """More completions than are sent during the sweep."""
    number = min(MOST_LIVE, int(rate * 60 + 10 * learners))
    return list(of_turn("awards", number // RUNGS, LIVE_TURN + 2).completions)


async def _seeded(stage: Stage, learners: int) -> None:
    """Stop the services, write the learners, start them again."""
    async with Broadcast(stage.platform.bootstrap, PUBLICATIONS) as broadcast:
        publications = (await broadcast.caught_up()).publications
    await together(instance.stop() for instance in stage.platform.instances)
    keys = stage.platform.keys
    addresses = stage.platform.address("awarding"), stage.platform.address("catalog")
    signers = Signers.of(keys.public_id_key, keys.issuer_keys, *addresses)
    names = [f"{SEEDED}-{number:07}" for number in range(learners)]
    started, told = monotonic(), 0.0

    def progress(done: int) -> None:
        nonlocal told
        if monotonic() - told > 5:
            told = monotonic()
            stage.say(f"seeded {done:,} of {learners:,} learners")

    stencils = []
    for ladder in range(LADDERS):
        history = [completed(NOBODY, ladder, rung, rung)[1] for rung in range(1, DONE + 1)]
        stencils.append((stencil(history, publications, signers, NOBODY), names[ladder::LADDERS]))
    async with AsyncExitStack() as opened:
        databases = {service: await opened.enter_async_context(open_database(stage.platform, service)) for service in STREAMS}
        await seed(databases, stencils, signers.ids, PARTITIONS, progress)
    stage.say(f"seeded {learners:,} learners in {monotonic() - started:.0f} s")
    await together(instance.start() for instance in stage.platform.instances)


def late(name: str) -> dict[str, Any]:
    """A stack over what the seeded learners hold: the first level is all of theirs, the second a third's."""
    levels: list[dict[str, Any]] = [
        {"level": "first", "name": "First", "requirement": {"any": [{"achievement": f"ladder-{n}-2"} for n in range(LADDERS)]}},
        {"level": "second", "name": "Second", "requirement": {"achievement": f"ladder-0-{DONE}"}},
    ]
    words = {"name": f"The {name}", "description": "Published long after it was earned.", "issuer": ISSUER}
    return {"stack": name, **words, "levels": levels}


async def _sweep(
    stage: Stage, name: str, learners: int, live: Sequence[tuple[str, Envelope]], rate: float | None = None
) -> tuple[Swept, dict[str, list[float]]]:
    """Publish the stack, with the live completions beside it, and wait until all have what is theirs."""
    platform = stage.platform
    before = await counts.ends(platform.bootstrap, (COMPLETIONS, AWARDS))
    async with open_database(platform, "notifications") as notifications, Samples(processes_of(platform)) as samples:
        watch = Watch(stage, notifications)
        tasks = [asyncio.create_task(watch.follow(), name="watch notifications")]
        if rate is not None:
            tasks.append(asyncio.create_task(send(stage.publisher, live, rate), name="live completions"))
            await asyncio.sleep(3)
        started = time()
        await stage.office.publish([late(name)])
        await _swept(stage, learners)
        ended = time()
        for task in tasks[1:]:
            task.cancel()
        await quiet(stage)
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    sent, said = [await lines(platform.bootstrap, topic.name, PARTITIONS, before[topic.name]) for topic in (COMPLETIONS, AWARDS)]
    due = [line for line in said if line.key.startswith(SEEDED.encode())]
    reached, _ = watch.reached(due)
    swept = Swept(
        learners,
        sum(line.type == AwardGranted.TYPE for line in due),
        sum(line.type == StackUpgraded.TYPE for line in due),
        reached - started,
        samples.cpu(reached),
    )
    expected = learners + len(range(0, learners, LADDERS))
    if swept.awards != expected:
        raise ProcessFailed(f"the sweep gave {swept.awards:,} awards instead of {expected:,}")
    meanwhile = [line for line in sent if started <= line.stamp <= ended]
    return swept, {
        kind: delays(meanwhile, _of_live(said), type_)
        for kind, type_ in (("award", AwardGranted.TYPE), ("upgrade", StackUpgraded.TYPE))
    }


def _of_live(said: Sequence[Line]) -> list[Line]:
    return [line for line in said if not line.key.startswith(SEEDED.encode())]


async def _swept(stage: Stage, learners: int) -> None:
    """Wait until both services that sweep have begun and ended."""
    begun, told, started = False, monotonic(), monotonic()
    within = 60 + learners / 10
    while monotonic() - started < within:
        running = [(await stage.office.get(service, "/sweeps"))["sweeps"] for service in ("assessment", "awarding")]
        if begun and not any(running):
            return
        begun = begun or bool(running[1]) or monotonic() - started > 10
        if monotonic() - told > 5:
            told = monotonic()
            done = [sum(sweep["done"] for sweep in found) for found in running]
            stage.say(f"awarding has swept {done[1]:,} of {learners:,} (partitions under way)")
        await asyncio.sleep(0.25)
    raise ProcessFailed(f"the sweep has not ended within {within:.0f} s")


def main(
    learners: Annotated[int, typer.Option(help="who hold what the stack asks for")] = 5_000,
    json_: Annotated[Path, typer.Option("--json", help="where the figures go")] = SUMMARY,
) -> None:
    """Publish a stack over that many learners, alone and beside live completions at half of the stream's speed."""
    folder, started = new_folder("bench-retroactive"), monotonic()
    try:
        found = asyncio.run(measure(folder, learners, lambda what: console.print(f"{monotonic() - started:5.0f} s  {what}")))
    except ProcessFailed as failure:
        sys.exit(str(failure))
    json_.parent.mkdir(parents=True, exist_ok=True)
    json_.write_text(json.dumps(found, indent=2) + "\n")
    console.print(Markdown(tables.of_retroactive(found)), width=tables.WIDTH)
    shutil.rmtree(folder)


if __name__ == "__main__":
    typer.run(main)
