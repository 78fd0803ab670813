"""The document's figures are those of runs, and what it says to run is there."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import typer

from deploy.bench import marks, tables

PAGE = Path("docs/performance.md")
MAKEFILE = Path("Makefile").read_text()


COMMANDS = re.findall(r"`((?:make|python -m) [^`]+)`", PAGE.read_text())
"""Everything in code that begins as a command does."""


def run() -> dict[str, Any]:
    return {
        "completions": 900,
        "completions_per_second": 300.0,
        "awards_per_second": 430.0,
        "upgrades_per_second": 100.0,
        "credentials_per_second": 430.0,
        "mails_per_second": 400.0,
        "cpu": {"assessment": 0.5, "database": 2.0},
        "memory": {"assessment": 150.0, "database": 200.0},
        "commands": {"assessment": 0.05},
        "documents_written": {"assessment": 3.1},
        "document_bytes": {"assessment": 2_000.0},
        "stored_bytes": {"assessment": [1_500.0, 100.0]},
        "database_operations": {"insert": 0.2, "query": 0.1},
        "disk_bytes": {"database": 60_000, "kafka": 5_000},
        "batch": {"assessment": 200.0},
        "topics": {"completions": {"messages": 1.0, "bytes": 293.0}},
    }


@pytest.mark.parametrize("command", sorted(set(COMMANDS)))
def test_what_the_document_says_to_run_is_there(command: str) -> None:
    if command.startswith("make "):
        target, *settings = command.removeprefix("make ").split(" ", 1)
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), f"the Makefile has no {target}"
        for name, options in re.findall(r'([A-Z]+)="([^"]*)"', " ".join(settings)):
            recipe = re.search(rf"python -m (\S+) \$\({name}\)", MAKEFILE)
            assert recipe, f"nothing takes {name}"
            takes(recipe[1], options)
        return
    module, _, options = command.removeprefix("python -m ").partition(" ")
    takes(module, options)


def takes(module: str, options: str) -> None:
    """The module is there and knows the options."""
    assert importlib.util.find_spec(module), f"there is no {module}"
    if options:
        program = typer.Typer()
        program.command()(importlib.import_module(f"{module}.__main__" if module == "deploy.bench" else module).main)
        known = {name for parameter in typer.main.get_command(program).params for name in parameter.opts}
        assert not set(re.findall(r"--[a-z]+", options)) - known


def test_every_table_has_a_place_in_the_document(tmp_path: Path) -> None:
    page = PAGE.read_text()
    for name in ("where", "throughput", "costs", "database", "topics", "latency", "parts", "retroactive", "instances", "soak"):
        assert f"| {name}-table |" in tables.filled(page, {name: f"| {name}-table |"})


def test_filling_in_replaces_what_stood_between_the_marks_and_nothing_else() -> None:
    begin, end = marks.BEGIN.format(name="costs", by=tables.BY), marks.END.format(name="costs")
    once = tables.filled(f"before\n{begin}\nold\n{end}\nafter\n", {"costs": "new"})
    assert once == tables.filled(once, {"costs": "new"}) == f"before\n{begin}\n\nnew\n\n{end}\nafter\n"
    with pytest.raises(ValueError, match="no marks for memory"):
        tables.filled(once, {"memory": "new"})


def test_a_throughput_table_shows_cairn_beside_the_floor_and_the_ratio_of_each_turn() -> None:
    floor = {name: figure for name, figure in run().items() if name not in ("awards_per_second", "mails_per_second")}
    mix = {"cairn": run(), "floor": floor | {"completions_per_second": 450.0}}
    found = {"awards": mix | {"of_the_floor": 0.667, "of_the_floor_in_cpu": 0.5, "each": {"of_the_floor": [0.64, 0.67, 0.7]}}}
    shown = tables.of_throughput(found)
    assert "| completions/s | 300 | 450 |" in shown
    assert "| **of the floor** | **0.67** |" in shown
    assert "0.64, 0.67, 0.70" in shown
    assert "| **all** | **2.50** | **2.50** | 350 |" in tables.of_costs(found)
    assert "| bytes of documents kept | 1,500 |" in tables.of_database(found)
    assert "| `completions` | 1.00 | 293 |" in tables.of_topics(found)
