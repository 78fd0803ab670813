"""What came in, once each: by its source and id everything is known again.

originals  {_id: hash of event source and id, source (slug), claim (its id), at, parcel, digest, text, owner, learner | None,
            held, sealed, times, more: [_id]}: `_id` is that of its first claim; `more` are those of its others
           {_id, of: _id, parcel, learner}: another claim of the same original, or what was said when it was read again
held       {_id, source, claim, at, day, slot, parcel, more, awaits: [...], learner | None, detail,
            takes_back}: what is not applied yet

`learner` is whom it was said of, `stands` the id under which it stands now, if that isn't the claim's own. `owner` is whose key
it is sealed under, `digest` and `text` by what its claims and its text are known again, `times` how often it was read again.
Nothing else of it is readable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from services.assessment.domain.archive import original_id
from services.assessment.sources.resolving import Reported
from shared.mongo import ASCENDING, Database, Document, by_ids, insert_new

ORIGINALS: Final = "originals"
HELD: Final = "held"

WITHOUT_TEXT: Final = ("source", "claim", "at", "parcel", "digest", "text", "owner", "learner", "held", "more", "of", "stands")


class Ledger:
    def __init__(self, database: Database) -> None:
        self._database = database
        self.originals = database[ORIGINALS]
        self.held = database[HELD]

    async def create_indexes(self) -> None:
        """Originals have none, for every one of them would halve how many can come in."""
        await self._database.create(ORIGINALS)
        await self._database.create(
            HELD, *([(name, ASCENDING)] for name in ("awaits", "source", "learner", "slot", "takes_back"))
        )

    async def enter(self, documents: Sequence[Document]) -> set[int]:
        """Enter what is new; the indexes of what was there before."""
        return await insert_new(self.originals, documents)

    async def entered(self, ids: Iterable[str]) -> dict[str, Document]:
        """By id, without the text."""
        return {document["_id"]: document for document in await by_ids(self.originals, list(ids), WITHOUT_TEXT)}

    async def whole(self, ids: Iterable[str]) -> dict[str, Document]:
        """By id, with the sealed text."""
        return {document["_id"]: document for document in await by_ids(self.originals, list(ids))}

    async def hold(self, documents: Sequence[Document]) -> None:
        await insert_new(self.held, documents)

    async def reports(self, event_source: str, claims: Iterable[str]) -> Mapping[str, Reported]:
        """Of whom these were said, and under which ids that stands; those that were said."""
        ids = {original_id(event_source, claim): claim for claim in claims}
        if not ids:
            return {}
        found = await self.entered(ids)
        return {claim: reported for id_, claim in ids.items() if (reported := reported_as(found.get(id_), claim)) is not None}


def other_claims(document: Mapping[str, Any]) -> list[Document]:
    """The places of an original's claims beside the first."""
    head = {"of": document["_id"], "parcel": document["parcel"], "learner": document["learner"], "held": document["held"]}
    return [{"_id": id_, **head} for id_ in document.get("more", ())]


def slot_of(moment: datetime) -> int:
    """Ten seconds, by which what was held lately is found."""
    return int(moment.timestamp()) // 10


def reported_as(document: Mapping[str, Any] | None, claim: str) -> Reported | None:
    if document is None or document.get("learner") is None or document.get("held"):
        return None
    return Reported(document["learner"], document.get("stands") or claim)
