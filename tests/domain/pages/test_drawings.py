"""Cairns, and how languages write dates and amounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.pages.cairns import cairn
from shared.pages.formats import Formats

STATES = st.lists(st.sampled_from(["valid", "open", "suspended", "revoked", "expired"]), min_size=1, max_size=20)


@given(STATES)
def test_a_cairn_has_a_stone_for_each_level_each_on_the_one_below_and_narrower(states: list[str]) -> None:
    drawn = cairn(states)
    assert [stone.state for stone in drawn.stones] == states
    for below, above in zip(drawn.stones, drawn.stones[1:], strict=False):
        assert above.y < below.y
        assert above.half < below.half
    for stone in drawn.stones:
        assert stone.x - stone.half * 1.1 > 0
        assert stone.x + stone.half * 1.1 < drawn.width
        assert 0 < stone.y < drawn.ground


def test_the_same_levels_are_drawn_the_same_every_time() -> None:
    assert cairn(["valid", "open"]) == cairn(["valid", "open"])


@pytest.mark.parametrize(
    ("language", "day", "amount", "money", "hours", "period", "country", "listed"),
    [
        ("en", "9 March 2026", "1,234.5", "€249.50", "125 hours", "2 years", "Ireland", "A, B and C"),
        ("de", "9. März 2026", "1.234,5", "249,50\xa0€", "125 Stunden", "2 Jahre", "Irland", "A, B und C"),
    ],
)
def test_each_language_writes_dates_and_amounts_its_own_way(
    language: str, day: str, amount: str, money: str, hours: str, period: str, country: str, listed: str
) -> None:
    formats = Formats(language)
    moment = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)
    assert (formats.day(moment), formats.day(moment.isoformat())) == (day, day)
    assert (formats.number("1234.5"), formats.money("249.5", "EUR")) == (amount, money)
    assert (formats.hours(125), formats.period(timedelta(days=730))) == (hours, period)
    assert (formats.country_name("IE"), formats.listed(["A", "B", "C"])) == (country, listed)


def test_a_share_never_looks_like_more_than_it_is() -> None:
    formats = Formats("en")
    assert [formats.percent(share) for share in ("0.625", "0.6999999999", "1.0000000000", "0E-10")] == [
        "62.5%",
        "69.99%",
        "100%",
        "0%",
    ]


def test_what_has_no_name_is_shown_as_it_is_written() -> None:
    assert Formats("en").language_name("xx-nothing") == "xx-nothing"
    assert Formats("en").country_name("DE-BY") == "Germany (DE-BY)"
