"""The bare loops write what the services wrote: as many documents, as large, by the same kinds of operations."""

from __future__ import annotations

from pathlib import Path

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.bench.counts import Asked
from deploy.bench.floor import delays, writes_of
from deploy.bench.hop import Even, Plan, Shelf, Writes, bytes_written, part_of
from deploy.bench.log import Line
from shared.mongo import InsertOne, ReplaceOne

RECORD = {"_id": "ada", "partition": 3, "entries": "x" * 8_000, "newest": [["a", 1]] * 40}
PLAN = Plan("awarding", "floor.verdicts", "floor.awards", "floor", 150, 2.5, {"records": Writes(0.1, 0.0, 0.7)})


@pytest.mark.parametrize("share", [0.0, 0.29, 1.0, 2.5])
def test_as_many_documents_are_written_however_messages_are_batched(share: float) -> None:
    in_one, in_many = Even(share), Even(share)
    assert in_one.of(1_000) == sum(in_many.of(size) for size in (1, 99, 400, 7, 493)) == round(1_000 * share)


def test_a_document_is_replaced_only_after_it_was_written() -> None:
    shelf = Shelf("awards", Writes(inserted=0.5, replaced=0.5), [RECORD])
    written: set[str] = set()
    for _ in range(20):
        operations, new = shelf.operations(10)
        inserted = {operation._doc["_id"] for operation in operations if isinstance(operation, InsertOne)}
        replaced = {operation._filter["_id"] for operation in operations if isinstance(operation, ReplaceOne)}
        assert inserted == set(new)
        assert replaced <= written
        assert not inserted & written
        written |= inserted


def test_records_grow_to_the_size_that_the_service_wrote_and_their_mean_is_half_of_it() -> None:
    shelf = Shelf("records", PLAN.writes["records"], [RECORD])
    sizes = [
        len(bson.encode(operation._doc))
        for _ in range(200)
        for operation in shelf.operations(50)[0]
        if isinstance(operation, ReplaceOne | InsertOne)
    ]
    whole = len(bson.encode(RECORD))
    assert whole - 20 <= max(sizes) <= whole + 20
    assert 0.45 < sum(sizes) / len(sizes) / whole < 0.65
    counted = bytes_written(Plan(**{**vars(PLAN), "samples": {"records": [RECORD]}}))
    assert counted == pytest.approx(sum(sizes) / 10_000, rel=0.05)


@given(st.floats(min_value=0.01, max_value=1.0))
def test_part_of_a_document_has_all_its_fields_and_is_never_longer(share: float) -> None:
    part = part_of(RECORD, share)
    assert part.keys() == RECORD.keys()
    assert len(bson.encode(part)) <= len(bson.encode(RECORD))


def test_a_plan_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    said = [(b"value", [("ce_id", b"1")])]
    plan = Plan(**{**vars(PLAN), "samples": {"records": [RECORD]}, "said": said, "indexes": {"records": [[("partition", 1)]]}})
    plan.save(tmp_path / "plan.bson")
    found = Plan.load(tmp_path / "plan.bson")
    assert found.writes == plan.writes
    assert list(found.samples["records"]) == [RECORD]
    assert [(value, [tuple(header) for header in headers]) for value, headers in found.said] == said


def test_what_is_put_is_told_from_what_is_replaced_and_notes_about_mails_from_both() -> None:
    asked: Asked = {
        ("records", "insert"): (5, 100, 0),
        ("progress", "update"): (9, 40, 30),
        ("deliveries", "insert"): (5, 60, 0),
        ("deliveries", "update"): (9, 120, 0),
        ("checkpoints", "update"): (20, 20, 0),
        ("records", "find"): (5, 70, 0),
    }
    assert writes_of(asked, 200) == {
        "records": Writes(inserted=0.5),
        "progress": Writes(put=0.15, replaced=0.05),
        "deliveries": Writes(inserted=0.3),
    }


def test_the_loops_delay_is_to_the_first_that_they_said_because_of_a_message() -> None:
    def line(id_: str, stamp: float) -> Line:
        return Line(partition=0, offset=0, stamp=stamp, key=b"ada", id=id_, type="t", value=b"")

    sent = [line("a", 1.0), line("b", 2.0), line("nothing", 3.0), line("a", 4.0)]
    assert delays(sent, [line("b", 2.5), line("a", 9.0), line("a", 1.25)]) == [0.25, 0.5]
