"""`make bench`: a table of what this machine does, and `var/bench.json`."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from deploy.bench import signing
from deploy.bench.issuing import Compared
from deploy.bench.run import Measured, measure
from deploy.bench.signing import Signing
from deploy.demo.cohort import LEARNERS
from deploy.local.process import ProcessFailed

FOLDER: Final = Path("var/bench")
SUMMARY: Final = Path("var/bench.json")

console = Console()


def main(learners: Annotated[int, typer.Option(help="of the seeded cohort; some 8 completions for each")] = LEARNERS) -> None:
    """Measure throughput, its share of what bare loops do, and latency at half speed, on a platform started for it."""
    if FOLDER.exists():
        shutil.rmtree(FOLDER)
    FOLDER.mkdir(parents=True)
    before = os.getloadavg()[0]
    try:
        found = asyncio.run(measure(FOLDER, learners))
    except ProcessFailed as failure:
        sys.exit(str(failure))
    proofs = signing.measure()
    figures = (
        summary(found)
        | {"signing": asdict(proofs)}
        | {"load_before": round(before, 2), "cores": os.cpu_count(), "at": datetime.now(UTC).isoformat()}
    )
    SUMMARY.write_text(json.dumps(figures, indent=2) + "\n")
    show(found, before)
    show_issuing(found.issuing)
    show_signing(proofs)
    console.print(f"All figures: {SUMMARY}", highlight=False)
    for data in ("kafka", "database"):
        shutil.rmtree(FOLDER / data, ignore_errors=True)


def summary(found: Measured) -> dict[str, object]:
    """Seconds and numbers per second."""
    speed, below = found.speed, found.floor
    return {
        **asdict(found),
        "completions_per_second": round(speed.completions / speed.seconds, 1),
        "awards_per_second": round(speed.awards / speed.seconds, 1),
        "facts_per_second": round(speed.facts / speed.seconds, 1),
        "floor_completions_per_second": round(speed.completions / below.seconds, 1),
        "of_the_floor": round(below.seconds / speed.seconds, 3),
        "issuing_to_not": round(found.issuing.ratio, 3),
        "issuing_to_not_in_cpu": round(found.issuing.cpu_ratio, 3),
    }


def show(found: Measured, load: float) -> None:
    speed, latency, below = found.speed, found.latency, found.floor
    table = Table(title=f"Cairn on {os.cpu_count()} cores (load before: {load:.1f})", title_justify="left")
    table.add_column("from completions to the last write of notifications")
    table.add_column("Cairn", justify="right")
    table.add_column("bare loops", justify="right")
    rows = [
        ("completions", f"{speed.completions:,}", f"{speed.completions:,}"),
        ("seconds", f"{speed.seconds:.1f}", f"{below.seconds:.1f}"),
        ("completions/s", f"{speed.completions / speed.seconds:,.0f}", f"{speed.completions / below.seconds:,.0f}"),
        ("awards/s", f"{speed.awards / speed.seconds:,.0f}", ""),
        ("facts/s: awards, upgrades, credentials", f"{speed.facts / speed.seconds:,.0f}", f"{speed.facts / below.seconds:,.0f}"),
        ("share of the floor", f"{below.seconds / speed.seconds:.0%}", ""),
        (f"seconds until all {speed.mails:,} mails were out", f"{speed.mailed_after:.1f}", ""),
    ]
    rows += [
        (f"messages in a batch of {service}", f"{speed.batch[service]:.0f}", f"{batch:.0f}")
        for service, batch in below.batch.items()
    ]
    for name, seconds in speed.cpu.items():
        title = f"processor time of {name} for 1,000 completions"
        rows.append((title, per_thousand(seconds, speed.completions), per_thousand(below.cpu.get(name), speed.completions)))
    for row in rows:
        table.add_row(*row)
    console.print(table)
    at_half = Table(title=f"at {latency.rate:.0f} completions/s ({latency.completions:,} of them)", title_justify="left")
    for column in ("from a completion to its", "median", "p95"):
        at_half.add_column(column, justify="left" if column.startswith("from") else "right")
    for name, delays in (("award", latency.award), ("upgrade", latency.upgrade)):
        at_half.add_row(name, *([f"{delay * 1_000:,.0f} ms" for delay in delays] if delays else ["none", "none"]))
    console.print(at_half)


def show_issuing(found: Compared) -> None:
    issued = found.issuing[0].credentials
    table = Table(title=f"awarding alone, {found.verdicts:,} verdicts in each turn, {issued:,} credentials", title_justify="left")
    for column in ("", "without issuing", "with issuing", "ratio"):
        table.add_column(column, justify="right" if column else "left")
    without, with_ = found.per_second(found.without), found.per_second(found.issuing)
    table.add_row("verdicts/s", f"{without:,.0f}", f"{with_:,.0f}", f"{found.ratio:.2f}")
    spent = [sum(done.cpu + done.database for done in turns) / len(turns) for turns in (found.without, found.issuing)]
    table.add_row("processor time, with the database's", *(f"{each:.2f} s" for each in spent), f"{found.cpu_ratio:.2f}")
    console.print(table)


def show_signing(proofs: Signing) -> None:
    title = f"credentials of {proofs.bytes:,.0f} bytes and {proofs.quads:.0f} quads signed per second of one core"
    table = Table(title=title, title_justify="left")
    for column in ("by templates", "as JSON-LD each", "times", "made and signed"):
        table.add_column(column, justify="right")
    speeds = (f"{speed:,.0f}" for speed in (proofs.fast_per_second, proofs.slow_per_second))
    table.add_row(*speeds, f"{proofs.ratio:.0f}", f"{proofs.made_per_second:,.0f}")
    console.print(table)


def per_thousand(seconds: float | None, completions: int) -> str:
    return "" if seconds is None else f"{1_000 * seconds / completions:.2f} s"


if __name__ == "__main__":
    typer.run(main)
