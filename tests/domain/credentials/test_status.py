"""Status lists: bits, packed and unpacked."""

import gzip
from base64 import urlsafe_b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.credentials.multibase import base64url
from shared.credentials.status import PLACES, Bits, Malformed, TooLarge, decoded


@given(st.sets(st.integers(0, PLACES - 1), max_size=200))
def test_a_list_reads_back_with_the_same_places_set(places: set[int]) -> None:
    bits = Bits()
    for place in places:
        bits.put(place, True)
    again = decoded(bits.encoded())

    assert again == bits
    assert again.size == PLACES
    assert {place for place in range(0, PLACES, 97) if again.get(place)} == {place for place in places if place % 97 == 0}
    assert all(again.get(place) for place in places)


def test_a_place_can_be_cleared_again_and_leaves_its_neighbours() -> None:
    bits = Bits(16)
    for place in (7, 8, 9):
        bits.put(place, True)
    bits.put(8, False)

    assert [place for place in range(16) if bits.get(place)] == [7, 9]


def test_place_0_is_the_leftmost_bit() -> None:
    bits = Bits(16)
    bits.put(0, True)
    bits.put(15, True)

    assert gzip.decompress(urlsafe_b64decode(bits.encoded()[1:] + "===")) == b"\x80\x01"


def test_the_same_places_are_always_the_same_text() -> None:
    one, two = Bits(), Bits()
    one.put(5, True)
    two.put(6, True)
    two.put(5, True)
    two.put(6, False)

    assert one.encoded() == two.encoded()


def test_the_list_that_the_specification_shows_reads_as_16_kib_of_nothing() -> None:
    # https://www.w3.org/TR/vc-bitstring-status-list/, example 2
    text = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"

    assert decoded(text) == Bits()


@pytest.mark.parametrize("place", [-1, 16, PLACES])
def test_a_place_the_list_does_not_have_is_an_error(place: int) -> None:
    bits = Bits(16)
    with pytest.raises(IndexError):
        bits.get(place)
    with pytest.raises(IndexError):
        bits.put(place, True)


@pytest.mark.parametrize("size", [0, -8, 12])
def test_a_list_has_whole_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="multiple of 8"):
        Bits(size)


def test_a_list_that_unpacks_to_too_much_is_not_unpacked() -> None:
    bomb = base64url(gzip.compress(b"\0" * 60_000_000, mtime=0))

    assert len(bomb) < 100_000
    with pytest.raises(TooLarge):
        decoded(bomb)
    assert decoded(Bits(64).encoded(), most_bytes=8).size == 64
    with pytest.raises(TooLarge):
        decoded(Bits(72).encoded(), most_bytes=8)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z3",
        "u",
        "uAAAA",
        "u=",
        Bits(64).encoded()[1:],
        Bits(64).encoded()[:-8],
        base64url(gzip.compress(b"", mtime=0)),
        base64url(gzip.compress(b"\0" * 16, mtime=0) + b"more"),
        base64url(gzip.compress(b"\0" * 16, mtime=0)[:-2] + b"\1\1"),
    ],
)
def test_what_is_no_packed_list_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        decoded(text)
