"""From a file's bytes to originals, by the format of its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Final

from services.assessment.sources.claims import Wrong
from services.assessment.sources.document import Source
from services.assessment.sources.doors.bodies import JSON, parsed
from services.assessment.sources.formats import csv, oneroster
from services.assessment.sources.formats.csv import table
from services.assessment.sources.formats.csv.table import Line
from services.assessment.sources.formats.oneroster import package

ANY: Final = "application/octet-stream"
ND_JSON: Final = ("application/x-ndjson", "application/jsonl")
SHEET: Final = ("text/csv", "text/plain", "application/vnd.ms-excel")
ZIP: Final = ("application/zip", "application/x-zip-compressed")

MEDIA_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    csv.FORMAT.name: (*SHEET, ANY),
    oneroster.FORMAT.name: (*ZIP, *SHEET, ANY),
}
"""What files of a format are called; those of all others are JSON: a list of originals, or one on each line."""

MOST_IN_A_LIST: Final = 20_000_000
"""Bytes of a JSON list, which can be read only as a whole."""


def media_types(source: Source) -> tuple[str, ...]:
    return MEDIA_TYPES.get(source.format, (JSON, *ND_JSON, ANY))


def lines_of(content: bytes, source: Source) -> Iterator[Line]:
    """Its originals with the numbers of their lines. Raises Wrong when the whole can't be read, or not any further."""
    if isinstance(source.options, csv.Options):
        return table.lines(BytesIO(content), source.options)
    if source.format == oneroster.FORMAT.name:
        return package.lines(BytesIO(content))
    return _listed(content) if content.lstrip()[:1] == b"[" else _each(content)


def _listed(content: bytes) -> Iterator[Line]:
    if len(content) > MOST_IN_A_LIST:
        raise Wrong(f"a list may have {MOST_IN_A_LIST} bytes; write one original on each line, without the list around them")
    try:
        found = parsed(content)
    except ValueError as error:
        raise Wrong(f"the file is not JSON: {error}"[:300]) from error
    for number, original in enumerate(found, start=1):
        yield Line(number, original)


def _each(content: bytes) -> Iterator[Line]:
    for number, line in enumerate(BytesIO(content.removeprefix(b"\xef\xbb\xbf")), start=1):
        if not line.strip():
            continue
        try:
            yield Line(number, parsed(line))
        except ValueError as error:
            raise Wrong(
                "the line is not JSON; a file is a list of originals, or has one on each line", f"line {number}"
            ) from error
