"""Mails that may be there twice, by the one window that notifications' README leaves open."""

from __future__ import annotations

from collections.abc import Sequence

from deploy.drill.faults import Ended, Struck
from deploy.drill.schedule import Kind


def windows(struck: Sequence[Struck], ended: Sequence[Ended]) -> list[tuple[float, float]]:
    """The spans in which a mail may be repeated: its sender died, or the way to the mail server broke, before it was noted."""
    found = [(one.at, one.at) for one in ended if one.name.startswith("notifications")]
    for one in struck:
        fault = one.fault
        if fault.target == "mailbox":
            found.append((one.began, one.ended + 1))
        elif fault.target == "notifications" and fault.kind is Kind.KILL:
            found.append((one.began, one.began + 1))
        elif fault.target == "notifications" and fault.kind is Kind.JOIN and fault.amount:
            found.append((one.ended - 1, one.ended + 1))
    return found
