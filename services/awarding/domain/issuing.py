"""From what became of awards to editions of their credentials, and to what changes in status lists."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass

from shared.events.definitions import Party


@dataclass(frozen=True, slots=True)
class Issuing:
    """What the platform brings to an edition; it reads nothing while it is asked.

    `keys_of` gives, for an issuing unit's id, the ids of the keys that sign its embedded proofs now, and its JWTs (None: it has
    none for those); or None, if nothing can be signed for it. `unusable` are the ids of keys whose credentials are to be issued
    again. `contexts` is the SHA-256 digest
    of the JSON-LD contexts in hexadecimal, `profile_of` gives that of an issuer's profile.
    """

    keys_of: Callable[[str], tuple[str, str | None] | None]
    unusable: Container[str]
    contexts: str
    profile_of: Callable[[Party], str]
