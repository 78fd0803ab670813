"""Each published definition in short, with what it can be found by. Made once for each revision of the catalog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from services.catalog.domain.dependencies import named_by
from services.catalog.domain.document import Kind
from services.catalog.domain.places import leaves_of
from services.catalog.domain.versions import Version
from services.catalog.publishing import Stock
from shared.events.definitions import Achievement, CreditAmount, Definition, Skill, Stack

Facet: TypeAlias = Literal["subject", "skill", "workload", "cost", "language", "participation", "credit", "issuer", "kind"]
FACETS: Final[tuple[Facet, ...]] = (
    "subject",
    "skill",
    "workload",
    "cost",
    "language",
    "participation",
    "credit",
    "issuer",
    "kind",
)
"""What one may choose by."""

HOURS: Final = (25, 75, 150)
"""Where the steps of workload end."""
PRICES: Final = (100, 500)
"""Where the steps of cost end, in whatever currency: nobody could keep rates."""
MORE: Final = "more"
FREE: Final = "free"


@dataclass(frozen=True, slots=True)
class Card:
    """The version of a definition that counts, or will. `facets` are the values by which it is found, `text` the words,
    in small letters: first the name, then what describes it best, then the rest."""

    version: Version
    name: str
    levels: tuple[str, ...]
    credits: CreditAmount | None
    facets: Mapping[Facet, frozenset[str]]
    text: tuple[str, str, str]

    @property
    def id(self) -> str:
        return self.version.id

    @property
    def kind(self) -> Kind:
        return self.version.kind

    @property
    def definition(self) -> Definition:
        return self.version.definition


@dataclass(frozen=True)
class Shelves:
    """All cards by name, what skills and issuers are called, and by which definitions each achievement is asked for."""

    cards: tuple[Card, ...]
    labels: Mapping[tuple[Facet, str], str]
    wanted_by: Mapping[str, tuple[Version, ...]]

    @classmethod
    def of(cls, stock: Stock, now: datetime) -> Shelves:
        """What is retired is left out."""
        versions = [shown(versions, now) for versions in stock.shelf.versions.values() if not versions[-1].retired]
        cards = sorted((_card(version) for version in versions), key=lambda card: (card.kind != "stack", card.name.casefold()))
        labels: dict[tuple[Facet, str], str] = {}
        for version in versions:
            labels["issuer", version.definition.issuer.id] = version.definition.issuer.name
            labels |= {("skill", skill.code): skill.name for skill in skills_of(version.definition)}
        return cls(tuple(cards), labels, _wanted_by(versions, stock))


def shown(versions: Sequence[Version], now: datetime) -> Version:
    """The newest version that counts now; before the first one does, or after the last, the newest."""
    return next((version for version in reversed(versions) if version.counts_at(now)), versions[-1])


def skills_of(definition: Definition) -> list[Skill]:
    """Those of a stack's levels included, each once; where a code is named twice, the one that is assessed."""
    skills = [*definition.skills, *(skill for level in _levels(definition) for skill in level.skills)]
    found: dict[str, Skill] = {}
    for skill in skills:
        if skill.code not in found or (skill.assessed and not found[skill.code].assessed):
            found[skill.code] = skill
    return list(found.values())


def credits_of(definition: Definition) -> CreditAmount | None:
    """A stack's are those of its highest level, if it has none of its own."""
    levels = _levels(definition)
    return definition.credits or (levels[-1].credits if levels else None)


def _levels(definition: Definition) -> tuple[Achievement, ...]:
    return definition.as_achievements() if isinstance(definition, Stack) else ()


def _card(version: Version) -> Card:
    definition = version.definition
    skills = skills_of(definition)
    levels = tuple(level.name for level in definition.levels) if isinstance(definition, Stack) else ()
    outcomes = [outcome.text for part in (definition, *_levels(definition)) for outcome in part.learning_outcomes]
    cost = None if definition.cost is None else definition.cost.amount
    best = [*definition.tags, *(skill.name for skill in skills), *(skill.code for skill in skills), *levels]
    rest = [definition.description, definition.issuer.name, definition.id, *outcomes]
    facets: dict[Facet, Iterable[str]] = {
        "subject": definition.tags,
        "skill": (skill.code for skill in skills),
        "workload": _step(definition.workload_hours, HOURS),
        "cost": (FREE,) if cost == 0 else _step(cost, PRICES),
        "language": (definition.language,),
        "participation": (definition.participation,) if definition.participation else (),
        "credit": ("yes" if definition.for_credit else "no",),
        "issuer": (definition.issuer.id,),
        "kind": (version.kind,),
    }
    return Card(
        version,
        definition.name,
        levels,
        credits_of(definition),
        {facet: frozenset(values) for facet, values in facets.items()},
        (definition.name.casefold(), "\n".join(best).casefold(), "\n".join(rest).casefold()),
    )


def _step(amount: Decimal | None, steps: Sequence[int]) -> Iterator[str]:
    if amount is not None:
        yield next((str(step) for step in steps if amount <= step), MORE)


def _wanted_by(versions: Iterable[Version], stock: Stock) -> dict[str, tuple[Version, ...]]:
    """For each achievement, a level as one of its own, the other definitions that ask for it by name."""
    found: dict[str, dict[str, Version]] = {}
    for version in versions:
        for _, _, leaf in leaves_of(version.definition):
            for id_ in named_by(leaf, stock.known):
                if stock.known.level_stack.get(id_, id_) != version.id:
                    found.setdefault(id_, {})[version.id] = version
    return {id_: tuple(wanting.values()) for id_, wanting in found.items()}
