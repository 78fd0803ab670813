"""The kinds of messages a learner is told."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    GRANTED = "granted"
    UPGRADED = "upgraded"
    RENEWED = "renewed"
    SUSPENDED = "suspended"
    RESTORED = "restored"
    REVOKED = "revoked"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    HANDED_IN = "handed_in"
    """Somebody handed in evidence for the learner."""
    ASKED = "asked"
    """An assessor asks for more evidence."""
    REMINDED = "reminded"
    """What an assessor asked for has waited for long."""
    JUDGED = "judged"


MAILED: Final = frozenset(Kind) - {Kind.EXPIRED}
"""The kinds that go out by mail as well. An expiry was announced by mail beforehand; that it came is in the inbox only."""

FIRST: Final = frozenset({"granted", "upgraded", "renewed", "suspended", "restored", "revoked", "expiring"})
"""The kinds that were mailed when contacts did not yet say which they had chosen from."""
