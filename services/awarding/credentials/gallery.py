"""The picture of an achievement: its own image where it has one that can be had, otherwise one drawn from it."""

from __future__ import annotations

import asyncio
import base64
import io
import logging
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import Final
from xml.sax.saxutils import quoteattr

from PIL import Image

from services.awarding.credentials.pictures import as_png, picture_svg
from services.awarding.credentials.pictures_safety import UnsafePicture, require_safe
from services.awarding.domain.rules import Rule, Rules, Version
from shared.credentials.fetching import Fetcher, NotFetched

log = logging.getLogger(__name__)

SIDE: Final = 512
LARGEST: Final = 2_000_000
MOST_PIXELS: Final = 16_000_000
KINDS: Final = "image/svg+xml, image/png, image/jpeg"
KEPT: Final = 3_600.0
AGAIN_AFTER: Final = 300.0
"""Seconds that an image is kept, and that one that couldn't be had isn't asked for again."""
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG, and the same as a PNG."""

    svg: str

    @property
    def png(self) -> bytes:
        return _png(self.svg)


class Gallery:
    """Without a fetcher every picture is a drawn one."""

    def __init__(self, fetcher: Fetcher | None = None) -> None:
        self._fetcher = fetcher
        self._kept: OrderedDict[str, tuple[float, Picture | None]] = OrderedDict()

    async def picture(self, rule: Rule, version: Version, rules: Rules) -> Picture:
        address = version.definition.image
        own = None if address is None else await self._own(str(address))
        return await asyncio.to_thread(drawn, rule, version, rules) if own is None else own

    async def _own(self, address: str) -> Picture | None:
        if self._fetcher is None:
            return None
        until, kept = self._kept.get(address, (float("-inf"), None))
        if monotonic() < until:
            return kept
        picture: Picture | None
        try:
            fetched = await self._fetcher.get(address, most_bytes=LARGEST, accept=KINDS)
            picture = await asyncio.to_thread(read, fetched.body)
        except (NotFetched, UnsafePicture) as error:
            log.info("an achievement's own image can't be used: %s", error)
            picture = kept
        self._kept[address] = monotonic() + (AGAIN_AFTER if picture is None else KEPT), picture
        self._kept.move_to_end(address)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return picture


def drawn(rule: Rule, version: Version, rules: Rules) -> Picture:
    """From the definition alone; a stack's level as a cairn of as many stones."""
    if rule.stack is None or rule.level is None:
        return Picture(_drawn(version))
    order = rules.levels[rule.stack][version.number]
    return Picture(_drawn(version, order.index(rule.level) + 1, len(order), rule.stack))


def read(data: bytes) -> Picture:
    """An SVG as it is; a PNG or JPEG, reduced, within one. Raises UnsafePicture."""
    if data.lstrip()[:1] == b"<" or data.startswith(b"\xef\xbb\xbf"):
        try:
            svg = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UnsafePicture("the picture is no text in UTF-8") from error
        require_safe(svg)
        picture = Picture(svg)
        _ = picture.png  # what can't be drawn is not used
        return picture
    png = _reduced(data)
    encoded = base64.b64encode(png).decode()
    return Picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" role="img">'
        f'<image width="{SIDE}" height="{SIDE}" href={quoteattr(f"data:image/png;base64,{encoded}")}/></svg>'
    )


def _reduced(data: bytes) -> bytes:
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            if image.width * image.height > MOST_PIXELS:
                raise UnsafePicture(f"the picture has more than {MOST_PIXELS:,} pixels")
            small = image.convert("RGBA")
            small.thumbnail((SIDE, SIDE))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        if isinstance(error, UnsafePicture):
            raise
        raise UnsafePicture("the picture is no PNG, JPEG or SVG") from error
    written = io.BytesIO()
    small.save(written, "PNG", optimize=True)
    return written.getvalue()


@lru_cache(maxsize=500)
def _drawn(version: Version, number: int | None = None, levels: int | None = None, stack: str | None = None) -> str:
    return picture_svg(version.definition, level_number=number, levels=levels, stack=stack)


@lru_cache(maxsize=200)
def _png(svg: str) -> bytes:
    return as_png(svg, SIDE)
