"""`make scale`: what 1, 10 and 100 million learners need, from what was measured; and where that is only half of the truth."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markdown import Markdown

from deploy.bench import tables
from deploy.bench.marks import filled
from deploy.scale import costs, pages

PAGE: Final = Path("docs/scale.md")
BY: Final = "make scale SCALE=--write"


def main(
    take: Annotated[bool, typer.Option("--take", help="first take over what was measured last, from var/")] = False,
    write: Annotated[bool, typer.Option("--write", help=f"put the tables into {PAGE}")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="needs and bends as JSON, without simulations")] = False,
) -> None:
    """Print tables from the measurements kept in the code: some twenty seconds of simulations."""
    if take:
        try:
            costs.KEPT.write_text(json.dumps(costs.taken(), indent=1) + "\n")
        except FileNotFoundError as missing:
            sys.exit(f"{missing.filename} is missing: python -m deploy.scale.measuring writes it")
    measured = costs.read()
    if as_json:
        print(json.dumps(pages.in_json(measured), indent=2))
        return
    made = pages.sections(measured)
    if write:
        PAGE.write_text(filled(PAGE.read_text(), made, BY))
        print(f"{PAGE}: {', '.join(made)}")
        return
    console = Console(highlight=False, soft_wrap=True)
    for text in made.values():
        console.print(Markdown(text), width=tables.WIDTH)


if __name__ == "__main__":
    typer.run(main)
