"""What is in a file, and what is said of it, without broker and database."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.sources.claims import Wrong
from services.assessment.sources.document import Source
from services.assessment.sources.files.contents import lines_of, media_types
from services.assessment.sources.files.file import id_of
from services.assessment.sources.files.files import row
from tests.domain.sources.csv.tables import source as csv_source
from tests.domain.sources.oneroster.packages import package
from tests.domain.sources.oneroster.packages import source as oneroster_source

EVENTS = Source.model_validate(
    {"source": "lms", "name": "LMS", "owner": "IT", "format": "cloudevents", "may_publish": ["*"]},
)


def found(content: bytes, source: Source = EVENTS) -> list[tuple[int, Any]]:
    return [tuple(line) for line in lines_of(content, source)]


def test_of_json_a_file_is_a_list_or_has_one_original_on_each_line() -> None:
    assert found(b'[{"a": 1}, {"a": 2}]') == [(1, {"a": 1}), (2, {"a": 2})]
    assert found(b'\xef\xbb\xbf{"a": 1}\n\n{"a": 2}\r\n') == [(1, {"a": 1}), (3, {"a": 2})]
    assert found(b"") == []


@pytest.mark.parametrize(
    ("content", "place"), [(b"[1,", ""), (b'{"a": 1}\n{"a":', "line 2"), (b"\xff", "line 1"), (b"[NaN]", "")]
)
def test_what_is_no_json_is_wrong_by_its_line(content: bytes, place: str) -> None:
    with pytest.raises(Wrong) as caught:
        found(content)
    assert caught.value.place == place


def test_a_format_has_files_of_its_own_media_types() -> None:
    assert "text/csv" in media_types(csv_source())
    assert "application/zip" in media_types(oneroster_source())
    assert "application/x-ndjson" in media_types(EVENTS)
    assert all("application/octet-stream" in media_types(source) for source in (csv_source(), oneroster_source(), EVENTS))
    assert len(found(package(), oneroster_source())) == 3


def test_a_file_is_known_by_its_content_and_by_the_document_that_it_is_read_by() -> None:
    first = id_of("sis", 1, "d", dry_run=False)
    assert first == id_of("sis", 1, "d", dry_run=False)
    others = [id_of("lms", 1, "d", dry_run=False), id_of("sis", 2, "d", dry_run=False), id_of("sis", 1, "e", dry_run=False)]
    assert len({first, *others, id_of("sis", 1, "d", dry_run=True)}) == 5


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t"])
def test_no_cell_of_the_refusals_is_a_formula(begins: str) -> None:
    assert row(5, "Points", "wrong", f"{begins}1+1").split(",")[3].strip('"\r\n').startswith("'")


def test_refusals_are_csv_whatever_is_in_them() -> None:
    assert row(5, None, 'say "x", please', "a\nb") == '5,,"say ""x"", please","a\nb"\r\n'


@given(st.binary())
def test_no_file_breaks_what_reads_it(content: bytes) -> None:
    for source in (EVENTS, csv_source(), oneroster_source()):
        with suppress(Wrong):
            found(content, source)
