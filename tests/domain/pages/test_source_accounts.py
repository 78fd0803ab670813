"""What pages say of a period adds up, and what was read twice makes up for nothing that was never read."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.assessment.pages.sources_accounts import summed
from services.assessment.sources.accounts_api import DayShown, ReadShown

FEW = st.integers(0, 200)
FIVE = ("accepted", "held", "ignored", "refused", "duplicated")


def day(said: int, new: int, repeated: int, dead: int) -> DayShown:
    read = ReadShown(new=new, repeated=repeated, dead=dead)
    none = dict.fromkeys(FIVE, 0)
    return DayShown(day=date(2026, 1, 2), received=said, said=said, read=read, reasons=[], last=None, **none | {"accepted": said})


@given(FEW, FEW, FEW, FEW)
def test_events_read_twice_hide_none_that_were_never_read(said: int, new: int, repeated: int, dead: int) -> None:
    found = summed([day(said, 0, 0, 0), day(0, new, repeated, dead)])
    assert (found.read, found.repeated, found.dead) == (new, repeated, dead)
    assert found.missing == max(0, said - new - dead)


def test_a_hundred_repetitions_do_not_hide_a_hundred_losses() -> None:
    assert summed([day(5_411, 5_311, 200, 0)]).missing == 100
