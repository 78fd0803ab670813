"""How much of what a stream read of each source was new, on each day: so that it can be compared with what was sent.

A document is one partition's, `_id` source, day and partition: {source, day, partition, new, repeated, dead}. A day is that of
the broker's stamp, in UTC. They are written in the transaction of their batch, by the partition's one writer, so they count
each message once. `repeated` changed nothing: it was read before, or belongs to what was erased; `dead` became a dead letter.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC
from typing import Final, Literal

from shared.mongo import UpdateOne
from shared.stream.incoming import Incoming

LONGEST_SOURCE: Final = 500

Kind = Literal["new", "repeated", "dead"]


class Readings(Counter[tuple[str, str, int, Kind]]):
    """By source, day, partition and kind."""

    def add(self, incoming: Incoming, kind: Kind) -> None:
        """Of the main input only; what is redriven was counted when it came first."""
        if incoming.role == "reads":
            day = incoming.stamp.astimezone(UTC).date().isoformat()
            self[source_of(incoming), day, incoming.partition, kind] += 1

    def changes(self) -> list[UpdateOne]:
        together: dict[tuple[str, str, int], dict[str, int]] = {}
        for (source, day, partition, kind), number in self.items():
            together.setdefault((source, day, partition), {})[kind] = number
        return [
            UpdateOne(
                {"_id": f"{source}|{day}|{partition}"},
                {"$setOnInsert": {"source": source, "day": day, "partition": partition}, "$inc": numbers},
                upsert=True,
            )
            for (source, day, partition), numbers in together.items()
        ]


def source_of(incoming: Incoming) -> str:
    """What the message says, readable or not; `?` when it says nothing."""
    found = next((raw for name, raw in incoming.headers if name == "ce_source" and raw), None)
    return "?" if found is None else found.decode(errors="replace")[:LONGEST_SOURCE]
