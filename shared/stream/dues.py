"""What falls due by itself: the owner of a partition notices, and publishes a request with the instant at which it fell due."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from shared.events.envelope import Envelope, Message, rfc3339
from shared.kafka import Outgoing
from shared.mongo import Database
from shared.stream.flow import Flow
from shared.stream.records import COLLECTION

DUES: Final = uuid.UUID("6d2f6f0e-51c6-5b0f-8f0a-2b7d5b1d7c03")
"""The namespace of the ids of what fell due (UUIDv5 of type, learner, instant and data)."""

AHEAD: Final = timedelta(hours=1)
NOT_YET: Final = timedelta(seconds=1)


class Dues:
    """Who has something falling due within the next hour, for the partitions we hold.

    The database is asked once an hour and partition; between, what is committed is noticed here. So a search over a range of
    times, which is slow in some databases, is rare.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._soon: dict[int, dict[str, datetime]] = {}
        self._until: dict[int, datetime] = {}

    async def look_ahead(self, partitions: Iterable[int], now: datetime) -> None:
        """Ask the database where the last look is running out."""
        for partition in partitions:
            if self._until.get(partition, now) > now + AHEAD / 4:
                continue
            until = now + AHEAD
            found = self._database[COLLECTION].find({"partition": partition, "due_at": {"$lte": until}}, {"due_at": 1})
            self._soon[partition] = {document["_id"]: document["due_at"] async for document in found}
            self._until[partition] = until

    def committed(self, learner: str, partition: int, due: datetime | None) -> None:
        soon = self._soon.get(partition)
        if soon is None:
            return
        if due is not None and due <= self._until[partition]:
            soon[learner] = due
        else:
            soon.pop(learner, None)

    def due(self, partition: int, now: datetime, most: int) -> list[str]:
        return [learner for learner, due in self._soon.get(partition, {}).items() if due <= now][:most]

    def asked(self, learner: str, partition: int, again: datetime | None) -> None:
        """What fell due was published, and changes the record when it comes; or (`again`) it isn't time yet: ask again then.

        The database keeps milliseconds only, so that what it says may be a little early.
        """
        soon = self._soon.get(partition, {})
        if again is None:
            soon.pop(learner, None)
        else:
            soon[learner] = again

    def forget(self, partitions: Iterable[int]) -> None:
        for partition in partitions:
            self._soon.pop(partition, None)
            self._until.pop(partition, None)


def requests(flow: Flow[Any, Any], learner: str, partition: int, fell: Sequence[tuple[Message, datetime]]) -> list[Outgoing]:
    """The messages for the flow's requests. The same thing falling due always has the same id, whoever notices it."""
    return [
        Outgoing.of(flow.asked_on.name, learner, _envelope(flow.service, learner, message, instant), partition)
        for message, instant in fell
    ]


def _envelope(service: str, learner: str, message: Message, instant: datetime) -> Envelope:
    data = message.to_json()
    name = f"{message.TYPE}|{learner}|{rfc3339(instant)}|{data.decode()}"
    return Envelope(str(uuid.uuid5(DUES, name)), message.TYPE, f"cairn/{service}", instant, data=data)
