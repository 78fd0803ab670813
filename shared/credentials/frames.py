"""How checking processes and who asks them write to each other: the length of the JSON, the length of the bytes, then both."""

from __future__ import annotations

import struct
from typing import Final

import orjson

HEAD: Final = struct.Struct(">II")


def framed(value: object, data: bytes = b"") -> bytes:
    text = orjson.dumps(value)
    return HEAD.pack(len(text), len(data)) + text + data
