"""What people judged stands in the credential as the standard has rubrics, and what nobody judged changes no byte."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.awarding.credentials.evidence import address_in, result_descriptions
from services.awarding.documents import from_document, to_document
from services.awarding.domain.inputs import Part, Verdict
from services.awarding.domain.record import Record
from shared.credentials.canonical import canonical
from shared.events.awarding import AwardGranted, Reason
from shared.events.definitions import Achievement
from shared.requirements.tree import Finding, Judged
from tests.domain.awarding_credentials.shapes import NOON
from tests.domain.awarding_credentials.test_document import edition_of

CASE: Final = "urn:cairn:review:ethics:case"
REVIEW: Final[dict[str, Any]] = {
    "id": "case",
    "name": "The case",
    "instructions": "Weigh a case.",
    "asks": ["text"],
    "rubric": {
        "criteria": [
            {
                "id": "care",
                "name": "Care",
                "must_reach": "fair",
                "levels": [
                    {"id": "poor", "name": "Poor", "points": 0},
                    {"id": "fair", "name": "Fair", "points": "1.50", "description": "All are seen."},
                ],
            },
            {
                "id": "style",
                "name": "Style",
                "levels": [{"id": "dull", "name": "Dull", "points": 0}, {"id": "vivid", "name": "Vivid", "points": 2}],
            },
        ]
    },
}


def ethics(requirement: dict[str, Any], *reviews: dict[str, Any]) -> Achievement:
    return Achievement.model_validate(
        {
            "achievement": "ethics",
            "name": "Ethics",
            "description": "d",
            "criteria": "c",
            "issuer": {"id": "geo", "name": "Geology"},
            "requirement": requirement,
            "reviews": reviews,
        }
    )


JUDGED: Final = (Judged(CASE, "care", "fair", "1.5"), Judged(CASE, "style", "dull", "0"))


def credential(*judged: Judged, met: bool = True, links: tuple[str, ...] | None = None) -> dict[str, Any]:
    reason = Reason(says="Pass The case", met=met, by=("e1",), results=judged or None, links=links)
    return edition_of(ethics({"activity": CASE, "passed": True}, REVIEW), reason).document()


def test_each_criterion_is_a_result_description_whose_levels_have_ids_of_their_own() -> None:
    described = credential()["credentialSubject"]["achievement"]["resultDescription"]
    assert [(one["name"], one["resultType"]) for one in described] == [
        ("The case: Care", "RubricCriterionLevel"),
        ("The case: Style", "RubricCriterionLevel"),
    ]
    poor, fair = described[0]["rubricCriterionLevel"]
    assert described[0]["requiredLevel"] == fair["id"]
    assert "requiredLevel" not in described[1]
    assert (fair["name"], fair["level"], fair["points"], fair["description"]) == ("Fair", "fair", "1.5", "All are seen.")
    assert (poor["type"], poor["points"], "description" in poor) == (["RubricCriterionLevel"], "0", False)
    ids = [one["id"] for one in described] + [level["id"] for one in described for level in one["rubricCriterionLevel"]]
    assert len(set(ids)) == len(ids) == 6


def test_the_levels_reached_are_results_that_lead_to_their_descriptions() -> None:
    document = credential(*JUDGED)
    subject = document["credentialSubject"]
    levels = {
        level["id"]: (one["id"], level["name"])
        for one in subject["achievement"]["resultDescription"]
        for level in one["rubricCriterionLevel"]
    }
    results = subject["result"]
    assert [levels[one["achievedLevel"]] for one in results] == [(one["resultDescription"], one["value"]) for one in results]
    assert [one["value"] for one in results] == ["Fair", "Dull"]
    assert document["evidence"][0]["narrative"] == "Met. Judged by people: Care: Fair; Style: Dull."
    assert "achievedLevel" in canonical(document)


def test_what_the_learner_shows_is_evidence_with_its_address() -> None:
    document = credential(*JUDGED, links=("https://weaver.example/rug", "https://weaver.example/rug"))
    [told, shown] = document["evidence"]
    assert "id" not in told
    assert shown == {"id": "https://weaver.example/rug", "type": ["Evidence"], "name": "Pass The case"}
    assert "<https://weaver.example/rug>" in canonical(document)
    assert credential(*JUDGED, met=False, links=("https://weaver.example/rug",)).get("evidence") is None


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("https://weaver.example/rug?of=1&at=%C3%A9#a", "https://weaver.example/rug?of=1&at=%C3%A9#a"),
        ("https://weaver.example/a b", "https://weaver.example/a%20b"),
        ("https://wéaver.example/100%", "https://w%C3%A9aver.example/100%25"),
        ("http://[::1]:8000/a[1]#b#c", "http://[::1]:8000/a%5B1%5D#b%23c"),
    ],
)
def test_a_link_is_written_as_an_address(link: str, address: str) -> None:
    assert address_in(link) == address


@given(st.text(max_size=40).map("https://weaver.example/".__add__))
def test_any_link_is_an_address_that_is_written_once(link: str) -> None:
    written = address_in(link)
    assert address_in(written) == written
    assert re.fullmatch(r"https://weaver\.example/([A-Za-z0-9\-._~:/?@!$&'()*+,;=#]|%[0-9A-Fa-f]{2})*", written)


def test_what_another_rubric_judged_and_what_is_not_met_is_no_result() -> None:
    strange = Judged("urn:cairn:review:law:case", "care", "fair"), Judged(CASE, "care", "brilliant"), Judged(CASE, "wit", "fair")
    assert "result" not in credential(*strange)["credentialSubject"]
    assert "result" not in credential(*JUDGED, met=False)["credentialSubject"]


def test_the_same_judgement_counted_twice_is_one_result() -> None:
    assert len(credential(*JUDGED, *JUDGED)["credentialSubject"]["result"]) == 2


def test_a_score_in_a_review_is_called_by_its_name() -> None:
    described = result_descriptions(ethics({"activity": CASE, "score_at_least": "0.5"}, REVIEW), "https://a.example")
    assert described[0]["name"] == "Score at least 50% in The case"
    assert described[0]["resultType"] == "Percent"


def test_without_reviews_nothing_about_rubrics_is_said() -> None:
    plain = ethics({"activity": "lms:1", "passed": True})
    reason = Reason(says="Pass lms:1", met=True, by=("e1",))
    subject = edition_of(plain, reason).document()["credentialSubject"]
    assert not {"result", "resultDescription"} & {*subject, *subject["achievement"]}
    award = edition_of(plain, reason).award
    assert b"results" not in award.to_json()
    assert b"reviews" not in plain.model_dump_json().encode()
    assert AwardGranted.model_validate_json(award.to_json()) == award


@pytest.mark.parametrize("links", [None, ("https://weaver.example/rug",)])
def test_the_record_keeps_what_was_judged_and_reads_what_was_kept_before(links: tuple[str, ...] | None) -> None:
    finding = Finding(True, ("e1",), results=JUDGED, links=links)
    record = Record("ada", verdicts={"ethics": Verdict(1, ((1, (Part("", ((NOON, NOON),), (), finding),)),))})
    assert from_document("ada", to_document(record)) == record
    before = {"kept": '{"verdicts":[["ethics",1,[[1,[["",[[0,0]],[],[true,["e1"],"0.5",null,[]]]]]]]]}'}
    [(_, parts)] = from_document("ada", before).verdicts["ethics"].versions
    assert parts[0].finding == Finding(True, ("e1",), "0.5")
