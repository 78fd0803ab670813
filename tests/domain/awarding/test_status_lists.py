"""Places in status lists look random and are never given twice."""

from datetime import UTC, datetime
from itertools import pairwise, product
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.awarding.domain.ids import PublicIds
from services.awarding.domain.status_lists import PLACES, ListId, Places, Purpose, permuted
from shared.decisions import Writer

IDS = PublicIds(b"a key for tests only")
NOW = datetime(2026, 3, 1, tzinfo=UTC)

units = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,30}", fullmatch=True)


@pytest.mark.parametrize("key", [b"one", b"another"])
def test_the_order_of_places_is_a_permutation(key: bytes) -> None:
    assert sorted(permuted(key, count) for count in range(PLACES)) == list(range(PLACES))


@settings(deadline=None)
@given(st.binary(min_size=1), st.sets(st.integers(0, PLACES - 1), min_size=2, max_size=200))
def test_no_two_counts_have_one_place_whatever_the_key(key: bytes, counts: set[int]) -> None:
    places = {permuted(key, count) for count in counts}
    assert len(places) == len(counts)
    assert all(0 <= place < PLACES for place in places)


def test_places_do_not_tell_the_order_of_issuing() -> None:
    """Of places in a row no more rise than fall, and halves and quarters of the list are filled alike."""
    places = [permuted(b"key", count) for count in range(4_000)]
    rising = sum(a < b for a, b in pairwise(places))
    assert 1_850 < rising < 2_150
    quarters = [sum(place * 4 // PLACES == quarter for place in places) for quarter in range(4)]
    assert all(880 < number < 1_120 for number in quarters)
    odd = sum(place & 1 for place in places)
    assert 1_850 < odd < 2_150


@given(units, units)
def test_each_list_and_each_key_has_an_order_of_its_own(unit: str, other: str) -> None:
    def first(ids: PublicIds, list_: str) -> list[int]:
        return [permuted(ids.key_of_list(list_), count) for count in range(6)]

    places = ((0, 0), (1, 0), (0, 1))
    lists = {str(ListId(name, purpose, *at)) for name, purpose, at in product((unit, other), get_args(Purpose), places)}
    orders = [tuple(first(IDS, list_)) for list_ in lists]
    assert len(set(orders)) == len(lists)
    assert first(IDS, f"{unit}-r-0-0") != first(PublicIds(b"another key"), f"{unit}-r-0-0")


@given(units, st.sampled_from(["revocation", "suspension"]), st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_lists_id_says_whose_it_is_and_for_what(unit: str, purpose: str, partition: int, number: int) -> None:
    id_ = ListId(unit, purpose, partition, number)  # type: ignore[arg-type]
    assert ListId.of(str(id_)) == id_


@pytest.mark.parametrize("text", ["", "uni", "uni-r-0", "uni-x-0-0", "uni-r-00-0", "uni-r-0--1", "uni-r-²-0", "uni-r-a-0"])
def test_what_is_no_lists_id_is_not_taken_for_one(text: str) -> None:
    assert ListId.of(text) is None


def test_a_full_list_is_followed_by_another() -> None:
    writer = Writer(1, NOW, {"places of uni-s": PLACES - 1})
    places = Places.of(writer, IDS)
    assert [places.next("uni", "suspension")[0] for _ in range(2)] == ["uni-s-1-0", "uni-s-1-1"]
    given_ = [ListId("uni", "suspension", 1, number).given(places.numbers) for number in range(3)]
    assert given_ == [PLACES, 1, 0]
    assert writer.numbers == {"places of uni-s": PLACES - 1}
