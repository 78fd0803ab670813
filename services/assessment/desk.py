"""What assessment's paths work on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request

from services.assessment.rulebook import Rulebook
from services.assessment.store import Shelves
from shared.events.envelope import Message
from shared.kafka import Publisher
from shared.requests import request_of
from shared.topics import COMPLETIONS, REQUESTS, Topic

NAME: Final = "assessment"


@dataclass(frozen=True)
class Desk:
    """What the paths work on; the app carries it as `app.state.desk`."""

    shelves: Shelves
    rulebook: Rulebook
    publisher: Publisher
    completions: Topic = COMPLETIONS
    requests: Topic = REQUESTS[NAME]

    async def ask(self, message: Message, learner: str) -> str:
        """Put a request on the way to the learner's stream; its id."""
        envelope = request_of(NAME, message)
        await self.publisher.publish(self.requests.name, learner, envelope)
        return envelope.id


def desk(request: Request) -> Desk:
    found: Desk = request.app.state.desk
    return found


At = Annotated[Desk, Depends(desk)]
