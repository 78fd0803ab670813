"""Colours of stones, sky and ground, mixed in OKLCH so that equal lightness looks equally light whatever the hue.

OKLab is Björn Ottosson's (https://bottosson.github.io/posts/oklab/, 2020).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True)
class Colour:
    """`lightness` 0 to 1, `chroma` 0 (grey) to about 0.3, `hue` in degrees."""

    lightness: float
    chroma: float
    hue: float

    def lighter(self, by: float) -> Colour:
        return replace(self, lightness=min(0.99, max(0.05, self.lightness + by)))

    def towards(self, hue: float, share: float) -> Colour:
        """The hue moved along the shorter way round by a share of the difference."""
        way = (hue - self.hue + 180) % 360 - 180
        return replace(self, hue=(self.hue + share * way) % 360)

    def hex(self) -> str:
        return "#" + "".join(f"{round(255 * channel):02x}" for channel in _srgb(self))


def _srgb(colour: Colour) -> tuple[float, float, float]:
    red, green, blue = (min(1.0, max(0.0, channel)) for channel in _linear(colour))
    return _curve(red), _curve(green), _curve(blue)


def _linear(colour: Colour) -> tuple[float, float, float]:
    angle = math.radians(colour.hue)
    a, b = colour.chroma * math.cos(angle), colour.chroma * math.sin(angle)
    long = (colour.lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (colour.lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (colour.lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _curve(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


STONES: Final = (
    Colour(0.50, 0.055, 255),  # slate
    Colour(0.52, 0.070, 215),  # sea
    Colour(0.51, 0.060, 180),  # jade
    Colour(0.52, 0.060, 150),  # sage
    Colour(0.53, 0.070, 120),  # moss
    Colour(0.56, 0.085, 80),  # ochre
    Colour(0.53, 0.085, 55),  # sandstone
    Colour(0.52, 0.105, 38),  # terracotta
    Colour(0.52, 0.085, 15),  # red granite
    Colour(0.49, 0.075, 345),  # plum
    Colour(0.50, 0.080, 305),  # amethyst
    Colour(0.49, 0.085, 278),  # lapis
    Colour(0.43, 0.020, 260),  # basalt
)
"""Colours that river stones have, dark enough to stand out against every sky (3:1 and more)."""

SKIES: Final = (245.0, 222.0, 198.0, 168.0, 130.0, 92.0, 68.0, 28.0, 312.0, 282.0)
"""Hues of the light, from a clear morning to dusk."""


def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of WCAG 2.2, 1 to 21."""
    dim, bright = sorted(_luminance(colour) for colour in (one, other))
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (min(1.0, max(0.0, channel)) for channel in _linear(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
