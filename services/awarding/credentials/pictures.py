"""The pictures of achievements: a river stone for each, and a cairn that grows a stone with each level of a stack.

They are drawn from the definition alone, so everybody draws the same one: the stone's shape, colour and grain from the
achievement's id, the light and the land from its issuer's. Nothing needs a font, a script or another file, and ids
are the picture's own, so that many can stand in one page.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from xml.sax.saxutils import escape

import resvg_py

from services.awarding.credentials.pictures_colours import STONES, Colour
from services.awarding.credentials.pictures_safety import UnsafePicture, require_safe
from services.awarding.credentials.pictures_scene import GROUND, SIDE, Scene
from services.awarding.credentials.pictures_stones import Draw, Stone, closed, number
from shared.events.definitions import Achievement, Stack


def picture_svg(
    achievement: Achievement | Stack, *, level_number: int | None = None, levels: int | None = None, stack: str | None = None
) -> str:
    """A square SVG. `level_number` of `levels` (from 1) draws a cairn of as many stones, in the frame of the whole one.

    `stack` is the stack's id, from which all its levels' stones are drawn; if left out, the level's id up to its last dot.
    """
    id_ = achievement.id
    if level_number is None:
        family, standing, coming = id_, [_boulder(id_)], []
    else:
        whole = max(levels or level_number, level_number)
        family = stack or id_.rpartition(".")[0] or id_
        stones = _cairn(family, whole)
        standing, coming = stones[:level_number], stones[level_number:]
    drawn_from = (family, id_, achievement.issuer.id, level_number, levels)
    name = "p" + hashlib.sha256("\x1f".join(map(str, drawn_from)).encode()).hexdigest()[:10]
    standing = [replace(stone, name=f"{name}{i}") for i, stone in enumerate(standing)]
    scene = Scene(name, Draw(achievement.issuer.id, "land"), family)
    top = standing[-1]
    body = "".join(
        (
            scene.behind(top),
            "".join(_awaited(stone, scene.hue) for stone in coming),
            scene.shadow(standing[0]),
            *_stacked(standing, f"{name}w"),
            scene.pebbles(standing[0]),
        )
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" role="img" aria-labelledby="{name}t">'
        f'<title id="{name}t">{escape(_printable(achievement.name))}</title>'
        f'<clipPath id="{name}f"><rect width="{SIDE}" height="{SIDE}" rx="112"/></clipPath>'
        f'<g clip-path="url(#{name}f)">{body}</g></svg>'
    )


def as_png(svg: str, size: int = SIDE) -> bytes:
    """The picture as a PNG whose longer side has `size` pixels, transparent where nothing is drawn.

    Anybody's SVG may be given: nothing outside of it is read. Raises UnsafePicture.
    """
    require_safe(svg)
    try:
        return resvg_py.svg_to_bytes(svg_string=svg, width=size, height=size, skip_system_fonts=True)
    except ValueError as error:
        raise UnsafePicture(f"the picture can't be drawn: {error}") from error


def _printable(name: str) -> str:
    """Without what XML 1.0 can't hold."""
    return "".join(c for c in name if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff"))


def _boulder(id_: str) -> Stone:
    draw = Draw(id_, "stone")
    width = draw.between(350, 376)
    height = width * draw.between(0.58, 0.68)
    return Stone("", f"{id_}\x1fstone", draw.one_of(STONES), SIDE / 2, GROUND, width, height, draw.between(-5, 5))


def _cairn(family: str, levels: int) -> list[Stone]:
    """The whole cairn, the lowest stone first. A lower level's picture has the first of them, in the same places."""
    draw = Draw(family, "cairn")
    first = draw.one_of(range(len(STONES)))
    steps = [draw.one_of((2, 3, 4, 5)), draw.one_of((6, 7, 8))]
    height_left = min(340.0, 150 + 75.0 * levels)
    weights = [1.0 - 0.5 * i / max(1, levels - 1) if levels > 1 else 1.0 for i in range(levels)]
    unit = height_left / sum(weights)
    widest, narrowest = (300.0 - 4 * levels, 120.0 - 2 * levels) if levels > 2 else (310.0, 200.0)
    stones, foot, x = [], GROUND, SIDE / 2
    for i, weight in enumerate(weights):
        high = weight * unit
        share = i / max(1, levels - 1)
        wide = max(widest + (narrowest - widest) * share, 1.25 * high) * draw.between(0.94, 1.04)
        colour = STONES[(first + (0, *steps)[i % 3]) % len(STONES)].lighter(draw.between(-0.03, 0.03))
        overlap = 0.05 * high
        stones.append(Stone("", f"{family}\x1f{i}", colour, x, foot, wide, high + 2 * overlap, draw.between(-3, 3)))
        foot -= high
        x = SIDE / 2 + draw.between(-0.035, 0.035) * wide
    return stones


def _stacked(stones: list[Stone], shade: str) -> list[str]:
    drawn = []
    for stone, above in zip(stones, [*stones[1:], None], strict=True):
        drawn.append(stone.svg())
        if above is not None:
            drawn.append(
                f'<g clip-path="url(#{stone.name}c)"><ellipse cx="{number(above.x)}" cy="{number(above.y)}" '
                f'rx="{number(above.width * 0.52)}" ry="{number(stone.height * 0.24)}" fill="url(#{shade})"/></g>'
            )
    return drawn


def _awaited(stone: Stone, hue: float) -> str:
    """Where a stone is still to come."""
    tone = Colour(0.99, 0.01, hue).hex()
    return f'<path d="{closed(stone.outline(0.95))}" fill="{tone}" fill-opacity=".3" stroke="{tone}" stroke-width="2.5"/>'
