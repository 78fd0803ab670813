"""What a file is, is found by its content."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.reviews.files import LONGEST_NAME, TYPES, NotTaken, headers_of, safe_name, type_of

ODT = "application/vnd.oasis.opendocument.text"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def archive(members: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", compression) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return kept.getvalue()


@pytest.mark.parametrize(
    ("content", "type_"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\x00", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("Grüße\n".encode(), "text/plain"),
        (b"\xef\xbb\xbfa,b\r\n", "text/plain"),
        (b"<script>alert(1)</script>", "text/plain"),
        (archive({"mimetype": ODT.encode(), "content.xml": b"<a/>"}), ODT),
        (archive({"[Content_Types].xml": b"", "word/document.xml": b"<a/>"}, zipfile.ZIP_DEFLATED), DOCX),
    ],
)
def test_what_is_taken_is_known_by_its_content(content: bytes, type_: str) -> None:
    assert type_of(content) == type_


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"MZ\x90\x00\x03", "none of the files"),
        (b"\x7fELF\x02\x01", "none of the files"),
        (b"GIF89a\x00\x00", "none of the files"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "none of the files"),
        (b"Gr\xfc\xdfe", "none of the files"),
        (archive({"run.sh": b"rm"}), "Archives are not taken"),
        (archive({"mimetype": b"application/x-other"}), "Archives are not taken"),
        (archive({"[Content_Types].xml": b"", "word/document.xml": b"", "word/vbaProject.bin": b""}), "macros"),
        (archive({"mimetype": ODT.encode(), "Basic/script-lc.xml": b""}), "macros"),
        (archive({f"{n}": b"" for n in range(5_001)}), "too many parts"),
        (b"PK\x03\x04 and no more", "damaged"),
    ],
)
def test_everything_else_is_refused_with_what_would_be_right(content: bytes, says: str) -> None:
    with pytest.raises(NotTaken, match=says):
        type_of(content)


@given(st.binary(max_size=200), st.sampled_from([b"", b"PK\x03\x04", b"%PDF-"]))
def test_whatever_is_sent_is_taken_or_refused(content: bytes, begins: bytes) -> None:
    with suppress(NotTaken):
        assert type_of(begins + content) in TYPES


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("essay.pdf", "essay.pdf"),
        ("essay.exe", "essay.exe.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\ada\\essay.PDF", "essay.PDF"),
        ("ess\u202efdp.exe", "essfdp.exe.pdf"),
        ('a"\r\nset-cookie: b', "aset-cookie b.pdf"),
        ("...", "file.pdf"),
        ("Größe.pdf", "Größe.pdf"),
    ],
)
def test_a_name_shows_what_the_file_is(name: str, safe: str) -> None:
    assert safe_name(name, "application/pdf") == safe


@given(st.text(max_size=400), st.sampled_from(sorted(TYPES)))
def test_any_name_becomes_one_that_headers_can_carry(name: str, type_: str) -> None:
    safe = safe_name(name, type_)
    assert 0 < len(safe) <= LONGEST_NAME
    assert "." in safe
    assert not set(safe) & set('/\\"<>:|?*\r\n\x00')
    for value in headers_of(safe).values():
        value.encode("latin-1")
        assert "\n" not in value
