"""From a file's bytes to its lines."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import TextIOWrapper
from itertools import islice
from typing import IO, Any, Final, NamedTuple

from services.assessment.sources.claims import Wrong
from services.assessment.sources.formats.csv.options import Options

MOST_COLUMNS: Final = 500


class Line(NamedTuple):
    """`number` is that of its first line in the file, from 1; `original` what it has, to be read."""

    number: int
    original: Any


def lines(file: IO[bytes], options: Options) -> Iterator[Line]:
    """Every line that isn't blank, after the header. Raises Wrong when the file as a whole can't be read, or not any further.

    What is wrong never repeats what stands in the file: where a header was left out, that would be a learner's name.
    """
    encoding = "utf-8-sig" if options.encoding == "utf-8" else options.encoding
    with TextIOWrapper(file, encoding, newline="") as text:
        try:
            for _ in islice(text, options.skip):
                pass
            table = csv.reader(text, delimiter=options.delimiter, quotechar=options.quote, strict=True)
            columns = _columns(table, options)
            yield from records(table, columns, options.skip)
        except UnicodeError as error:
            raise Wrong(f"the file is not {options.encoding}; the source's document says how its files are encoded") from error


def _columns(table: Any, options: Options) -> tuple[str, ...]:
    if not options.header:
        return options.columns
    place = f"line {options.skip + 1}"
    try:
        first = next(table, None)
    except csv.Error as error:
        raise Wrong(f"the first line cannot be read as CSV: {error}", place) from error
    if first is None:
        raise Wrong("the file is empty", place)
    if len(first) > MOST_COLUMNS:
        raise Wrong(f"the first line has {len(first)} columns; there may be {MOST_COLUMNS}", place)
    if options.columns:
        return options.columns
    columns = tuple(name.strip() for name in first)
    if missing := [name for name in options.needed() if name not in columns]:
        raise Wrong(f"the first line does not name the column {' nor '.join(missing)}", place)
    if twice := [name for name in options.needed() if columns.count(name) > 1]:
        raise Wrong(f"the first line names the column {' and '.join(twice)} twice", place)
    return columns


def records(table: Any, columns: tuple[str, ...], skipped: int = 0) -> Iterator[Line]:
    """The lines of a `csv.reader` that isn't at its end, as columns and cells. What has no name is left out."""
    while True:
        number = table.line_num + skipped + 1
        try:
            cells = next(table, None)
        except csv.Error as error:
            yield Line(number, {"": f"the line cannot be read as CSV: {error}"})
            continue
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        yield Line(number, _original(cells, columns))


def _original(cells: list[str], columns: tuple[str, ...]) -> dict[str, str]:
    if len(cells) < len(columns) or any(cell.strip() for cell in cells[len(columns) :]):
        return {"": f"the line has {len(cells)} cells, and there are {len(columns)} columns"}
    if any("\0" in cell for cell in cells):
        return {"": "the line has a null character; the file may be encoded otherwise than the source's document says"}
    return {column: cell for column, cell in zip(columns, cells, strict=False) if column}
