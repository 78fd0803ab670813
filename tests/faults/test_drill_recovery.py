"""How long a recovery took, by fault and by kind of fault, and the document that says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.bench.marks import filled
from deploy.drill.__main__ import BY, PAGE
from deploy.drill.faults import Struck
from deploy.drill.log import Delay
from deploy.drill.recovery import Recovery, by_kind, level, recoveries
from deploy.drill.report import Outcome, in_markdown
from deploy.drill.schedule import Fault, Kind


def flow(hit: range, seconds: float = 10.0, until: int = 120) -> list[Delay]:
    """Ten completions a second, each through in 0.2 s; those of the seconds that were hit take longer."""

    def all_() -> Iterator[Delay]:
        for at in range(until):
            for part in range(10):
                yield Delay(at=at + part / 10, seconds=seconds if at in hit else 0.2)

    return list(all_())


def struck(at: float, lasts: float, target: str = "awarding", kind: Kind = Kind.KILL) -> Struck:
    return Struck(Fault(at, kind, target, lasts), at, at + lasts)


def test_it_is_back_with_the_first_window_since_when_all_are_as_usual() -> None:
    delays = flow(range(30, 42))
    usual = level(delays, 30)
    [found] = recoveries([struck(30, 4)], delays, usual, 120)
    assert usual == 0.5
    assert (found.after_begin, found.after_end, found.worst) == (12, 8, 10.0)


def test_what_was_not_back_before_the_next_fault_is_said_to_be_so() -> None:
    delays = flow(range(30, 60))
    first, _ = recoveries([struck(30, 4), struck(50, 1)], delays, 0.5, 120)
    assert (first.after_begin, first.after_end) == (None, None)


def test_faults_that_others_were_done_beside_tell_nothing_about_themselves() -> None:
    assert recoveries([struck(30, 10), struck(35, 10, "catalog")], flow(range(30, 50)), 0.5, 120) == []


def test_kinds_have_the_median_and_the_worst_of_their_faults() -> None:
    found = by_kind(
        [
            Recovery("kill awarding for 1.0 s", 1, 12, 11, 13.0),
            Recovery("hold mailbox for 3.0 s", 3, 0, 0, None),
            Recovery("kill broker for 2.0 s", 2, 6, 4, 9.0),
            Recovery("kill catalog for 2.0 s", 2, 0, 0, 0.3),
        ]
    )
    hold, kill = found
    assert (hold.kind, hold.number, hold.worst) == ("hold", 1, None)
    assert (kill.number, kill.middle, kill.after_begin, kill.after_end, kill.worst) == (3, 6, 12, 11, 13.0)


def test_a_recovery_that_did_not_end_hides_the_worst_of_its_kind() -> None:
    [kill] = by_kind([Recovery("kill a for 1 s", 1, 2, 1, 3.0), Recovery("kill b for 1 s", 1, None, None, 40.0)])
    assert (kill.middle, kill.after_begin, kill.worst) == (None, None, 40.0)


@pytest.fixture
def outcome() -> Outcome:
    delays = flow(range(30, 42))
    done = [struck(30, 4), struck(80, 3, "mailbox", Kind.CUT)]
    found = Outcome(7, 120.0, [], {"completions": 1_200}, done, recoveries(done, delays, 0.5, 120), 0.5)
    found.figures_of(delays)
    return found


def test_the_document_says_it_by_kind_and_by_fault(outcome: Outcome) -> None:
    told = in_markdown(outcome, "Measured here.")
    assert told.startswith("Measured here. Seed 7, 120 s, 1,200 completions, 2 faults; undisturbed, p95 was 0.50 s")
    assert "| kill | 1 | 12.0 | 12.0 | 8.0 | 10.0 |" in told
    assert "| kill awarding for 4.0 s | 12.0 | 8.0 | 10.0 |" in told
    page = Path(PAGE).read_text()
    assert told in filled(page, {"recovery": told}, BY)
