"""One river stone: its outline, its shading and its grain, all drawn from a seed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from services.awarding.credentials.pictures_colours import Colour

Point = tuple[float, float]
T = TypeVar("T")

POINTS: Final = 18
"""Of an outline, joined by a smooth curve."""


class Draw:
    """Draws numbers from a seed, the same ones on every machine and for good."""

    def __init__(self, *seed: object) -> None:
        self._seed = "\x1f".join(map(str, seed)).encode()
        self._numbers = self._stream()

    def _stream(self) -> Iterator[float]:
        block = 0
        while True:
            digest = hashlib.sha256(self._seed + block.to_bytes(4, "big")).digest()
            for at in range(0, len(digest), 4):
                yield int.from_bytes(digest[at : at + 4], "big") / 2**32
            block += 1

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * next(self._numbers)

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[int(next(self._numbers) * len(choices))]


@dataclass(frozen=True)
class Stone:
    """A stone `width` by `height`, its middle at `x` and its foot at `y`, in the picture's units. `name` keeps ids apart."""

    name: str
    draw_from: str
    colour: Colour
    x: float
    y: float
    width: float
    height: float
    tilt: float = 0.0

    @property
    def middle(self) -> Point:
        return self.x, self.y - self.height / 2

    def outline(self, scale: float = 1.0) -> list[Point]:
        draw = Draw(self.draw_from, "outline")
        power = draw.between(2.25, 2.65)
        waves = [(k, draw.between(0.2, 1.0) * 0.05 / k, draw.between(0, math.tau)) for k in (1, 2, 3, 4)]
        leaning = math.radians(self.tilt) * min(1.0, 1.8 * self.height / self.width)
        points = []
        for i in range(POINTS):
            t = math.tau * i / POINTS
            bulge = scale * (1 + sum(size * math.cos(k * t + phase) for k, size, phase in waves))
            px = _superellipse(math.cos(t), power) * bulge * self.width / 2
            py = _superellipse(math.sin(t), power) * bulge * self.height / 2
            # Flatter below than above, as stones lie.
            py *= 0.94 if py > 0 else 1.0
            mx, my = self.middle
            points.append(
                (mx + px * math.cos(leaning) - py * math.sin(leaning), my + px * math.sin(leaning) + py * math.cos(leaning))
            )
        return points

    @property
    def edge(self) -> Colour:
        """Of the line where the stone turns away, which sets it off from any ground."""
        return self.colour.lighter(-0.24)

    def svg(self) -> str:
        """The stone; what it throws on others isn't part of it."""
        shape = closed(self.outline())
        light, dark = self.colour.lighter(0.17).towards(85, 0.12), self.colour.lighter(-0.17).towards(265, 0.12)
        mx, my = self.middle
        return (
            f'<clipPath id="{self.name}c"><path d="{shape}"/></clipPath>'
            f'<linearGradient id="{self.name}g" x1=".3" y1="0" x2=".55" y2="1"><stop stop-color="{light.hex()}"/>'
            f'<stop offset=".48" stop-color="{self.colour.hex()}"/><stop offset="1" stop-color="{dark.hex()}"/></linearGradient>'
            f'<radialGradient id="{self.name}h"><stop stop-color="#fff" stop-opacity=".42"/>'
            f'<stop offset="1" stop-color="#fff" stop-opacity="0"/></radialGradient>'
            f'<path d="{shape}" fill="url(#{self.name}g)" stroke="{self.edge.hex()}" '
            f'stroke-width="{number(max(1, min(3, self.height * 0.02)))}"/>'
            f'<g clip-path="url(#{self.name}c)" fill="none">{"".join(_grain(self))}'
            f'<ellipse cx="{number(mx - 0.17 * self.width)}" cy="{number(my - 0.3 * self.height)}" '
            f'rx="{number(0.3 * self.width)}" ry="{number(0.24 * self.height)}" fill="url(#{self.name}h)"/></g>'
        )


def _grain(stone: Stone) -> Iterator[str]:
    draw = Draw(stone.draw_from, "grain")
    kind = draw.one_of((_bands, _bands, _veins, _veins, _speckles, _rings))
    yield from kind(stone, draw)
    yield from _dots(stone, draw, 0.16, stone.colour.lighter(0.3), 0.35)
    yield from _dots(stone, draw, 0.12, stone.colour.lighter(-0.22), 0.35)


def _bands(stone: Stone, draw: Draw) -> Iterator[str]:
    """Layers of another sediment across the stone."""
    mx, my = stone.middle
    slope, bow = draw.between(-0.22, 0.22), draw.between(-0.3, 0.3)
    at = -0.42
    while at < 0.42:
        thick = draw.between(0.03, 0.11)
        tone = stone.colour.lighter(draw.one_of((0.2, 0.26, -0.13)))
        reach, y = 0.56 * stone.width, my + at * stone.height
        ends = f"{number(mx - reach)} {number(y - slope * reach)}", f"{number(mx + reach)} {number(y + slope * reach)}"
        via = f"{number(mx + draw.between(-0.15, 0.15) * stone.width)} {number(y + bow * stone.height)}"
        yield (
            f'<path d="M{ends[0]}Q{via} {ends[1]}" stroke="{tone.hex()}" stroke-opacity=".5" '
            f'stroke-width="{number(thick * stone.height)}"/>'
        )
        at += thick + draw.between(0.08, 0.2)


