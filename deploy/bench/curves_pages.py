"""The curves as tables and pictures, in the terminal and in `docs/performance.md`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.markdown import Markdown

from deploy.bench.curves_picture import Line, picture
from deploy.bench.marks import filled

PAGE: Final = Path("docs/performance.md")
PICTURES: Final = Path("docs/pictures")
BY: Final = "make curves"
PROCESSES: Final = ("assessment", "awarding", "notifications", "database", "kafka")
Found = dict[str, Any]


def show(summary: Path, *, document: bool) -> None:
    """Print the tables of what was measured; with `document`, write them and the pictures."""
    found: Found = json.loads(summary.read_text())
    text = "\n".join(tables(found))
    Console().print(Markdown(text))
    if not document:
        return
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, curve in found["curves"].items():
        (PICTURES / f"curve-{name}.svg").write_text(drawn(curve))
    PAGE.write_text(filled(PAGE.read_text(), {"curves": text.strip()}, BY))


def tables(found: Found) -> Iterator[str]:
    for name, curve in found["curves"].items():
        yield f"### {curve['grows'].capitalize()}\n"
        yield f"![What 1,000 completions cost, by {curve['grows']}](pictures/curve-{name}.svg)\n"
        yield from table(curve)
        yield ""


def table(curve: Found) -> Iterator[str]:
    """Processor seconds of each process and operations on the database, for 1,000 completions."""
    points = curve["points"]
    yield f"| {curve['grows']} | " + " | ".join(f"{point['at']:,}" for point in points) + " | last to first |"
    yield "|---|" + "---:|" * (len(points) + 1)
    for process in PROCESSES:
        yield row(f"{process}, CPU s", [point["cost"]["cpu"].get(process, 0.0) for point in points])
    yield row("**all of these, CPU s**", [whole(point["cost"]) for point in points])
    yield row("operations on the database", [sum(point["cost"]["operations"].values()) for point in points], "{:,.0f}")
    if any(point["cold"] for point in points):
        cells = [f"{whole(point['cold']):.2f}" if point["cold"] else "" for point in points]
        yield f"| with records that were not in memory, CPU s | {' | '.join(cells)} | |"
    yield row("with nothing to do, CPU s a minute", [60 * sum(point["idle"].get(p, 0.0) for p in PROCESSES) for point in points])


def row(title: str, values: Sequence[float], form: str = "{:.2f}") -> str:
    ratio = f"{values[-1] / values[0]:.2f}" if values[0] else ""
    return f"| {title} | {' | '.join(form.format(value) for value in values)} | {ratio} |"


def whole(cost: Found) -> float:
    return sum(float(cost["cpu"].get(process, 0.0)) for process in PROCESSES)


def drawn(curve: Found) -> str:
    points = curve["points"]
    ticks = [(float(place), f"{point['at']:,}") for place, point in enumerate(points)]
    lines = [Line("all", [(place, whole(point["cost"])) for place, point in enumerate(points)])]
    lines += [
        Line(process, [(place, point["cost"]["cpu"].get(process, 0.0)) for place, point in enumerate(points)])
        for process in PROCESSES
    ]
    if any(point["cold"] for point in points):
        dots = [(float(place), whole(point["cold"])) for place, point in enumerate(points) if point["cold"]]
        lines.append(Line("all, not in memory", dots))
    return picture(f"By {curve['grows']}", curve["grows"], "CPU seconds for 1,000 completions", lines, ticks)
