"""All that a learner has, as pages show it: loaded once for each page."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from services.awarding.api import Desk
from services.awarding.credentials.addresses import Addresses
from services.awarding.domain.record import Record
from services.awarding.domain.rules import Rules
from services.awarding.outlooks import stacks_shown
from services.awarding.pages.awards import award_view, part, stack_view
from services.awarding.pages.views import AwardView, Part, StackView
from shared.mongo import Document


@dataclass(frozen=True)
class Folio:
    """`awards` are documents by id, the oldest first, without those of versions that are not known here."""

    desk: Desk
    learner: str
    record: Record
    rules: Rules
    awards: dict[str, Document]
    language: str
    addresses: Addresses = field(repr=False)

    @classmethod
    async def of(cls, desk: Desk, learner: str, language: str, addresses: Addresses) -> Self:
        rules = desk.rulebook.rules
        record, awards = await asyncio.gather(desk.shelves.record(learner), desk.shelves.awards_of(learner))
        known = {award["_id"]: award for award in awards if _is_known(award, rules)}
        return cls(desk, learner, record, rules, known, language, addresses)

    def parts(self, ids: tuple[str, ...] | None = None) -> list[Part]:
        """The awards, or these of them, the newest first."""
        chosen = [award for id_, award in self.awards.items() if ids is None or id_ in ids]
        return [part(award, self.rules) for award in reversed(chosen)]

    async def award(
        self, id_: str, *, holder: str | None = None, evidence: bool = True, stack: bool = True, note: bool = False
    ) -> AwardView:
        """Raises KeyError when the learner has no such award."""
        facts = await self.desk.shelves.facts(self.learner, id_)
        belongs = await self.stacks(frozenset((id_,)), ways=note) if stack else []
        return award_view(
            self.awards[id_],
            facts,
            self.rules,
            self.language,
            self.addresses,
            holder=holder,
            evidence=evidence,
            stack=min(belongs, key=lambda view: id_ not in [level.award for level in view.levels], default=None),
            note=note,
        )

    async def stacks(self, with_any_of: frozenset[str] | None = None, *, ways: bool) -> list[StackView]:
        """The stacks that were begun, or those with a level that is one of these awards or rests on one. Those where most was
        reached come first."""
        rests_on = self._rests_on()
        begun = [stack for stack in sorted(self.record.stacks) if stack in self.rules.levels]
        if with_any_of is not None:
            begun = [stack for stack in begun if self._touched(stack, rests_on) & with_any_of]
        now = datetime.now(UTC)
        shown = await asyncio.to_thread(stacks_shown, self.record, self.rules, begun, now, ways=ways)
        views = [stack_view(one, self.rules, self.awards, rests_on, ways=ways) for one in shown]
        return sorted(views, key=lambda view: -sum(state == "valid" for state in view.states))

    def _rests_on(self) -> dict[str, tuple[str, ...]]:
        """What the award of each level counted, by the award's id; for one that no longer holds, what it last counted."""
        found: dict[str, tuple[str, ...]] = {}
        for achievement, line in self.record.lines.items():
            if achievement in self.rules.by_id and self.rules.by_id[achievement].stack is not None:
                for award in line:
                    counted = [change.rests_on for change in award.changes if change.rests_on]
                    found[award.id] = counted[-1] if counted else ()
        return found

    def _touched(self, stack: str, rests_on: dict[str, tuple[str, ...]]) -> frozenset[str]:
        levels = [
            award.id
            for achievement, line in self.record.lines.items()
            if achievement in self.rules.by_id and self.rules.by_id[achievement].stack == stack
            for award in line
        ]
        return frozenset(levels).union(*(rests_on.get(level, ()) for level in levels))


def _is_known(award: dict[str, Any], rules: Rules) -> bool:
    rule = rules.by_id.get(award["achievement"])
    return rule is not None and award["version"] in rule.by_number
