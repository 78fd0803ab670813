"""A stack drawn as a cairn: a stone for each level, the lowest at the bottom, those that are there solid, the others outlined."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 240
SLOPE: Final = 0.8
"""How much of the breadth below it a stone has."""

LEAN: Final = (0, 7, -5, 4, -3, 5, -4, 2)
"""By how much each stone lies beside the middle: stones laid by hand never stand quite straight."""


@dataclass(frozen=True, slots=True)
class Stone:
    """`path` and `lichen` are an SVG path's data; `x`, `y` the stone's middle, `half` half its breadth."""

    state: str
    path: str
    lichen: str
    x: float
    y: float
    half: float


@dataclass(frozen=True, slots=True)
class Cairn:
    """Stones, the lowest first, in a box of `width` by `height`; the ground is at `ground`."""

    stones: tuple[Stone, ...]
    width: int
    height: int
    ground: int


def cairn(states: Sequence[str]) -> Cairn:
    """One stone for each state (`valid`, `open`, `suspended`, `revoked`, `expired`), the lowest level first."""
    number = max(len(states), 1)
    slope = SLOPE if number <= 5 else 0.42 ** (1 / number)
    tall = [_tall(level, number) for level in range(number)]
    ground = round(sum(tall) + 14)
    stones, y = [], float(ground)
    for level, state in enumerate(states):
        half = 98 * slope**level
        y -= tall[level]
        x = WIDTH / 2 + LEAN[level % len(LEAN)] * min(1, half / 60)
        middle = y + tall[level] / 2
        outline = _pebble(x, middle, half, tall[level] / 2 - 1, level)
        lichen = _pebble(x - half * 0.42, middle - tall[level] * 0.13, half * 0.24, tall[level] * 0.12, level + 3)
        stones.append(Stone(state, outline, lichen, round(x, 1), round(middle, 1), round(half, 1)))
    return Cairn(tuple(stones), WIDTH, ground + 12, ground)


def _tall(level: int, number: int) -> float:
    return max(18.0, (50 - 5 * level) * (1 if number <= 5 else 0.8))


def _pebble(x: float, y: float, half_width: float, half_height: float, seed: int) -> str:
    """A rounded outline, flatter than an ellipse and a little uneven; the same for the same seed."""
    points = []
    for step in range(10):
        angle = 2 * math.pi * step / 10
        uneven = 1 + 0.035 * math.sin(seed * 2.3 + step * 1.7)
        across = math.copysign(abs(math.cos(angle)) ** 0.72, math.cos(angle))
        up = math.copysign(abs(math.sin(angle)) ** 0.78, math.sin(angle))
        points.append((x + half_width * across * uneven, y + half_height * up * (uneven if up < 0 else 1)))
    return _smooth(points)


def _smooth(points: Sequence[tuple[float, float]]) -> str:
    """A closed curve through the points (Catmull-Rom, as cubic Béziers)."""
    number = len(points)
    said = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for i in range(number):
        before, here, there, after = (points[(i + shift) % number] for shift in (-1, 0, 1, 2))
        leaving = (here[0] + (there[0] - before[0]) / 6, here[1] + (there[1] - before[1]) / 6)
        arriving = (there[0] - (after[0] - here[0]) / 6, there[1] - (after[1] - here[1]) / 6)
        said.append("C" + " ".join(f"{value:.1f}" for point in (leaving, arriving, there) for value in point))
    return "".join(said) + "Z"
