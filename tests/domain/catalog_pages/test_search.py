"""What the public finds, and by what."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.pages.cards import FACETS, Shelves
from services.catalog.pages.search import PAGE, Asked, Found, search
from tests.domain.catalog.documents import PASSED, SOUTH, achievement, stack
from tests.domain.catalog_pages.shelf import NOW, stock_of

DOCUMENTS = [
    achievement(
        "ethics",
        name="Data Ethics",
        tags=["data", "ethics"],
        skills=[{"code": "S1", "name": "weigh questions"}],
        workload_hours=75,
        cost={"amount": 0, "currency": "EUR"},
        for_credit=True,
        participation="online",
    ),
    achievement(
        "sql", name="Querying", tags=["data"], workload_hours=150.5, issuer=SOUTH, cost={"amount": 100, "currency": "EUR"}
    ),
    achievement(
        "kunst", name="Kunst", language="de", description="Sehen lernen, with data.", workload_hours=25, participation="onsite"
    ),
    stack("practice", {"bronze": {"achievement": "ethics"}, "silver": PASSED}, name="Practice", tags=["ethics"]),
]
SHELVES = Shelves.of(stock_of(*DOCUMENTS), NOW)


def found(**asked: Any) -> list[str]:
    return [card.id for card in search(SHELVES, Asked.of(asked)).cards]


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({}, ["practice", "ethics", "kunst", "sql"]),
        ({"subject": "data"}, ["ethics", "sql"]),
        ({"subject": "data", "issuer": "south"}, ["sql"]),
        ({"skill": "S1"}, ["ethics"]),
        ({"workload": "75"}, ["ethics"]),
        ({"workload": "25"}, ["kunst"]),
        ({"workload": "more"}, ["sql"]),
        ({"cost": "free"}, ["ethics"]),
        ({"cost": "100"}, ["sql"]),
        ({"language": "de"}, ["kunst"]),
        ({"participation": "online"}, ["ethics"]),
        ({"credit": "yes"}, ["ethics"]),
        ({"kind": "stack"}, ["practice"]),
        ({"q": "SILVER"}, ["practice"]),
        ({"q": "weigh data"}, ["ethics"]),
        ({"q": "south"}, ["sql"]),
        ({"q": "nothing like it"}, []),
        ({"subject": "no such"}, []),
    ],
)
def test_everything_chosen_must_fit_and_every_word_occur(asked: dict[str, str], ids: list[str]) -> None:
    assert found(**asked) == ids


def test_a_word_in_the_name_counts_more_than_one_in_the_description() -> None:
    assert found(q="data") == ["ethics", "sql", "kunst"]


def counted(result: Found, facet: str) -> dict[str, int]:
    return {option.value: option.count for option in result.options[facet]}  # type: ignore[index]  # a facet


@given(
    st.fixed_dictionaries(
        {}, optional={facet: st.sampled_from(["data", "ethics", "north", "yes", "75", "en"]) for facet in FACETS}
    )
)
def test_the_count_of_an_option_is_what_choosing_it_leaves(chosen: dict[str, str]) -> None:
    asked = Asked.of(chosen)
    for facet, options in search(SHELVES, asked).options.items():
        for option in options:
            assert search(SHELVES, asked.with_(facet, option.value)).total == option.count


def test_what_is_chosen_stays_among_the_options_although_nothing_has_it() -> None:
    assert counted(search(SHELVES, Asked.of({"subject": "no such", "kind": "stack"})), "subject") == {"ethics": 1, "no such": 0}


def test_options_with_an_order_of_their_own_keep_it() -> None:
    assert list(counted(search(SHELVES, Asked()), "workload")) == ["25", "75", "more"]


@given(st.dictionaries(st.sampled_from([*FACETS, "q", "page", "lang"]), st.text(max_size=300)))
def test_any_address_is_answered(query: dict[str, str]) -> None:
    asked = Asked.of(query)
    result = search(SHELVES, asked)
    assert 1 <= result.page <= result.pages
    assert len(result.cards) <= result.total <= len(DOCUMENTS)
    assert asked.address.startswith("?")


def test_pages_follow_each_other_without_a_gap() -> None:
    many = Shelves.of(stock_of(*(achievement(f"a{number:03}") for number in range(PAGE + 3))), NOW)
    first, second, beyond = (search(many, Asked.of({"page": page})) for page in ("1", "2", "99"))
    assert (first.total, first.pages) == (PAGE + 3, 2)
    ids = [card.id for card in (*first.cards, *second.cards)]
    assert ids == sorted(ids)
    assert len(ids) == PAGE + 3
    assert beyond.cards == second.cards


def test_the_version_that_counts_now_is_shown() -> None:
    later = achievement("ethics", name="Ethics, new", effective_from="2027-01-01")
    shelves = Shelves.of(stock_of(achievement("ethics", name="Ethics"), later), NOW)
    assert [card.name for card in shelves.cards] == ["Ethics"]
    assert [card.name for card in Shelves.of(stock_of(later), NOW).cards] == ["Ethics, new"]
