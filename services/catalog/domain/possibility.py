"""What can never be met, because it asks for more than there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from services.catalog.domain.dependencies import Dependencies, Vertex
from services.catalog.domain.findings import Finding, error, warning
from services.catalog.domain.normal import normal, written
from services.catalog.domain.places import nodes_of
from shared.events.definitions import Achievement, Definition
from shared.requirements.model import (
    Achievements,
    AtLeast,
    Credits,
    Graded,
    Requirement,
    Selection,
    Skills,
    WeightedMean,
)
from shared.requirements.sentences import plain


def impossible(definition: Definition, dependencies: Dependencies) -> Iterator[Finding]:
    """Errors about what nobody can ever meet; warnings about what nobody can meet as yet, or what seems a slip."""
    issuer = definition.issuer.id
    for place, owner, node in nodes_of(definition):
        match node:
            case AtLeast():
                yield from _at_least(place, node)
            case WeightedMean():
                yield from _weighted_mean(place, node)
            case Graded():
                yield from _repeated(f"{place}/grade", node.grades)
            case Skills():
                yield from _skills(place, owner, node, dependencies)
            case Achievements():
                yield from _achievements(place, owner, node, issuer, dependencies)
            case Credits():
                yield from _credits(place, owner, node, issuer, dependencies)
            case _:
                pass


def _at_least(place: str, node: AtLeast) -> Iterator[Finding]:
    if node.at_least > len(node.of):
        yield error(
            f"{place}/at_least",
            f"at least {node.at_least} of {len(node.of)} can never be met; say {len(node.of)} or fewer, or add parts under of:",
        )
    first: dict[str, int] = {}
    for i, part in enumerate(node.of):
        same = first.setdefault(written(normal(part)), i)
        if same != i:
            yield warning(f"{place}/of/{i}", f"this asks for the same as of/{same}, so whoever meets one counts twice")


def _weighted_mean(place: str, node: WeightedMean) -> Iterator[Finding]:
    if all(weighted.weight == 0 for weighted in node.of):
        yield error(f"{place}/of", "all weights are 0, so there is no mean; give at least one activity a weight")
    yield from _repeated(f"{place}/of", [weighted.activity for weighted in node.of])


def _repeated(place: str, values: Iterable[str]) -> Iterator[Finding]:
    seen: set[str] = set()
    for i, value in enumerate(values):
        if value in seen:
            yield warning(f"{place}/{i}", f"{value} is named twice")
        seen.add(value)


def _skills(place: str, owner: str, node: Skills, dependencies: Dependencies) -> Iterator[Finding]:
    different = len(set(node.among))
    if node.skills_at_least > different:
        yield error(
            f"{place}/skills_at_least",
            f"at least {node.skills_at_least} of {different} skills can never be covered; say {different} or fewer, "
            "or name more under among:",
        )
        return
    yield from _repeated(f"{place}/among", node.among)
    counted = dependencies.counted_by(node, owner)
    one_each = (node.model_copy(update={"among": (code,)}) for code in set(node.among))
    covered = sum(1 for one in one_each if dependencies.known.showing(one) & counted)
    if covered < node.skills_at_least:
        how = "assesses" if node.assessed_only else "assesses or teaches"
        yield warning(
            f"{place}/skills_at_least",
            f"nobody can meet this as yet: of these skills there are only {covered} that an achievement {how}",
        )


def _achievements(place: str, owner: str, node: Achievements, issuer: str, dependencies: Dependencies) -> Iterator[Finding]:
    asked = Decimal(node.achievements_at_least)
    chosen = dependencies.counted_by(node, owner)
    versions = [dependencies.known.achievements[id_] for id_ in chosen]
    own = sum(1 for each in versions if _is_own(each, issuer))
    outside = sum(1 for each in versions if _is_outside(each, issuer))
    shares = _shares(place, node.from_, asked, len(chosen), own, outside, node.outside_at_most, node.own_at_least, "achievements")
    yield from shares


def _credits(place: str, owner: str, node: Credits, issuer: str, dependencies: Dependencies) -> Iterator[Finding]:
    if node.system in node.rates:
        yield error(f"{place}/rates/{node.system}", f"{node.system} is the system that is asked for; it needs no rate")
        return
    total = own = outside = Decimal(0)
    elsewhere: set[str] = set()
    for versions in _resting_on(dependencies.counted_by(node, owner), dependencies):
        amounts = [version.credits for version in versions if version.credits is not None]
        elsewhere |= {amount.system for amount in amounts if amount.amount and amount.system != node.system}
        rated = [amount.amount * _rate(amount.system, node) for amount in amounts]
        most = max(rated, default=Decimal(0))
        total += most
        own += most if _is_own(versions, issuer) else 0
        outside += most if _is_outside(versions, issuer) else 0
    if unrated := sorted(elsewhere - node.rates.keys()):
        example = f'rates: {{{unrated[0]}: "0.5"}}'
        yield warning(f"{place}/rates", f"credits in {', '.join(unrated)} are chosen here but don't count; declare {example}")
    yield from _shares(
        place,
        node.from_,
        node.credits_at_least,
        total,
        own,
        outside,
        node.outside_at_most,
        node.own_at_least,
        f"{node.system} credits",
    )


def _resting_on(ids: Iterable[str], dependencies: Dependencies) -> Iterator[tuple[Achievement, ...]]:
    """The versions of the achievements themselves and of all that their awards may rest on."""
    seen: set[Vertex] = set()
    waiting: list[Vertex] = list(ids)
    while waiting:
        vertex = waiting.pop()
        if vertex in seen:
            continue
        seen.add(vertex)
        waiting.extend(dependencies.graph.get(vertex, ()))
        if isinstance(vertex, str) and vertex in dependencies.known.achievements:
            yield dependencies.known.achievements[vertex]


def _rate(system: str, node: Credits) -> Decimal:
    return Decimal(1) if system == node.system else node.rates.get(system, Decimal(0))


def _is_own(versions: Iterable[Achievement], issuer: str) -> bool:
    return any(version.issuer.id == issuer for version in versions)


def _is_outside(versions: Iterable[Achievement], issuer: str) -> bool:
    return any(version.issuer.id != issuer for version in versions)


def _shares(
    place: str,
    selection: Selection,
    asked: Decimal,
    total: Decimal | int,
    own: Decimal | int,
    outside: Decimal | int,
    outside_at_most: Decimal | int | None,
    own_at_least: Decimal | int | None,
    what: str,
) -> Iterator[Finding]:
    """At most so much can be given in all, by the definition's own issuer, and by others."""
    key = "credits_at_least" if what.endswith("credits") else "achievements_at_least"
    if own_at_least is not None and own_at_least > asked:
        yield error(
            f"{place}/own_at_least",
            f"own_at_least ({plain(own_at_least)}) contradicts {key} ({plain(asked)}): a part can't be more than the whole",
        )
        return
    if outside_at_most is not None and selection.issuers and own == 0 and outside_at_most < asked:
        yield error(
            f"{place}/outside_at_most",
            f"at most {plain(outside_at_most)} may come from other issuers, but only other issuers are chosen from, "
            f"so {plain(asked)} {what} can never be reached",
        )
        return
    # Ids can be counted; what is chosen by tag or issuer may still grow.
    finding, ever = (error, "can never be met") if selection.achievements else (warning, "can't be met as yet")
    if asked > total:
        yield finding(f"{place}/{key}", f"this {ever}: what is chosen gives {plain(total)} {what} at most, not {plain(asked)}")
    elif own_at_least is not None and own_at_least > own:
        message = f"what the issuer itself offers here gives {plain(own)} {what} at most, not {plain(own_at_least)}"
        yield finding(f"{place}/own_at_least", f"this {ever}: {message}")
    elif outside_at_most is not None and asked > own + min(outside, outside_at_most):
        message = f"{plain(own)} {what} of one's own and at most {plain(outside_at_most)} from other issuers"
        yield finding(f"{place}/outside_at_most", f"this {ever}: {message} don't make {plain(asked)}")


def same_levels(definition: Definition) -> Iterator[Finding]:
    """Levels that ask for the same are not different levels."""
    first: dict[str, str] = {}
    for place, requirement in _level_requirements(definition):
        same = first.setdefault(written(normal(requirement)), place)
        if same != place:
            level = same.removesuffix("/requirement")
            yield error(place, f"this asks for the same as {level}, so both levels would always be reached together")


def _level_requirements(definition: Definition) -> Iterator[tuple[str, Requirement]]:
    if not isinstance(definition, Achievement):
        for i, level in enumerate(definition.levels):
            yield f"levels/{i}/requirement", level.requirement
