"""What befalls a platform in a drill, and when: a pure function of the seed and the time there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final


class Kind(StrEnum):
    KILL = "kill"
    """SIGKILL; started again after `lasts` seconds."""
    FREEZE = "freeze"
    """SIGSTOP for `lasts` seconds. With `amount` 1 another instance is there to take over."""
    FULL = "full"
    """The quota of disk that a process may write is used up for `lasts` seconds."""
    CUT = "cut"
    """All connections on a way are reset, each second anew, for `lasts` seconds."""
    SLOW = "slow"
    """Every answer on a way comes `amount` seconds later."""
    HOLD = "hold"
    """No byte passes on a way; connections stay open."""
    JOIN = "join"
    """Another instance joins and leaves again after `lasts` seconds: by SIGTERM, or with `amount` 1 by SIGKILL."""
    CLOCK = "clock"
    """Another instance joins whose clock is `amount` seconds ahead (or behind, if negative), and leaves."""


STREAMING: Final = ("assessment", "awarding", "notifications")
SERVICES: Final = ("catalog", *STREAMING)
WAYS: Final = ("broker", *(f"{service}.database" for service in SERVICES), "mailbox")
"""Between services and what they stand on; all services share the way to the broker."""

SESSION: Final = 10.0
"""Seconds after which the broker gives a silent worker's partitions to others."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The seconds that faults of a kind last, and what amounts they have."""

    targets: tuple[str, ...]
    lasts: tuple[float, float]
    amounts: tuple[float, ...] = (0.0,)


SHAPES: Final[Mapping[Kind, Shape]] = {
    Kind.KILL: Shape((*SERVICES, "broker", "database", "mailbox"), (0.0, 5.0)),
    Kind.FREEZE: Shape((*STREAMING, "catalog", "broker", "database"), (SESSION + 2, SESSION + 8), (0.0, 1.0)),
    Kind.FULL: Shape(("assessment", "awarding", "notifications"), (5.0, 10.0)),
    Kind.CUT: Shape(WAYS, (1.0, 6.0)),
    Kind.SLOW: Shape(WAYS, (8.0, 15.0), (0.02, 0.1, 0.3)),
    Kind.HOLD: Shape(WAYS, (3.0, SESSION + 5)),
    Kind.JOIN: Shape(STREAMING, (15.0, 30.0), (0.0, 1.0)),
    Kind.CLOCK: Shape(SERVICES, (15.0, 30.0), (90.0, -90.0, 7_200.0, -7_200.0)),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """`at` and `lasts` in seconds since the load began. What `amount` means depends on the kind."""

    at: float
    kind: Kind
    target: str
    lasts: float
    amount: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.kind.value} {self.target}"

    @property
    def until(self) -> float:
        return self.at + self.lasts

    def __str__(self) -> str:
        match self.kind:
            case Kind.SLOW:
                more = f", answers {self.amount * 1_000:.0f} ms later"
            case Kind.CLOCK:
                more = f", {self.amount:+.0f} s"
            case Kind.FREEZE if self.amount:
                more = ", with another to take over"
            case Kind.JOIN:
                more = ", then killed" if self.amount else ", then stopped"
            case _:
                more = ""
        return f"{self.name} for {self.lasts:.1f} s{more}"


NAMES: Final = tuple(f"{kind.value} {target}" for kind, shape in SHAPES.items() for target in shape.targets)


class UnknownFault(ValueError):
    """No fault has that name."""


def schedule(seed: int, seconds: float, only: Sequence[str] = (), *, apart: tuple[float, float] = (8.0, 14.0)) -> list[Fault]:
    """The faults in the order of their beginnings; all are over a little before the end.

    `only` names kinds (`kill`) or faults (`kill awarding`); each comes at least once before any comes again, if there is time,
    and the kinds take turns. `apart` are the seconds between the end of one and the beginning of the next; one in five begins
    while the one before it lasts, on something else. The first comes when the load has flowed quietly for a while.
    """
    random = Random(f"drill {seed}")
    deals = _dealt(random, _chosen(only))
    quiet = min(20.0, seconds / 5)
    at, found, latest = quiet, list[Fault](), seconds - min(10.0, seconds / 10)
    while True:
        kind, target = next(deals)
        shape = SHAPES[kind]
        lasts, amount = round(random.uniform(*shape.lasts), 1), random.choice(shape.amounts)
        if kind is Kind.FREEZE and target not in STREAMING:
            amount = 0.0  # nobody takes over for those
        beside, gap = random.random() < 0.2, random.uniform(*apart)
        if found and beside and found[-1].target != target and found[-1].lasts > 3 and not _beside(found):
            begins = found[-1].at + random.uniform(0.2, 0.8) * found[-1].lasts
        else:
            begins = at
        if begins + lasts > latest:
            return found
        found.append(Fault(round(begins, 1), kind, target, lasts, amount))
        at = max(at, begins + lasts + gap)


def each(seed: int, only: Sequence[str] = (), *, apart: float = 25.0) -> list[Fault]:
    """Every fault once, kind by kind, with nothing beside it and time enough to recover: for the table of recoveries."""
    random, at, found = Random(f"each {seed}"), apart, list[Fault]()
    for kind, targets in _chosen(only).items():
        shape = SHAPES[kind]
        for target in targets:
            lasts = round(sum(shape.lasts) / 2, 1)
            amount = random.choice(shape.amounts) if kind is not Kind.FREEZE or target in STREAMING else 0.0
            found.append(Fault(round(at, 1), kind, target, lasts, amount))
            at += lasts + apart
    return found


def _beside(found: Sequence[Fault]) -> bool:
    """Whether the last one began while another lasted: never three at once."""
    return any(one.until > found[-1].at for one in found[:-1])


def _chosen(only: Sequence[str]) -> Mapping[Kind, tuple[str, ...]]:
    """Raises UnknownFault."""
    for name in only:
        if name not in NAMES and name not in {kind.value for kind in Kind}:
            raise UnknownFault(f"no fault is called {name!r}; there are {', '.join(NAMES)}")
    wanted = {name for name in NAMES if not only or name in only or name.split()[0] in only}
    chosen = {kind: tuple(t for t in shape.targets if f"{kind.value} {t}" in wanted) for kind, shape in SHAPES.items()}
    return {kind: targets for kind, targets in chosen.items() if targets}


def _dealt(random: Random, chosen: Mapping[Kind, tuple[str, ...]]) -> Iterator[tuple[Kind, str]]:
    """For ever: each round has every kind once, each kind goes through its targets before one comes again."""
    decks: dict[Kind, list[str]] = {kind: [] for kind in chosen}
    while True:
        for kind in random.sample(list(chosen), len(chosen)):
            if not decks[kind]:
                decks[kind] = random.sample(chosen[kind], len(chosen[kind]))
            yield kind, decks[kind].pop()
