"""What plugins put into a request."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.sources.claims import Wrong
from services.assessment.sources.formats.moodle import read
from services.assessment.sources.formats.moodle.bodies import FORM, events_in
from services.assessment.sources.formats.moodle.other import other_of, unserialized
from tests.domain.sources.anything import JSON, check_reading, read_or_wrong, source_of, spoilt, the_claim
from tests.domain.sources.moodle.fixtures import GOOD, LEARNER, TEACHER, course_completed, module_completion, user_graded

PLAIN = source_of("moodle")
CHOOSING = source_of("moodle", badges="completed", maxima=[{"of": "*", "points": 50}])


def test_one_event_or_a_list_of_them_comes_as_json() -> None:
    events = [course_completed(), user_graded()]
    assert events_in(json.dumps(events[0]).encode(), "application/json") == events[:1]
    assert events_in(json.dumps(events).encode(), "application/json; charset=utf-8") == events


def test_json_that_is_called_a_form_is_json() -> None:
    assert events_in(json.dumps(course_completed()).encode(), FORM) == [course_completed()]


def test_a_form_as_php_builds_it_is_an_event() -> None:
    sent = {name: str(value) for name, value in module_completion().items() if name != "other"}
    form = urlencode({**sent, "other[relateduserid]": "345", "other[completionstate]": "2"})
    (found,) = events_in(form.encode(), FORM)
    assert found["other"] == {"relateduserid": "345", "completionstate": "2"}
    assert the_claim(read, found, PLAIN) == the_claim(read, module_completion(2), PLAIN)


def test_what_stands_around_a_list_of_events_holds_for_each() -> None:
    body = {"token": "t", "host": "moodle.example.edu", "events": [course_completed(), user_graded()]}
    found = events_in(json.dumps(body).encode(), "application/json")
    assert [(event["token"], event["host"]) for event in found] == [("t", "moodle.example.edu")] * 2


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"\xff", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"timecreated": NaN}', "application/json"),
        (b"nothing", FORM),
        (b"a[b]=1&a=2", FORM),
        (b"a=1&a[b]=2", FORM),
        (b"a=1&a=2", FORM),
        (b"a[=1", FORM),
        (b"a=%ff", FORM),
    ],
)
def test_what_cannot_be_read_is_wrong(body: bytes, kind: str) -> None:
    with pytest.raises(Wrong) as wrong:
        events_in(body, kind)
    assert wrong.value.status == 400


@given(st.binary(max_size=60), st.sampled_from([FORM, "application/json", ""]))
def test_whatever_body_comes_is_events_or_wrong(body: bytes, kind: str) -> None:
    assert isinstance(read_or_wrong(events_in, body, kind), list | Wrong)


@given(st.text(alphabet='aidsbNO:;{}"0123456789.-', max_size=40))
def test_whatever_text_claims_to_be_serialized_is_read_or_refused(text: str) -> None:
    check_reading(read, module_completion(other=f"a:{text}"), PLAIN)
    with suppress(ValueError):
        unserialized(text.encode())


@given(JSON | spoilt(GOOD), st.sampled_from([PLAIN, CHOOSING]))
def test_whatever_comes_is_claims_or_nothing_or_wrong_with_a_reason(original: Any, source: Any) -> None:
    check_reading(read, original, source)


@given(
    learner=st.integers(1, 600),
    good=st.sampled_from(GOOD),
    grade=st.decimals(0, 200, places=5) | st.none(),
)
def test_every_event_about_a_result_is_understood_and_never_whoever_did_its(
    learner: int, good: dict[str, Any], grade: Any
) -> None:
    event = {**good, "relateduserid": learner, "userid": TEACHER}
    if "finalgrade" in (good["other"] or {}):
        event["other"] = {**good["other"], "finalgrade": grade}
    claim = the_claim(read, event, CHOOSING)
    assert [name.value for name in claim.names] == [str(learner)]
    assert str(TEACHER) not in repr((claim.names, claim.activity, claim.said))
    assert str(LEARNER) != str(learner) or claim == the_claim(read, event, CHOOSING)


def test_a_number_that_nothing_can_hold_is_wrong() -> None:
    with pytest.raises(Wrong):
        events_in(b'{"eventname": "x", "timecreated": 1e99999999999999999999}', "application/json")
    with pytest.raises(Wrong):
        read(user_graded(other='{"finalgrade": 1e99999999999999999999}'), PLAIN)


@pytest.mark.parametrize("text", ['O:8:"stdClass":1:{s:6:"itemid";i:12;}', "b:0;", "i:12;"])
def test_what_php_serializes_and_is_no_array_is_refused_with_what_is_taken(text: str) -> None:
    with pytest.raises(Wrong, match="only arrays") as wrong:
        other_of({"other": text})
    assert wrong.value.place == "other"
