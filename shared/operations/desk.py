"""What the operators' paths and pages work on: one service's own stream, dead letters and learners."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka.errors import KafkaError
from fastapi import Request

from shared.broker import At
from shared.dead_letters.letters import Letter, NotTheirs, NotWhole, bounds_of, letter_at, reading, redrive
from shared.dead_letters.original import Unreadable, edited
from shared.http.problems import Problem, unavailable
from shared.kafka import Publisher, Unavailable
from shared.mongo import Database
from shared.operations.journey import Journey, Step, journey
from shared.operations.standing import (
    Backfill,
    Bounds,
    LettersCounted,
    PauseShown,
    SilentSource,
    Standing,
    consumers_of,
    instances_of,
    last_error,
    state_of,
    sweeps_of,
    total_lag,
)
from shared.operations.tray import Latest, Tray
from shared.settings import Settings
from shared.stream.checkpoint import COLLECTION as CHECKPOINTS
from shared.stream.checkpoint import Checkpoint
from shared.stream.flow import Flow
from shared.stream.presence import Place, workers
from shared.stream.switch import Pause, Switch
from shared.topics import REQUESTS

log = logging.getLogger(__name__)

WITHIN: Final = 8.0
"""Seconds for the broker to answer: a page that says what is wrong must not wait for it."""
AWAY: Final = (KafkaError, Unavailable, TimeoutError)


async def nothing() -> Sequence[Any]:
    return ()


@dataclass
class Operations:
    """Of the service whose flow it is; the app carries it as `app.state.operations`.

    `places` are where people reach the services that stream, by name. `steps` finds what the service knows of a learner, at least
    as much of the latest as it is asked for, and one more if there are. `backfills` and `silent` are what it has of those beside
    its sweeps.
    """

    flow: Flow[Any, Any]
    broker: At
    database: Database
    publisher: Publisher
    places: Mapping[str, str]
    steps: Callable[[str, int], Awaitable[Sequence[Step]]]
    backfills: Callable[[], Awaitable[Sequence[Backfill]]] = nothing
    silent: Callable[[], Awaitable[Sequence[SilentSource]]] = nothing
    switch: Switch = field(init=False)
    tray: Tray = field(init=False)

    def __post_init__(self) -> None:
        self.switch = Switch(self.database)
        self.tray = Tray(self.broker, self.service)

    @property
    def service(self) -> str:
        return self.flow.service

    async def standing(self) -> Standing:
        """Raises only if the database is away: what the broker alone knows is left out while it does not answer."""
        now = datetime.now(UTC)
        topics = {role: topic.name for role, topic in self.flow.inputs.items()}
        bounds, letters = await asyncio.gather(self._bounds(), self._counted())
        documents = await self.database[CHECKPOINTS].find({}).to_list(None)
        checkpoints = {found["_id"]: Checkpoint.from_document(found) for found in documents}
        there = await workers(self.database)
        partitions = checkpoints.keys() | {partition for _, partition in bounds or ()}
        consumers = consumers_of(topics, partitions, bounds, checkpoints, there, now)
        pause = await self.switch.read()
        return Standing(
            service=self.service,
            at=now,
            state=state_of(pause, there, now),
            broker=bounds is not None,
            paused=None if pause is None else shown(pause),
            lag=total_lag(consumers),
            rate=round(sum(consumer.rate for consumer in consumers), 1),
            consumers=consumers,
            instances=instances_of(there, now),
            last_error=last_error(there),
            backfills=[*sweeps_of(checkpoints), *await self.backfills()],
            silent_sources=list(await self.silent()),
            dead_letters=letters,
        )

    async def pause(self, by: str, reason: str) -> PauseShown:
        log.warning("the stream is to be paused", extra={"by": by})
        return shown(await self.switch.pause(by, reason))

    async def resume(self, by: str) -> None:
        log.warning("the stream is to go on", extra={"by": by})
        await self.switch.resume()

    async def letters(self) -> Latest:
        """Raises the 503 problem."""
        try:
            async with asyncio.timeout(WITHIN):
                return await self.tray.latest()
        except AWAY as error:
            raise broker_away() from error

    async def letter(self, partition: int, offset: int) -> Letter:
        """With its original. Raises the 404 or the 503 problem."""
        try:
            async with asyncio.timeout(WITHIN), reading(self.broker) as consumer:
                found = await letter_at(consumer, self.service, partition, offset)
        except AWAY as error:
            raise broker_away() from error
        if found is None:
            raise Problem(404, detail="No dead letter lies there, or it is not kept any more.")
        known = {letter.id: letter.redriven_at for letter in (await self.letters()).letters}
        return replace(found, redriven_at=known.get(found.id))

    async def redrive(self, letter: Letter, by: str, original: str | None = None) -> None:
        """Send it again, as the edited document says where one is given. Raises problems: 409, 422 or 503."""
        after = letter if original is None else self._edited(letter, original)
        try:
            await redrive(self.publisher, after)
        except (NotTheirs, NotWhole) as refusal:
            raise Problem(409, "It cannot be sent again", str(refusal)) from refusal
        except Unavailable as error:
            raise broker_away() from error
        log.warning("a dead letter was sent again", extra={"letter": letter.id, "by": by, "edited": original is not None})

    def _edited(self, letter: Letter, original: str) -> Letter:
        """What people asked for, and whom a message is about, nobody edits here."""
        try:
            after = edited(letter, original)
        except Unreadable as reason:
            raise Problem(422, "The original cannot be read", f"As edited, {reason}.") from reason
        if after.key != letter.key:
            raise Problem(409, "It cannot be sent again", "The key says whom the message is about, and stays.")
        asked = {name_of(event.TYPE) for event in REQUESTS[self.service].events}
        if after != letter and asked & {name_of(letter.type), name_of(after.type)}:
            raise Problem(409, "It cannot be sent again", "What was asked for by a person is not edited: they can ask anew.")
        return after

    async def journey(self, learner: str, most: int) -> Journey:
        return journey(self.service, learner, await self.steps(learner, most), most)

    async def _bounds(self) -> Mapping[Place, Bounds] | None:
        names = [topic.name for topic in self.flow.inputs.values()]
        try:
            async with asyncio.timeout(WITHIN), reading(self.broker) as consumer:
                found = await bounds_of(consumer, names)
        except AWAY as error:
            log.warning("the broker does not say where its topics end: %s", type(error).__name__)
            return None
        return {(place.topic, place.partition): Bounds(*both) for place, both in found.items()}

    async def _counted(self) -> LettersCounted | None:
        try:
            latest = await self.letters()
        except Problem:
            return None
        return LettersCounted(waiting=latest.waiting, redriven=len(latest.letters) - latest.waiting, more=latest.more)


def places_of(settings: Settings) -> dict[str, str]:
    """Where people reach the services that stream."""
    return {
        "assessment": settings.assessment_url,
        "awarding": settings.awarding_url,
        "notifications": settings.notifications_url,
    }


def operations(request: Request) -> Operations:
    found: Operations = request.app.state.operations
    return found


def name_of(type_: str) -> str:
    """A type without its version."""
    return type_.rpartition(".")[0] or type_


def broker_away() -> Problem:
    return unavailable(5, "The broker does not answer.")


def shown(pause: Pause) -> PauseShown:
    return PauseShown(by=pause.by, at=pause.at, reason=pause.reason)


def document_text(document: Mapping[str, Any]) -> str:
    """As people read and edit it. It writes whatever came in JSON, so that it is `edited` that refuses."""
    return json.dumps(document, indent=2, ensure_ascii=False)
