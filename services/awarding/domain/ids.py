"""Public ids: keyed hashes that nobody can compute from a learner's id without the key."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PublicIds:
    """Makes the ids of awards and of ways through stacks: 32 hexadecimal digits; and what credentials need of the kind.

    `erasures` counts how often the learner was forgotten before, so that what they earn afterwards is never taken for
    something they had.
    """

    key: bytes = field(repr=False)

    def award(self, learner: str, achievement: str, ordinal: int, erasures: int = 0) -> str:
        """Of the learner's `ordinal`-th award of the achievement, counting from 1."""
        return self._hashed("award", learner, achievement, str(ordinal), str(erasures))

    def progress(self, learner: str, stack: str, erasures: int = 0) -> str:
        return self._hashed("progress", learner, stack, str(erasures))

    def credential(self, award: str) -> str:
        """Of the credential that proves the award, in all its editions."""
        return credential_of(award)

    def subject(self, learner: str, issuer: str, erasures: int = 0) -> str:
        """What the issuing unit calls the learner in credentials; no other unit calls them so."""
        return uuid.UUID(hex=self._hashed("subject", learner, issuer, str(erasures))).urn

    def salt(self, credential: str, edition: int) -> str:
        """For the hashes of identity in that edition: 32 hexadecimal digits."""
        return self._hashed("salt", credential, str(edition))

    def key_of_list(self, list_: str) -> bytes:
        """Chooses the order in which a status list's places are given."""
        return hmac.digest(self.key, f"status list\x1f{list_}".encode(), "sha256")

    def _hashed(self, *parts: str) -> str:
        # No part can hold the separator: ids of learners and definitions have no control characters.
        return hmac.new(self.key, "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()[:32]


def credential_of(award: str) -> str:
    """The award's id as a urn:uuid."""
    return f"urn:uuid:{award[:8]}-{award[8:12]}-{award[12:16]}-{award[16:20]}-{award[20:]}"
