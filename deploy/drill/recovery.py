"""How long after a fault it took until completions became awards as fast as before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from deploy.drill.faults import Struck
from deploy.drill.log import Delay

WINDOW: Final = 3
"""Seconds' worth of completions of which the p95 is taken."""

LEAST: Final = 0.5
"""Seconds: a level below is not told from it."""


def p95(seconds: Iterable[float]) -> float | None:
    """None of nothing."""
    found = sorted(seconds)
    return found[min(len(found) - 1, int(len(found) * 0.95))] if found else None


def windows(delays: Iterable[Delay]) -> dict[int, float]:
    """The p95 of the completions of each window, by its first second."""
    together: defaultdict[int, list[float]] = defaultdict(list)
    for delay in delays:
        together[int(delay.at // WINDOW) * WINDOW].append(delay.seconds)
    return {begins: found for begins in sorted(together) if (found := p95(together[begins])) is not None}


def level(delays: Iterable[Delay], until: float) -> float:
    """The worst p95 of a window before anything was done to the platform: what completions may take undisturbed."""
    quiet = [worst for begins, worst in windows(delays).items() if begins + WINDOW <= until]
    return max([LEAST, *quiet[1:]])


@dataclass(frozen=True)
class Recovery:
    """Seconds. `after_begin` and `after_end` of the fault until p95 was back (None: not before the next fault or the end);
    `worst` is what the slowest completion took that came in between.
    """

    fault: str
    lasted: float
    after_begin: float | None
    after_end: float | None
    worst: float | None


def recoveries(struck: Sequence[Struck], delays: Sequence[Delay], usual: float, end: float) -> list[Recovery]:
    """Of the faults that nothing else was done beside."""
    found, by_window = [], windows(delays)
    done = [one for one in struck if one.skipped is None]
    for number, one in enumerate(done):
        others = done[:number] + done[number + 1 :]
        if any(other.began < one.ended and one.began < other.ended for other in others):
            continue
        until = min([other.began for other in done[number + 1 :]] + [end])
        back = _back(by_window, one.began, until, usual)
        hit = [delay.seconds for delay in delays if one.began - usual <= delay.at < (until if back is None else back)]
        found.append(
            Recovery(
                fault=str(one.fault),
                lasted=one.ended - one.began,
                after_begin=None if back is None else max(0.0, back - one.began),
                after_end=None if back is None else max(0.0, back - one.ended),
                worst=max(hit, default=None),
            )
        )
    return found


@dataclass(frozen=True)
class OfKind:
    """All recoveries from one kind of fault: the median, and each figure at its worst. One that didn't end while it was looked at
    makes the figures None that it would be in.
    """

    kind: str
    number: int
    middle: float | None
    after_begin: float | None
    after_end: float | None
    worst: float | None


def by_kind(found: Iterable[Recovery]) -> list[OfKind]:
    """In the order of their names; a kind is the first word of a fault's name."""
    kinds: defaultdict[str, list[Recovery]] = defaultdict(list)
    for one in found:
        kinds[one.fault.split()[0]].append(one)
    return [
        OfKind(
            kind,
            len(together),
            _middle([one.after_begin for one in together]),
            _most([one.after_begin for one in together]),
            _most([one.after_end for one in together]),
            max((one.worst for one in together if one.worst is not None), default=None),
        )
        for kind, together in sorted(kinds.items())
    ]


def _middle(found: Sequence[float | None]) -> float | None:
    """The upper one of two; one that didn't end is the longest."""
    known = sorted(inf if one is None else one for one in found)
    middle = known[len(known) // 2]
    return None if middle == inf else middle


def _most(found: Sequence[float | None]) -> float | None:
    known = [one for one in found if one is not None]
    return max(known) if len(known) == len(found) else None


def _back(by_window: dict[int, float], began: float, until: float, usual: float) -> float | None:
    """The beginning of the first window since when each is as usual: windows without awards are none. `began`, if all are."""
    since: float | None = None
    whole = [begins for begins in by_window if began < begins + WINDOW and begins + WINDOW <= until]
    if not whole:
        return None
    for begins in range(min(whole), max(whole) + 1, WINDOW):
        as_usual = begins in by_window and by_window[begins] <= usual
        since = (begins if since is None else since) if as_usual else None
    return since
