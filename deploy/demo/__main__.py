"""`make demo`: the main job on this machine, from nothing to awards and upgrades; with `OULAD=<folder>` on real records."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Annotated, Final

import typer
from rich.console import Console

from deploy.demo import credentials, documents, oulad, report
from deploy.demo.chain import Chain
from deploy.demo.cohort import LEARNERS, SEED, cohort
from deploy.demo.meter import Meter
from deploy.demo.office import Office, Refused
from deploy.demo.run import Stage, held, send, settle, shape_of
from deploy.demo.story import STORY
from deploy.demo.systems import telling
from deploy.demo.witness import Witness
from deploy.local.platform import Platform
from deploy.local.process import ProcessFailed
from shared.kafka import Publisher

FOLDER: Final = Path("var/demo")
RATE: Final = 100
UNIVERSITY: Final = "Northfield University"
MOST_DIFFERENCES: Final = 20

console = Console()


def main(
    folder: Annotated[Path | None, typer.Option("--oulad", help="real records instead of the seeded cohort")] = None,
    learners: Annotated[int, typer.Option(help="of the seeded cohort")] = LEARNERS,
    seed: Annotated[int, typer.Option(help="of the cohort")] = SEED,
    rate: Annotated[int, typer.Option(help="completions published in a second, of the seeded cohort")] = RATE,
    keep: Annotated[bool, typer.Option(help="keep the platform running until Ctrl-C")] = False,
) -> None:
    """Start everything, let completions stream through, and show what came of them."""
    try:
        agreed = asyncio.run(records(folder, keep) if folder else university(learners, seed, rate, keep))
    except (ProcessFailed, Refused) as failure:
        sys.exit(str(failure))
    sys.exit(0 if agreed else 1)


async def university(learners: int, seed: int, rate: int, keep: bool) -> bool:
    """The seeded cohort, with a catalog that is revised when half of the completions have come. Whether every credential that
    was checked was found to be what it is."""
    started = monotonic()
    people = cohort(seed, learners)
    first, revisions = documents.documents(documents.FIRST), documents.documents(documents.REVISIONS)
    shape = shape_of([*first, *revisions])
    half = len(people.completions) // 2
    async with stage(CAIRN_INSTITUTION=UNIVERSITY) as (platform, on):
        await on.office.publish(first)
        console.print(f"Published {len(first)} documents; entering {len(people.people):,} contacts")
        await on.office.enter_contacts([person.contact() for person in people.people])
        with on.meter:
            await send(on, people.completions[:half], half, rate, "publishing completions")
            await on.office.publish(revisions)
            await send(on, people.completions[half:], len(people.completions) - half, rate, "publishing, catalog revised")
            await settle(on)
            found = await held(on, shape)
        mails = (await on.office.get("notifications", "/deliveries/states")).get("sent", 0)
        counted = report.summary(on.witness, found, mails, monotonic() - started, paced=True)
        leave(found, counted)
        report.show_held(console, found, shape)
        report.show_counts(console, counted)
        await report.show_story(console, on.office, people.story)
        systems = await telling.told(platform, on.office)
        telling.show(console, systems)
        told = await credentials.told(platform, on.office, STORY, FOLDER)
        credentials.show(console, told, live=keep)
        where_to_look(platform)
        await kept(keep)
    return told.agreed and systems.award is not None


async def records(folder: Path, keep: bool) -> bool:
    """Real records, as fast as they go through, compared with what an independent evaluation expects."""
    started = monotonic()
    first = oulad.documents(folder)
    shape = shape_of(first)
    completions = list(oulad.completions(folder))
    expected = oulad.expected(folder)
    async with stage() as (platform, on):
        await on.office.publish(first)
        console.print(f"Published {len(first)} documents; {len(completions):,} completions wait")
        with on.meter:
            await send(on, completions, len(completions), None, "publishing completions")
            await settle(on)
            found = await held(on, shape)
        counted = report.summary(on.witness, found, 0, monotonic() - started, paced=False)
        agreed = found == expected
        leave(found, {**counted, "expected": len(expected), "equals_expected": agreed})
        report.show_held(console, found, shape)
        report.show_counts(console, counted)
        compare(found, expected)
        where_to_look(platform)
        await kept(keep)
    return agreed


@asynccontextmanager
async def stage(**env: str) -> AsyncIterator[tuple[Platform, Stage]]:
    """An empty platform, and those who use it. Only logs, mails and what was saved are left behind.

    `env` is for the services, beside what they are always told.
    """
    if FOLDER.exists():
        shutil.rmtree(FOLDER)
    FOLDER.mkdir(parents=True)
    console.print("Starting broker, database, mailbox, sign-in service and the four services")
    async with (
        Platform(FOLDER, env={"CAIRN_LOG_LEVEL": os.environ.get("CAIRN_LOG_LEVEL", "WARNING"), **env}) as platform,
        Office(platform) as office,
        Publisher(platform.bootstrap, client="demo") as publisher,
        Chain(platform.bootstrap) as chain,
        Witness(platform.bootstrap) as witness,
    ):
        yield platform, Stage(office, publisher, chain, witness, Meter(console))
    for data in ("kafka", "database"):
        shutil.rmtree(FOLDER / data, ignore_errors=True)


async def kept(keep: bool) -> None:
    """Wait for Ctrl-C or SIGTERM, if so wished."""
    if not keep:
        return
    console.print("\nThe platform keeps running. Ctrl-C stops it and removes its data.")
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    await asked.wait()


def leave(found: list[oulad.Holding], counted: dict[str, object]) -> None:
    report.write_held(FOLDER / "held.csv", found)
    report.write_summary(FOLDER / "summary.json", counted)


def compare(found: list[oulad.Holding], expected: list[oulad.Holding]) -> None:
    """Say whether they are equal, row for row, and where they aren't."""
    if found == expected:
        console.print(f"[bold green]Held awards equal what was expected: {len(expected):,} rows, row for row.[/]")
        return
    missing, surplus = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    console.print(f"[bold red]Held awards differ: {len(missing):,} rows are missing, {len(surplus):,} should not be there.[/]")
    for sign, rows in (("-", missing), ("+", surplus)):
        for row in rows[:MOST_DIFFERENCES]:
            console.print(f"  {sign} {row.learner},{row.kind},{row.id},{row.level}", highlight=False)


def where_to_look(platform: Platform) -> None:
    console.print(f"\nWho holds what: {FOLDER / 'held.csv'}; figures: {FOLDER / 'summary.json'}", highlight=False)
    console.print(
        f"Mails: {platform.mailbox.folder / 'mails'}; logs: {platform.folder / 'logs'}", highlight=False, soft_wrap=True
    )
    console.print("To look around in it yourself: make demo KEEP=1; a platform with nothing in it: make up", highlight=False)


if __name__ == "__main__":
    typer.run(main)
