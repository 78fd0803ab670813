"""Mappings whose values are read when they are asked for, and written once."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from shared.pieces import Draft, Pieces

KEYS = st.sampled_from("abcdef")
CHANGES = st.lists(st.tuples(KEYS, st.one_of(st.none(), st.integers(0, 9))), max_size=12)
"""Set to a number, or removed."""


class Counted:
    """Texts of numbers, and how often each way was gone."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.written: list[int] = []

    def pieces(self, known: Mapping[str, int]) -> Pieces[int]:
        return Pieces.of_texts({key: str(value) for key, value in known.items()}, self._read)

    def _read(self, key: str, text: str) -> int:
        self.read.append(key)
        return int(text)

    def text(self, value: int) -> str:
        self.written.append(value)
        return str(value)


@given(st.dictionaries(KEYS, st.integers(0, 9)), CHANGES)
def test_a_draft_of_pieces_is_always_what_a_dict_would_be(known: dict[str, int], changes: list[tuple[str, int | None]]) -> None:
    expected, draft = dict(known), Draft(Counted().pieces(known))
    for key, value in changes:
        if value is None:
            assert draft.pop(key, None) == expected.pop(key, None)
        else:
            draft[key] = expected[key] = value
        assert draft.get(key) == expected.get(key)
        assert (key in draft) is (key in expected)
    assert dict(draft) == expected
    assert len(draft) == len(expected)
    done = draft.done()
    assert done == expected
    assert dict(done.texts(str)) == {key: str(value) for key, value in expected.items()}


@given(st.dictionaries(KEYS, st.integers(0, 9)), CHANGES)
def test_what_pieces_were_made_of_stays_as_it_was(known: dict[str, int], changes: list[tuple[str, int | None]]) -> None:
    before = Counted().pieces(known)
    draft = Draft(before)
    for key, value in changes:
        if value is None:
            draft.pop(key, None)
        else:
            draft[key] = value
    draft.done()
    assert before == known


def test_only_what_is_asked_for_is_read_and_only_once() -> None:
    counted = Counted()
    pieces = counted.pieces({"a": 1, "b": 2, "c": 3})
    changed = pieces.having({"d": 4})
    assert "a" in changed
    assert len(changed) == 4
    assert (changed["b"], pieces["b"], changed["d"]) == (2, 2, 4)
    assert counted.read == ["b"]


def test_only_what_changed_is_written_and_only_once() -> None:
    counted = Counted()
    changed = counted.pieces({"a": 1, "b": 2, "c": 3}).having({"b": 20}, without={"c"})
    for _ in range(2):
        assert dict(changed.texts(counted.text)) == {"a": "1", "b": "20"}
    again = changed.having({"d": 4})
    assert dict(again.texts(counted.text)) == {"a": "1", "b": "20", "d": "4"}
    assert counted.written == [20, 4]
    assert counted.read == []
