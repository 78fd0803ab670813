"""What a drill is about: documents in editions, completions in their order, and what must come of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import yaml

from deploy.demo import oulad
from deploy.demo.cohort import cohort
from deploy.demo.documents import FIRST, REVISIONS, documents
from deploy.demo.run import Keyed, Shape, shape_of
from deploy.drill.plain import Editions, Held
from shared.events.awarding import AwardStatus
from shared.events.completions import CompletionReported, Status
from shared.events.envelope import Envelope

CATALOG: Final = Path(__file__).with_name("catalog.yaml")
EACH: Final = 9
"""Completions of a learner of the cohort, about."""

GATE: Final = "drill:gate"
A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Plot:
    """`editions` are published one by one: the first before anything else, the others at even distances.

    `independent` gives holdings by somebody else's evaluation, where there is one.
    """

    editions: Editions
    completions: tuple[Keyed, ...]
    contacts: Sequence[Mapping[str, Any]] = ()
    independent: Callable[[], Sequence[oulad.Holding]] | None = None

    @property
    def shape(self) -> Shape:
        return shape_of([document for edition in self.editions for document in edition])


def university(seed: int, completions: int, now: datetime, seconds: float) -> Plot:
    """The demonstration's cohort, as large as so many completions need, and people at a gate whose passes end today."""
    people = cohort(seed, max(10, completions // EACH))
    gate = list(_at_the_gate(Random(f"gate {seed}"), len(people.completions) // 40, now, seconds))
    spread = max(1, len(people.completions) // max(1, len(gate)))
    mixed: list[Keyed] = []
    for number, keyed in enumerate(people.completions):
        mixed.append(keyed)
        if number % spread == 0 and gate:
            mixed.append(gate.pop())
    at_first, late = [dict(document) for document in yaml.safe_load_all(CATALOG.read_text())]
    editions = ([*documents(FIRST), at_first], documents(REVISIONS), [late])
    return Plot(editions, tuple(mixed + gate), [person.contact() for person in people.people])


def _at_the_gate(random: Random, number: int, now: datetime, seconds: float) -> list[Keyed]:
    """Passes that end while the drill lasts, and in an hour or two: not yet, whatever a clock that is ahead may say."""
    found = []
    for index in range(number):
        soon = random.random() < 0.3
        ends = timedelta(seconds=random.uniform(0, seconds)) if soon else timedelta(minutes=random.uniform(80, 115))
        at = (now + ends - A_DAY).replace(microsecond=0)
        learner = f"gate-{index}"
        said = CompletionReported(learner=learner, activity=GATE, status=Status.PASSED)
        found.append((learner, Envelope(f"{learner}/1", said.TYPE, "urn:drill:gate", at, data=said.to_json())))
    return found


def records(folder: Path) -> Plot:
    """Real records, with what an independent evaluation says."""
    return Plot((oulad.documents(folder),), tuple(oulad.completions(folder)), (), lambda: oulad.expected(folder))


def holdings(held: Sequence[Held], shape: Shape) -> list[oulad.Holding]:
    """Of awards that stand: the valid ones, and of each stack the highest level."""
    valid = {(one.learner, one.achievement) for one in held if one.status is AwardStatus.VALID}
    standing = {
        (learner, stack): level.name
        for stack, levels in shape.levels.items()
        for level in levels
        for learner, achievement in valid
        if achievement == level.achievement
    }
    return [oulad.Holding(learner, "achievement", held) for learner, held in valid if held in shape.achievements] + [
        oulad.Holding(learner, "stack", stack, level) for (learner, stack), level in standing.items()
    ]
