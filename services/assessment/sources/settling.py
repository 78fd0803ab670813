"""What becomes of originals that were entered before, to be changed, counted and put in the outbox in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import uuid4

from services.assessment.domain.archive import original_id
from services.assessment.sources.claims import Kind, Outcome
from services.assessment.sources.outbox import Parcel
from services.assessment.sources.people import NOBODY, Owner
from services.assessment.sources.rereading import Reread
from services.assessment.sources.resolving import Ready
from services.assessment.sources.tallies import Tally
from services.assessment.sources.understanding import Found
from services.assessment.sources.vault import SealingKey, Unreadable
from services.assessment.sources.writing import kept_text, read_kept
from shared.events.envelope import Envelope
from shared.mongo import Document, UpdateOne

ERASED: Final = "what was known of its learner until after its time was erased, and is not taken again"


@dataclass
class Settlement:
    """`gone` are no longer held, `forgotten` no longer in the ledger, `said` is what follows, by learner.

    `changes`, `held` and `beside` (of other collections) must find what they change, or nothing is done; `others` needn't. Nor is
    anything done if one of `new`, the places in the ledger of what is said under ids of its own, is there already.
    """

    source: str
    at: datetime
    gone: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    changes: list[UpdateOne] = field(default_factory=list)
    others: list[UpdateOne] = field(default_factory=list)
    new: list[Document] = field(default_factory=list)
    held: list[UpdateOne] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    refusals: list[Document] = field(default_factory=list)
    said_by: list[str] = field(default_factory=list)
    said: list[tuple[str, tuple[Envelope, ...]]] = field(default_factory=list)
    beside: list[tuple[str, UpdateOne]] = field(default_factory=list)

    @property
    def parcel(self) -> Parcel | None:
        """What is to be published again after a crash, if anything is."""
        if not self.said_by:
            return None
        return Parcel(uuid4().hex, self.source, self.at, "", tuple(self.said_by), "applied")

    @property
    def is_empty(self) -> bool:
        return not (self.gone or self.changes or self.held or self.beside)

    def counted(self, held: Document, outcome: Outcome) -> None:
        """It is held no longer, but counts as this on the day on which it came."""
        tally = Tally(held["source"], held["day"])
        tally.add(Outcome(Kind.HELD, detail=held["detail"]), -1)
        tally.add(outcome)
        self.tallies.append(tally)
        self.gone.append(held["_id"])

    def dropped(self, held: Document, outcome: Outcome) -> None:
        """It says nothing, or is refused, and may be sent again as if it had never come."""
        self.counted(held, outcome)
        self.forgotten += [held["_id"], *held.get("more", ())]
        if outcome.kind is Kind.REFUSED:
            self.refusals.append(refusal(self.source, outcome, self.at))

    def accepted(self, held: Document, found: Found, says: Ready, owner: Owner) -> None:
        self.counted(held, Outcome(Kind.ACCEPTED))
        self.tallies.append(Tally(held["source"], held["day"], said=len(says.events)))
        self._resealed(found, owner, {"learner": says.learner, "held": False})
        self.said_by.append(found.read.ids[0])
        self.said.append((says.learner, says.events))

    def still_held(self, held: Document, found: Found, owner: Owner, detail: str) -> None:
        """It may wait for less now, and be known to be a learner's."""
        assert not isinstance(found.says, Ready)
        now = {
            "awaits": list(found.says.awaits),
            "learner": found.says.learner,
            "detail": detail,
        }
        if all(held.get(name) == value for name, value in now.items()):
            return
        if detail != held["detail"]:
            tally = Tally(held["source"], held["day"])
            tally.add(Outcome(Kind.HELD, detail=held["detail"]), -1)
            tally.add(Outcome(Kind.HELD, detail=detail))
            self.tallies.append(tally)
        self.held.append(UpdateOne({"_id": held["_id"]}, {"$set": now}))
        self._resealed(found, owner, {"learner": found.says.learner})

    def read_again(
        self, document: Document, owner: str, key: SealingKey, text: bytes, said: Sequence[Envelope], now: Reread
    ) -> None:
        """What was said because of an original, and under which ids that stands."""
        first = document["_id"]
        times = document.get("times", 0)
        stands = {original_id(event.source, claim): id_ for claim, id_ in now.stands for event in said[:1]}
        learner = now.says[-1][0] if now.stands else document["learner"]
        fields = {"owner": owner, "learner": learner, "times": times + 1}
        kept = kept_text(text, [*said, *(event for _, event in now.says)])
        change = fields | {"sealed": key.seal(kept, first)} | ({"stands": stands[first]} if first in stands else {})
        where: Document = {"_id": first, "held": False, "times": times if times else None}
        self.changes.append(UpdateOne(where, {"$set": change}))
        for other in document.get("more", ()):
            named = {"stands": stands[other]} if other in stands else {}
            self.others.append(UpdateOne({"_id": other, "of": first}, {"$set": {"learner": learner, **named}}))
        as_the_source_says_it = {claim for claim, id_ in now.stands if claim == id_}
        head = {"of": first, "parcel": document["parcel"], "held": False}
        given = [(whose, event) for whose, event in now.says if event.id not in as_the_source_says_it]
        places = {original_id(event.source, event.id): whose for whose, event in given}
        self.new += [{"_id": place, **head, "learner": whose} for place, whose in places.items()]
        self.said_by.append(first)
        self.said += [(whose, (event,)) for whose, event in now.says]

    def _resealed(self, found: Found, owner: Owner, fields: Document) -> None:
        assert owner.key is not None
        first, *others = found.read.ids
        sealed = owner.key.seal(kept_text(found.read.text, found.events), first)
        self.changes.append(UpdateOne({"_id": first, "held": True}, {"$set": {**fields, "owner": found.owner, "sealed": sealed}}))
        for other in others:
            self.others.append(UpdateOne({"_id": other, "of": first}, {"$set": fields}))


def refusal(source: str, outcome: Outcome, now: datetime) -> Document:
    """What is kept of it; of what was erased not even the source's own id, which may name the learner."""
    id_ = None if outcome.detail == ERASED else outcome.id
    return {
        "_id": uuid4().hex,
        "source": source,
        "at": now,
        "id": id_ and id_[:300],
        "place": outcome.place and outcome.place[:500],
        "reason": outcome.detail and outcome.detail[:2_000],
        "status": outcome.status,
    }


def opened(document: Document, owners: Mapping[str, Owner]) -> tuple[bytes, tuple[Envelope, ...]] | None:
    """The original's text, and what was said because of it. None: nobody can read it any more."""
    key = owners.get(document["owner"], NOBODY).key
    if key is None or "sealed" not in document:
        return None
    try:
        return read_kept(key.unseal(bytes(document["sealed"]), document["_id"]))
    except Unreadable:
        return None


def was_erased(found: Found, owners: Mapping[str, Owner]) -> bool:
    erased_at = owners.get(found.owner, NOBODY).erased_at
    return erased_at is not None and all(claim.time <= erased_at for claim in found.read.claims)
