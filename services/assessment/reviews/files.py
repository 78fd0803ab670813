"""Files as evidence: what they are is found by their content, whatever they are called, and nothing of them is ever run.

evidence  {_id: submission/file, submission, learner, content (sealed under the learner's key), at}
"""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Collection as Some
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

from services.assessment.sources.people import People
from services.assessment.sources.vault import Unreadable
from shared.http import Problem
from shared.mongo import ASCENDING, Database, insert_own

LARGEST: Final = 10_000_000
MOST_FILES: Final = 5
MOST_MEMBERS: Final = 5_000
LONGEST_NAME: Final = 120

PDF: Final = "application/pdf"
PNG: Final = "image/png"
JPEG: Final = "image/jpeg"
TEXT: Final = "text/plain"
WORD: Final = "application/vnd.openxmlformats-officedocument"
OPEN: Final = "application/vnd.oasis.opendocument"

TYPES: Final = {
    PDF: ".pdf",
    PNG: ".png",
    JPEG: ".jpg",
    TEXT: ".txt",
    f"{WORD}.wordprocessingml.document": ".docx",
    f"{WORD}.presentationml.presentation": ".pptx",
    f"{WORD}.spreadsheetml.sheet": ".xlsx",
    f"{OPEN}.text": ".odt",
    f"{OPEN}.presentation": ".odp",
    f"{OPEN}.spreadsheet": ".ods",
}
"""What is taken, and how the names of such files end."""

SAID: Final = "PDF, PNG, JPEG, plain text (UTF-8), DOCX, PPTX, XLSX, ODT, ODP and ODS"
OFFICE: Final = {"word/document.xml": "wordprocessingml.document", "ppt/presentation.xml": "presentationml.presentation"} | {
    "xl/workbook.xml": "spreadsheetml.sheet"
}


class NotTaken(Exception):
    """The text says why, and what is taken."""


def type_of(content: bytes) -> str:
    """The media type that the content shows it to be. Raises NotTaken for all but a few harmless ones."""
    if not content:
        raise NotTaken("The file is empty.")
    for beginning, type_ in ((b"%PDF-", PDF), (b"\x89PNG\r\n\x1a\n", PNG), (b"\xff\xd8\xff", JPEG)):
        if content.startswith(beginning):
            return type_
    if content.startswith(b"PK\x03\x04"):
        return _archive(content)
    if _is_text(content):
        return TEXT
    raise NotTaken(f"By its content this is none of the files that are taken: {SAID}.")


def _archive(content: bytes) -> str:
    """Office documents are archives; of their members only the names are read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            names = {member.filename for member in members}
            if len(members) > MOST_MEMBERS:
                raise NotTaken("The document has too many parts.")
            if any(name.lower().endswith("vbaproject.bin") or name.startswith("Basic/") for name in names):
                raise NotTaken("The document has macros. Save it without them, or as PDF.")
            first = members[0] if members else None
            if first is not None and first.filename == "mimetype" and first.compress_type == zipfile.ZIP_STORED:
                type_ = archive.read(first)[:100].decode("ascii", "replace") if first.file_size <= 100 else ""
                if type_ in TYPES:
                    return type_
            if "[Content_Types].xml" in names:
                for part, kind in OFFICE.items():
                    if part in names:
                        return f"{WORD}.{kind}"
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, OSError) as error:
        raise NotTaken("The file is damaged: it can't be read as the archive that it begins as.") from error
    raise NotTaken(f"Archives are not taken. What is taken: {SAID}.")


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return not any(unicodedata.category(letter) == "Cc" and letter not in "\t\n\r\f" for letter in set(text))


def safe_name(name: str, type_: str) -> str:
    """A name that shows what it is: one line without folders or signs that can't be seen, ending as its type does."""
    last = PurePosixPath(name.replace("\\", "/")).name
    seen = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C" and letter not in '"/\\<>:|?*')
    ending = TYPES[type_]
    endings = (ending, ".jpeg") if type_ == JPEG else (ending, ".md", ".csv") if type_ == TEXT else (ending,)
    plain = " ".join(seen.split()).strip(". ") or "file"
    if plain.lower().endswith(endings):
        stem, dot, end = plain.rpartition(".")
        return f"{stem[: LONGEST_NAME - len(end) - 1] or 'file'}{dot}{end}"
    return f"{plain[: LONGEST_NAME - len(ending)]}{ending}"


def headers_of(name: str) -> dict[str, str]:
    """Of a download: kept, never shown in place, whatever a browser thinks it is."""
    plain = "".join(letter if letter.isascii() and letter not in '"\\%' else "_" for letter in name)
    return {
        "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
    }


class Files:
    """The contents, each sealed under its learner's key."""

    def __init__(self, database: Database, people: People) -> None:
        self._database = database
        self._all = database["evidence"]
        self._people = people

    async def create_indexes(self) -> None:
        await self._database.create("evidence", [("learner", ASCENDING)], [("submission", ASCENDING)], [("at", ASCENDING)])

    async def keep(self, submission: str, file: str, learner: str, content: bytes, at: datetime) -> None:
        key = (await self._people.owners([learner]))[learner].key
        assert key is not None
        id_ = f"{submission}/{file}"
        sealed = key.seal(content, f"evidence {id_}")
        document = {"_id": id_, "submission": submission, "learner": learner, "content": sealed, "at": at}
        await insert_own(self._all, document)

    async def content(self, submission: str, file: str, learner: str) -> bytes:
        """Raises the 404 problem."""
        id_ = f"{submission}/{file}"
        document = await self._all.find_one({"_id": id_})
        owner = (await self._people.known([learner])).get(learner)
        try:
            if document is not None and owner is not None and owner.key is not None:
                return owner.key.unseal(bytes(document["content"]), f"evidence {id_}")
        except Unreadable:
            pass
        raise Problem(404, detail="There is no such file.")

    async def drop(self, submission: str, files: Some[str]) -> None:
        if files:
            await self._all.delete_many({"_id": {"$in": [f"{submission}/{file}" for file in files]}})

    async def kept_before(self, at: datetime, after: str | None, limit: int) -> list[tuple[str, str]]:
        """Submission and file of those that were kept before, in the order of their ids."""
        where: dict[str, object] = {"at": {"$lt": at}}
        if after is not None:
            where["_id"] = {"$gt": after}
        found = await self._all.find(where, {"_id": 1}).sort("_id", ASCENDING).limit(limit).to_list(limit)
        pairs = (document["_id"].partition("/") for document in found)
        return [(submission, file) for submission, _, file in pairs]
