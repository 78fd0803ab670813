"""Learners with a history, written straight into the databases as the stores would have written them.

One learner's events are folded by the services' own flows, in memory. What the documents of another learner with the same
history have otherwise (ids, digests, home, places in status lists) are holes in them, and filled for each; so a hundred
thousand learners cost little more than writing them. The services must not be running: counters of places move.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from deploy.bench.seeding_holes import Fill, Filled, Holes
from deploy.bench.seeding_places import Marked, mark_of_index, mark_of_list
from services.assessment.domain.archive import entry_id
from services.assessment.stream import FLOW as ASSESSMENT
from services.awarding.credentials.addresses import Addresses
from services.awarding.credentials.keyring import Keyring
from services.awarding.domain.ids import PublicIds
from services.awarding.domain.issuing import Issuing
from services.awarding.domain.status_lists import Places, Purpose
from services.awarding.issuance import issuing_of
from services.notifications.domain.delivery import State
from services.notifications.domain.telling import DELIVERIES
from services.notifications.stream import FLOW as NOTIFICATIONS
from shared.decisions import Amend, Drop
from shared.events.awarding import AwardFact, StackUpgraded
from shared.events.catalog import Published
from shared.events.envelope import FACTS as FACT_IDS
from shared.events.envelope import Envelope
from shared.kafka import Outgoing, home
from shared.mongo import Database, Document
from shared.stream import Flow
from shared.stream.batch import Batch, Fold, read_all
from shared.stream.checkpoint import COLLECTION as CHECKPOINTS
from shared.stream.checkpoint import numbers_of
from shared.stream.incoming import Incoming, Reader
from shared.stream.records import COLLECTION as RECORDS
from shared.stream.records import Records
from shared.stream.transaction import FACTS, documents_of, facts_of

NOBODY: Final = "nobody-but-a-stencil"
PARTITION: Final = "<partition>"
BATCH: Final = "0" * 32
AT_ONCE: Final = 1_000


@dataclass(frozen=True)
class Signers:
    """What awarding needs of a platform to say what it would have said."""

    ids: PublicIds
    issuing: Issuing | None

    @classmethod
    def of(cls, public_id_key: Path, issuer_keys: Path, awarding: str, catalog: str) -> Signers:
        """From the files that the services read; the last two are addresses."""
        keyring = Keyring.of(issuer_keys.read_text(), Addresses(awarding, catalog))
        return cls(PublicIds(bytes.fromhex(public_id_key.read_text().strip())), issuing_of(keyring))


@dataclass
class Seat:
    """Where a learner lives: the home partition, and the places in status lists that its writer gives."""

    partition: int
    places: Places


@dataclass
class Stencil:
    """The documents of one history: by service and collection, each a function of what fills the holes.

    `makers` has the holes as they stand in the documents of `learner`, in an order in which they can be filled.
    """

    learner: str
    documents: dict[tuple[str, str], list[Fill]] = field(default_factory=lambda: defaultdict(list))
    makers: dict[str, Callable[[Filled, Seat], Any]] = field(default_factory=dict)

    def filled(self, learner: str, seat: Seat) -> Filled:
        """What stands in the holes for a learner."""
        filled: Filled = {self.learner: learner}
        for hole, make in self.makers.items():
            filled[hole] = make(filled, seat)
        return filled

    def copies(self, learner: str, seat: Seat) -> Iterator[tuple[str, str, Document]]:
        """The service, the collection and the document, for each of the learner's."""
        filled = self.filled(learner, seat)
        for (service, collection), fills in self.documents.items():
            for fill in fills:
                yield service, collection, fill(filled)


def stencil(
    history: Sequence[Envelope],
    publications: Sequence[Published],
    signers: Signers,
    learner: str = NOBODY,
    at: datetime | None = None,
) -> Stencil:
    """Of this learner's history, which may only add: documents that are deleted again have no form.

    The learner's id must stand in no other text by chance. `at` is when all of it is decided (None: now).
    """
    made, at = Stencil(learner), at or datetime.now(UTC)
    cut = _Cut(made, signers.ids)
    incoming = [incoming_of(learner, ASSESSMENT.reads.name, envelope) for envelope in history]
    for envelope in history:
        cut.event(envelope)
    batches: dict[str, Batch[Any]] = {}
    counting = Marked(signers.ids, signers.issuing)
    for plugged in (ASSESSMENT, counting.flow(), NOTIFICATIONS):
        batches[plugged.service] = batch = _folded(plugged, publications, learner, incoming, at)
        for said in batch.said:
            cut.fact(said.fact)
        incoming = [incoming_of(learner, "seeded", said.envelope) for said in batch.said]
    if (record := batches["awarding"].records[learner]) is not None:
        cut.stacks(record.stacks)
    for number, purpose in enumerate(counting.given):
        cut.place(number, purpose)
    writer = _Writer(made)
    for plugged in (ASSESSMENT, counting.flow(), NOTIFICATIONS):
        writer.write(plugged, batches[plugged.service])
    return made


def incoming_of(learner: str, topic: str, envelope: Envelope) -> Incoming:
    """The event as it would come to a stream, from partition 0."""
    message = Outgoing.of(topic, learner, envelope)
    return Incoming("reads", topic, 0, 0, message.key, message.value, tuple(message.headers), datetime.now(UTC))


def _folded(
    plugged: Flow[Any, Any], publications: Sequence[Published], learner: str, messages: Sequence[Incoming], at: datetime
) -> Batch[Any]:
    fold = Fold(plugged, plugged.rules(publications), {learner: None}, {}, lambda: at)
    fold.events(read_all(Reader(plugged), messages))
    if fold.batch.buried:
        raise ValueError(f"{plugged.service} would take none of this: {fold.batch.buried[0].reason}")
    return fold.batch


