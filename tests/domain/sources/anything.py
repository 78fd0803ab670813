"""Any JSON at all, and good JSON in which something, somewhere, is something else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from services.assessment.sources.claims import Claim, Nothing, Result, Wrong
from services.assessment.sources.document import Source
from shared.events.completions import CompletionReported

SOMEBODY = "Ada Lovelace née Byron"
"""What no reason repeats."""

TEXTS = st.one_of(
    st.text(st.characters(), max_size=12),
    st.sampled_from(
        [SOMEBODY, "", " ", "\ud800", "\x00", "0", "-1", "1e400", "NaN", "9" * 40, "x" * 3_000, "2026-02-30T00:00:00Z", "a:1:{"]
    ),
)
NUMBERS = st.one_of(
    st.integers(),
    st.sampled_from([0, -1, 10**13, 10**40, 253_402_300_800, Decimal("1e999999"), Decimal("-0"), Decimal("1e-999999")]),
    st.decimals(allow_nan=False, allow_infinity=False),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)


@st.composite
def spoilt(draw: st.DrawFn, good: Sequence[Any]) -> Any:
    """One of these in which something is anything else, or missing."""
    found = deepcopy(draw(st.sampled_from(good)))
    at: Any = found
    while True:
        name = draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if not at[name] or not isinstance(at[name], dict | list) or draw(st.booleans()):
            if draw(st.booleans()):
                at[name] = draw(JSON)
            else:
                del at[name]
            return found
        at = at[name]


def read_or_wrong(read: Callable[..., Any], *given: Any) -> Any:
    try:
        return read(*given)
    except Wrong as wrong:
        return wrong


def check_reading(read: Callable[[Any, Source], Any], original: Any, source: Source) -> None:
    """What is read is claims that completions can carry, or nothing, or wrong with a reason that can be told."""
    found = read_or_wrong(read, original, source)
    if isinstance(found, Wrong):
        assert found.detail
        assert SOMEBODY not in found.detail
        (found.detail + found.place).encode()
        assert found.status in (400, 403, 422)
        return
    if isinstance(found, Nothing):
        assert found.reason
        assert SOMEBODY not in found.reason
        return
    for claim in found:
        assert isinstance(claim, Claim)
        assert 0 < len(claim.id) <= 255
        assert claim.time.utcoffset() is not None
        assert claim.names
        for name in claim.names:
            (name.kind + name.value).encode()
        said = claim.said
        assert isinstance(said, Result)
        CompletionReported(
            learner="ada", activity="urn:x", status=said.status, score=said.score, grade=said.grade, attempt=said.attempt
        )


def source_of(format_: str, **options: Any) -> Source:
    return Source.model_validate(
        {
            "source": "campus",
            "name": "Campus",
            "owner": "IT",
            "format": format_,
            "may_publish": ["*"],
            "options": options,
        }
    )


def the_claim(read: Callable[[Any, Source], Any], original: Any, source: Source) -> Claim:
    (claim,) = read(original, source)
    assert isinstance(claim, Claim)
    return claim
