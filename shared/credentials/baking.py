"""Credentials inside pictures: what is common to PNG and SVG (Open Badges 3.0, section 5.3)."""

from __future__ import annotations

from shared.credentials.baked_png import PNG, bake_png, unbaked_png
from shared.credentials.baked_svg import bake_svg, unbaked_svg
from shared.credentials.picture_errors import AlreadyBaked, Malformed, NothingBaked

__all__ = ["AlreadyBaked", "Malformed", "NothingBaked", "bake_png", "bake_svg", "unbaked"]


def unbaked(data: bytes) -> str:
    """The credential in a baked PNG or SVG: JSON text or a compact JWS. Raises NothingBaked and Malformed."""
    if data.startswith(PNG):
        return unbaked_png(data)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return unbaked_svg(data)
    raise Malformed("The file is neither a PNG nor an SVG")
