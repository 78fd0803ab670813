"""From a OneRoster zip to its results; and zips that mean harm."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.sources.claims import Name, Result, Wrong
from services.assessment.sources.formats.oneroster import read
from services.assessment.sources.formats.oneroster.package import lines
from shared.events.completions import Score, Status
from tests.domain.sources.oneroster.packages import LINE_ITEMS, RESULTS, claim, manifest, originals, package, source


def test_results_are_read_with_what_is_known_of_their_line_items_and_students() -> None:
    found = originals(package())
    assert [number for number, _ in found] == [2, 3, 4]
    first, second, third = (claim(original) for _, original in found)
    assert first.said == Result(Status.SCORED, Score(raw=Decimal(17), max=Decimal(20)))
    assert Name("oneroster:identifier", "S-1001") in first.names
    assert Name("oneroster:userId:LDAP", "ada.l") in first.names
    assert second.said == third.said == Result(Status.CLEARED)
    assert "Lovelace" not in repr(found)


def test_bulk_files_have_no_status_and_no_modification() -> None:
    bulk = RESULTS.replace("active,2026-11-20T08:00:00.000Z", ",").replace("tobedeleted,2026-11-21T08:00:00.000Z", ",")
    found = originals(package({"manifest.csv": manifest(file_results="bulk"), "results.csv": bulk}))
    assert [claim(original).time.isoformat() for _, original in found] == ["2026-11-19T00:00:00+00:00"] * 3


def test_a_zip_may_hold_all_in_one_folder() -> None:
    files = {f"export/{name}": content for name, content in (("manifest.csv", manifest()), ("results.csv", RESULTS))}
    nothing = dict.fromkeys(("manifest.csv", "results.csv", "lineItems.csv", "users.csv"))
    assert len(originals(package(files | nothing | {"export/lineItems.csv": LINE_ITEMS}))) == 3


def test_results_alone_are_read_as_well() -> None:
    found = originals(b"\xef\xbb\xbf" + RESULTS.encode())
    where = source(maxima=[{"of": "*", "points": "20"}])
    assert claim(found[0][1], where).said == Result(Status.SCORED, Score(raw=Decimal(17), max=Decimal(20)))


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (package({"manifest.csv": None}), "manifest.csv"),
        (package({"manifest.csv": manifest(file_results="absent")}), "manifest.csv"),
        (package({"manifest.csv": manifest(oneroster_version="2.0")}), "manifest.csv"),
        (package({"manifest.csv": "a,b\n"}), "manifest.csv"),
        (package({"results.csv": None}), "manifest.csv"),
        (package({"results.csv": "sourcedId,score\n"}), "results.csv"),
        (package({"results.csv": RESULTS.encode("utf-16")}), "results.csv"),
        (package({"users.csv": b"\xff\xff"}), "users.csv"),
        (package({"copy/results.csv": RESULTS}), "results.csv"),
        (package()[:-200], "the zip"),
        (b"PK\x03\x04 and no more", "the zip"),
        (b"", "results.csv"),
        (b"\x00\x01\x02", "results.csv"),
    ],
)
def test_a_package_that_cannot_be_read_is_wrong_as_a_whole(content: bytes, place: str) -> None:
    with pytest.raises(Wrong) as caught:
        originals(content)
    assert caught.value.place == place


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(Wrong, match="times smaller"):
        originals(package({"results.csv": RESULTS.encode() + b" " * 50_000_000}))


def test_names_that_lead_out_of_the_zip_lead_nowhere() -> None:
    content = package({"../../results.csv": "evil", "results.csv": RESULTS, "/etc/manifest.csv": "evil", "..\\users.csv": "x"})
    with pytest.raises(Wrong, match="two files"):
        originals(content)
    harmless = package({"../../passwd": "evil", "/etc/hosts": "evil", "..\\users.csv": "x"})
    assert len(originals(harmless)) == 3


def test_an_encrypted_zip_is_told_so() -> None:
    content = bytearray(package())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(signature)
        while at >= 0:
            content[at + flags] |= 1
            at = content.find(signature, at + 4)
    with pytest.raises(Wrong, match="encrypted"):
        originals(bytes(content))


def test_a_damaged_member_is_told_of_after_what_could_be_read() -> None:
    written = BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as archive:
        archive.writestr("manifest.csv", manifest())
        archive.writestr("results.csv", RESULTS)
    content = bytearray(written.getvalue())
    at = content.find(b"results.csv") + len("results.csv")
    content[at + 40 : at + 44] = b"\xff\xff\xff\xff"
    with pytest.raises(Wrong):
        originals(bytes(content))


GOOD = package()


@given(st.binary() | st.builds(lambda at, bit: GOOD[:at] + bytes([GOOD[at] ^ (1 << bit)]) + GOOD[at + 1 :],
                               st.integers(0, len(GOOD) - 1), st.integers(0, 7)))  # fmt: skip
def test_no_file_breaks_the_reader(content: bytes) -> None:
    with suppress(Wrong):
        for line in lines(BytesIO(content)):
            with suppress(Wrong):
                read(line.original, source(maxima=[{"of": "*", "points": "20"}]))
