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


MAILED: Final = frozenset(Kind) - {Kind.EXPIRED}
"""The kinds that go out by mail as well. An expiry was announced by mail beforehand; that it came is in the inbox only."""
