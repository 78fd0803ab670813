"""What a credential that was checked says of a completion, and what speaks against it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from services.assessment.sources.claims import Name, Nothing, Result, TakenBack, Wrong
from services.assessment.sources.formats.proofs import claim_id, read
from shared.events.completions import Status
from tests.domain.sources.anything import the_claim
from tests.domain.sources.proofs.badges import NORTH, STATISTICS, credential, original, result, source

SCORED = [{"of": "Final score", "gives": "score"}, {"of": "urn:r:grade", "gives": "grade"}]


def said(given: dict[str, Any], **options: Any) -> Result:
    claim = the_claim(read, original(given), source(**options))
    assert isinstance(claim.said, Result)
    return claim.said


def refused(given: dict[str, Any], **options: Any) -> Wrong:
    with pytest.raises(Wrong) as caught:
        read(given, source(**options))
    assert caught.value.id is not None
    return caught.value


def test_a_credential_is_a_pass_of_its_achievement_when_it_was_awarded() -> None:
    claim = the_claim(read, original(), source())
    assert claim.time == datetime(2026, 1, 20, 9, tzinfo=UTC)
    assert (claim.names, claim.activity) == ((Name("learner", "ada"),), STATISTICS)
    assert claim.said == Result(Status.PASSED)
    assert claim.id == claim_id(credential())


def test_without_a_date_of_award_it_counts_from_its_beginning_as_either_edition_writes_it() -> None:
    assert the_claim(read, original(credential(awardedDate=None)), source()).time == datetime(2026, 2, 1, tzinfo=UTC)
    older = credential(awardedDate=None, validFrom=None, issuanceDate="2025-05-05T00:00:00Z")
    assert the_claim(read, original(older), source()).time == datetime(2025, 5, 5, tzinfo=UTC)


def test_every_edition_and_every_time_it_is_said_again_has_an_id_of_its_own() -> None:
    ids = {claim_id(credential()), claim_id(credential(), 2), claim_id(credential(validFrom="2026-03-01T00:00:00Z"))}
    assert len(ids) == 3
    claim = the_claim(read, original(edition=2, replaces="another"), source())
    assert claim.id == claim_id(credential(), 2)
    assert isinstance(claim.said, Result)
    assert claim.said.corrects == "another"


def test_results_count_where_the_document_maps_them() -> None:
    given = credential(result("score", value="40"), result("grade", value="B+"))
    assert said(given) == Result(Status.PASSED)
    found = said(given, results=SCORED)
    assert found.score is not None
    assert (found.status, found.score.share, found.grade) == (Status.PASSED, Decimal("0.75"), "B+")


def test_where_the_document_says_which_score_passes_the_score_decides() -> None:
    rule = {"named": STATISTICS, "is": "urn:campus:statistics", "passes_at": "0.8"}
    claim = the_claim(read, original(credential(result("score", value="40"))), source(rule, results=SCORED))
    assert isinstance(claim.said, Result)
    assert claim.said.status is Status.SCORED


@pytest.mark.parametrize(
    ("given", "share"),
    [
        (result("percent", value="85.5"), "0.855"),
        (result("percent", value=" 85.5 % "), "0.855"),
        (result("percent", value=120), "1"),
        (result("level", achievedLevel="urn:l:basic"), "0.25"),
    ],
)
def test_a_score_is_a_share_of_what_its_description_says(given: dict[str, Any], share: str) -> None:
    found = said(credential(given), results=[{"of": "*", "gives": "score"}])
    assert found.score is not None
    assert found.score.share == Decimal(share)


def test_a_grade_may_be_the_name_of_the_level_reached() -> None:
    given = credential(result("level", achievedLevel="urn:l:mastered"))
    assert said(given, results=[{"of": "Mastery", "gives": "grade"}]).grade == "Mastered"


@pytest.mark.parametrize(
    ("status", "expected"), [("Completed", Status.PASSED), ("Failed", Status.FAILED), ("Withdrew", Status.WITHDRAWN)]
)
def test_a_result_of_the_kind_status_says_how_it_ended(status: str, expected: Status) -> None:
    assert said(credential(result("status", status=status))).status is expected


@pytest.mark.parametrize("status", ["InProgress", "Enrolled", "OnHold", "Provisional"])
def test_what_is_not_completed_yet_says_nothing(status: str) -> None:
    assert isinstance(read(original(credential(result("status", status=status))), source()), Nothing)


def test_achievements_may_be_mapped_by_name_or_type() -> None:
    assert the_claim(read, original(), source(achievements_by="name")).activity == "Statistics"
    assert the_claim(read, original(), source(achievements_by="type")).activity == "Course"


def test_what_was_found_to_be_false_is_refused_with_the_reason() -> None:
    checked = {"verdict": "invalid", "code": "status.revoked", "says": "The issuer has revoked it."}
    wrong = refused(original(checked=checked))
    assert (wrong.status, wrong.detail) == (422, "it cannot be relied on: The issuer has revoked it")


def test_what_could_not_be_found_out_is_to_be_sent_again() -> None:
    checked = {"verdict": "undecided", "code": "issuer.unreachable", "says": "Nobody answers."}
    wrong = refused(original(checked=checked))
    assert (wrong.status, "send it again later: Nobody answers" in wrong.detail) == (503, True)


@pytest.mark.parametrize("code", ["proof.suite_unsupported", "status.unsupported", "issuer.no_document"])
def test_what_can_never_be_found_out_here_is_not_to_be_sent_again(code: str) -> None:
    wrong = refused(
        original(checked={"verdict": "undecided", "code": code, "says": "It is signed in a way that is not known here."})
    )
    assert (wrong.status, "it cannot be checked here: It is signed" in wrong.detail) == (422, True)


def test_an_issuer_that_is_not_trusted_is_refused_and_those_that_are_named() -> None:
    wrong = refused(original(credential(issuer="did:web:mill.example")))
    assert (wrong.status, wrong.place) == (403, "credential.issuer")
    assert wrong.detail.endswith("those are North")
    unreachable = {"verdict": "undecided", "code": "issuer.unreachable", "says": "Nobody answers."}
    wrong = refused(original(credential(issuer="did:web:mill.example"), checked=unreachable))
    assert wrong.status == 403, "what would not be taken anyway is not to be sent again"


def test_an_issuer_awards_only_what_is_its_own() -> None:
    trusts = [
        {"id": "did:web:mill.example", "name": "Mill", "achievements": ["https://mill.example/*"]},
        {"id": NORTH, "name": "North", "achievements": ["https://north.example/*"]},
    ]
    assert read(original(), source(trusts=trusts))
    wrong = refused(original(credential(issuer="did:web:mill.example")), trusts=trusts)
    assert (wrong.status, wrong.detail) == (403, "Mill is not trusted for this achievement")


def test_where_several_issuers_are_trusted_each_says_what_is_its_own() -> None:
    with pytest.raises(ValidationError, match="each says under achievements"):
        source(trusts=[{"id": NORTH, "name": "North"}, {"id": "did:web:mill.example", "name": "Mill"}])


def test_what_is_not_the_learners_is_refused_as_was_found() -> None:
    wrong = refused(original(given={"refused": "not theirs", "status": 403}))
    assert (wrong.status, wrong.place, wrong.detail) == (403, "credential.credentialSubject", "not theirs")


def test_what_a_system_brings_is_whose_plain_names_stand_in_it() -> None:
    email = {"type": "IdentityObject", "hashed": False, "identityHash": "ada@example.org", "identityType": "emailAddress"}
    hashed = {"type": "IdentityObject", "hashed": True, "identityHash": "sha256$" + "0" * 64, "identityType": "emailAddress"}
    subject = credential()["credentialSubject"] | {"identifier": [hashed, email]}
    claim = the_claim(read, original(credential(credentialSubject=subject), to=None), source())
    assert claim.names == (Name("id", "did:example:ada"), Name("email", "ada@example.org"))
    del subject["id"]
    wrong = refused(original(credential(credentialSubject=subject | {"identifier": hashed}), to=None))
    assert "does not say whom it was given to" in wrong.detail


def test_a_status_that_was_set_takes_back_what_was_said() -> None:
    found = {"claim": "proofs:credential:1", "to": "ada", "says": "The issuer has revoked it.", "at": "2026-11-20T08:00:00Z"}
    claim = the_claim(read, {"status": found}, source())
    assert claim.said == TakenBack("proofs:credential:1", "The issuer has revoked it.")
    assert (claim.time, claim.names) == (datetime(2026, 11, 20, 8, tzinfo=UTC), (Name("learner", "ada"),))


@pytest.mark.parametrize(("status", "expected"), [(413, 413), (None, 422), (200, 422), ("x", 422)])
def test_what_holds_no_credential_is_refused_as_was_said(status: object, expected: int) -> None:
    with pytest.raises(Wrong) as caught:
        read({"unreadable": {"says": "There is none in it.", "status": status}}, source())
    assert caught.value.status == expected
