"""A credential in a PNG: one uncompressed iTXt chunk whose keyword is `openbadgecredential`.

https://www.w3.org/TR/png-3/#11iTXt
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from shared.credentials.picture_errors import AlreadyBaked, Malformed, NothingBaked

PNG: Final = b"\x89PNG\r\n\x1a\n"
KEYWORD: Final = b"openbadgecredential"
FIRST: Final = b"IHDR"
LAST: Final = b"IEND"
TEXT: Final = b"iTXt"
TEXTS: Final = frozenset({b"iTXt", b"tEXt", b"zTXt"})
OVERHEAD: Final = 12
"""Bytes of a chunk beside its data: length, type, CRC."""


def bake_png(png: bytes, text: str) -> bytes:
    """The picture with the text in it, after its first chunk. Raises AlreadyBaked and Malformed."""
    if any(_is_ours(kind, data) for kind, data in _chunks(png)):
        raise AlreadyBaked("The picture has a credential in it already")
    data = KEYWORD + b"\0" + b"\0\0" + b"\0" + b"\0" + text.encode()
    chunk = struct.pack(">I", len(data)) + TEXT + data + struct.pack(">I", zlib.crc32(TEXT + data))
    (size,) = struct.unpack_from(">I", png, len(PNG))
    after_first = len(PNG) + OVERHEAD + size
    return png[:after_first] + chunk + png[after_first:]


def unbaked_png(png: bytes) -> str:
    """The text in the picture. Raises NothingBaked and Malformed."""
    found = [(kind, data) for kind, data in _chunks(png) if _is_ours(kind, data)]
    if not found:
        raise NothingBaked("The PNG has no credential in it: no iTXt chunk openbadgecredential")
    if len(found) > 1:
        raise Malformed("The PNG has more than one credential in it")
    kind, data = found[0]
    if kind != TEXT:
        raise Malformed(f"The PNG's credential is in a chunk {kind.decode()}; Open Badges 3.0 has it in iTXt")
    rest = data[len(KEYWORD) + 1 :]
    if rest[:1] != b"\0":
        raise Malformed("The PNG's credential is compressed, which Open Badges 3.0 does not allow")
    parts = rest[2:].split(b"\0", 2)
    if len(parts) < 3:
        raise Malformed("The PNG's iTXt chunk is cut off before its text")
    try:
        return parts[2].decode()
    except UnicodeDecodeError:
        raise Malformed("The PNG's credential is no UTF-8") from None


def _is_ours(kind: bytes, data: bytes) -> bool:
    return kind in TEXTS and data.startswith(KEYWORD + b"\0")


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk's type and data up to IEND, its CRC checked."""
    if not png.startswith(PNG):
        raise Malformed("The file is no PNG")
    place = len(PNG)
    first = True
    while True:
        if place + OVERHEAD > len(png):
            raise Malformed("The PNG is cut off")
        (size,) = struct.unpack_from(">I", png, place)
        kind = png[place + 4 : place + 8]
        if size > len(png) - place - OVERHEAD:
            raise Malformed(f"The PNG has a chunk that says it has {size} bytes; the file is shorter")
        if first and kind != FIRST:
            raise Malformed("The PNG does not begin with its header (IHDR)")
        first = False
        data = png[place + 8 : place + 8 + size]
        (crc,) = struct.unpack_from(">I", png, place + 8 + size)
        if zlib.crc32(data, zlib.crc32(kind)) != crc:
            raise Malformed(f"The PNG is damaged: the checksum of a chunk {kind.decode('latin-1')} is wrong")
        yield kind, data
        if kind == LAST:
            return
        place += OVERHEAD + size
