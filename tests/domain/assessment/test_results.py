"""What people judged by a rubric travels with the entry that counts, and decides nothing by itself."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from services.assessment.domain.fold import report
from services.assessment.domain.record import Record
from services.assessment.domain.rules import rules
from services.assessment.store import from_document, to_document
from shared.decisions import Refused
from shared.events.completions import CompletionReported
from shared.events.reviews import REVIEWERS
from shared.requirements.tree import Judged
from tests.domain.assessment.stories import LEARNER, completion, lived

CASE = "urn:cairn:review:ethics:case"
CARE = {"criterion": "care", "level": "fair", "points": "1.50"}
STYLE = {"criterion": "style", "level": "dull"}
JUDGED = (Judged(CASE, "care", "fair", "1.5"), Judged(CASE, "style", "dull"))


def verdict(id_: str, on: float, *results: dict[str, Any], **more: Any) -> Any:
    return completion(id_, on, CASE, results=results or None, **{"status": "passed", "source": REVIEWERS, **more})


def test_the_results_of_the_entry_that_counts_are_told() -> None:
    learner = lived({"activity": CASE, "passed": True}, verdict("e1", 1, CARE, STYLE), verdict("e2", 2, STYLE))
    assert learner.part().finding.by == ("e1",)
    assert learner.part().finding.results == JUDGED


def test_a_correction_brings_its_own_results() -> None:
    better = {**CARE, "level": "good", "points": 2}
    learner = lived({"activity": CASE, "passed": True}, verdict("e1", 1, CARE), verdict("e2", 3, better, corrects="e1"))
    assert learner.part().finding.results == (Judged(CASE, "care", "good", "2"),)


def test_in_a_mean_each_review_tells_its_own() -> None:
    of = [{"activity": CASE, "weight": 1}, {"activity": "lms:1", "weight": 1}]
    reports = verdict("e1", 1, CARE, status="scored", score="0.5"), completion("e2", 1, "lms:1", "scored", score="0.9")
    finding = lived({"weighted_mean_at_least": "0.6", "of": of}, *reports).part().finding
    assert (finding.by, finding.results) == (("e1", "e2"), JUDGED[:1])


def test_what_nobody_judged_says_nothing_of_results() -> None:
    learner = lived({"activity": CASE, "passed": True}, verdict("e1", 1))
    assert learner.part().finding.results is None
    assert b"results" not in learner.verdict().to_json()
    assert b"results" not in verdict("e1", 1).data.to_json()


def test_the_record_keeps_results_only_where_there_are_some() -> None:
    learner = lived({"activity": CASE, "passed": True}, verdict("e1", 1, CARE, STYLE), completion("e2", 2))
    document = to_document(learner.record)
    assert from_document(LEARNER, document) == learner.record
    judged, plain = (line.split("\t", 1)[1] for line in document["activities"].split("\n"))
    assert plain.endswith('"passed",null,null,1,null]]]')
    assert '"passed",null,null,1,null,[["' in judged


def test_a_record_from_before_results_and_lines_is_read() -> None:
    kept = '{"sources":["s"],"activities":{"a":[[0,"e1",0,"d","passed",null,null,1,null]]}}'
    record = from_document(LEARNER, {"entries": kept, "size": 2})
    assert isinstance(record, Record)
    assert [entry.results for entry in record.entries.values()] == [()]


def test_nobody_but_the_assessors_says_a_verdict() -> None:
    forged = verdict("e1", 1, source="urn:test:lms"), completion("e1", 1, "urn:lms:a", results=(CARE,))
    for event, says in zip(forged, ("judged by assessors", "leave them out"), strict=True):
        with pytest.raises(Refused, match=says):
            report(Record(LEARNER), event, rules(()))


def test_a_criterion_has_one_level() -> None:
    with pytest.raises(ValidationError, match="has a criterion twice"):
        CompletionReported.model_validate(
            {"learner": "l", "activity": CASE, "status": "passed", "results": [CARE, {**CARE, "level": "poor"}]}
        )


def test_the_links_that_a_learner_shows_go_with_what_people_judged_of_them() -> None:
    shown = ("https://weaver.example/rug", "https://weaver.example/scarf")
    learner = lived(
        {"activity": CASE, "passed": True}, verdict("e1", 1, CARE, evidence=shown), completion("e2", 2, evidence=shown)
    )
    assert learner.part().finding.links == shown
    document = to_document(learner.record)
    assert from_document(LEARNER, document) == learner.record
    assert [entry.links for entry in learner.record.entries.values()] == [shown, ()]
    assert all(link.encode() in learner.verdict().to_json() for link in shown)


def test_a_verdict_without_links_says_nothing_of_them() -> None:
    learner = lived({"activity": CASE, "passed": True}, verdict("e1", 1, CARE))
    assert learner.part().finding.links is None
    assert b"links" not in learner.verdict().to_json()
