"""What benches send: a catalog, the contact book's entries, and completions in the order in which they are sent.

Pure and deterministic: the same arguments give the same workload, other `first` or `turn` other learners under the same catalog.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from deploy.demo.cohort import SEED
from deploy.demo.cohort import cohort as demo_cohort
from deploy.demo.documents import FIRST, REVISIONS, documents
from deploy.demo.people import FAMILY, GIVEN, Person, address
from deploy.demo.run import Keyed
from shared.events.completions import CompletionReported, Status
from shared.events.envelope import Envelope

Shown = dict[str, Any]

LADDERS: Final = 3
RUNGS: Final = 9
"""Activities of a ladder, each of which earns an achievement."""
LEVELS: Final = (("entry", (1,)), ("bronze", (2, 3)), ("silver", (4, 5, 6)), ("gold", (7, 8, 9)))
"""Of each ladder's stack, and the achievements that each needs beside the level below."""
SOURCE: Final = "https://lms.northfield.example"
START: Final = datetime(2024, 1, 8, 9, tzinfo=UTC)
ISSUER: Final = {"id": "northfield", "name": "Northfield University", "kind": "university", "country": "IE"}


@dataclass(frozen=True)
class Workload:
    """`editions` are published one after the other. `completions` are envelopes with the learner each is keyed by."""

    name: str
    editions: Sequence[Sequence[Shown]]
    contacts: Sequence[Shown]
    completions: Sequence[Keyed]

    @property
    def learners(self) -> int:
        return len(self.contacts)


def awards(learners: int, first: int = 0) -> Workload:
    """Each completion earns an award, every third also an upgrade; the first of each learner's nine enters the stack.

    As from a stream that has run for long: at any time there are learners at every rung, apart from the beginning and the end.
    """
    numbers = range(first, first + learners)
    window = max(1, learners // 8)
    sent = sorted((number + rung * window / RUNGS, number, rung) for number in numbers for rung in range(1, RUNGS + 1))
    people = [_person(number) for number in numbers]
    return Workload(
        "awards",
        [ladders()],
        [person.contact() for person in people],
        [
            completed(people[number - first].learner, number % LADDERS, rung, place)
            for place, (_, number, rung) in enumerate(sent)
        ],
    )


def cohort(learners: int, turn: int = 0) -> Workload:
    """The demonstration's: some 8 completions for each learner, of which every third leads to an award."""
    made = demo_cohort(SEED + turn, learners)
    completions = made.completions
    if turn:  # the learner of the story is the same in all of them
        completions = tuple((learner, envelope) for learner, envelope in completions if learner != made.story)
    editions = [documents(FIRST), documents(REVISIONS)]
    return Workload("cohort", editions, [person.contact() for person in made.people], completions)


def of_turn(mix: str, learners: int, turn: int) -> Workload:
    """Other learners at each turn. Raises KeyError for a mix that there isn't."""
    return MIXES[mix](learners, turn)


MIXES: Final[Mapping[str, Callable[[int, int], Workload]]] = {
    "awards": lambda learners, turn: awards(learners, turn * 1_000_000),
    "cohort": cohort,
}


def ladders(number: int = LADDERS, prefix: str = "ladder") -> list[Shown]:
    """The documents of so many stacks of four levels, each over nine achievements of its own."""
    return [document for place in range(number) for document in _ladder(f"{prefix}-{place}")]


def _ladder(name: str) -> Iterator[Shown]:
    for rung in range(1, RUNGS + 1):
        yield {
            "achievement": f"{name}-{rung}",
            "name": f"Rung {rung} of {name}",
            "description": "Has done what this rung asks for.",
            "criteria": "The rung's activity is completed.",
            "issuer": ISSUER,
            "requirement": {"activity": activity(name, rung), "completed": True},
        }
    yield {
        "stack": name,
        "name": f"The whole {name}",
        "description": "Climbed rung by rung.",
        "issuer": ISSUER,
        "levels": list(_levels(name)),
    }


def _levels(name: str) -> Iterator[Shown]:
    below: list[Shown] = []
    for level, rungs in LEVELS:
        needed = below + [{"achievement": f"{name}-{rung}"} for rung in rungs]
        yield {
            "level": level,
            "name": level.capitalize(),
            "description": "Has come up to here.",
            "criteria": "The level below, and the rungs up to this one.",
            "requirement": {"all": needed} if len(needed) > 1 else needed[0],
        }
        below = [{"achievement": f"{name}.{level}"}]


def activity(ladder: str, rung: int) -> str:
    return f"northfield:{ladder}/rung-{rung}"


def learner_of(number: int) -> str:
    return f"nu-{number:010}"


def _person(number: int) -> Person:
    random = Random(number)
    given, family = random.choice(GIVEN), random.choice(FAMILY)
    return Person(learner_of(number), f"{given} {family}", address(given, family, number), "en")


def completed(learner: str, ladder: int, rung: int, place: int) -> Keyed:
    """The rung of a ladder, `place` seconds after everything began."""
    body = CompletionReported(learner=learner, activity=activity(f"ladder-{ladder}", rung), status=Status.COMPLETED)
    time = START + timedelta(seconds=place)
    return learner, Envelope(id=f"{learner}/{rung}", type=body.TYPE, source=SOURCE, time=time, data=body.to_json())
