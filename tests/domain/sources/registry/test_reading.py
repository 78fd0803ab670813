"""Documents of sources are read from JSON and YAML; whatever comes, it is one or it is told what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.assessment.sources.doors.bodies import json_in, parsed
from services.assessment.sources.formats import FORMATS
from services.assessment.sources.reading import source_in, yaml_in
from shared.http import Problem

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=4),
    max_leaves=12,
)
RULE = st.dictionaries(st.sampled_from(["of", "matching", "are", "directory", "named", "is", "passes_at"]), ANY, max_size=5)
NEAR = st.fixed_dictionaries(
    {},
    optional={
        "source": st.just("lms") | ANY,
        "name": st.just("Ours") | ANY,
        "owner": st.just("IT") | ANY,
        "format": st.sampled_from([*FORMATS]) | ANY,
        "learners": st.lists(RULE, max_size=2) | ANY,
        "activities": st.lists(RULE, max_size=2) | ANY,
        "may_publish": st.just(["urn:*"]) | ANY,
        "expects_every": st.sampled_from(["P1D", "PT", "P-1D", 5]) | ANY,
        "quota": st.fixed_dictionaries({"per_minute": ANY}) | ANY,
        "keeps_originals": st.sampled_from(["P400D", "P1000000000D"]) | ANY,
        "speaks_as": ANY,
        "options": st.dictionaries(st.text(max_size=8), ANY, max_size=3) | ANY,
    },
)


def read(value: Any) -> None:
    try:
        made = source_in(value)
    except Problem as problem:
        refused = problem
    else:
        assert type(made).model_validate_json(made.model_dump_json(exclude_defaults=True)) == made
        return
    assert refused.status == 422
    for error in refused.members["errors"]:
        assert error["place"].startswith("body")
        assert error["message"]


@given(NEAR | ANY)
@settings(max_examples=300)
def test_any_json_is_a_source_or_is_told_what_is_wrong(value: Any) -> None:
    read(value)


@given(st.text(max_size=60) | st.text(alphabet="a-:&*[]{}!|>#'\"\n 1.", max_size=60))
@example("a: !!python/object/apply:os.system [ls]")
@example("? [1]\n: 2")
@example("&a [*a]")
@example("<<: 1")
@example("a: 1\na: 2")
@example("a: 2026-01-01\nb: 0.50\nc: !!binary x")
def test_any_text_is_yaml_or_is_told_what_is_wrong(text: str) -> None:
    try:
        found = yaml_in(text.encode(errors="replace"))
    except Problem as problem:
        refused = problem
    else:
        read(found)
        return
    assert refused.status == 400
    assert refused.detail


def test_what_is_written_in_yaml_is_taken_as_it_is_written() -> None:
    assert yaml_in(b"a: 2026-01-01\nb: 0.50\nc: 7") == {"a": "2026-01-01", "b": "0.50", "c": 7}
    with pytest.raises(Problem, match="line 2: the key a stands here twice"):
        yaml_in(b"a: 1\na: 2")


@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,0123456789.eE+-NaInfity', max_size=40).map(str.encode))
def test_any_body_is_json_or_a_problem(body: bytes) -> None:
    try:
        json_in(body)
    except Problem as problem:
        refused = problem
    else:
        return
    assert refused.status == 400


def test_numbers_are_exact() -> None:
    assert str(parsed("0.1000000000000000055511151231257827")) == "0.1000000000000000055511151231257827"


@pytest.mark.parametrize("often", ["PT1H", "PT6H30M", "P1D", "P2DT12H", "P400D"])
def test_how_often_a_credential_is_checked_again_is_an_hour_or_longer_and_written_as_it_was(often: str) -> None:
    assert source_in(proofs(checks_again_every=often)).model_dump(mode="json")["options"]["checks_again_every"] == often


@pytest.mark.parametrize("often", ["PT59M", "P36501D", "PT0S"])
def test_a_credential_is_not_checked_again_all_the_time(often: str) -> None:
    assert places(proofs(checks_again_every=often)) == ["body.options.checks_again_every"]


def test_what_is_wrong_in_the_options_is_told_and_nothing_that_is_there_is_said_to_be_missing() -> None:
    assert places(proofs(results=7)) == ["body.options.results"]
    assert places(proofs(results=7) | {"name": ""}) == ["body.options.results", "body.name"]
    assert places({**proofs(), "options": {}}) == ["body.options.trusts"]


def proofs(**options: Any) -> dict[str, Any]:
    trusts = [{"id": "did:web:school.example", "name": "School"}]
    said = {"source": "badges", "name": "Badges", "owner": "Registrar", "format": "proofs", "may_publish": ["urn:campus:*"]}
    return {**said, "options": {"trusts": trusts, **options}}


def places(document: dict[str, Any]) -> list[str]:
    with pytest.raises(Problem) as raised:
        source_in(document)
    return [error["place"] for error in raised.value.members["errors"]]
