"""Records, entries and decisions <-> MongoDB documents.

`records`, `facts` and `checkpoints` are the stream's. `entries` and `decisions` are written by the fold, in its transaction.
What a record holds is kept as JSON text: nobody looks for anything inside it, times keep their microseconds, and the database
reads and writes one text many times faster than thousands of small values. What grows with the learner has a line for each
activity, and for each achievement something was said of: only what changed is written anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from services.assessment.domain.archive import entry_id
from services.assessment.domain.decisions import Decision, Withdrawal
from services.assessment.domain.entries import Entry, Key, Retraction, Scored
from services.assessment.domain.record import Named, PartSaid, Record, Said
from shared.events.envelope import rfc3339
from shared.mongo import ASCENDING, Database, Document, by_ids
from shared.pieces import Pieces, as_lines, of_lines
from shared.stream.checkpoint import SweepProgress, sweeps

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

READINGS: Final = "readings"
"""What the stream read of each source a day."""


async def create_indexes(database: Database) -> None:
    """What erasures write to is there before the first, for a transaction makes no collection everywhere."""
    await database.create("entries")
    await database.create("decisions")
    await database.create(READINGS, [("day", ASCENDING)])
    await database.create("names", [("learner", ASCENDING)])
    for written_by_erasure in ("people", "erasures", "originals"):
        await database.create(written_by_erasure)


def to_document(record: Record) -> Document:
    """Empty parts are left out."""
    document: Document = {}
    if record.activities:
        document["activities"] = as_lines(record.activities, lambda entries: _text(_entries_to_json(entries)))
        document["size"] = record.text
    if record.retractions:
        document["retractions"] = _text([[_to_int(r.time), *r[1:]] for r in record.retractions.values()])
        document["size"] = record.text
    if record.decisions:
        document["decisions"] = _text([[_to_int(made.time), *made[1:]] for made in record.decisions.values()])
    if record.withdrawals:
        document["withdrawals"] = _text([[_to_int(made.time), *made[1:]] for made in record.withdrawals.values()])
    if record.said:
        document["verdicts"] = as_lines(record.said, lambda said: _text(_said_to_json(said)))
    if record.erased is not None:
        document["erased"] = {"at": rfc3339(record.erased), "times": record.erasures, "floor": record.floor}
    return document


def from_document(learner: str, document: Document) -> Record:
    activities = of_lines(document["activities"], _entries_of) if "activities" in document else _before_lines(document)
    entries = {entry.key: entry for found in activities.values() for entry in found}
    retractions = [Retraction(_to_time(time), *rest) for time, *rest in _read(document, "retractions", [])]
    erased = document.get("erased")
    return Record(
        learner,
        entries=entries,
        activities=activities,
        retractions={retraction.key: retraction for retraction in retractions},
        named=named_by(entries.values(), retractions),
        decisions={made[1]: Decision(_to_time(made[0]), *made[1:]) for made in _read(document, "decisions", [])},
        withdrawals={made[1]: Withdrawal(_to_time(made[0]), *made[1:]) for made in _read(document, "withdrawals", [])},
        said=of_lines(document["verdicts"], lambda _, text: _said_from_json(orjson.loads(text)))
        if "verdicts" in document
        else Pieces({id_: _said_from_json(said) for id_, *said in _read(document, "said", [])}),
        text=document.get("size", 0),
        erased=datetime.fromisoformat(erased["at"]) if erased else None,
        erasures=erased["times"] if erased else 0,
        floor=erased["floor"] if erased else 0,
    )


def named_by(entries: Iterable[Entry], retractions: Iterable[Retraction]) -> dict[Key, tuple[Named, ...]]:
    """Which entries are named by corrections and retractions, and when."""
    named: dict[Key, tuple[Named, ...]] = {}
    for entry in entries:
        if entry.corrects is not None:
            key = (entry.source, entry.corrects)
            named[key] = (*named.get(key, ()), (entry.time, entry.id, False))
    for retraction in retractions:
        key = (retraction.source, retraction.retracts)
        named[key] = (*named.get(key, ()), (retraction.time, retraction.id, True))
    return named


def _entries_to_json(entries: Iterable[Entry]) -> list[Any]:
    """Of one activity; sources are named by their number. What nobody judged, or has no links, ends without them."""
    sources: dict[str, int] = {}
    listed: list[list[Any]] = []
    for time, id_, source, digest, _, *rest, results, links in entries:
        number = sources.setdefault(source, len(sources))
        judged = [[list(scored) for scored in results], *([links] if links else [])] if results else []
        listed.append([_to_int(time), id_, number, digest, *rest, *judged])
    return [list(sources), listed]


def _entries_of(activity: str, text: str) -> tuple[Entry, ...]:
    sources, listed = orjson.loads(text)
    return tuple(_entries_from_json(activity, sources, listed))


def _entries_from_json(activity: str, sources: Sequence[str], listed: Iterable[Sequence[Any]]) -> Iterator[Entry]:
    for time, id_, number, digest, status, score, grade, attempt, corrects, *judged in listed:
        source = sources[number]
        yield Entry(_to_time(time), id_, source, digest, activity, status, score, grade, attempt, corrects, *_judged(*judged))


def _before_lines(document: Document) -> Pieces[tuple[Entry, ...]]:
    """Documents from before there was a line for each activity have all in one text."""
    found = _read(document, "entries", {})
    sources, activities = found.get("sources", []), found.get("activities", {})
    return Pieces({activity: tuple(_entries_from_json(activity, sources, listed)) for activity, listed in activities.items()})


def _judged(results: Sequence[Any] = (), links: Sequence[str] = ()) -> tuple[tuple[Scored, ...], tuple[str, ...]]:
    return tuple(Scored(*one) for one in results), tuple(links)


def _said_to_json(said: Said) -> list[Any]:
    return [
        said.revision,
        said.met,
        [
            [
                version,
                path,
                [[_to_int(at), None if since is None else _to_int(since)] for at, since in part.turns],
                [_to_int(at) for at in part.again],
                part.evidence,
            ]
            for (version, path), part in said.parts.items()
        ],
    ]


def _said_from_json(said: Sequence[Any]) -> Said:
    revision, met, parts = said
    return Said(
        revision,
        met,
        {
            (version, path): PartSaid(
                tuple((_to_time(at), None if since is None else _to_time(since)) for at, since in turns),
                tuple(map(_to_time, again)),
                evidence,
            )
            for version, path, turns, again, evidence in parts
        },
    )


def _text(value: object) -> str:
    return orjson.dumps(value).decode()


def _read(document: Document, name: str, otherwise: Any) -> Any:
    return orjson.loads(document[name]) if name in document else otherwise


def _to_int(time: datetime) -> int:
    """Microseconds since 1970."""
    return (time - EPOCH) // MICROSECOND


def _to_time(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


class Shelves:
    """What the HTTP side looks up. It writes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, learner: str) -> Record:
        """Of a learner never seen, an empty one."""
        document = await self._database["records"].find_one({"_id": learner})
        return Record(learner) if document is None else from_document(learner, document)

    async def entries(self, learner: str, keys: Sequence[Key]) -> list[Document]:
        """The whole entries, in the order of the keys; those that are missing are left out."""
        ids = [entry_id(learner, *key) for key in keys]
        found = {document["_id"]: document for document in await by_ids(self._database["entries"], ids)}
        return [found[id_] for id_ in ids if id_ in found]

    async def decisions(self, ids: Sequence[str]) -> list[Document]:
        found = {document["_id"]: document for document in await by_ids(self._database["decisions"], list(ids))}
        return [found[id_] for id_ in ids if id_ in found]

    async def sweeps(self) -> list[SweepProgress]:
        """Those under way, whichever process does them."""
        return await sweeps(self._database)
