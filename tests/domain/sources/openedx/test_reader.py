"""What Open edX's events say, and what of them is none of ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from services.assessment.sources.claims import Claim, Name, Nothing, Result, Wrong
from services.assessment.sources.formats.openedx import FORMAT, concerns, read
from shared.events.completions import Score, Status
from tests.domain.sources.openedx.bus import (
    CCX,
    COURSE,
    LEARNING,
    PROGRAM,
    badge,
    ccx_passing,
    certificate,
    enrollment,
    exam,
    grade,
    open_edx,
    passing,
    program,
)

ANA = (Name("openedx:user", "42"), Name("openedx:username", "ana"))


def claim(original: Any, **options: Any) -> Claim:
    found = read(original, open_edx(**options))
    assert not isinstance(found, Nothing), found.reason
    (one,) = found
    return one


def reason(original: Any, **options: Any) -> str:
    found = read(original, open_edx(**options))
    assert isinstance(found, Nothing)
    return found.reason


def refusal(original: Any) -> Wrong:
    with pytest.raises(Wrong) as raised:
        read(original, open_edx())
    return raised.value


@pytest.mark.parametrize(("is_passing", "status"), [(True, Status.PASSED), (False, Status.FAILED)])
def test_a_passing_status_says_whether_the_course_is_passed(is_passing: bool, status: Status) -> None:
    original = passing(is_passing)
    said = claim(original)
    assert said == Claim(original["id"], datetime(2026, 11, 20, 9, 30, 0, 123456, UTC), ANA, COURSE, Result(status))


def test_a_course_of_a_coach_is_an_activity_of_its_own() -> None:
    assert claim(ccx_passing(True)).activity == CCX


def test_the_same_status_said_again_is_another_report_that_says_the_same() -> None:
    first, again = claim(passing(True)), claim(passing(True, "2026-11-21T10:00:00+00:00"))
    assert first.id != again.id
    assert (first.names, first.activity, first.said) == (again.names, again.activity, again.said)


def test_a_grade_is_a_score_of_the_course_and_says_nothing_of_passing() -> None:
    said = claim(grade(Decimal("0.93"), "A"))
    assert said.names == ANA[:1], "the event has the user's id alone"
    assert (said.activity, said.said) == (COURSE, Result(Status.SCORED, Score(scaled=Decimal("0.93")), "A"))


def test_a_grade_without_a_letter_has_none() -> None:
    assert claim(grade(Decimal("0.2"), "")).said == Result(Status.SCORED, Score(scaled=Decimal("0.2")))


@pytest.mark.parametrize(
    ("percent", "share"),
    [(1, "1"), (0, "0"), (Decimal("0.1") + Decimal("0.2"), "0.3"), (0.1 + 0.2, "0.3"), (Decimal("1.05"), "1"), (1.0, "1")],
)
def test_a_grade_is_exact_and_more_than_everything_counts_as_everything(percent: Any, share: str) -> None:
    said = claim(grade(percent)).said
    assert isinstance(said, Result)
    assert said.score == Score(scaled=Decimal(share))


@pytest.mark.parametrize("percent", [93, -0.1, "much", True, None])
def test_a_grade_that_is_no_share_is_refused(percent: Any) -> None:
    assert refusal(grade(percent)).place == "data.grade.percent_grade"


def test_a_certificate_says_that_the_course_is_passed_and_not_with_which_grade() -> None:
    said = claim(certificate("created"))
    assert (said.names, said.activity, said.said) == (ANA, COURSE, Result(Status.PASSED))


def test_a_certificate_revoked_because_the_learner_does_not_pass_any_more_says_so() -> None:
    assert claim(certificate("revoked", "notpassing")).said == Result(Status.FAILED)


@pytest.mark.parametrize("status", ["unavailable", "unverified", "deleted"])
def test_a_certificate_that_is_invalidated_takes_the_result_back(status: str) -> None:
    assert claim(certificate("revoked", status)).said == Result(Status.CLEARED)


def test_a_program_is_an_activity_of_its_own_that_can_be_taken_back() -> None:
    awarded, revoked = claim(program("awarded")), claim(program("revoked"))
    assert awarded.activity == revoked.activity == f"program:{PROGRAM}"
    assert (awarded.said, revoked.said) == (Result(Status.COMPLETED), Result(Status.CLEARED))


def test_enrolling_and_leaving_are_known_too() -> None:
    assert claim(enrollment("enrollment.created")).said == Result(Status.REGISTERED)
    assert claim(enrollment("unenrollment.completed")).said == Result(Status.WITHDRAWN)


@pytest.mark.parametrize(
    "original",
    [certificate("changed"), enrollment("enrollment.changed"), exam("verified"), exam("rejected"), badge("awarded")],
    ids=lambda original: original["type"].removeprefix(LEARNING),
)
def test_events_that_complete_nothing_are_ignored_with_the_reason(original: Any) -> None:
    assert reason(original)
    assert not concerns(original["type"]), "nobody need know what it says"


def test_events_of_other_parts_of_open_edx_are_ignored() -> None:
    original = {**passing(True), "type": "org.openedx.content_authoring.course.catalog_info.changed.v1", "data": None}
    assert reason(original) == "events of this type say nothing about completions"


def test_another_version_of_an_event_is_refused_instead_of_ignored() -> None:
    wrong = refusal({**passing(True), "type": f"{LEARNING}course.passing.status.updated.v2"})
    assert wrong.place == "type"
    assert "understood is org.openedx.learning.course.passing.status.updated.v1" in wrong.detail


def test_who_lets_certificates_decide_hears_nothing_of_the_rest() -> None:
    chosen = ["certificates"]
    assert reason(passing(True), counts=chosen) == "by the source's document, passing do not count"
    assert reason(grade(Decimal("0.9")), counts=chosen)
    assert claim(certificate("created"), counts=chosen).said == Result(Status.PASSED)


def test_no_claim_repeats_a_name_an_address_or_a_link_to_a_certificate() -> None:
    for original in (
        passing(True),
        ccx_passing(True),
        certificate("created"),
        program("awarded"),
        enrollment("enrollment.created"),
    ):
        said = repr(claim(original))
        for personal in ("example.edu", "Ana Silva", "coach@"):
            assert personal not in said


def without(original: dict[str, Any], *path: str) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(original))
    found = copy
    for step in path[:-1]:
        found = found[step]
    del found[path[-1]]
    return copy


@pytest.mark.parametrize(
    "path",
    [
        ("id",),
        ("type",),
        ("time",),
        ("data",),
        ("data", "course_passing_status"),
        ("data", "course_passing_status", "is_passing"),
        ("data", "course_passing_status", "user"),
        ("data", "course_passing_status", "user", "id"),
        ("data", "course_passing_status", "course"),
        ("data", "course_passing_status", "course", "course_key"),
    ],
    ids=".".join,
)
def test_what_an_event_lacks_is_said_with_its_place(path: tuple[str, ...]) -> None:
    wrong = refusal(without(passing(True, id_="7f"), *path))
    assert wrong.place == ".".join(path)
    assert wrong.id == (None if path == ("id",) else "7f")


def test_a_time_without_an_offset_is_refused() -> None:
    assert refusal(passing(True, "2026-11-20T09:30:00")).place == "time"


def test_a_source_names_its_topics_and_none_of_the_platforms_own() -> None:
    assert FORMAT.options is not None
    for topics in ([], ["completions"], ["a topic"], ["."]):
        with pytest.raises(ValidationError):
            open_edx(topics=topics)
