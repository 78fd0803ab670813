"""The definition of who holds what, followed to the letter: every day is looked at, as an instant and as a moment.

Slow, and only for times that are whole days. It shares nothing with the service but the models of requirements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from shared.events.definitions import Achievement, Withdrawal
from shared.requirements.model import (
    ENTRY_LEAVES,
    Achievements,
    All,
    AnyOf,
    AtLeast,
    AtLevel,
    Credits,
    Held,
    Holding,
    Requirement,
    Skills,
    Within,
)


@dataclass(frozen=True)
class LiteralVersion:
    number: int
    starts: int | None
    ends: int | None
    definition: Achievement
    stack_levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class LiteralPart:
    turns: tuple[tuple[int, int | None], ...]
    again: tuple[int, ...] = ()


@dataclass(frozen=True)
class LiteralDecision:
    day: int
    id: str
    grants: bool
    version: int | None = None


@dataclass
class LiteralAward:
    version: LiteralVersion
    awarded_at: int
    status: str = "valid"
    expired: bool = False
    met_at: int | None = None
    rests_on: tuple[LiteralAward, ...] = ()
    renewed: list[int] = field(default_factory=list)
    since: int = 0
    days: dict[int, tuple[str, bool, tuple[LiteralAward, ...]]] = field(default_factory=dict)

    @property
    def lasts(self) -> int | None:
        period = self.version.definition.valid_for
        return None if period is None else period.days

    @property
    def until(self) -> int | None:
        return None if self.lasts is None else max((self.awarded_at, *self.renewed)) + self.lasts

    @property
    def shown(self) -> str:
        return "expired" if self.expired and self.status != "revoked" else self.status


@dataclass
class Literal:
    """`order` are the achievements, what others rest on first; only what comes before counts for what comes later."""

    order: Sequence[str]
    versions: Mapping[str, Sequence[LiteralVersion]]
    parts: Mapping[tuple[str, int, str], LiteralPart]
    decisions: Mapping[str, Sequence[LiteralDecision]]
    lines: dict[str, list[LiteralAward]] = field(default_factory=dict)
    pinned: set[str] = field(default_factory=set)
    barred: set[str] = field(default_factory=set)

    def until(self, last: int) -> dict[str, list[tuple[int, int, str, int, int | None]]]:
        """Per achievement its awards: version, awarded_at, status, status_since and valid_until."""
        self.lines = {id_: [] for id_ in self.order}
        for today in range(last + 1):
            for id_ in self.order:
                self._day(id_, today)
        return {
            id_: [(a.version.number, a.awarded_at, a.shown, a.since, a.until) for a in line]
            for id_, line in self.lines.items()
            if line
        }

    def _day(self, id_: str, today: int) -> None:
        before = [(award, award.shown) for award in self.lines[id_]]
        self._follow(id_, today)
        self._renew(id_, today)
        for decision in self.decisions.get(id_, ()):
            if decision.day == today:
                self._decide(id_, decision)
        held = self._held(id_)
        if held is not None and held.until is not None and held.until <= today:
            held.expired = True
        shown = {id(award): was for award, was in before}
        for award in self.lines[id_]:
            if shown.get(id(award)) != award.shown:
                award.since = today
            award.days[today] = (award.status, award.expired, award.rests_on)

    def _held(self, id_: str) -> LiteralAward | None:
        line = self.lines[id_]
        return line[-1] if line and line[-1].status != "revoked" else None

    def _follow(self, id_: str, today: int) -> None:
        held = self._held(id_)
        if held is not None and id_ not in self.pinned:
            met = self._earliest(id_, held.version, today)
            if held.met_at is not None and self._met(id_, held.version, held.met_at, today):
                met = held.met_at
            if met is not None:
                held.status, held.met_at = "valid", met
                held.rests_on = self._counted(id_, held.version, met, today)
            elif self._first(id_, today) is not None:
                held.status = "revoked"
            elif self._earliest(id_, held.version, today, suspended=True) is not None:
                held.status = "suspended"
            else:
                policy = held.version.definition.when_withdrawn
                held.status = {Withdrawal.REVOKE: "revoked", Withdrawal.SUSPEND: "suspended", Withdrawal.KEEP: "valid"}[policy]
        if self._held(id_) is None and id_ not in self.barred and (first := self._first(id_, today)) is not None:
            met, version = first
            on = self._counted(id_, version, met, today)
            self.lines[id_].append(LiteralAward(version, met, met_at=met, rests_on=on))

    def _first(self, id_: str, today: int) -> tuple[int, LiteralVersion] | None:
        met = [(day, version) for version in self.versions[id_] if (day := self._earliest(id_, version, today)) is not None]
        return min(met, key=lambda each: (each[0], -each[1].number), default=None)

    def _earliest(self, id_: str, version: LiteralVersion, today: int, *, suspended: bool = False) -> int | None:
        days = (day for day in range(today + 1) if self._met(id_, version, day, today, suspended=suspended))
        return next(days, None)

    def _met(
        self,
        id_: str,
        version: LiteralVersion,
        day: int,
        known: int,
        *,
        suspended: bool = False,
        since: int | None = None,
        renewals: bool = False,
    ) -> bool:
        in_force = (version.starts is None or version.starts <= day) and (version.ends is None or day < version.ends)
        return in_force and self._true(id_, version, day, known, since, suspended, renewals)[0]

    def _counted(self, id_: str, version: LiteralVersion, day: int, known: int) -> tuple[LiteralAward, ...]:
        return self._true(id_, version, day, known, None, False, False)[1]

    def _renew(self, id_: str, today: int) -> None:
        held = self._held(id_)
        if held is None or held.lasts is None:
            return
        while True:
            last = max((held.awarded_at, *held.renewed))
            days = range(last + 1, today + 1)
            fresh = next((d for d in days if self._met(id_, held.version, d, today, since=last, renewals=True)), None)
            if fresh is None:
                return
            held.renewed.append(fresh)
            held.expired = False

    def _decide(self, id_: str, decision: LiteralDecision) -> None:
        held = self._held(id_)
        if not decision.grants:
            self.barred.add(id_)
            self.pinned.discard(id_)
            if held is not None:
                held.status = "revoked"
            return
        in_force = [
            v
            for v in self.versions[id_]
            if (v.starts is None or v.starts <= decision.day) and (v.ends is None or decision.day < v.ends)
        ]
        wanted = [v for v in self.versions[id_] if v.number == decision.version]
        version = wanted[0] if wanted else (in_force or self.versions[id_])[-1]
        self.barred.discard(id_)
        self.pinned.add(id_)
        if held is None:
            self.lines[id_].append(LiteralAward(version, decision.day))
            return
        if held.lasts is not None and decision.day > max((held.awarded_at, *held.renewed)):
            held.renewed.append(decision.day)
        held.status, held.expired = "valid", False

    def _true(
        self,
        id_: str,
        version: LiteralVersion,
        day: int,
        known: int,
        since: int | None,
        suspended: bool,
        renewals: bool,
    ) -> tuple[bool, tuple[LiteralAward, ...]]:
        """Whether the requirement is true, and the awards that make it so."""
        below = self.order[: self.order.index(id_)]

        def earned(award: LiteralAward, after: int | None) -> bool:
            if after is None or award.awarded_at > after:
                return True
            return renewals and any(after < moment <= day for moment in award.renewed)

        def still(award: LiteralAward, holding: Holding, after: int | None) -> bool:
            state = award.days.get(known)
            if state is None or not earned(award, after):
                return False
            if holding is Holding.EVER:
                return True
            status, expired, _ = state
            good = status == "valid" or (suspended and status == "suspended")
            return good and not (holding is Holding.VALID and expired)

        def counts(award: LiteralAward, holding: Holding, after: int | None) -> bool:
            if award.awarded_at > day or not still(award, holding, after):
                return False
            if holding is Holding.EVER:
                return True
            spans = [
                (start, None if award.lasts is None else start + award.lasts) for start in (award.awarded_at, *award.renewed)
            ]
            within = any(start <= day and (end is None or day < end) for start, end in spans)
            return within and award.days.get(day, ("valid", False, ()))[0] == "valid"

        def all_of(wanted: Callable[[str, LiteralAward], bool], holding: Holding, after: int | None) -> list[LiteralAward]:
            newest = {}
            for other in below:
                for award in self.lines[other]:
                    if wanted(other, award) and counts(award, holding, after):
                        newest[other] = award
            return list(newest.values())

        def beneath(award: LiteralAward, holding: Holding, after: int | None) -> Iterable[LiteralAward]:
            definition = award.version.definition
            if not award.version.stack_levels and definition.credits is not None:
                return [award]
            lower = [u for u in award.days[known][2] if still(u, holding, after)]
            found = [b for u in lower for b in beneath(u, holding, after)]
            return found or ([award] if definition.credits is not None else [])

        def look(node: Requirement, path: str, after: int | None) -> tuple[bool, tuple[LiteralAward, ...]]:
            part = self.parts.get((id_, version.number, path))
            if part is not None:
                turns = [met for at, met in part.turns if at <= known]
                if not turns or turns[-1] is None:
                    return False, ()
                moments = [turns[-1]] if after is None else [turns[-1], *part.again]
                return any(moment <= day and (after is None or after < moment) for moment in moments), ()
            here = f"{path}/" if path else ""
            match node:
                case All():
                    return together([look(p, f"{here}all/{i}", after) for i, p in enumerate(node.all)], len(node.all))
                case AnyOf():
                    return together([look(p, f"{here}any/{i}", after) for i, p in enumerate(node.any)], 1)
                case AtLeast():
                    return together([look(p, f"{here}of/{i}", after) for i, p in enumerate(node.of)], node.at_least)
                case Within():
                    start = day - node.within.days
                    return look(node.requirement, f"{here}requirement", start if after is None else max(start, after))
                case Held():
                    found = all_of(
                        lambda o, a: o == node.achievement and a.version.number >= (node.from_version or 1), node.holding, after
                    )
                    return bool(found), tuple(found)
                case AtLevel():
                    found = all_of(lambda o, a: at_or_above(node, o, a), node.holding, after)
                    return bool(found), tuple(found)
                case Credits():
                    return credit(node, after)
                case Achievements():
                    found = all_of(lambda o, a: o in node.from_.achievements, node.holding, after)
                    return len(found) >= node.achievements_at_least, tuple(found)
                case Skills():
                    return False, ()
                case _:
                    assert isinstance(node, ENTRY_LEAVES)
                    return False, ()

        def at_or_above(node: AtLevel, other: str, award: LiteralAward) -> bool:
            name, _, level = other.rpartition(".")
            levels = award.version.stack_levels
            return name == node.stack and levels.index(level) >= levels.index(node.level)

        def credit(node: Credits, after: int | None) -> tuple[bool, tuple[LiteralAward, ...]]:
            chosen = all_of(lambda o, a: o in node.from_.achievements, node.holding, after)
            under = {b.version.definition.id: b for award in chosen for b in beneath(award, node.holding, after)}
            amounts = [b.version.definition.credits.amount for b in under.values() if b.version.definition.credits]
            return sum(amounts, Decimal(0)) >= node.credits_at_least, tuple(under.values())

        return look(version.definition.requirement, "", since)


def together(found: Sequence[tuple[bool, tuple[LiteralAward, ...]]], needed: int) -> tuple[bool, tuple[LiteralAward, ...]]:
    met = [awards for is_met, awards in found if is_met]
    if len(met) < needed:
        return False, ()
    return True, tuple({id(award): award for awards in met for award in awards}.values())
