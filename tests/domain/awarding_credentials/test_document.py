"""Whatever is issued passes the published schemas, is signed whole, and says what makes a microcredential and nothing private."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft201909Validator

from services.awarding.credentials.document import Unmakeable, language
from services.awarding.credentials.elements import MODES, SNB
from shared.credentials.canonical import canonical
from shared.credentials.jwts import as_jwt, jwt_is_good, opened
from shared.credentials.proofs import proof_is_good, signed
from shared.events.awarding import AwardGranted, AwardStatus, Reason
from shared.events.definitions import Achievement
from shared.events.envelope import Cause
from tests.domain.awarding_credentials.shapes import KEY, NOON, Edition, editions, issued_for

SCHEMAS: Final = Path(__file__).parents[4] / "shared" / "credential-standards" / "schemas"
EXAMPLES: Final = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.skipif(not SCHEMAS.exists(), reason="the published schemas are not here")
@pytest.mark.parametrize("kind", ["", ".strict"])
def test_every_credential_passes_the_published_schemas(kind: str) -> None:
    schema = json.loads((SCHEMAS / f"ob_v3p0_achievementcredential_schema{kind}.json").read_text())
    validator = Draft201909Validator(schema, format_checker=Draft201909Validator.FORMAT_CHECKER)

    @EXAMPLES
    @given(editions())
    def passes(edition: Edition) -> None:
        credential = signed(edition.document(), KEY, edition.method, edition.issued.created)
        assert [error.message for error in validator.iter_errors(credential)] == []

    passes()


@EXAMPLES
@given(editions())
def test_every_credential_is_signed_whole_and_verifies(edition: Edition) -> None:
    document = edition.document()
    credential = signed(document, KEY, edition.method, edition.issued.created)
    assert proof_is_good(credential, credential["proof"][0], KEY.public)
    token = as_jwt(document, KEY, edition.method)
    assert jwt_is_good(token, KEY.public)
    assert {name: value for name, value in opened(token)[1].items() if name in document} == document


@EXAMPLES
@given(editions())
def test_no_organisation_is_told_of_in_two_places_that_the_proof_could_not_tell_apart(edition: Edition) -> None:
    subject = edition.document()["credentialSubject"]
    profiles = [edition.document()["issuer"], subject["achievement"].get("creator"), subject.get("source")]
    told = [profile["id"] for profile in profiles if profile is not None and profile.keys() - {"id", "type"}]
    assert len(told) == len(set(told))
    assert {profile["id"] for profile in profiles if profile is not None} == set(told)


@EXAMPLES
@given(editions())
def test_nothing_is_empty_and_one_object_is_never_a_list_of_one_elsewhere(edition: Edition) -> None:
    document = edition.document()
    assert list(_empty(document)) == []
    assert isinstance(document["credentialStatus"], dict)
    assert document["credentialStatus"]["statusListIndex"] == str(edition.issued.status.index)


@EXAMPLES
@given(editions())
def test_no_learner_no_staff_no_note_and_no_event_stands_in_a_credential(edition: Edition) -> None:
    said = set(_texts(edition.document()))
    award = edition.award
    assert said.isdisjoint({award.note, award.decided_by, "entry-of-a-person", "decision-7"} - {None})
    if edition.identity is not None and edition.identity.email:
        assert edition.identity.email not in said


@EXAMPLES
@given(st.data())
def test_the_same_facts_give_the_same_bytes(data: st.DataObject) -> None:
    edition = data.draw(editions())
    assert json.dumps(edition.document()) == json.dumps(edition.document())


def example(**members: Any) -> dict[str, Any]:
    """The credential of an award whose requirement was met in every way, of an achievement with these members."""
    document = {
        "achievement": "rocks",
        "name": "Rocks",
        "description": "About rocks.",
        "criteria": "Know rocks.",
        "issuer": {"id": "geo", "name": "Geology", "country": "IE-C"},
        "requirement": {"all": [{"activity": "lms:1", "score_at_least": "0.6"}, {"activity": "lms:2", "grade": "A"}]},
        **members,
    }
    achievement = Achievement.model_validate(document)
    reason = Reason(
        says="All of the following",
        met=True,
        of=(
            Reason(says="Score at least 60% in lms:1", path="all/0", met=True, by=("e1",), value="0.855"),
            Reason(says='Get the grade "A" in lms:2', path="all/1", met=True, by=("e2",)),
        ),
    )
    return edition_of(achievement, reason).document()


def edition_of(achievement: Achievement, reason: Reason | None, **award: Any) -> Edition:
    granted = AwardGranted(
        revision=1,
        cause=Cause(kind="completion", id="c", time=NOON),
        award="0" * 32,
        learner="ada",
        achievement=achievement.id,
        version=3,
        status=AwardStatus.VALID,
        awarded_at=NOON,
        status_since=NOON,
        reason=reason,
        **award,
    )
    return Edition(issued_for(granted, achievement), granted, achievement, "urn:uuid:0", None, ())


FULL: Final[dict[str, Any]] = {
    "learning_outcomes": [{"id": "tell", "text": "Tell rocks apart."}],
    "workload_hours": "37.5",
    "credits": {"amount": "1.5"},
    "eqf_level": 5,
    "assessment_type": "Written examination",
    "participation": "work_based",
    "quality_assurance": "Accredited by the agency.",
}


def test_the_eleven_mandatory_elements_are_in_every_credential_whose_definition_has_them() -> None:
    credential = example(**FULL)
    subject = credential["credentialSubject"]
    achievement = subject["achievement"]
    assert subject["id"] == "urn:uuid:0"
    assert (credential["name"], achievement["name"]) == ("Rocks", "Rocks")
    address = credential["issuer"]["address"]
    assert (address["addressCountry"], address["addressCountryCode"], address["addressRegion"]) == ("IE", "IE", "IE-C")
    assert credential["issuer"]["name"] == "Geology"
    assert credential["awardedDate"] == "2026-11-23T12:00:00Z"
    assert achievement["learningOutcome"][0]["description"] == "Tell rocks apart."
    assert "- Tell rocks apart." in achievement["criteria"]["narrative"]
    assert achievement["volumeOfLearning"] == "PT37H30M"
    assert (achievement["creditsAvailable"], subject["creditsEarned"], achievement["creditPoint"][0]["point"]) == (
        1.5,
        1.5,
        "1.5",
    )
    assert achievement["eqfLevel"] == f"{SNB}eqf/5"
    assert achievement["assessmentType"] == "Written examination"
    assert achievement["mode"] == MODES["work_based"]
    assert achievement["qualityAssurance"] == "Accredited by the agency."


def test_our_own_terms_are_covered_by_the_signature_under_names_that_others_know() -> None:
    lines = canonical(example(**FULL))
    for name in ("EQFLevel", "volumeOfLearning", "mode", "learningOutcome", "creditPoint"):
        assert f"<http://data.europa.eu/snb/model/elm/{name}>" in lines
    assert "<urn:cairn:vocabulary:assessmentType>" in lines


def test_what_was_scored_is_a_result_and_what_was_met_is_evidence() -> None:
    subject = (credential := example())["credentialSubject"]
    described = {one["id"]: one for one in subject["achievement"]["resultDescription"]}
    results = {described[one["resultDescription"]]["resultType"]: one["value"] for one in subject["result"]}
    assert results == {"Percent": "85.5", "LetterGrade": "A"}
    assert [one["requiredValue"] for one in described.values()] == ["60", "A"]
    assert [one["narrative"] for one in credential["evidence"]] == ["Reached 85.5%.", "Met."]


def test_what_a_person_awarded_says_so_and_not_who() -> None:
    achievement = Achievement.model_validate(
        {
            "achievement": "rocks",
            "name": "Rocks",
            "description": "d",
            "criteria": "c",
            "issuer": {"id": "geo", "name": "Geology"},
            "requirement": {"activity": "lms:1", "passed": True},
        }
    )
    document = edition_of(achievement, None, decided_by="staff-1", note="a favour").document()
    assert document["evidence"][0]["name"] == "Decision of the issuer"
    assert {"staff-1", "a favour"}.isdisjoint(_texts(document))


def test_skills_are_aligned_with_their_frameworks() -> None:
    skills = [
        {"code": "http://data.europa.eu/esco/skill/1", "name": "drill", "framework": "ESCO"},
        {"code": "7", "name": "dig", "framework": "CASE", "url": "https://case.example/7"},
        {"code": "ce-1", "name": "map", "framework": "CTDL", "url": "https://ctdl.example/1", "assessed": False},
        {"code": "own one", "name": "see", "level": "B"},
    ]
    alignments = example(skills=skills)["credentialSubject"]["achievement"]["alignment"]
    assert [one["targetType"] for one in alignments] == ["ext:ESCO.Skill", "CFItem", "ceasn:Competency", "ext:Skill"]
    assert [one["targetUrl"] for one in alignments] == [
        "http://data.europa.eu/esco/skill/1",
        "https://case.example/7",
        "https://ctdl.example/1",
        "https://catalog.example.org/microcredentials/rocks/versions/3#skill-own%20one",
    ]
    assert alignments[2]["targetDescription"] == "Taught, not assessed."
    assert alignments[3]["targetFramework"] == "Geology"


@pytest.mark.parametrize(
    ("tag", "written"), [("en", "en"), ("en-gb", "en-GB"), ("zh-hant-tw", "zh-Hant-TW"), ("es-419", "es-419"), ("de-1996", "de")]
)
def test_languages_are_written_as_open_badges_has_them(tag: str, written: str) -> None:
    assert language(tag) == written


@pytest.mark.parametrize("member", ["contexts", "profile", "endorsements"])
def test_what_was_issued_with_something_else_is_not_made_with_what_is_at_hand(member: str) -> None:
    achievement = Achievement.model_validate({**_least(), "issuer": {"id": "geo", "name": "Geology"}})
    edition = edition_of(achievement, None)
    other = edition.issued.model_copy(update={member: ("0" * 64,) if member == "endorsements" else "0" * 64})
    with pytest.raises(Unmakeable):
        Edition(other, edition.award, achievement, "urn:uuid:0", None, ()).document()


def _least() -> dict[str, Any]:
    return {
        "achievement": "rocks",
        "name": "Rocks",
        "description": "d",
        "criteria": "c",
        "requirement": {"activity": "lms:1", "passed": True},
    }


def _empty(value: Any, path: str = "") -> Any:
    if value is None or value == [] or value == {}:
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _empty(inner, f"{path}/{key}")


def _texts(value: Any) -> Any:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner)
