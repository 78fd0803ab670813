"""What holds of every statement, and of everything that is none."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from services.assessment.sources.claims import Claim, Nothing, Result, Wrong
from services.assessment.sources.formats.xapi import read
from shared.events.completions import CompletionReported
from tests.domain.sources.xapi.examples import PLAIN, cmi5, open_edx, simple
from tests.domain.sources.xapi.statements import AGENTS, JSON, STATEMENTS

WHOLE = [
    simple(result={"score": {"raw": 1, "max": 2}}),
    open_edx("passed"),
    cmi5("passed", {"score": {"scaled": 1}}, masteryscore=1),
]


@st.composite
def _spoilt(draw: st.DrawFn) -> Any:
    """A good statement in which something, somewhere, is something else."""
    spoilt = deepcopy(draw(st.sampled_from(WHOLE) | STATEMENTS))
    at: Any = spoilt
    while True:
        name = draw(st.sampled_from(sorted(at)) if isinstance(at, dict) else st.sampled_from(range(len(at))))
        if not at[name] or not isinstance(at[name], dict | list) or draw(st.booleans()):
            at[name] = draw(JSON)
            return spoilt
        at = at[name]


def _read(original: Any) -> Any:
    try:
        return read(original, PLAIN)
    except Wrong as refusal:
        return refusal


@given(JSON | _spoilt())
def test_whatever_comes_is_claims_or_nothing_or_wrong_with_a_reason(original: Any) -> None:
    found = _read(original)
    if isinstance(found, Wrong):
        assert found.detail
        (found.detail + found.place).encode()
    elif isinstance(found, Nothing):
        assert found.reason
    else:
        (claim,) = found
        assert isinstance(claim, Claim)


@given(STATEMENTS)
def test_every_good_statement_is_read_and_what_it_claims_can_go_on_the_topic(statement: Any) -> None:
    found = read(json.loads(json.dumps(statement, default=float), parse_float=Decimal), PLAIN)
    if isinstance(found, Nothing):
        return
    (claim,) = found
    assert isinstance(claim.said, Result)
    CompletionReported(learner="l", activity="a", status=claim.said.status, score=claim.said.score).to_json()


@given(STATEMENTS, AGENTS, st.integers(-12, 12), st.sampled_from(["1.0.0", "1.0.3", "2.0.0"]))
def test_a_statement_that_comes_again_through_another_store_says_the_same(
    statement: Any, authority: Any, hours: int, version: str
) -> None:
    at = datetime.fromisoformat(statement["timestamp"])
    assume(1950 < at.year < 9999)
    elsewhere = deepcopy(statement) | {
        "stored": "2026-11-24T12:00:00.000Z",
        "authority": authority,
        "version": version,
        "timestamp": at.astimezone(timezone(timedelta(hours=hours))).isoformat(),
    }
    elsewhere["verb"].pop("display", None)
    if "id" in statement:
        elsewhere["id"] = statement["id"].lower()
        assert _read(elsewhere) == _read(statement)
