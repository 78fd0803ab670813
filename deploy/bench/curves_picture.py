"""Curves as SVG: plain text, the same for the same numbers, readable on light and dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10
from typing import Final

WIDTH: Final = 760
HEIGHT: Final = 380
LEFT, RIGHT, TOP, BOTTOM = 70, 200, 44, 56
COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999999", "#000000")
"""Okabe and Ito's, which people who see colours otherwise can tell apart."""
DASHES: Final = ("", "7 3", "2 3", "9 3 2 3", "", "7 3", "2 3", "9 3 2 3")
STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#222}.title{font-weight:600;font-size:15px}.grid{stroke:#ddd}.axis{stroke:#555}"
)


@dataclass(frozen=True)
class Line:
    """`dots` are places on both axes, in order. `marked` draws a dot at each."""

    name: str
    dots: Sequence[tuple[float, float]]
    marked: bool = True


def picture(
    title: str,
    across: str,
    up: str,
    lines: Sequence[Line],
    ticks: Sequence[tuple[float, str]],
    *,
    top: float | None = None,
    limit: tuple[float, str] | None = None,
) -> str:
    """`across` and `up` name the axes; `ticks` are those of the first, whose ends they are. `limit` is a line to stay below."""
    first, last = ticks[0][0], ticks[-1][0]
    highest = max([value for line in lines for _, value in line.dots] + ([] if limit is None else [limit[0]]), default=1.0)
    steps = rounded_steps(top or highest)

    def x(place: float) -> float:
        return LEFT + (place - first) / ((last - first) or 1) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - min(value / steps[-1], 1.02) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text class="title" x="{LEFT}" y="24">{escape(title)}</text>',
    ]
    for step in steps:
        parts.append(f'<path class="grid" d="M{LEFT} {y(step):.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(step) + 4:.1f}" text-anchor="end">{step:,g}</text>')
    for place, label in ticks:
        parts.append(f'<path class="axis" d="M{x(place):.1f} {HEIGHT - BOTTOM}v5"/>')
        parts.append(f'<text x="{x(place):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{escape(label)}</text>')
    parts.append(f'<path class="axis" fill="none" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{HEIGHT - 12}" text-anchor="middle">{escape(across)}</text>')
    parts.append(
        f'<text transform="translate(18 {(TOP + HEIGHT - BOTTOM) / 2:.0f}) rotate(-90)" text-anchor="middle">{escape(up)}</text>'
    )
    if limit is not None:
        parts.append(f'<path stroke="#a00" stroke-dasharray="4 4" d="M{LEFT} {y(limit[0]):.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 8}" y="{y(limit[0]) + 4:.1f}" style="fill:#a00">{escape(limit[1])}</text>')
    for number, line in enumerate(lines):
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
        way = "L".join(f"{x(place):.1f} {y(value):.1f}" for place, value in line.dots)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        parts.append(f'<path fill="none" stroke="{colour}" stroke-width="2"{dashed} d="M{way}"/>')
        if line.marked:
            parts += [f'<circle cx="{x(place):.1f}" cy="{y(value):.1f}" r="3.5" fill="{colour}"/>' for place, value in line.dots]
        at = TOP + 12 + 20 * number
        parts.append(f'<path stroke="{colour}" stroke-width="2"{dashed} d="M{WIDTH - RIGHT + 12} {at}h24"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 42}" y="{at + 4}">{escape(line.name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def rounded_steps(highest: float) -> list[float]:
    """Four to eight steps of 1, 2 or 5 times a power of ten, from 0 to the highest or a little above."""
    if highest <= 0:
        return [0.0, 1.0]
    rough = highest / 6
    power = 10.0 ** floor(log10(rough))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= rough * 0.999)
    return [round(number * step, 10) for number in range(ceil(highest / step - 1e-9) + 1)]
