"""The shares of learners. They are written here, and dropped by the fold when a learner is erased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from services.awarding.sharing.links import Links, looked_up
from services.awarding.store import AWARDS, SHARES, Shelves
from shared.mongo import Database, Document, by_ids, insert_own

MOST: Final = 200
"""Shares of one learner that are not withdrawn."""


@dataclass(frozen=True, slots=True)
class Share:
    """`awards` None: all that the learner has, the passport. `name`, `evidence`, `stack`: whether these are shown, too.

    `seen` counts how often the link was opened.
    """

    id: str
    learner: str
    awards: tuple[str, ...] | None
    name: bool
    evidence: bool
    stack: bool
    label: str
    made_at: datetime
    withdrawn_at: datetime | None = None
    seen: int = 0

    def covers(self, award: Document) -> bool:
        """Whether it opens this award (a document of `awards`)."""
        return award["learner"] == self.learner and (self.awards is None or award["_id"] in self.awards)


class Withdrawn(Exception):
    """There was such a share, and the learner has withdrawn it."""


class TooMany(Exception):
    """The learner has as many shares as anybody may."""


class NotTheirs(Exception):
    """Awards that the learner does not have; `awards` are their ids."""

    def __init__(self, awards: Sequence[str]) -> None:
        self.awards = tuple(awards)
        super().__init__(", ".join(awards))


class Shares:
    """`made`, `of` and `withdraw` are for the learner; `open` for whoever has a link.

    A share remembers how often the learner had been erased when it was made. One that is written while an erasure is folded
    therefore opens nothing, though the fold could not see it; it is removed when somebody comes upon it.
    """

    def __init__(self, database: Database, links: Links) -> None:
        self.links = links
        self._database = database
        self._shelves = Shelves(database)
        self._shares = database[SHARES]

    async def make(
        self,
        learner: str,
        awards: Sequence[str] | None,
        *,
        name: bool = False,
        evidence: bool = False,
        stack: bool = True,
        label: str = "",
        now: datetime | None = None,
    ) -> Share:
        """Raises NotTheirs and TooMany."""
        erasures = await self._erasures(learner)
        chosen = None if awards is None else tuple(dict.fromkeys(awards))
        if chosen is not None:
            theirs = {award["_id"] for award in await by_ids(self._database[AWARDS], chosen) if award["learner"] == learner}
            if strange := [award for award in chosen if award not in theirs]:
                raise NotTheirs(strange)
        made_at = (now or datetime.now(UTC)).replace(microsecond=0)
        share = Share(self.links.new_share(), learner, chosen, name, evidence, stack, label, made_at)
        document = _document(share, self.links, erasures)
        await insert_own(self._shares, document)
        # Counted afterwards, so that those made at the same time cannot pass the limit together.
        if await self._shares.count_documents({"learner": learner, "withdrawn_at": None}) > MOST:
            await self._shares.delete_one({"_id": document["_id"]})
            raise TooMany
        return share

    async def of(self, learner: str) -> list[Share]:
        """All that were made, the newest first, withdrawn ones among them."""
        erasures = await self._erasures(learner)
        await self._shares.delete_many({"learner": learner, "erasures": {"$lt": erasures}})
        found = await self._shares.find({"learner": learner}).to_list(None)
        return sorted(map(_share, found), key=lambda share: (share.made_at, share.id), reverse=True)

    async def withdraw(self, learner: str, share: str, now: datetime | None = None) -> bool:
        """From now on its link opens nothing. Whether the learner has such a share; one withdrawn before stays so since then."""
        where = {"learner": learner, "share": share}
        withdrawn_at = (now or datetime.now(UTC)).replace(microsecond=0)
        done = await self._shares.update_one({**where, "withdrawn_at": None}, {"$set": {"withdrawn_at": withdrawn_at}})
        return done.matched_count > 0 or await self._shares.find_one(where) is not None

    async def open(self, token: str, *, seen: bool = True) -> Share | None:
        """The share that a link is of; None if there is none, or nothing that it could show any more. Raises Withdrawn.

        `seen` False: it does not count, as for the pictures on a page.
        """
        id_ = looked_up(token)
        document = None if id_ is None else await self._shares.find_one({"_id": id_})
        if document is None:
            return None
        if document["erasures"] < await self._erasures(document["learner"]):
            await self._shares.delete_one({"_id": id_})
            return None
        if document["withdrawn_at"] is not None:
            raise Withdrawn
        if seen:
            await self._shares.update_one({"_id": id_}, {"$inc": {"opened": 1}})
        return _share(document)

    async def _erasures(self, learner: str) -> int:
        return (await self._shelves.record(learner)).erasures


def _document(share: Share, links: Links, erasures: int) -> Document:
    return {
        "_id": looked_up(links.token(share.id)),
        "share": share.id,
        "learner": share.learner,
        "awards": None if share.awards is None else list(share.awards),
        "name": share.name,
        "evidence": share.evidence,
        "stack": share.stack,
        "label": share.label,
        "made_at": share.made_at,
        "withdrawn_at": None,
        "opened": 0,
        "erasures": erasures,
    }


def _share(document: dict[str, Any]) -> Share:
    awards = document["awards"]
    return Share(
        id=document["share"],
        learner=document["learner"],
        awards=None if awards is None else tuple(awards),
        name=document["name"],
        evidence=document["evidence"],
        stack=document["stack"],
        label=document["label"],
        made_at=document["made_at"],
        withdrawn_at=document["withdrawn_at"],
        seen=document["opened"],
    )
