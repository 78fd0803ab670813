"""What the stream issues with: the keys there are, and the documents that credentials rest on, as digests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from services.awarding.credentials.document import CONTEXTS_DIGEST
from services.awarding.credentials.keyring import Keyring
from services.awarding.credentials.profile import digest_of_profile, issuer_profile
from services.awarding.domain.issuing import Issuing
from shared.events.definitions import Party


@dataclass(frozen=True, slots=True)
class Unusable:
    """The ids of all keys with which no credential could be made again: such ones of the set, and whatever isn't in it."""

    keyring: Keyring

    def __contains__(self, kid: object) -> bool:
        return not (isinstance(kid, str) and self.keyring.usable(kid))


def issuing_of(keyring: Keyring) -> Issuing:
    @lru_cache(maxsize=10_000)
    def profile_of(party: Party) -> str:
        return digest_of_profile(issuer_profile(party, keyring.addresses))

    return Issuing(
        keys_of=lru_cache(maxsize=10_000)(keyring.kids_of),
        unusable=Unusable(keyring),
        contexts=CONTEXTS_DIGEST,
        profile_of=profile_of,
    )
