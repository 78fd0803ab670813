"""`multipart/mixed` (RFC 2046): what xAPI sends statements with attachments in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from shared.http import Problem

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks


@dataclass
class Part:
    """Its headers by their names in small letters, and its bytes."""

    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "text/plain").partition(";")[0].strip().lower()


def parts_of(request: Request, body: bytes) -> list[Part]:
    """The parts of the body. Raises the 400 problem for what has none."""
    _, parameters = parse_options_header(request.headers.get("content-type"))
    boundary = parameters.get(b"boundary")
    if not boundary:
        raise Problem(400, detail="Content-Type must say the boundary between the parts: multipart/mixed; boundary=…")
    reading = _Reading()
    try:
        parser = MultipartParser(boundary, reading.callbacks())
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise Problem(400, detail="The body is not the parts that its boundary would have between them.") from error
    if not reading.ended or not reading.parts:
        raise Problem(400, detail="The body does not end with the boundary that closes the last part: --boundary--")
    return reading.parts


class _Reading:
    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.ended = False
        self._name = bytearray()
        self._value = bytearray()

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": lambda: self.parts.append(Part()),
            "on_part_data": lambda data, start, end: self.parts[-1].body.extend(data[start:end]),
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header,
            "on_end": self._end,
        }

    def _header(self) -> None:
        self.parts[-1].headers[self._name.decode("latin-1").strip().lower()] = self._value.decode("latin-1").strip()
        self._name.clear()
        self._value.clear()

    def _end(self) -> None:
        self.ended = True
