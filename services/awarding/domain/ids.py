"""Public ids: keyed hashes that nobody can compute from a learner's id without the key."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PublicIds:
    """Makes the ids of awards and of ways through stacks: 32 hexadecimal digits.

    `erasures` counts how often the learner was forgotten before, so that what they earn afterwards is never taken for
    something they had.
    """

    key: bytes = field(repr=False)

    def award(self, learner: str, achievement: str, ordinal: int, erasures: int = 0) -> str:
        """Of the learner's `ordinal`-th award of the achievement, counting from 1."""
        return self._hashed("award", learner, achievement, str(ordinal), str(erasures))

    def progress(self, learner: str, stack: str, erasures: int = 0) -> str:
        return self._hashed("progress", learner, stack, str(erasures))

    def _hashed(self, *parts: str) -> str:
        # No part can hold the separator: ids of learners and definitions have no control characters.
        return hmac.new(self.key, "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()[:32]
