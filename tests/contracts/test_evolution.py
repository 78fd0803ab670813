"""Which changes of a schema break somebody, and that none of the released ones is broken."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from deploy.contracts.evolution import Schema, changes, verdicts
from deploy.contracts.schemas import schemas
from shared.events.envelope import Message
from shared.topics import SUBMISSIONS

RELEASED = Path(__file__).with_name("released")
NAME = "cairn.award.granted.v1"

OLD: Schema = {
    "type": "object",
    "required": ["learner", "status"],
    "properties": {
        "learner": {"type": "string", "maxLength": 255},
        "status": {"$ref": "#/$defs/Status"},
        "score": {"anyOf": [{"type": "number", "minimum": 0}, {"type": "null"}]},
        "of": {"type": "array", "items": {"$ref": "#/$defs/Reason"}},
        "terms": {"$ref": "#/$defs/Terms"},
    },
    "$defs": {
        "Status": {"enum": ["valid", "revoked"], "type": "string"},
        "Reason": {"type": "object", "properties": {"says": {"type": "string"}, "of": {"items": {"$ref": "#/$defs/Reason"}}}},
        "Terms": {"type": "object", "additionalProperties": False, "properties": {"days": {"type": "integer"}}},
    },
}


def changed(path: str, value: Any) -> Schema:
    """OLD with one place set; None removes it."""
    new = deepcopy(OLD)
    *way, last = path.split(".")
    node = new
    for step in way:
        node = node[step]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return new


def said(path: str, value: Any) -> list[str]:
    return [str(change) for change in changes(OLD, changed(path, value))]


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("properties.score", None, "score is gone"),
        ("required", ["learner", "status", "score"], "score is required now"),
        ("properties.learner.maxLength", 100, "learner has maxLength 100 and had 255"),
        ("properties.learner.minLength", 3, "learner has minLength 3 and had None"),
        ("properties.learner.pattern", "^s", "learner has pattern ^s and had None"),
        ("properties.learner.type", "integer", "learner is integer now and was string"),
        ("properties.score", {"type": "number", "minimum": 0}, "score can no longer be null"),
        ("properties.score", {"anyOf": [{"type": "number", "minimum": 1}, {"type": "null"}]}, "score has minimum 1 and had 0"),
        ("$defs.Status.enum", ["valid"], "status no longer allows 'revoked'"),
        ("$defs.Status", {"const": "valid", "type": "string"}, "status no longer allows 'revoked'"),
        ("$defs.Reason.properties.says", None, "of[].says is gone"),
        ("$defs.Reason.required", ["says"], "of[].says is required now"),
        ("properties.of.items", {"type": "string"}, "of[] is string now and was object"),
        ("additionalProperties", False, "the message no longer allows further members"),
    ],
)
def test_what_a_reader_of_older_messages_cannot_bear_is_breaking(path: str, value: Any, says: str) -> None:
    assert f"breaking: {says}" in "\n".join(said(path, value))


def test_a_renamed_field_is_breaking() -> None:
    new = changed("properties.learner", None)
    new["properties"]["student"] = OLD["properties"]["learner"]
    assert any("learner is gone (or renamed)" in str(change) for change in changes(OLD, new))


def test_a_new_required_field_is_breaking() -> None:
    new = changed("required", ["learner", "status", "when"])
    new["properties"]["when"] = {"type": "string"}
    assert [str(change) for change in changes(OLD, new)] == [
        "breaking: when is new and required: what was sent without it cannot be read"
    ]


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("$defs.Status.enum", ["valid", "revoked", "expired"], "status now allows 'expired'"),
        ("properties.learner.maxLength", 500, "learner has maxLength 500 and had 255"),
        ("properties.learner.maxLength", None, "learner has maxLength None and had 255"),
        ("properties.learner.type", ["string", "null"], "learner is null or string now and was string"),
        (
            "properties.learner",
            {"anyOf": [{"type": "string", "maxLength": 255}, {"type": "null"}]},
            "learner can now also be null",
        ),
        ("required", ["learner"], "status may be left out now"),
        ("$defs.Terms.properties.months", {"type": "integer"}, "terms.months is new where nothing unknown is allowed"),
    ],
)
def test_what_only_an_older_reader_refuses_asks_for_readers_first(path: str, value: Any, says: str) -> None:
    assert said(path, value) == [f"readers first: {says}"]


def test_a_new_optional_field_hurts_nobody() -> None:
    assert said("properties.note", {"type": "string"}) == []


def test_words_that_explain_may_change() -> None:
    assert said("properties.learner.description", "whoever learns") == []


def test_the_same_schema_does_not_differ() -> None:
    assert changes(OLD, deepcopy(OLD)) == []


def test_a_change_deep_in_a_requirement_is_found_and_said_once() -> None:
    name = "cairn.stack.published.v1"
    new = deepcopy(schemas()[name])
    del new["$defs"]["Held"]["properties"]["from_version"]
    (change,) = changes(schemas()[name], new)
    assert change.weight == "breaking"
    assert change.place.endswith("from_version")


def test_a_leaf_that_requirements_no_longer_know_is_breaking() -> None:
    name = "cairn.achievement.published.v1"
    new = deepcopy(schemas()[name])
    text = json.dumps(new).replace('{"$ref": "#/$defs/Skills"}, ', "").replace(', {"$ref": "#/$defs/Skills"}', "")
    assert any(change.says == "can no longer be Skills" for change in changes(schemas()[name], json.loads(text)))


def test_a_definition_may_be_renamed() -> None:
    new: Schema = json.loads(json.dumps(OLD).replace("Reason", "Because"))
    assert changes(OLD, new) == []


def test_a_breaking_change_names_the_topic_and_its_readers() -> None:
    old = {NAME: schemas()[NAME]}
    new = deepcopy(old)
    del new[NAME]["properties"]["award"]
    (line,) = verdicts(old, new)
    assert line.startswith("breaking: award is gone")
    assert "topic awarding.awards, read by notifications" in line


@pytest.mark.parametrize("model", SUBMISSIONS.events)
def test_facts_about_submissions_keep_what_notifications_reads(model: type[Message]) -> None:
    old = {model.TYPE: schemas()[model.TYPE]}
    for name in ("submission", "achievement", "version", "passed", "waits_since"):
        new = deepcopy(old)
        del new[model.TYPE]["properties"][name]
        assert any("topic assessment.reviews, read by notifications" in line for line in verdicts(old, new)), name
    new = deepcopy(old)
    new[model.TYPE]["properties"]["due"] = {"type": "string"}
    assert verdicts(old, new) == []


def test_a_type_that_is_gone_is_breaking() -> None:
    (line,) = verdicts({NAME: OLD}, {})
    assert line.startswith(f"breaking: {NAME} is gone")


def test_on_topics_that_strangers_write_taking_more_is_no_matter() -> None:
    name = "cairn.completion.reported.v1"
    old = {name: schemas()[name]}
    wider, narrower = deepcopy(old), deepcopy(old)
    wider[name]["$defs"]["Status"]["enum"].append("audited")
    narrower[name]["$defs"]["Status"]["enum"].remove("failed")
    assert verdicts(old, wider) == []
    assert ["breaking" in line for line in verdicts(old, narrower)] == [True]


@pytest.mark.parametrize(
    "release", sorted(path.name for path in RELEASED.iterdir() if path.is_dir()) if RELEASED.exists() else []
)
def test_no_reader_of_a_released_version_breaks(release: str) -> None:
    old = {path.stem: json.loads(path.read_text()) for path in (RELEASED / release).glob("*.json")}
    assert old
    found = verdicts(old, schemas())
    for line in found:
        print(line)
    assert [line for line in found if line.startswith("breaking")] == []
