"""Finding cards: by facets, which must all fit, and by words, which must all occur."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from services.catalog.pages.cards import FACETS, FREE, HOURS, MORE, PRICES, Card, Facet, Shelves

PAGE: Final = 24
"""Cards of a page; it fills rows of two, three and four."""
LONGEST: Final = 200
"""Characters of what is searched for."""
DIGITS: Final = 6
"""Of a page's number."""
MOST_OPTIONS: Final = 150
"""Options of one facet, those with the most cards; the words find the others."""

ORDER: Final[Mapping[Facet, tuple[str, ...]]] = {
    "workload": (*(str(step) for step in HOURS), MORE),
    "cost": (FREE, *(str(step) for step in PRICES), MORE),
    "credit": ("yes", "no"),
    "kind": ("stack", "achievement"),
}
"""Facets whose options are only these, in this order; the others are sorted by what they are called."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody looks for; `chosen` has at most one value for each facet, `page` counts from 1."""

    words: str = ""
    chosen: tuple[tuple[Facet, str], ...] = ()
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """From an address. What can't be meant is passed over: an old or mistyped link still shows something."""
        asked = ((facet, query.get(facet, "").strip()[:LONGEST]) for facet in FACETS)
        chosen = tuple((facet, value) for facet, value in asked if value and value in ORDER.get(facet, (value,)))
        page = query.get("page", "")
        meant = page.isdecimal() and len(page) <= DIGITS
        return cls(query.get("q", "").strip()[:LONGEST], chosen, int(page) if meant else 1)

    @property
    def anything(self) -> bool:
        return not self.words and not self.chosen

    def value(self, facet: Facet) -> str:
        return next((value for name, value in self.chosen if name == facet), "")

    def without(self, facet: Facet | None) -> Asked:
        """Without the words, if no facet is named."""
        kept = tuple(each for each in self.chosen if each[0] != facet)
        return replace(self, words=self.words if facet else "", chosen=kept, page=1)

    def with_(self, facet: Facet, value: str) -> Asked:
        without = self.without(facet)
        return replace(without, chosen=(*without.chosen, (facet, value)))

    def on(self, page: int) -> Asked:
        return replace(self, page=page)

    @property
    def address(self) -> str:
        """As the query of the catalog's address, `?` included."""
        query = [("q", self.words)] if self.words else []
        query += list(self.chosen)
        query += [("page", str(self.page))] if self.page > 1 else []
        return f"?{urlencode(query)}"


@dataclass(frozen=True, slots=True)
class Option:
    """A value that can be chosen, what it is called (None: as the page says it), and how many cards it would leave."""

    value: str
    label: str | None
    count: int


@dataclass(frozen=True)
class Found:
    """One page of the cards, how many there are in all, and what can be chosen."""

    cards: tuple[Card, ...]
    total: int
    page: int
    pages: int
    options: Mapping[Facet, tuple[Option, ...]]


def search(shelves: Shelves, asked: Asked) -> Found:
    """An option's count is what it would leave beside the other choices, so that nobody chooses their way into nothing."""
    words = asked.words.casefold().split()
    counts: dict[Facet, Counter[str]] = {facet: Counter() for facet in FACETS}
    found: list[tuple[int, int, Card]] = []
    for place, card in enumerate(shelves.cards):
        rank = _rank(card, words)
        if rank is None:
            continue
        missed = [facet for facet, value in asked.chosen if value not in card.facets[facet]]
        if not missed:
            found.append((rank, place, card))
        for facet in FACETS if not missed else missed if len(missed) == 1 else ():
            counts[facet].update(card.facets[facet])
    found.sort(key=lambda each: each[:2])
    pages = max(1, -(-len(found) // PAGE))
    page = min(max(asked.page, 1), pages)
    cards = tuple(card for _, _, card in found[(page - 1) * PAGE : page * PAGE])
    options = {facet: tuple(_options(facet, counts[facet], asked.value(facet), shelves)) for facet in FACETS}
    return Found(cards, len(found), page, pages, options)


def _rank(card: Card, words: list[str]) -> int | None:
    """The lower, the better it fits; None if a word doesn't occur. A word in the name counts most."""
    rank = 0
    for word in words:
        place = next((i for i, text in enumerate(card.text) if word in text), None)
        if place is None:
            return None
        rank += place
    return rank


def _options(facet: Facet, counts: Counter[str], chosen: str, shelves: Shelves) -> Iterator[Option]:
    values = [value for value, _ in counts.most_common(MOST_OPTIONS)]
    if chosen and chosen not in values:
        values.append(chosen)
    label = shelves.labels.get
    if facet in ORDER:
        values = [value for value in ORDER[facet] if value in values]
    else:
        values.sort(key=lambda value: label((facet, value), value).casefold())
    for value in values:
        yield Option(value, label((facet, value)), counts[value])
