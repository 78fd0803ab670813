"""What an SVG must not have before it is drawn: a way to other files, or more than a picture needs.

The renderer would read any file that an `href` names, and overflows its stack on deep nesting.
"""

from __future__ import annotations

import base64
import io
import re
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import XMLParser  # type: ignore[import-untyped]
from PIL import Image

MOST_BYTES: Final = 4_000_000
MOST_ELEMENTS: Final = 10_000
MOST_FILTERS: Final = 20
MOST_PIXELS: Final = 16_000_000
"""Of all the bitmaps inside the picture."""
DEEPEST: Final = 64

SVG: Final = "{http://www.w3.org/2000/svg}"
ELSEWHERE: Final = re.compile(r"""url\(\s*+["']?+\s*+(?!#)|@import|\\|image-set|src\s*\(""", re.IGNORECASE)
"""In a style, what leads out of the document; an escape could hide it."""


BITMAP: Final = re.compile(r"data:image/(png|jpeg);base64,([A-Za-z0-9+/=\s]*)", re.ASCII)


class UnsafePicture(ValueError):
    """The text isn't an SVG that can be drawn safely; the message says why."""


def require_safe(svg: str) -> None:
    """Raises UnsafePicture."""
    if len(svg.encode(errors="surrogatepass")) > MOST_BYTES:
        raise UnsafePicture(f"a picture may have {MOST_BYTES:,} bytes")
    parser = XMLParser(target=_Inspector(), forbid_dtd=True)
    try:
        parser.feed(svg)
        parser.close()
    except ParseError as error:
        raise UnsafePicture(f"the picture isn't well-formed XML: {error}") from error
    except DefusedXmlException as error:
        raise UnsafePicture("the picture has a document type or entities of its own") from error
    except UnicodeEncodeError as error:
        raise UnsafePicture("the picture has half of a surrogate pair") from error


class _Inspector:
    """Sees each element as it is parsed, so that nothing deep or long is ever built."""

    def __init__(self) -> None:
        self._depth = self._elements = self._filters = self._pixels = 0
        self._style: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        self._filters += tag == f"{SVG}filter"
        if self._elements == 1 and tag != f"{SVG}svg":
            raise UnsafePicture("the picture isn't an SVG: its first element must be svg, in SVG's namespace")
        if self._depth > DEEPEST or self._elements > MOST_ELEMENTS or self._filters > MOST_FILTERS:
            raise UnsafePicture(
                f"a picture may have {MOST_ELEMENTS:,} elements, {DEEPEST} within each other, and {MOST_FILTERS} filters"
            )
        for name, value in attributes.items():
            refers = name.rpartition("}")[2] in ("href", "src")
            if refers and tag == f"{SVG}image" and (bitmap := BITMAP.fullmatch(value)):
                self._see(bitmap[1], bitmap[2])
            elif (refers and not value.strip().startswith("#")) or ELSEWHERE.search(value):
                raise UnsafePicture("the picture refers to something outside itself; it may refer to its own parts only")
        if tag.rpartition("}")[2] == "style":
            self._style = []

    def _see(self, kind: str, encoded: str) -> None:
        """A bitmap inside: looked at, but not unpacked."""
        try:
            with Image.open(io.BytesIO(base64.b64decode(encoded)), formats=(kind.upper(),)) as image:
                self._pixels += image.width * image.height
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise UnsafePicture(f"the picture has something inside that is no {kind.upper()}") from error
        if self._pixels > MOST_PIXELS:
            raise UnsafePicture(f"the bitmaps inside a picture may have {MOST_PIXELS:,} pixels")

    def data(self, text: str) -> None:
        if self._style is not None:
            self._style.append(text)

    def end(self, tag: str) -> None:
        self._depth -= 1
        if self._style is not None:
            if ELSEWHERE.search("".join(self._style)):
                raise UnsafePicture("the picture's style refers to something outside it")
            self._style = None

    def close(self) -> None:
        pass
