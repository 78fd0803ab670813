"""What is told of a drill: while it goes on, and in the end as tables and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from deploy.drill.faults import Ended, Struck
from deploy.drill.judge import Difference
from deploy.drill.log import Delay
from deploy.drill.recovery import WINDOW, Recovery, by_kind, p95


@dataclass
class Outcome:
    """Of a whole drill. `figures` are counted, `answers` what senders got at the doors, `mistakes` those that nobody should get.

    `usual` is the p95 before anything was done, in seconds, at its worst.
    """

    seed: int
    seconds: float
    plan: Sequence[str]
    figures: dict[str, float] = field(default_factory=dict)
    struck: Sequence[Struck] = ()
    recoveries: Sequence[Recovery] = ()
    usual: float = 0.0
    answers: dict[str, int] = field(default_factory=dict)
    mistakes: Sequence[str] = ()
    ended: Sequence[Ended] = ()
    differences: Sequence[Difference] = ()

    @property
    def exact(self) -> bool:
        return not self.differences and not self.mistakes

    def figures_of(self, delays: Sequence[Delay]) -> None:
        seconds = [delay.seconds for delay in delays]
        if seconds:
            self.figures |= {
                "p50": round(median(seconds), 3),
                "p95": round(p95(seconds) or 0, 3),
                "worst": round(max(seconds), 1),
            }

    def to_json(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "seconds": self.seconds,
            "exact": self.exact,
            "figures": self.figures,
            "usual_p95": round(self.usual, 3),
            "plan": list(self.plan),
            "faults": [asdict(one) | {"fault": str(one.fault)} for one in self.struck],
            "recoveries": [asdict(one) for one in self.recoveries],
            "answers": self.answers,
            "mistakes": list(self.mistakes),
            "ended_unasked": [asdict(one) for one in self.ended],
            "differences": [asdict(one) for one in self.differences],
        }


def written(outcome: Outcome, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(outcome.to_json(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def shown(outcome: Outcome, console: Console) -> None:
    _recoveries(outcome, console)
    for one in outcome.struck:
        if one.skipped is not None:
            console.print(f"[yellow]not done: {one.fault}: {one.skipped}[/]")
    for ended in outcome.ended:
        console.print(
            f"[yellow]{ended.name} ended by itself, and was started again:[/]\n{ended.tail}", highlight=False, markup=True
        )
    figures = ", ".join(f"{name} {figure:,}" for name, figure in outcome.figures.items())
    console.print(f"\n{figures}", highlight=False)
    console.print(f"answers at the doors: {outcome.answers}", highlight=False)
    for mistake in outcome.mistakes[:20]:
        console.print(f"[bold red]an answer that nobody should get:[/] {mistake}", highlight=False)
    for difference in outcome.differences:
        console.print(f"[bold red]{difference.what}[/] ({difference.number}): {'; '.join(difference.examples)}", highlight=False)
    if outcome.exact:
        console.print("[bold green]Everything is as a plain evaluation of what was acknowledged says.[/]")


def _recoveries(outcome: Outcome, console: Console) -> None:
    table = Table(title=f"Until p95 from completion to award was back under {outcome.usual:.2f} s, in seconds")
    for title in ("fault", "since its beginning", "since its end", "slowest completion"):
        table.add_column(title, justify="left" if title == "fault" else "right")
    for one in outcome.recoveries:
        table.add_row(one.fault, *(_seconds(figure) for figure in (one.after_begin, one.after_end, one.worst)))
    console.print(table)


def _seconds(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:.1f}"


def in_markdown(outcome: Outcome, where: str) -> str:
    """Recoveries by kind of fault and each of them, for documents; `where` says on what it was measured."""
    head = [
        f"{where} Seed {outcome.seed}, {outcome.seconds:,.0f} s, {outcome.figures.get('completions', 0):,} completions, "
        f"{len(outcome.struck)} faults; undisturbed, p95 was {outcome.usual:.2f} s in the worst {WINDOW} seconds.",
        "",
        "| kind of fault | faults | back after its beginning, median | at worst | after its end, at worst | slowest completion |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    kinds = [
        f"| {one.kind} | {one.number} | {_seconds(one.middle)} | {_seconds(one.after_begin)} | {_seconds(one.after_end)} "
        f"| {_seconds(one.worst)} |"
        for one in by_kind(outcome.recoveries)
    ]
    rows = [
        f"| {one.fault} | {_seconds(one.after_begin)} | {_seconds(one.after_end)} | {_seconds(one.worst)} |"
        for one in outcome.recoveries
    ]
    each = ["", "| fault | back after its beginning | after its end | slowest completion |", "|---|---:|---:|---:|", *rows]
    return "\n".join([*head, *kinds, *each])
