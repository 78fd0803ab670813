"""Whatever JSON comes, the reader says what it is or what is wrong with it, and never fails."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.assessment.sources.claims import Nothing, Wrong
from services.assessment.sources.formats.openedx import read
from services.assessment.sources.formats.openedx.events import EVENTS
from tests.domain.sources.openedx.bus import ccx_passing, certificate, enrollment, grade, open_edx, passing, program

SOURCE = open_edx()
LEAVES = st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=True) | st.text(max_size=20)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
GOOD = st.sampled_from(
    [
        passing(True),
        ccx_passing(False),
        grade(Decimal("0.7")),
        certificate("created"),
        certificate("revoked"),
        program("awarded"),
        enrollment("enrollment.created"),
    ]
)


def taken(original: Any) -> None:
    try:
        found = read(original, SOURCE)
    except Wrong:
        return
    if not isinstance(found, Nothing):
        (claim,) = found
        assert claim.id
        assert claim.names
        assert claim.time.tzinfo is not None


@given(ANYTHING)
def test_any_json_is_read_or_refused(original: Any) -> None:
    taken(original)


@given(st.fixed_dictionaries({"id": ANYTHING, "type": st.sampled_from(sorted(EVENTS)), "time": ANYTHING, "data": ANYTHING}))
def test_any_event_of_a_known_type_is_read_or_refused(original: Any) -> None:
    taken(original)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A good event of which one member, at any depth, is something else or gone."""

    def damage(value: Any) -> Any:
        if not isinstance(value, dict) or not value or draw(st.integers(0, 5)) == 0:
            return draw(ANYTHING)
        member = draw(st.sampled_from(sorted(value)))
        if draw(st.booleans()):
            return {name: inner for name, inner in value.items() if name != member}
        return {**value, member: damage(value[member])}

    return damage(draw(GOOD))


@given(damaged())
def test_any_damage_to_a_good_event_is_read_or_refused(original: Any) -> None:
    taken(original)
