"""A university on a platform of its own: the demonstration's catalog and cohort, and what it asks when all is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from typing import Self

from deploy.demo.chain import Chain
from deploy.demo.documents import FIRST, REVISIONS, documents
from deploy.demo.office import Office
from deploy.demo.run import Keyed, Shape, shape_of
from deploy.local.platform import Platform
from deploy.local.service import ROOT
from services.awarding.answers import AwardShown
from shared.events.awarding import AwardStatus
from shared.events.completions import CompletionReported, CompletionRetracted
from shared.events.envelope import Envelope, Fact, Message, read_envelope
from shared.kafka import Outgoing, Publisher
from shared.mongo import Database
from shared.topics import AWARDS, COMPLETIONS, DEAD_LETTERS, VERDICTS, Topic
from tests.domain.demo.chain import Held
from tests.platform.eventually import eventually
from tests.platform.log import all_on

MODELS: dict[str, type[Message]] = {model.TYPE: model for topic in (COMPLETIONS, VERDICTS, AWARDS) for model in topic.events}


@dataclass(frozen=True)
class Campus:
    platform: Platform
    office: Office
    publisher: Publisher
    chain: Chain
    shape: Shape

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, code: Path = ROOT) -> AsyncIterator[Self]:
        """With nothing published yet. `code` is the tree whose program the services run."""
        shape = shape_of([*documents(FIRST), *documents(REVISIONS)])
        async with (
            Platform(folder, env={"CAIRN_LOG_LEVEL": "WARNING", "CAIRN_CHECK_SECONDS": "20"}, code=code) as platform,
            Office(platform) as office,
            Publisher(platform.bootstrap, client="campus") as publisher,
            Chain(platform.bootstrap) as chain,
        ):
            yield cls(platform, office, publisher, chain, shape)

    async def publish_catalog(self) -> None:
        """The first edition and, after it, the revisions."""
        await self.office.publish(documents(FIRST))
        await self.office.publish(documents(REVISIONS))

    async def send(self, completions: Iterable[Keyed]) -> None:
        """Returns when the broker has them, however long it is away."""
        messages = [Outgoing.of(COMPLETIONS.name, learner, envelope) for learner, envelope in completions]
        await self.publisher.publish_all(messages, within=None)

    async def send_steadily(self, completions: Sequence[Keyed], rate: int) -> None:
        """So many in a second, or as many as the broker takes."""
        portion = max(1, rate // 10)
        for start in range(0, len(completions), portion):
            await self.send(completions[start : start + portion])
            await asyncio.sleep(portion / rate)

    async def settled(self, within: float) -> None:
        """Wait until nothing is on its way."""

        async def quiet() -> bool:
            positions = await self.chain.positions()
            lagging = {service: position.lag for service, position in positions.items() if position.lag}
            assert not lagging, lagging
            assert not await self.office.sweeping(), "somebody is still being looked at again"
            return await self.office.mails_waiting() == 0

        await eventually(quiet, within=within, every=0.3, why="it did not settle")

    async def holds(self, expected: Sequence[Held], within: float) -> None:
        """Wait until the awards that stand are these. What has expired is found out by and by."""
        wanted = set(expected)

        async def as_expected() -> bool:
            found = set(await self.held())
            missing, surplus = sorted(wanted - found), sorted(found - wanted)
            assert (missing[:5], surplus[:5]) == ([], []), f"{len(missing)} are missing, {len(surplus)} should not be there"
            return True

        await eventually(as_expected, within=within, every=1.0, why="who holds what is not what follows from the completions")
        assert len(await self.held()) == len(expected)

    async def held(self) -> list[Held]:
        """By awarding's own word: every award that stands, whether valid, suspended or expired."""
        levels = (level.achievement for found in self.shape.levels.values() for level in found)
        found: list[Held] = []
        for achievement in (*self.shape.achievements, *levels):
            async for item in self.office.pages("awarding", f"/achievements/{achievement}/awards"):
                award = AwardShown.model_validate(item)
                if award.status is not AwardStatus.REVOKED:
                    found.append(Held(award.learner, award.achievement, award.version, award.awarded_at, award.status))
        return sorted(found)

    async def said(self, topic: Topic) -> list[Fact]:
        """All facts on a topic, also those that are there twice: learner by learner, each one's in their order."""
        found = sorted(await all_on(self.platform.bootstrap, topic.name), key=attrgetter("key"))
        return [_fact(read_envelope(record.headers, record.value)) for record in found]

    async def dead_letters(self) -> int:
        return await self.chain.length(DEAD_LETTERS.values())

    @asynccontextmanager
    async def database(self, service: str) -> AsyncIterator[Database]:
        """To look into: nobody but the service writes there."""
        database = Database(self.platform.mongodb, f"cairn_{service}")
        try:
            yield database
        finally:
            database.close()


def _fact(envelope: Envelope) -> Fact:
    fact = MODELS[envelope.type].model_validate_json(envelope.data)
    assert isinstance(fact, Fact)
    assert (fact.id, fact.to_json()) == (envelope.id, envelope.data), "a fact's id and content are functions of what it says"
    return fact


def of_another(learner: str, envelope: Envelope, faculty: str) -> Keyed:
    """The same completion of another learner, reported by that one's own systems under the same id."""
    known = MODELS[envelope.type].model_validate_json(envelope.data)
    assert isinstance(known, CompletionReported | CompletionRetracted)
    another = f"{learner}.{faculty}"
    body = known.model_copy(update={"learner": another})
    return another, replace(envelope, source=f"{envelope.source}/{faculty}", data=body.to_json())
