"""Learners' records: those used lately are kept in memory, for each learner has one writer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

from shared.mongo import Database, Document, by_ids
from shared.stream.flow import Flow

R = TypeVar("R")

COLLECTION = "records"
OF_THE_ENGINE = ("_id", "partition", "due_at")


class Records(Generic[R]):
    """What is in memory is what was committed last, by this instance, under its present epoch. None: there is no record."""

    def __init__(self, flow: Flow[R, Any], database: Database, most: int = 20_000) -> None:
        self._flow = flow
        self._database = database
        self._most = most
        self._kept: OrderedDict[str, tuple[int, R | None]] = OrderedDict()

    async def load(self, learners: Mapping[str, int]) -> dict[str, R | None]:
        """The records of learners (with their partitions); those that aren't in memory are read together."""
        found: dict[str, R | None] = {}
        missing = []
        for learner in learners:
            if learner in self._kept:
                self._kept.move_to_end(learner)
                found[learner] = self._kept[learner][1]
            else:
                missing.append(learner)
        if missing:
            documents = await by_ids(self._database[COLLECTION], missing)
            read = {document["_id"]: self._from_document(document) for document in documents}
            for learner in missing:
                found[learner] = read.get(learner)
            self.keep({learner: (learners[learner], found[learner]) for learner in missing})
        return found

    def keep(self, records: Mapping[str, tuple[int, R | None]]) -> None:
        for learner, record in records.items():
            self._kept[learner] = record
            self._kept.move_to_end(learner)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def forget(self, partitions: Iterable[int]) -> None:
        gone = set(partitions)
        for learner in [learner for learner, (partition, _) in self._kept.items() if partition in gone]:
            del self._kept[learner]

    def document(self, learner: str, partition: int, record: R) -> Document:
        document = {"_id": learner, "partition": partition, **self._flow.to_document(record)}
        if due := due_of(self._flow.next_due, record):
            document["due_at"] = due
        return document

    def _from_document(self, document: Document) -> R:
        learner = document["_id"]
        return self._flow.from_document(learner, {name: kept for name, kept in document.items() if name not in OF_THE_ENGINE})


def due_of(next_due: Callable[[R], datetime | None] | None, record: R | None) -> datetime | None:
    return None if next_due is None or record is None else next_due(record)
