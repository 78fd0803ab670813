"""Places in status lists: which one a credential gets, and how what is set in a list becomes known.

Each issuing unit has lists for each purpose, and each partition of the stream fills lists of its own: the one writer of a
partition counts the places it has given, and a list's places come in an order that looks random to whoever lacks the key. So no
place is given twice, and nobody can tell from a place which credential was issued before which.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from services.awarding.domain.ids import PublicIds
from shared.decisions import Put, Writer

Purpose = Literal["revocation", "suspension"]

PLACES: Final = 131_072
"""The number of places in a list: the least that the standard allows (Bitstring Status List 1.0, 6.1)."""

CHANGES: Final = "status_changes"

_HIGH, _LOW = 9, 8
_ROUNDS: Final = 10
_LETTERS: Final[dict[Purpose, str]] = {"revocation": "r", "suspension": "s"}
_PURPOSES: Final[dict[str, Purpose]] = {letter: purpose for purpose, letter in _LETTERS.items()}
assert 1 << _HIGH + _LOW == PLACES


@dataclass(frozen=True, slots=True)
class ListId:
    """What a list's id says; its text is `<unit>-<r|s>-<partition>-<number>`, where `number` counts the full lists before it."""

    unit: str
    purpose: Purpose
    partition: int
    number: int

    def __str__(self) -> str:
        return f"{self.unit}-{_LETTERS[self.purpose]}-{self.partition}-{self.number}"

    @classmethod
    def of(cls, text: str) -> ListId | None:
        """None if it is no list's id: there is one way only to write each."""
        unit, *others = text.rsplit("-", 3)
        if len(others) != 3 or others[0] not in _PURPOSES or not all(each.isascii() and each.isdigit() for each in others[1:]):
            return None
        found = cls(unit, _PURPOSES[others[0]], int(others[1]), int(others[2]))
        return found if str(found) == text else None

    def given(self, numbers: Mapping[str, int]) -> int:
        """How many of its places have been given, by its partition's counters."""
        counted = numbers.get(_counter_of_places(self.unit, self.purpose), 0) - self.number * PLACES
        return max(0, min(counted, PLACES))


@dataclass(slots=True)
class Places:
    """What the writer of a partition gives and changes within one decision; `numbers` are its counters after that."""

    ids: PublicIds
    partition: int
    numbers: dict[str, int]

    @classmethod
    def of(cls, writer: Writer, ids: PublicIds) -> Places:
        return cls(ids, writer.partition, dict(writer.numbers))

    def next(self, unit: str, purpose: Purpose) -> tuple[str, int]:
        """A list's id and a place in it that nobody had."""
        counter = _counter_of_places(unit, purpose)
        given = self.numbers.get(counter, 0)
        self.numbers[counter] = given + 1
        number, count = divmod(given, PLACES)
        list_ = str(ListId(unit, purpose, self.partition, number))
        return list_, permuted(self.ids.key_of_list(list_), count)

    def given(self, list_: str, index: int) -> None:
        """Count a place that was given before, and all that were given before it."""
        at = ListId.of(list_)
        assert at is not None, list_
        counter = _counter_of_places(at.unit, at.purpose)
        count = at.number * PLACES + unpermuted(self.ids.key_of_list(list_), index) + 1
        self.numbers[counter] = max(self.numbers.get(counter, 0), count)

    def changed(self, list_: str, index: int, to: bool) -> Put:
        """What those who make the list read: changes are numbered along each list, from 1 and without a gap."""
        counter = f"changes of {list_}"
        n = self.numbers[counter] = self.numbers.get(counter, 0) + 1
        return Put(CHANGES, {"_id": f"{list_}:{n}", "list": list_, "n": n, "index": index, "set": to}, new=True)


def permuted(key: bytes, count: int) -> int:
    """The place of the count-th credential of a list, both from 0 and below PLACES: a permutation that the key chooses.

    A Feistel network over halves of 9 and 8 bits; each round mixes one half into the other by HMAC-SHA256.
    """
    high, low = count >> _LOW, count & (1 << _LOW) - 1
    for number in range(0, _ROUNDS, 2):
        high ^= _mixed(key, number, low) >> (16 - _HIGH)
        low ^= _mixed(key, number + 1, high) >> (16 - _LOW)
    return high << _LOW | low


def unpermuted(key: bytes, place: int) -> int:
    """Which credential of the list got the place, counting from 0: `permuted` the other way round."""
    high, low = place >> _LOW, place & (1 << _LOW) - 1
    for number in reversed(range(0, _ROUNDS, 2)):
        low ^= _mixed(key, number + 1, high) >> (16 - _LOW)
        high ^= _mixed(key, number, low) >> (16 - _HIGH)
    return high << _LOW | low


def _mixed(key: bytes, number: int, half: int) -> int:
    return int.from_bytes(hmac.digest(key, bytes((number, half >> 8, half & 255)), "sha256")[:2])


def _counter_of_places(unit: str, purpose: Purpose) -> str:
    return f"places of {unit}-{_LETTERS[purpose]}"