def _veins(stone: Stone, draw: Draw) -> Iterator[str]:
    """Quartz that filled a crack, with a thinner one branching off."""
    mx, my = stone.middle
    tone = Colour(0.93, 0.02, stone.colour.hue).hex()
    lean = draw.one_of((-1, 1)) * draw.between(0.15, 0.35)
    start = draw.between(-0.2, 0.2)
    points = [
        (mx + (start + lean * along + draw.between(-0.03, 0.03)) * stone.width, my + along * stone.height)
        for along in (-0.6, -0.3, 0.0, 0.3, 0.6)
    ]
    wide = draw.between(0.05, 0.085) * stone.height
    yield f'<path d="{through(points)}" stroke="{tone}" stroke-opacity=".82" stroke-width="{number(wide)}"/>'
    side = draw.one_of((-1, 1))
    branch = [points[2], (points[2][0] + side * 0.2 * stone.width, my - 0.12 * stone.height)]
    branch.append((branch[1][0] + side * 0.38 * stone.width, my - draw.between(0.1, 0.4) * stone.height))
    yield f'<path d="{through(branch)}" stroke="{tone}" stroke-opacity=".6" stroke-width="{number(wide * 0.4)}"/>'


def _rings(stone: Stone, draw: Draw) -> Iterator[str]:
    """Agate: rings around a heart that lies off the middle."""
    dx, dy = draw.between(-0.14, 0.14) * stone.width, draw.between(-0.08, 0.1) * stone.height
    for scale in (0.84, 0.69, 0.55, 0.33, 0.2):
        tone = stone.colour.lighter(draw.one_of((0.1, 0.18, -0.1)))
        moved = [(x + (1 - scale) * dx, y + (1 - scale) * dy) for x, y in stone.outline(scale)]
        thick = number(draw.between(0.02, 0.06) * stone.height)
        yield f'<path d="{closed(moved)}" stroke="{tone.hex()}" stroke-opacity=".55" stroke-width="{thick}"/>'


def _speckles(stone: Stone, draw: Draw) -> Iterator[str]:
    """Granite: large light grains, and dark mica between them."""
    yield from _dots(stone, draw, 0.5, stone.colour.lighter(0.24), 0.5, size=0.02)
    yield from _dots(stone, draw, 0.45, stone.colour.lighter(-0.2), 0.5, size=0.018)


def _dots(stone: Stone, draw: Draw, much: float, tone: Colour, opacity: float, size: float = 0.012) -> Iterator[str]:
    """Dots in two sizes, as round ends of lines without length; how many and how large follows the stone's size."""
    mx, my = stone.middle
    for share, scale in ((0.65, 1.0), (0.35, 1.9)):
        dots = []
        for _ in range(round(share * much * math.sqrt(stone.width * stone.height))):
            away, angle = math.sqrt(draw.between(0, 1)), draw.between(0, math.tau)
            x, y = mx + 0.5 * stone.width * away * math.cos(angle), my + 0.5 * stone.height * away * math.sin(angle)
            dots.append(f"M{x:.0f} {y:.0f}h.1")
        if dots:
            yield (
                f'<path d="{"".join(dots)}" stroke="{tone.hex()}" stroke-opacity="{opacity}" stroke-linecap="round" '
                f'stroke-width="{number(max(0.8, scale * 1.5 * size * stone.height))}"/>'
            )


def _superellipse(part: float, power: float) -> float:
    return math.copysign(abs(part) ** (2 / power), part)


def closed(points: Sequence[Point]) -> str:
    """A smooth closed curve through the points (Catmull-Rom, as cubic Béziers)."""
    return _curve([points[-1], *points, points[0], points[1]]) + "z"


def through(points: Sequence[Point]) -> str:
    """A smooth open curve through the points."""
    return _curve([points[0], *points, points[-1]])


def _curve(points: Sequence[Point]) -> str:
    """From the second point to the last but one, in steps relative to where the rounded step before ended."""
    x, y = round(points[1][0], 1), round(points[1][1], 1)
    path = f"M{number(x)} {number(y)}c"
    for before, start, end, after in zip(points, points[1:], points[2:], points[3:], strict=False):
        bend = (
            (start[0] + (end[0] - before[0]) / 6, start[1] + (end[1] - before[1]) / 6),
            (end[0] - (after[0] - start[0]) / 6, end[1] - (after[1] - start[1]) / 6),
            end,
        )
        steps = [(round(px - x, 1), round(py - y, 1)) for px, py in bend]
        path += "".join(f" {number(dx)} {number(dy)}" for dx, dy in steps).removeprefix(" " if path.endswith("c") else "")
        x, y = x + steps[2][0], y + steps[2][1]
    return path


def number(value: float) -> str:
    """One decimal: a tenth of a unit is less than a pixel at any size a badge is shown in, and hides the last bits of sines."""
    text = f"{value:.1f}".removesuffix(".0").replace("0.", ".", 1) if abs(value) < 1 else f"{value:.1f}".removesuffix(".0")
    return "0" if text in ("-0", "") else text
