"""From a OneRoster zip, or its results.csv alone, to originals.

Nothing is written to a disk, so that names of members can't lead anywhere; and no more is unpacked than `MOST_BYTES`.
"""

from __future__ import annotations

import csv
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from typing import IO, Any, Final
from zipfile import BadZipFile, LargeZipFile, ZipFile

from services.assessment.sources.claims import Wrong
from services.assessment.sources.formats.csv.table import Line, records
from services.assessment.sources.formats.oneroster.service import OF_LINE_ITEMS, OF_USERS

MOST_BYTES: Final = 300_000_000
MOST_MEMBERS: Final = 1_000
MOST_TIMES: Final = 200
"""How many times larger than in the zip a member may be: good texts are some 20 times."""
MOST_KEPT: Final = 500_000
"""Line items, or users, of one zip."""

RESULTS: Final = "results.csv"
NEEDED: Final = ("sourcedId", "lineItemSourcedId", "studentSourcedId", "scoreStatus")
VERSIONS: Final = ("1.1", "1.2")

BROKEN: Final = (BadZipFile, LargeZipFile, zlib.error, struct.error, EOFError, OSError, NotImplementedError, RuntimeError)
"""What zipfile raises for zips that are damaged, encrypted, or packed in a way of their own."""


def lines(file: IO[bytes]) -> Iterator[Line]:
    """Every result; `number` is its line in results.csv. Raises Wrong when the whole can't be read, or not any further."""
    begins = file.read(4)
    file.seek(0)
    if begins[:2] != b"PK":
        with _texts(RESULTS):
            yield from (Line(line.number, _original(line.original, {}, {})) for line in _table(file, RESULTS, NEEDED))
        return
    with _texts("the zip"), ZipFile(file) as archive:
        members = _members(archive)
        _check_manifest(archive, members)
        known = {name: _kept(archive, members, name, fields) for name, fields in _OTHERS.items()}
        with _texts(RESULTS):
            for number, row in _table(archive.open(members[RESULTS]), RESULTS, NEEDED):
                yield Line(number, _original(row, known["lineItems.csv"], known["users.csv"]))


_OTHERS: Final = {"lineItems.csv": OF_LINE_ITEMS, "users.csv": OF_USERS}


@contextmanager
def _texts(what: str) -> Iterator[None]:
    try:
        yield
    except UnicodeError as error:
        raise Wrong(f"{what} is not UTF-8", what) from error
    except BROKEN as error:
        raise Wrong(
            f"{what} cannot be unpacked: it is damaged, encrypted, or packed in a way that is not common", what
        ) from error


def _members(archive: ZipFile) -> dict[str, str]:
    """The files that matter, by their names: at the top of the zip, or in the one folder that is there."""
    listed = [member for member in archive.infolist() if not member.is_dir()]
    if len(listed) > MOST_MEMBERS:
        raise Wrong(f"the zip has {len(listed)} files; there may be {MOST_MEMBERS}", "the zip")
    members: dict[str, str] = {}
    total = 0
    for member in listed:
        folder, _, name = member.filename.rpartition("/")
        if name not in ("manifest.csv", RESULTS, *_OTHERS) or folder.startswith("__MACOSX"):
            continue
        if name in members:
            raise Wrong(f"the zip has two files {name}", name)
        if member.file_size > MOST_TIMES * max(member.compress_size, 1_000):
            raise Wrong(f"{name} is packed more than {MOST_TIMES} times smaller than it is, as no good one is", name)
        members[name] = member.filename
        total += member.file_size
    if total > MOST_BYTES:
        raise Wrong(f"unpacked, the zip has {total} bytes; there may be {MOST_BYTES}", "the zip")
    return members


def _check_manifest(archive: ZipFile, members: Mapping[str, str]) -> None:
    if "manifest.csv" not in members:
        raise Wrong("the zip has no manifest.csv", "manifest.csv")
    with _texts("manifest.csv"), archive.open(members["manifest.csv"]) as file:
        rows = [row for _, row in _table(file, "manifest.csv", ("propertyName", "value")) if "" not in row]
        said = {row["propertyName"].strip(): row["value"].strip() for row in rows[:MOST_MEMBERS]}
    if not said.get("oneroster.version", "").startswith(VERSIONS):
        raise Wrong(f"its oneroster.version must be {' or '.join(VERSIONS)}", "manifest.csv")
    if said.get("file.results", "absent").lower() not in ("bulk", "delta") or RESULTS not in members:
        raise Wrong("the zip has no results: file.results must be bulk or delta, and results.csv be there", "manifest.csv")


def _kept(archive: ZipFile, members: Mapping[str, str], name: str, fields: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Of each line that has any of these fields, those, by its sourcedId."""
    found: dict[str, dict[str, str]] = {}
    if name not in members:
        return found
    with _texts(name), archive.open(members[name]) as file:
        for _, row in _table(file, name, ("sourcedId",)):
            if "" in row:
                continue
            if said := {field: row[field] for field in fields if row.get(field, "").strip()}:
                found[row["sourcedId"].strip()] = said
            if len(found) > MOST_KEPT:
                raise Wrong(f"{name} has more than {MOST_KEPT} lines", name)
    return found


def _table(file: IO[bytes], name: str, needed: tuple[str, ...]) -> Iterator[Line]:
    with TextIOWrapper(file, "utf-8-sig", newline="") as text:
        table = csv.reader(text, strict=True)
        try:
            columns = tuple(column.strip() for column in next(table, []))
        except csv.Error as error:
            raise Wrong(f"its first line cannot be read as CSV: {error}", name) from error
        if missing := [column for column in needed if columns.count(column) != 1]:
            raise Wrong(f"its first line must name {', '.join(missing)}, once", name)
        yield from records(table, columns)


def _original(row: Mapping[str, str], lineitems: Mapping[str, Any], users: Mapping[str, Any]) -> dict[str, Any]:
    """As the gradebook service has it."""
    if "" in row:
        return dict(row)
    result: dict[str, Any] = {}
    metadata = {}
    for column, cell in row.items():
        if not cell.strip():
            continue
        if column.endswith("SourcedId"):
            result[column.removesuffix("SourcedId")] = {"sourcedId": cell.strip()}
        elif column.startswith("metadata."):
            metadata[column.removeprefix("metadata.")] = cell
        else:
            result[column] = cell
    if metadata:
        result["metadata"] = metadata
    original: dict[str, Any] = {"result": result}
    if (lineitem := lineitems.get(row["lineItemSourcedId"].strip())) is not None:
        original["lineItem"] = lineitem
    if (user := users.get(row["studentSourcedId"].strip())) is not None:
        original["user"] = user
    return original
