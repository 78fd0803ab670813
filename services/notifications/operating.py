"""What notifications tells operators: what a learner was told, and what became of the mails; nothing of names and addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from services.notifications.api import NAME
from services.notifications.domain.telling import DELIVERIES, INBOX
from shared.broker import broker_of
from shared.kafka import Publisher
from shared.mongo import DESCENDING, Database, Document, by_ids
from shared.operations.desk import Operations, places_of
from shared.operations.journey import Step, said_of, step_of_fact, trace_of
from shared.settings import Settings
from shared.stream import Flow
from shared.stream.transaction import FACTS

OF_MESSAGES: Final = ("award", "submission", "stack", "level", "from_level", "version", "passed", "read")


def operations_of(settings: Settings, database: Database, publisher: Publisher, flow: Flow[Any, Any]) -> Operations:
    async def steps(learner: str, most: int) -> Sequence[Step]:
        return await steps_of(database, learner, most)

    return Operations(flow, broker_of(settings), database, publisher, places_of(settings), steps)


async def steps_of(database: Database, learner: str, most: int) -> list[Step]:
    of_learner = {"learner": learner}
    messages = await database[INBOX].find(of_learner).sort("number", DESCENDING).limit(most + 1).to_list(None)
    found = await by_ids(database[DELIVERIES], [message["_id"] for message in messages], ["state", "attempts", "traceparent"])
    deliveries = {delivery["_id"]: delivery for delivery in found}
    facts = await database[FACTS].find(of_learner).sort("at", DESCENDING).limit(most + 1).to_list(None)
    return [
        *(_step(message, deliveries.get(message["_id"], {})) for message in messages),
        *(step_of_fact(NAME, fact) for fact in facts),
    ]


def _step(message: Document, delivery: Document) -> Step:
    """Messages from before traces were kept with them have that of their mail, if there was one."""
    says = said_of(message, OF_MESSAGES)
    if delivery:
        says |= {"mail": delivery["state"], "attempts": delivery["attempts"]}
    return Step(
        service=NAME,
        kind="message",
        at=message["at"],
        type=message["kind"],
        id=message["_id"],
        about=message["achievement"],
        says=says,
        trace=trace_of(message.get("traceparent") or delivery.get("traceparent")),
    )