class _Cut:
    """Finds the holes: what was made from the learner's id, and how it is made."""

    def __init__(self, made: Stencil, ids: PublicIds) -> None:
        self._who = made.learner
        self._makers = made.makers
        self._ids = ids
        made.makers[PARTITION] = lambda filled, seat: seat.partition

    def event(self, envelope: Envelope) -> None:
        who, source, id_, data = self._who, envelope.source, envelope.id, envelope.data
        self._makers[entry_id(who, source, id_)] = lambda filled, seat: entry_id(filled[who], source, id_)
        self._makers[_digest(data)] = lambda filled, seat: _digest(data.replace(who.encode(), filled[who].encode()))

    def fact(self, fact: Any) -> None:
        who, ids = self._who, self._ids
        if isinstance(fact, AwardFact) and fact.award not in self._makers:
            ordinal = next(n for n in range(1, 100) if ids.award(who, fact.achievement, n) == fact.award)
            achievement, credential = fact.achievement, ids.credential(fact.award)
            self._makers[fact.award] = lambda filled, seat: ids.award(filled[who], achievement, ordinal)
            self._makers[credential] = partial(_credential, ids, fact.award)
        kind, subject, revision = fact.TYPE, fact.subject, fact.revision

        def name(filled: Filled, _: Seat) -> str:
            about = filled[subject] if subject in filled else subject.replace(who, filled[who])
            return str(uuid.uuid5(FACT_IDS, f"{kind}|{about}|{revision}"))

        if isinstance(fact, StackUpgraded):
            self._progress(fact.stack)
        self._makers[fact.id] = name

    def stacks(self, begun: Iterable[str]) -> None:
        """Also those in which no level is reached yet."""
        for stack in begun:
            self._progress(stack)

    def place(self, number: int, of: tuple[str, Purpose]) -> None:
        list_, index = mark_of_list(number), str(mark_of_index(number))

        def give(filled: Filled, seat: Seat) -> str:
            given, filled[index] = seat.places.next(*of)
            return given

        self._makers[list_] = give
        self._makers[index] = lambda filled, seat: filled[index]

    def _progress(self, stack: str) -> None:
        who, ids = self._who, self._ids
        self._makers.setdefault(ids.progress(who, stack), lambda filled, seat: ids.progress(filled[who], stack))


def _credential(ids: PublicIds, award: str, filled: Filled, _: Seat) -> str:
    return ids.credential(filled[award])


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=8).hexdigest()


class _Writer:
    """Makes a batch's documents into functions of what fills the holes."""

    def __init__(self, made: Stencil) -> None:
        self._made = made
        self._holes = Holes({made.learner, *made.makers}, made.learner)

    def write(self, plugged: Flow[Any, Any], batch: Batch[Any]) -> None:
        put = partial(self._put, plugged.service)
        for document in documents_of(batch, Records(plugged, None)):  # type: ignore[arg-type]  # nothing is read
            put(RECORDS, {**document, "partition": PARTITION})
        for fact in facts_of(batch.said, {0: BATCH}):
            put(FACTS, fact)
        last: dict[tuple[str, str], Document] = {}
        for write in batch.writes:
            if isinstance(write, Drop | Amend):
                raise ValueError(f"{plugged.service} would delete or amend something of {write.collection}")
            last[write.collection, write.document["_id"]] = write.document
        for (collection, _), document in last.items():
            put(collection, _settled(document) if collection == DELIVERIES else document)

    def _put(self, service: str, collection: str, document: Document) -> None:
        fill = self._holes.compiled(document)
        self._made.documents[service, collection].append(fill if callable(fill) else lambda _: dict(document))


def _settled(delivery: Document) -> Document:
    """As the sender leaves it when the contact book has no address."""
    noted = {"answer": "the contact book has no address", "next_at": None, "away": False, "changed_at": datetime.now(UTC)}
    return {**delivery, "state": State.NO_ADDRESS.value, **noted}


async def seed(
    databases: Mapping[str, Database],
    stencils: Sequence[tuple[Stencil, Sequence[str]]],
    ids: PublicIds,
    partitions: int,
    progress: Callable[[int], None] = lambda learners: None,
) -> Counter[str]:
    """Write each stencil's learners, who must be new; the number of documents of each service."""
    awarding = databases["awarding"]
    numbers = {partition: dict(await numbers_of(awarding, partition)) for partition in range(partitions)}
    seats = {partition: Seat(partition, Places(ids, partition, numbers[partition])) for partition in range(partitions)}
    written: Counter[str] = Counter()
    waiting: dict[tuple[str, str], list[Document]] = defaultdict(list)

    async def flush(least: int) -> None:
        for (service, collection), documents in waiting.items():
            if len(documents) >= least:
                await databases[service][collection].insert_many(documents, ordered=False)
                written[service] += len(documents)
                documents.clear()

    done = 0
    for made, learners in stencils:
        for learner in learners:
            for service, collection, document in made.copies(learner, seats[home(learner, partitions)]):
                waiting[service, collection].append(document)
            done += 1
            if done % 100 == 0:
                await flush(AT_ONCE)
                progress(done)
    await flush(1)
    for partition, counted in numbers.items():
        change = {"$set": {"numbers": [[name, number] for name, number in counted.items()]}}
        await awarding[CHECKPOINTS].update_one({"_id": partition}, change)
    return written
