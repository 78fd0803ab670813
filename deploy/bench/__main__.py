"""`make bench`: tables of what this machine does, and `var/bench.json`."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markdown import Markdown

from deploy.bench import tables
from deploy.bench.run import PARTS, USUAL, Sizes, measure
from deploy.local.process import ProcessFailed

FOLDER: Final = Path("var/bench")
SUMMARY: Final = Path("var/bench.json")

console = Console(highlight=False, soft_wrap=True)


def main(
    small: Annotated[bool, typer.Option(help="a few learners, in two minutes: to see whether all of it works")] = False,
    turns: Annotated[int | None, typer.Option(help="of services and bare loops, one after the other")] = None,
    only: Annotated[list[str] | None, typer.Option(help=f"these parts: {', '.join(PARTS)}")] = None,
    json_: Annotated[Path, typer.Option("--json", help="where all figures go")] = SUMMARY,
) -> None:
    """Measure the whole chain beside bare loops, latency at half of its speed, and its parts, on platforms started for it."""
    if unknown := set(only or ()) - set(PARTS):
        sys.exit(f"there is no {', '.join(unknown)}; there are {', '.join(PARTS)}")
    sizes = Sizes.small() if small else USUAL
    if turns is not None:
        sizes = replace(sizes, turns=turns)
    if FOLDER.exists():
        shutil.rmtree(FOLDER)
    FOLDER.mkdir(parents=True)
    try:
        found = asyncio.run(measure(FOLDER, sizes, tuple(only or PARTS), console.print))
    except ProcessFailed as failure:
        sys.exit(str(failure))
    json_.parent.mkdir(parents=True, exist_ok=True)
    json_.write_text(json.dumps(found, indent=2) + "\n")
    for part in tables.of_bench(found).values():
        console.print(Markdown(part), width=tables.WIDTH)
    console.print(f"All figures: {json_}")
    for data in FOLDER.glob("*"):
        if data.is_dir():
            shutil.rmtree(data)


if __name__ == "__main__":
    typer.run(main)
