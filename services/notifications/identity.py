"""Sharing an identity: taken from the contact book, sealed for awarding, and put on the way to the learner's stream."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from services.notifications.domain.contact import Contact
from services.notifications.domain.identity import Choice, NothingToShare, inside
from services.notifications.store import Contacts
from shared.events.notifications import IdentitySharingRequested
from shared.kafka import Outgoing, Publisher
from shared.requests import request_of
from shared.settings import Settings, Unset
from shared.topics import REQUESTS, Topic

SEALED_WITH: Final = {"alg": "ECDH-ES", "enc": "A256GCM"}


class NoSealingKey(RuntimeError):
    """Nothing can be sealed, and nothing is ever put on a topic unsealed."""


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals with awarding's public key, so that only awarding can read it."""

    key: ECKey = field(repr=False)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self | None:
        """None where no key is named: no identity can be shared then. Raises Unset."""
        if settings.sealing_key is None:
            return None
        try:
            return cls(ECKey.import_key(json.loads(settings.sealing_key.read_text())))
        except (OSError, ValueError, TypeError, KeyError, JoseError) as error:
            raise Unset(f"CAIRN_SEALING_KEY: {settings.sealing_key} holds no EC JSON Web Key") from error

    def sealed(self, said: Mapping[str, str]) -> str:
        """A compact JWE (RFC 7516): ECDH-ES, A256GCM."""
        header = SEALED_WITH if self.key.kid is None else SEALED_WITH | {"kid": self.key.kid}
        return jwe.encrypt_compact(header, json.dumps(said, ensure_ascii=False), self.key)


@dataclass(frozen=True)
class Identities:
    """What learners share. What is to be said is published first and kept then: whoever hears of a failure asks again."""

    contacts: Contacts
    publisher: Publisher
    sealer: Sealer | None
    requests: Topic = REQUESTS["notifications"]

    async def chosen(self, learner: str) -> Choice:
        found = await self.contacts.sharing([learner])
        return found[learner][1] if learner in found else Choice()

    async def choose(self, learner: str, choice: Choice) -> None:
        """Raises NothingToShare, NoSealingKey."""
        if not choice.something:
            await self.withdraw(learner)
            return
        found = await self.contacts.one(learner)
        if found is None:
            raise NothingToShare("The contact book has no entry for this learner; enter how they are reached first.")
        contact, _ = found
        if choice.name and not contact.name:
            raise NothingToShare("The contact book has no name for this learner; enter it first, or share the address alone.")
        if await self.chosen(learner) == choice:
            return
        await self._say({learner: self._sealed(inside(contact, choice))})
        if not await self.contacts.choose(learner, choice):
            await self._say({learner: None})
            raise NothingToShare("The contact book's entry for this learner was deleted meanwhile.")

    async def withdraw(self, learner: str) -> None:
        """Credentials say nothing of who the learner is from now on. Withdrawing nothing is no error."""
        await self._say({learner: None})
        await self.contacts.choose(learner, None)

    async def changing(self, contacts: Mapping[str, Contact]) -> None:
        """These entries are about to replace those that are there. Raises NoSealingKey."""
        sharing = await self.contacts.sharing(contacts)
        said: dict[str, str | None] = {}
        for learner, (before, choice) in sharing.items():
            now = inside(contacts[learner], choice)
            if now != inside(before, choice):
                said[learner] = self._sealed(now) if now else None
        await self._say(said)

    async def leaving(self, learner: str) -> None:
        """The learner's entry is about to be deleted."""
        if await self.contacts.sharing([learner]):
            await self._say({learner: None})

    def _sealed(self, said: Mapping[str, str]) -> str:
        if self.sealer is None:
            raise NoSealingKey
        return self.sealer.sealed(said)

    async def _say(self, sealed: Mapping[str, str | None]) -> None:
        outgoing = []
        for learner, jwe_ in sealed.items():
            message = IdentitySharingRequested(learner=learner, sealed=jwe_)
            outgoing.append(Outgoing.of(self.requests.name, learner, request_of("notifications", message)))
        if outgoing:
            await self.publisher.publish_all(outgoing, within=10)
