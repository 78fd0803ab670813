"""What awarding tells operators: all that was said of a learner's awards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.awarding.api import NAME
from shared.broker import broker_of
from shared.kafka import Publisher
from shared.mongo import DESCENDING, Database
from shared.operations.desk import Operations, places_of
from shared.operations.journey import Step, step_of_fact
from shared.settings import Settings
from shared.stream import Flow
from shared.stream.transaction import FACTS


def operations_of(settings: Settings, database: Database, publisher: Publisher, flow: Flow[Any, Any]) -> Operations:
    async def steps(learner: str, most: int) -> Sequence[Step]:
        latest = database[FACTS].find({"learner": learner}).sort("at", DESCENDING).limit(most + 1)
        return [step_of_fact(NAME, fact) async for fact in latest]

    return Operations(flow, broker_of(settings), database, publisher, places_of(settings), steps)
