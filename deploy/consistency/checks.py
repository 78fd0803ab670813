"""What must be so about one learner, from the completions to the inbox: pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from deploy.consistency.differences import Difference
from deploy.consistency.kept import Kept
from deploy.consistency.of_assessment import entries, verdicts
from deploy.consistency.of_awarding import awards, credentials
from deploy.consistency.of_notifications import told
from deploy.consistency.rules import Done, Rules
from deploy.consistency.topics import Of
from shared.events.envelope import rfc3339

MILLISECOND: Final = timedelta(milliseconds=1)
"""What databases keep of an instant, where it isn't kept as text."""


def check(kept: Kept, of: Of, rules: Rules, done: Done) -> list[Difference]:
    return sorted(
        {
            *entries(kept, of, done),
            *verdicts(kept, of, rules, done),
            *awards(kept, of, rules),
            *credentials(kept, of, rules),
            *told(kept, of, rules, done),
            *_erasures(kept),
        }
    )


def _erasures(kept: Kept) -> Iterator[Difference]:
    """Who was forgotten by one service was by all."""
    found: dict[str, datetime | None] = {
        "assessment": None if kept.assessed is None else kept.assessed.erased,
        "awarding": None if kept.awarded is None else kept.awarded.erased,
        "notifications": None if kept.told is None else kept.told.erased,
    }
    last = max((at for at in found.values() if at is not None), default=None)
    for service, at in found.items():
        if last is not None and (at is None or last - at >= MILLISECOND):
            was = "not erased" if at is None else f"erased {rfc3339(at)}"
            yield Difference("erasures", kept.learner, service, was, f"erased {rfc3339(last)}")
