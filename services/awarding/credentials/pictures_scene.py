"""Where the stones stand: sky, sun, hills and ground, in the light of the issuer's hue."""

from __future__ import annotations

from typing import Final

from services.awarding.credentials.pictures_colours import SKIES, Colour
from services.awarding.credentials.pictures_stones import Draw, Stone, number, through

SIDE: Final = 512
"""The units of a picture's side."""

GROUND: Final = 424.0
"""Where the lowest stone stands."""

NIGHT: Final = "#101820"
"""Of shadows."""


class Scene:
    """Sky, sun, hills and ground. The hue is the issuer's."""

    def __init__(self, name: str, draw: Draw, family: str) -> None:
        self.name = name
        self.hue = draw.one_of(SKIES)
        self._draw = Draw(family, "hills")

    @property
    def high(self) -> Colour:
        return Colour(0.90, 0.045, self.hue)

    @property
    def hills(self) -> tuple[Colour, Colour, Colour]:
        """The farthest first; the last one is the ground."""
        return Colour(0.875, 0.04, self.hue), Colour(0.835, 0.045, self.hue), Colour(0.78, 0.045, self.hue)

    def behind(self, top: Stone) -> str:
        """The sun stands behind the topmost stone: it rises with each level."""
        low = Colour(0.965, 0.025, self.hue).towards(80, 0.5)
        sun = Colour(0.99, 0.035, 95)
        x, y = number(top.x + 0.12 * top.width), number(top.y - top.height * 0.9)
        return (
            f'<linearGradient id="{self.name}s" x2="0" y2="1"><stop stop-color="{self.high.hex()}"/>'
            f'<stop offset=".8" stop-color="{low.hex()}"/></linearGradient>'
            f'<radialGradient id="{self.name}u"><stop offset=".31" stop-color="{sun.hex()}"/>'
            f'<stop offset=".32" stop-color="{sun.hex()}" stop-opacity=".6"/>'
            f'<stop offset="1" stop-color="{sun.hex()}" stop-opacity="0"/></radialGradient>'
            f'<rect width="{SIDE}" height="{SIDE}" fill="url(#{self.name}s)"/>'
            f'<circle cx="{x}" cy="{y}" r="290" fill="url(#{self.name}u)"/>'
            + "".join(
                self._hill(y, swing, colour)
                for (y, swing), colour in zip(((330, 34), (366, 20), (402, 7)), self.hills, strict=True)
            )
        )

    def _hill(self, y: float, swing: float, colour: Colour) -> str:
        points = [(x, y + self._draw.between(-swing, swing)) for x in range(-40, SIDE + 81, 118)]
        return f'<path d="{through(points)}V{SIDE}H-40z" fill="{colour.hex()}"/>'

    def shadow(self, foot: Stone) -> str:
        """Of the lowest stone on the ground; stones darken each other with the same fading."""
        return (
            f'<radialGradient id="{self.name}w"><stop offset=".4" stop-color="{NIGHT}" stop-opacity=".45"/>'
            f'<stop offset="1" stop-color="{NIGHT}" stop-opacity="0"/></radialGradient>'
            + _ellipse(foot.x + 6, GROUND - 3, foot.width * 0.58, 27, f"url(#{self.name}w)")
        )

    def pebbles(self, foot: Stone) -> str:
        """Smaller ones that lie on the ground, left and right of the lowest stone."""
        drawn = []
        for side in (-1, 1):
            x = foot.x + side * (foot.width / 2 - 6)
            for _ in range(self._draw.one_of((1, 2, 3))):
                x += side * self._draw.between(14, 36)
                y, wide = GROUND + self._draw.between(8, 46), self._draw.between(9, 17)
                tone = Colour(self._draw.between(0.5, 0.66), 0.022, self.hue)
                drawn.append(_ellipse(x, y + 3, wide + 2, wide * 0.45, f'{NIGHT}" fill-opacity=".16'))
                drawn.append(_ellipse(x, y, wide, wide * 0.58, tone.hex()))
                drawn.append(_ellipse(x - 2, y - 2, wide * 0.6, wide * 0.28, tone.lighter(0.14).hex()))
        return "".join(drawn)


def _ellipse(x: float, y: float, wide: float, high: float, fill: str) -> str:
    return f'<ellipse cx="{x:.0f}" cy="{y:.0f}" rx="{wide:.0f}" ry="{high:.0f}" fill="{fill}"/>'
