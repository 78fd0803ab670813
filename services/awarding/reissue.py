"""Asking for credentials: again, where their key can no longer be relied on; for the first time, where none was issued.

A running service looks each minute for what was signed with keys that its set calls compromised, or has without their private
part. `python -m services.awarding.reissue` asks at once, also for what was signed with keys that the set has no more. With
`--unissued` it asks for the credentials of awards from before issuing was switched on. Asked twice, nothing is issued twice: it
can be stopped at any time, and started again it passes over what has been issued meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Annotated, Final

import typer

from services.awarding.credentials.keyring import Keyring
from services.awarding.domain.ids import PublicIds
from services.awarding.domain.issuing import CREDENTIALS
from services.awarding.store import AWARDS, create_indexes
from shared.broker import broker_of
from shared.events.awarding import AwardStatus, ReissueRequested
from shared.kafka import Outgoing, Publisher, Unavailable
from shared.mongo import Database, DatabaseError, Document, by_ids
from shared.requests import request_of
from shared.settings import Settings, Unset
from shared.topics import REQUESTS, Topic

log = logging.getLogger(__name__)

LOOKS_EVERY: Final = 60.0
LOOKS_THROUGH_EVERY: Final = 3600.0
PATIENT_FOR: Final = 900.0
"""Seconds after which what was asked for, and has not come, is asked for again."""
PAGE: Final = 500
SIGNED_WITH: Final = ("signed_with", "jwt_signed_with")

Asked = tuple[str, str]
"""A learner and an award."""


@dataclass
class Reissue:
    """Finds what is to be issued and asks for it, in pages. `kids` are the keys that can't be relied on.

    There is an index by the keys of embedded proofs. By those of JWTs everything is looked through, so less often.
    """

    database: Database
    publisher: Publisher
    kids: Collection[str]
    requests: Topic = REQUESTS["awarding"]
    _asked: dict[str, float] = field(default_factory=dict)
    _looked_through: float = float("-inf")

    async def run(self) -> None:
        """Looks each minute, until cancelled. What is away is asked another time."""
        while True:
            try:
                if asked := await self.again():
                    log.warning("credentials whose key can't be relied on are issued again", extra={"credentials": asked})
            except (DatabaseError, Unavailable) as trouble:
                log.warning("what is to be issued again can't be looked for now: %s", type(trouble).__name__)
            await asyncio.sleep(LOOKS_EVERY)

    async def again(self) -> int:
        """Ask for each credential that was signed with a key that can't be relied on. How many were asked for."""
        now = monotonic()
        self._asked = {award: at for award, at in self._asked.items() if at > now - PATIENT_FOR}
        asked = 0
        async for page in self._signed_with_unusable():
            new = [one for one in page if one[1] not in self._asked]
            await self._ask(new)
            self._asked.update((award, now) for _, award in new)
            asked += len(new)
        return asked

    async def unissued(self, ids: PublicIds) -> AsyncIterator[tuple[int, int]]:
        """Ask for the credential of each award that has none and isn't revoked; after each page, how many awards were looked
        at, and how many of them asked for.
        """
        looked = asked = 0
        async for page in _pages(self.database, AWARDS, {"status": {"$ne": AwardStatus.REVOKED.value}}, ("learner",)):
            credentials = {ids.credential(award["_id"]): award for award in page}
            for found in await by_ids(self.database[CREDENTIALS], list(credentials)):
                del credentials[found["_id"]]
            await self._ask([(award["learner"], award["_id"]) for award in credentials.values()])
            looked, asked = looked + len(page), asked + len(credentials)
            yield looked, asked

    async def _signed_with_unusable(self) -> AsyncIterator[Sequence[Asked]]:
        if not self.kids:
            return
        whole = monotonic() > self._looked_through + LOOKS_THROUGH_EVERY
        for member in SIGNED_WITH if whole else SIGNED_WITH[:1]:
            where = {member: {"$in": list(self.kids)}, "revoked": False}
            async for page in _pages(self.database, CREDENTIALS, where, ("learner", "award")):
                yield [(one["learner"], one["award"]) for one in page]
        if whole:
            self._looked_through = monotonic()

    async def _ask(self, asked: Iterable[Asked]) -> None:
        """Raises Unavailable."""
        outgoing = []
        for learner, award in asked:
            message = ReissueRequested(learner=learner, award=award)
            outgoing.append(Outgoing.of(self.requests.name, learner, request_of("awarding", message)))
        if outgoing:
            await self.publisher.publish_all(outgoing, within=60)


async def unusable_in(database: Database, keyring: Keyring) -> set[str]:
    """The keys that signed newest editions and can't be relied on, or are unknown by now."""
    found: set[str | None] = set()
    for member in SIGNED_WITH:
        found.update(await database[CREDENTIALS].distinct(member))
    return {kid for kid in found if kid is not None and not keyring.usable(kid)}


async def _pages(database: Database, collection: str, where: Document, members: Sequence[str]) -> AsyncIterator[list[Document]]:
    page: list[Document] = []
    async for document in database[collection].find(where, dict.fromkeys(members, 1)):
        page.append(document)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


async def ask(settings: Settings, unissued: bool) -> None:
    """Raises Unset, Unavailable, DatabaseError."""
    ids, keyring = PublicIds(settings.secret_of_public_ids()), Keyring.from_settings(settings)
    if keyring is None:
        raise Unset("CAIRN_ISSUER_KEYS: nothing can be issued without keys")
    database = Database.of(settings, settings.database("awarding"))
    try:
        await create_indexes(database)
        async with Publisher(broker_of(settings), client="cairn-reissue") as publisher:
            reissue = Reissue(database, publisher, () if unissued else await unusable_in(database, keyring))
            if not unissued:
                print(f"{await reissue.again()} credentials are to be issued again")
                return
            looked = asked = 0
            async for looked, asked in reissue.unissued(ids):
                print(f"{looked} awards looked at, {asked} credentials asked for", flush=True)
            print(f"{asked} of {looked} awards had no credential; the service issues them now")
    finally:
        database.close()


def main(
    unissued: Annotated[bool, typer.Option(help="ask for the credentials of awards that have none")] = False,
) -> None:
    """Ask for the credentials whose key can no longer be relied on, or for those that were never issued."""
    try:
        asyncio.run(ask(Settings.read(), unissued))
    except (Unset, Unavailable, DatabaseError) as error:
        sys.exit(f"nothing more can be asked for: {error}")


if __name__ == "__main__":
    typer.run(main)
