"""What a learner wishes to share, as the form brings it."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from services.awarding.pages.wishes import NOT_YOURS, NOTHING, TOO_MANY_AWARDS, NotWished, wish_of

IDS = [f"{n:032x}" for n in range(101)]
FIELDS = st.sampled_from(["award", "all", "name", "evidence", "stack", "label", "other"])


def form(*fields: tuple[str, str]) -> FormData:
    return FormData(list(fields))


@pytest.mark.parametrize(
    ("awards", "says"), [([], NOTHING), ([""], NOTHING), (["x"], NOT_YOURS), ([IDS[0] + "\n"], NOT_YOURS), (IDS, TOO_MANY_AWARDS)]
)
def test_what_cannot_be_shared_is_said_in_words(awards: list[str], says: str) -> None:
    wish = wish_of(form(*(("award", award) for award in awards), ("label", "Mum")))
    with pytest.raises(NotWished) as refused:
        wish.asked()
    assert (refused.value.says, refused.value.status, wish.label) == (says, 422, "Mum")


def test_everything_counts_before_what_is_chosen_one_by_one() -> None:
    assert wish_of(form(("all", "yes"), ("award", "x"))).asked().awards is None


def test_an_award_that_is_chosen_twice_is_shared_once() -> None:
    assert wish_of(form(("award", IDS[0]), ("award", IDS[0]))).asked().awards == (IDS[0],)


@given(st.lists(st.tuples(FIELDS, st.sampled_from(["", "yes", "x" * 200, *IDS[:3]])), max_size=120))
def test_any_form_is_a_share_or_is_refused_with_a_reason(fields: list[tuple[str, str]]) -> None:
    with contextlib.suppress(NotWished):
        assert wish_of(form(*fields)).asked().awards != ()
