"""`make curves`: what a thousand completions cost as the catalog, the stacks, the history and the awards of learners grow.

`make curves CURVES="--only held"` measures one of them, `make curves CURVES=--small` tries all with few learners.
It prints the tables, and writes `var/curves.json`, the pictures in `docs/pictures` and the tables in `docs/performance.md`.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Annotated, Final

import typer

from deploy.bench.curves_campus import IN_A_STACK, catalog, course, histories, module, modules_of
from deploy.bench.curves_ground import Cost, Ground, Point, middle
from deploy.bench.curves_pages import show
from deploy.bench.curves_sizes import ACHIEVEMENTS, BEFORE, HELD, OTHERS, STACKS, THROUGH, completions_for
from deploy.bench.seeding import NOBODY, stencil
from deploy.local.process import ProcessFailed

FOLDER: Final = Path("var/curves").resolve()
SUMMARY: Final = Path("var/curves.json")
COMPLETED: Final = 10
"""Completions of each seeded learner: of two courses."""


@dataclass(frozen=True)
class Effort:
    """Of each point: turns, whose median counts, and how many learners are new in a turn, or hold awards before it."""

    turns: int = 3
    learners: int = 160
    holders: int = 100


USUAL: Final = Effort()
SMALL: Final = Effort(turns=1, learners=10, holders=10)
SMALL_SIZES: Final = 20
"""Larger ones are left out then."""


@dataclass(frozen=True)
class Curve:
    """`measure` gives the point at one of the sizes, on a ground that has the smaller ones behind it."""

    name: str
    grows: str
    sizes: tuple[int, ...]
    measure: Callable[[Ground, int, Effort], Awaitable[Point]]


async def achievements(ground: Ground, size: int, effort: Effort) -> Point:
    return await _with_catalog(ground, f"a{size}", size, size, 1, effort)


async def stacks(ground: Ground, size: int, effort: Effort) -> Point:
    return await _with_catalog(ground, f"s{size}", size, 1_000, size, effort)


async def _with_catalog(ground: Ground, name: str, at: int, achievements: int, stacks: int, effort: Effort) -> Point:
    await ground.pause()
    await ground.publish(catalog(achievements, stacks))
    await ground.resume()
    return await _newcomers(ground, name, at, effort)


async def before(ground: Ground, size: int, effort: Effort) -> Point:
    """Newcomers where so many completions were before; and those of before who come again."""
    await ground.pause()
    publications = catalog(OTHERS, 10)
    await ground.publish(publications)
    learners = [f"seeded-{number:07}" for number in range(size // COMPLETED)]
    already = max((known for known in BEFORE if known < size), default=0) // COMPLETED
    if learners[already:]:
        history = [envelope for _, envelope in histories([NOBODY], [course(0), course(1)])]
        await ground.seed(stencil(history, publications, ground.signers), learners[already:])
    await ground.resume()
    point = await _newcomers(ground, f"b{size}", size, effort)
    if not learners:
        return point
    again = learners[already :: max(1, len(learners[already:]) // 1_000)][:1_000]
    cold = await ground.cost(list(histories(again, [module(0)], COMPLETED)))
    return Point(point.at, point.cost, point.idle, point.turns, cold)


async def _newcomers(ground: Ground, name: str, at: int, effort: Effort) -> Point:
    await ground.warm(name, modules_of(0)[:3])
    idle = await ground.idle()
    turns = []
    for turn in range(effort.turns):
        learners = [f"{name}-{turn}-{number:04}" for number in range(effort.learners)]
        turns.append(await ground.cost(list(histories(learners, modules_of(0)))))
    return Point(at, middle(turns), idle, turns)


async def held(ground: Ground, size: int, effort: Effort) -> Point:
    """Learners who hold so many awards, and whose records are in memory, earn eight more; `cold` is the first after those."""
    await ground.pause()
    publications = catalog(OTHERS + IN_A_STACK * THROUGH, THROUGH + 2, THROUGH)
    await ground.publish(publications)
    earned = [module(number) for number in range(completions_for(size))]
    learners = [f"h{size}-{number:04}" for number in range(effort.turns * effort.holders)]
    if earned:
        history = [envelope for _, envelope in histories([NOBODY], earned)]
        await ground.seed(stencil(history, publications, ground.signers), learners)
    await ground.resume()
    await ground.warm(f"h{size}", modules_of(0)[:3])
    idle = await ground.idle()
    first, *others = modules_of(THROUGH - 1)
    cold = await ground.cost(list(histories(learners, [first], len(earned))))
    turns = []
    for turn in range(effort.turns):
        some = learners[turn * effort.holders : (turn + 1) * effort.holders]
        turns.append(await ground.cost(list(histories(some, others, len(earned) + 1))))
    return Point(size, middle(turns), idle, turns, cold)


CURVES: Final = (
    Curve("achievements", "achievements in the catalog", ACHIEVEMENTS, achievements),
    Curve("stacks", "stacks in the catalog", STACKS, stacks),
    Curve("before", "completions before", BEFORE, before),
    Curve("held", "awards a learner holds", HELD, held),
)


async def measured(curve: Curve, most: int | None, effort: Effort) -> list[Point]:
    """On a platform of its own."""
    folder = FOLDER / curve.name
    if folder.exists():
        shutil.rmtree(folder)
    began, points = monotonic(), []

    def say(text: str) -> None:
        print(f"{monotonic() - began:7.0f} s  {curve.name}: {text}", flush=True)

    async with Ground.open(folder, say) as ground:
        for size in curve.sizes:
            if most is not None and size > most:
                break
            point = await curve.measure(ground, size, effort)
            points.append(point)
            say(f"{size:,} {curve.grows}: {told(point.cost)}")
    for data in ("kafka", "database"):
        shutil.rmtree(folder / data, ignore_errors=True)
    return points


def told(cost: Cost) -> str:
    return ", ".join(f"{name} {seconds:.2f} s" for name, seconds in cost.cpu.items())


def main(
    only: Annotated[list[str] | None, typer.Option(help="curves to measure; the others stay as they were")] = None,
    most: Annotated[int | None, typer.Option(help="leave out larger sizes")] = None,
    small: Annotated[bool, typer.Option(help="few learners, small sizes, and docs as they are: to see whether it works")] = False,
    document: Annotated[bool, typer.Option(help="write pictures and tables in docs, too")] = True,
) -> None:
    """Measure each curve on a platform started for it: some 40 minutes in all, of which seeding takes half."""
    if small:
        most = min(most or SMALL_SIZES, SMALL_SIZES)
    if unknown := set(only or ()) - {curve.name for curve in CURVES}:
        sys.exit(f"there is no curve {', '.join(sorted(unknown))}; there are {', '.join(curve.name for curve in CURVES)}")
    known: dict[str, object] = json.loads(SUMMARY.read_text())["curves"] if SUMMARY.exists() else {}
    try:
        for curve in CURVES:
            if only and curve.name not in only:
                continue
            load = os.getloadavg()[0]
            points = asyncio.run(measured(curve, most, SMALL if small else USUAL))
            known[curve.name] = {
                "grows": curve.grows,
                "points": [asdict(point) for point in points],
                "load_before": round(load, 2),
                "at": datetime.now(UTC).isoformat(),
            }
            SUMMARY.parent.mkdir(exist_ok=True)
            SUMMARY.write_text(json.dumps({"cores": os.cpu_count(), "curves": known}, indent=1) + "\n")
    except ProcessFailed as failure:
        sys.exit(str(failure))
    show(SUMMARY, document=document and not small)


if __name__ == "__main__":
    typer.run(main)
