"""From the bytes of a CSV file to its lines: encodings, delimiters, quotes, headers, and what is broken."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.sources.claims import Nothing, Wrong
from services.assessment.sources.formats.csv import Options, read
from services.assessment.sources.formats.csv.table import lines
from tests.domain.sources.csv.tables import claims, originals, source

HEADER = "Matriculation,Module,Graded,Points,Out of"
LINE = '07-1,MA101,24.11.2026 13:05,"42,5",50'


def test_lines_are_numbered_as_an_editor_shows_them() -> None:
    text = f'{HEADER},Note\n{LINE},"two\nlines"\n\n{LINE},\n'
    assert [number for number, _ in originals(text, source())] == [2, 5]


def test_what_spreadsheets_write_is_read() -> None:
    text = "\ufeff" + HEADER.replace(",", ";") + "\r\n07-1;MÄ101;24.11.2026 13:05;42,5;50\r\n"
    for encoding, written in (("utf-8", "utf-8"), ("utf-16", "utf-16-le")):
        assert [c.activity for c in claims(text.encode(written), source(delimiter=";", encoding=encoding))] == ["MÄ101"]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_old_encodings_are_read_where_the_document_says_so(encoding: str) -> None:
    content = f"{HEADER}\n{LINE.replace('MA', 'MÄ')}\n".encode(encoding)
    assert [c.activity for c in claims(content, source(encoding=encoding))] == ["MÄ101"]
    with pytest.raises(Wrong, match="not utf-8"):
        originals(content, source())


def test_columns_are_found_by_position_where_there_is_no_header() -> None:
    columns = ["Matriculation", "Module", "Graded", "Points", "Out of"]
    assert [c.activity for c in claims(LINE, source(header=False, columns=columns))] == ["MA101"]
    assert [c.activity for c in claims(f"a,b,c,d,e\n{LINE}", source(columns=columns))] == ["MA101"]


def test_lines_above_the_header_are_skipped_and_still_counted() -> None:
    assert [n for n, _ in originals(f"Report\nof 2026\n{HEADER}\n{LINE}\n", source(skip=2))] == [4]


def test_other_quotes_and_tabs_are_read() -> None:
    text = HEADER.replace(",", "\t") + "\n'07\t1'\tMA101\t24.11.2026 13:05\t42,5\t50\n"
    (claim,) = claims(text, source(delimiter="\t", quote="'"))
    assert claim.names[0].value == "07\t1"


def test_a_comma_at_the_end_of_each_line_does_no_harm() -> None:
    assert len(claims(f"{HEADER},\n{LINE},\n", source())) == 1
    assert len(claims(f"{HEADER}\n{LINE},,\n", source())) == 1


@pytest.mark.parametrize(
    "line",
    ["07-1,MA101", f"{LINE},one more", '07-1,"MA"101,24.11.2026 13:05,42,50', "07-1,M\0A101,24.11.2026 13:05,42,50", LINE + '"'],
    ids=["too few cells", "too many cells", "text after a quote", "a null character", "an open quote"],
)
def test_a_broken_line_is_wrong_and_the_next_one_is_read(line: str) -> None:
    where = source()
    (number, broken), *rest = originals(f"{HEADER}\n{line}\n{LINE}\n", where)
    assert number == 2
    with pytest.raises(Wrong) as caught:
        read(broken, where)
    assert "07-1" not in str(caught.value)
    if not line.endswith('"'):
        ((number, good),) = rest
        assert number == 3
        assert not isinstance(read(good, where), Nothing)


@pytest.mark.parametrize("text", ["", "Name\nAna\n", f"{HEADER},Module\n", ",".join("abc" * 200)])
def test_a_file_with_other_columns_is_wrong_as_a_whole_and_not_repeated(text: str) -> None:
    with pytest.raises(Wrong) as caught:
        originals(text, source())
    assert caught.value.place == "line 1"
    assert "Ana" not in str(caught.value)


def test_a_learners_name_in_the_place_of_a_header_is_not_told_on() -> None:
    with pytest.raises(Wrong) as caught:
        originals("Ana Example,MA101,24.11.2026\n", source())
    assert "Ana" not in str(caught.value)


POSITIONS = {"header": False, "columns": ["Matriculation", "Module", "Graded", "Points", "Out of"]}
WRITTEN = st.sampled_from([{}, {"delimiter": ";"}, {"encoding": "utf-16"}, {"encoding": "cp1252"}, POSITIONS])


@given(st.binary() | st.text(alphabet='ab,;"\n\r\0é\ufeff').map(str.encode), WRITTEN)
def test_no_file_breaks_the_reader(content: bytes, options: dict[str, Any]) -> None:
    where = source(**options)
    assert isinstance(where.options, Options)
    for start in (b"", HEADER.encode() + b"\n"):
        with suppress(Wrong):
            for line in lines(BytesIO(start + content), where.options):
                assert line.number >= 1
                with suppress(Wrong):
                    read(line.original, where)
