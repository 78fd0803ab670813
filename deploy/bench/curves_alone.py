"""What a thousand completions cost the services themselves, on one thread, with neither broker nor database.

`python -m deploy.bench.curves_alone [curve]...`: each message is read, decided and made into documents and facts, as the stream
does it, in batches in which each learner is there once. It is processor time of one thread, so a busy machine says the same.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import thread_time
from typing import Any, Final

import bson

from deploy.bench.curves_campus import IN_A_STACK, activities_of, catalog, histories, module, modules_of
from deploy.bench.curves_sizes import ACHIEVEMENTS, HELD, OTHERS, STACKS, THROUGH, completions_for
from deploy.bench.seeding import Seat, Signers, incoming_of, stencil
from deploy.local.keys import LocalKeys
from services.assessment.stream import FLOW as ASSESSMENT
from services.awarding.domain.status_lists import Places
from services.awarding.stream import flow
from services.notifications.stream import FLOW as NOTIFICATIONS
from shared.events.catalog import Published
from shared.stream import Flow
from shared.stream.batch import Fold, read_all
from shared.stream.incoming import Incoming, Reader
from shared.stream.records import COLLECTION as RECORDS
from shared.stream.records import OF_THE_ENGINE, Records
from shared.stream.transaction import documents_of, facts_of

SUMMARY: Final = Path("var/curves_alone.json")
LEARNERS: Final = 150
"""In a batch."""
STEPS: Final = 5
AT: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Alone:
    """CPU seconds for 1,000 completions: of each service, and to read the records of 1,000 learners. `bytes` a record has."""

    at: int
    cpu: Mapping[str, float]
    read: float
    bytes: Mapping[str, float]


class Bench:
    """The three flows, each with the records that it has in memory."""

    def __init__(self, signers: Signers, publications: Sequence[Published]) -> None:
        self._signers = signers
        self._publications = publications
        self._flows: tuple[Flow[Any, Any], ...] = (ASSESSMENT, flow(signers.ids, signers.issuing), NOTIFICATIONS)

    def measured(self, at: int, earned: Sequence[str], next_: Sequence[str]) -> Alone:
        """Learners who earned the ones complete what the others ask for."""
        learners = [f"alone-{number:05}" for number in range(LEARNERS)]
        records, read = self._records(learners, earned)
        before = sum(len(activities_of(achievement)) for achievement in earned)
        messages = [incoming_of(who, "completions", what) for who, what in histories(learners, next_, before)]
        used, sizes = {}, {}
        for plugged in self._flows:
            cpu, size, said = self._through(plugged, records[plugged.service], messages)
            used[plugged.service] = round(1_000 * cpu / (len(learners) * len(next_)), 3)
            sizes[plugged.service] = round(size)
            messages = said
        return Alone(at, used, round(1_000 * read / len(learners), 3), sizes)

    def _records(self, learners: Sequence[str], earned: Sequence[str]) -> tuple[dict[str, dict[str, Any]], float]:
        records: dict[str, dict[str, Any]] = {plugged.service: dict.fromkeys(learners) for plugged in self._flows}
        if not earned:
            return records, 0.0
        history = [envelope for _, envelope in histories(["a-stencil-for-it"], earned)]
        made = stencil(history, self._publications, self._signers, "a-stencil-for-it", AT)
        readers = {plugged.service: plugged.from_document for plugged in self._flows}
        seat, took = Seat(0, Places(self._signers.ids, 0, {})), 0.0
        for learner in learners:
            for service, collection, document in made.copies(learner, seat):
                if collection == RECORDS:
                    raw = bson.encode(document)
                    began = thread_time()
                    kept = {name: value for name, value in bson.decode(raw).items() if name not in OF_THE_ENGINE}
                    records[service][learner] = readers[service](learner, kept)
                    took += thread_time() - began
        return records, took

    def _through(
        self, plugged: Flow[Any, Any], records: dict[str, Any], messages: Sequence[Incoming]
    ) -> tuple[float, float, list[Incoming]]:
        """Seconds, the mean size of a record, and what was said."""
        rules, reader, store = plugged.rules(self._publications), Reader(plugged), Records(plugged, None)  # type: ignore[arg-type]
        said: list[Incoming] = []
        numbers: Mapping[str, int] = {}
        took = bytes_ = 0.0
        written = 0
        for batch in turns(messages):
            began = thread_time()
            learners = dict.fromkeys(message.key.decode() for message in batch if message.key)
            fold = Fold(plugged, rules, {learner: records[learner] for learner in learners}, {0: numbers}, lambda: AT)
            fold.events(read_all(reader, batch))
            documents = documents_of(fold.batch, store)
            sizes = [len(bson.encode(document)) for document in documents]
            for document in facts_of(fold.batch.said, {0: ""}):
                bson.encode(document)
            for write in fold.batch.writes:
                bson.encode(write.document)  # type: ignore[union-attr]  # nothing is deleted or amended here
            took += thread_time() - began
            bytes_, written = bytes_ + sum(sizes), written + len(sizes)
            numbers = fold.batch.numbers.get(0, {})
            records.update(fold.batch.records)
            said += [incoming_of(one.learner, "said", one.envelope) for one in fold.batch.said]
            if fold.batch.buried:
                raise RuntimeError(fold.batch.buried[0].reason)
        return took, bytes_ / max(written, 1), said


def turns(messages: Sequence[Incoming]) -> list[list[Incoming]]:
    """Batches in which nobody comes again once somebody else came: what one event led to stays together."""
    found: list[list[Incoming]] = [[]]
    seen: set[bytes | None] = set()
    last: bytes | None = None
    for message in messages:
        if message.key != last and message.key in seen:
            found.append([])
            seen = set()
        found[-1].append(message)
        seen.add(message.key)
        last = message.key
    return found


def achievements(signers: Signers, size: int) -> Alone:
    return Bench(signers, catalog(size, 1)).measured(size, (), modules_of(0)[:STEPS])


def stacks(signers: Signers, size: int) -> Alone:
    return Bench(signers, catalog(1_000, size)).measured(size, (), modules_of(0)[:STEPS])


def held(signers: Signers, size: int) -> Alone:
    publications = catalog(OTHERS + IN_A_STACK * THROUGH, THROUGH + 2, THROUGH)
    earned = [module(number) for number in range(completions_for(size))]
    return Bench(signers, publications).measured(size, earned, modules_of(THROUGH - 1)[:STEPS])


CURVES: Final[Mapping[str, tuple[tuple[int, ...], Callable[[Signers, int], Alone]]]] = {
    "achievements": (ACHIEVEMENTS, achievements),
    "stacks": (STACKS, stacks),
    "held": (HELD, held),
}


def main(*only: str) -> None:
    found: dict[str, Any] = json.loads(SUMMARY.read_text()) if SUMMARY.exists() else {}
    with TemporaryDirectory() as folder:
        keys = LocalKeys(Path(folder))
        signers = Signers.of(keys.public_id_key, keys.issuer_keys, "http://localhost:1", "http://localhost:2")
        for name, (sizes, measure) in CURVES.items():
            if only and name not in only:
                continue
            points = []
            for size in sizes:
                point = min((measure(signers, size) for _ in range(2)), key=lambda found: sum(found.cpu.values()))
                points.append(point)
                print(f"{name} {size:,}: {sum(point.cpu.values()):.2f} s {dict(point.cpu)}, read {point.read:.2f} s", flush=True)
            found[name] = [asdict(point) for point in points]
            SUMMARY.parent.mkdir(exist_ok=True)
            SUMMARY.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
