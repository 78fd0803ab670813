"""Bitstring status lists: a bit for each credential, packed (https://www.w3.org/TR/vc-bitstring-status-list/)."""

from __future__ import annotations

import struct
import zlib
from typing import Final, Self

from shared.credentials import multibase

PLACES: Final = 131_072
"""The fewest places a list has, so that one credential can't be told from its place: 16 KiB."""
MOST_BYTES: Final = 2 * 1024 * 1024
"""What a stranger's list may unpack to: sixteen million places."""

HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
"""gzip's, without a time and a system, so that the same bits always become the same text."""
LEVEL: Final = 9


class TooLarge(ValueError):
    """A list unpacks to more than may be read."""


class Malformed(ValueError):
    """The text is no packed list."""


class Bits:
    """A list's bits. Place 0 is the left-most bit of the first byte."""

    def __init__(self, size: int = PLACES) -> None:
        if size <= 0 or size % 8:
            raise ValueError(f"a list has a positive number of places that is a multiple of 8, not {size}")
        self._bytes = bytearray(size // 8)

    @classmethod
    def of(cls, data: bytes) -> Self:
        """The bits of these bytes, of which there is one at least."""
        bits = cls(8 * len(data))
        bits._bytes[:] = data
        return bits

    @property
    def size(self) -> int:
        """How many places there are."""
        return 8 * len(self._bytes)

    def get(self, place: int) -> bool:
        """Whether the bit is set; raises IndexError for a place that the list does not have."""
        self._check(place)
        return bool(self._bytes[place // 8] >> (7 - place % 8) & 1)

    def put(self, place: int, value: bool) -> None:
        """Sets or clears the bit; raises IndexError for a place that the list does not have."""
        self._check(place)
        mask = 1 << (7 - place % 8)
        if value:
            self._bytes[place // 8] |= mask
        else:
            self._bytes[place // 8] &= ~mask

    def _check(self, place: int) -> None:
        if not 0 <= place < self.size:
            raise IndexError(f"the list has the places 0 to {self.size - 1}, not {place}")

    def encoded(self) -> str:
        """`encodedList`: gzip, as multibase base64url. The same bits always give the same text."""
        packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed = packer.compress(self._bytes) + packer.flush()
        trailer = struct.pack("<II", zlib.crc32(self._bytes), len(self._bytes) & 0xFFFFFFFF)
        return multibase.base64url(HEADER + packed + trailer)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bits) and self._bytes == other._bytes

    __hash__ = None  # type: ignore[assignment]


def decoded(text: str, most_bytes: int = MOST_BYTES) -> Bits:
    """The bits of an `encodedList`, never unpacking more than `most_bytes`. Raises TooLarge and Malformed."""
    if not text.startswith("u"):
        raise Malformed("encodedList begins with u: it is multibase base64url")
    try:
        packed = multibase.decoded(text)
        unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
        data = unpacker.decompress(packed, most_bytes + 1)
    except (multibase.NotMultibase, zlib.error) as problem:
        raise Malformed(f"encodedList is no gzip in base64url: {problem}") from None
    if len(data) > most_bytes:
        raise TooLarge(f"encodedList unpacks to more than {most_bytes} bytes")
    if not unpacker.eof or unpacker.unused_data:
        raise Malformed("encodedList is cut off, or goes on after its end")
    if not data:
        raise Malformed("encodedList has no places")
    return Bits.of(data)
