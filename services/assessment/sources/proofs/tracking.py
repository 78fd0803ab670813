"""Which credentials were taken as proofs, and what is known of their status.

proofs  {_id: mark of source, issuer and credential id, source, learner | None, named, claim, original, since, replaces, edition,
         state, due, at, checked_at, code, says, unknown_since, unknown_says, sealed, lease}

`claim` is under which id it was said last, `original` the ledger's id of that, and `edition` how often it was said. `since` is
where this edition of the credential begins, `replaces` the claim of the one before, which it corrects. `sealed` is what of the
credential is needed to check it again and to say it again, under its learner's key. `named` is whether it was said whose it is
when it came, rather than read in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Self

from services.assessment.domain.archive import original_id
from services.assessment.sources.document import Source
from services.assessment.sources.formats.proofs import issuer_of
from services.assessment.sources.vault import Vault
from shared.mongo import ASCENDING, Database, Document

PROOFS: Final = "proofs"
LEASE: Final = timedelta(minutes=2)

State = Literal["stands", "taken_back"]


@dataclass(frozen=True, slots=True)
class Proof:
    """One credential. `code` and `says` are what was found last of its status (None: nothing as yet); `unknown_since` is since
    when it could not be found out, and `unknown_says` why."""

    id: str
    source: str
    learner: str | None
    claim: str
    original: str
    since: datetime
    edition: int
    state: State
    at: datetime
    due: datetime
    replaces: str | None = None
    named: bool = True
    checked_at: datetime | None = None
    code: str | None = None
    says: str | None = None
    unknown_since: datetime | None = None
    unknown_says: str | None = None
    sealed: bytes | None = None

    @classmethod
    def from_document(cls, found: Document) -> Self:
        given = {name: found[name] for name in cls.__slots__ if name in found}
        sealed = found.get("sealed")
        return cls(**given | {"id": found["_id"], "sealed": None if sealed is None else bytes(sealed)})


class Tracking:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._proofs = database[PROOFS]
        self._vault = vault

    async def create_indexes(self) -> None:
        await self._database.create(PROOFS, [("due", ASCENDING)], [("learner", ASCENDING)], [("source", ASCENDING)])

    def mark(self, source: Source, credential: Mapping[str, Any]) -> str:
        """Of a credential in all its editions."""
        return self._vault.digest("\n".join(("proof", source.id, issuer_of(credential), str(credential.get("id")))).encode())

    async def one(self, id_: str) -> Proof | None:
        found = await self._proofs.find_one({"_id": id_})
        return None if found is None else Proof.from_document(found)

    async def taken(
        self, id_: str, source: Source, claim: str, learner: str | None, since: datetime, replaces: str | None, now: datetime
    ) -> None:
        """This edition was taken; what was known of an earlier one is forgotten. It is looked at soon, to be kept an eye on."""
        fields = {
            "source": source.id,
            "learner": learner,
            "named": learner is not None,
            "claim": claim,
            "original": original_id(source.event_source, claim),
            "since": since,
            "replaces": replaces,
            "edition": 1,
            "state": "stands",
            "at": now,
            "due": now,
        }
        await self._proofs.replace_one({"_id": id_}, {"_id": id_, **fields}, upsert=True)

    async def became_known(self, source: Source, originals: Sequence[str], now: datetime) -> None:
        """The learners of these, which were held, are known now: they are looked at soon."""
        if source.format == "proofs":
            await self._proofs.update_many({"learner": None, "original": {"$in": list(originals)}}, {"$set": {"due": now}})

    async def lease(self, now: datetime, most: int) -> list[Proof]:
        """Those that are due and that nobody else is looking at, the longest due first."""
        free: Document = {"$or": [{"lease": None}, {"lease": {"$lt": now}}]}
        found = []
        for document in await self._proofs.find({"due": {"$lte": now}, **free}).sort("due", ASCENDING).to_list(most):
            mine = {"_id": document["_id"], "due": document["due"], **free}
            if (await self._proofs.update_one(mine, {"$set": {"lease": now + LEASE}})).modified_count:
                found.append(Proof.from_document(document))
        return found

    async def lease_one(self, proof: Proof, now: datetime) -> Proof | None:
        """This one, whether it is due or not; None while somebody else is looking at it."""
        free: Document = {"$or": [{"lease": None}, {"lease": {"$lt": now}}]}
        if (await self._proofs.update_one({"_id": proof.id, **free}, {"$set": {"lease": now + LEASE}})).modified_count:
            return await self.one(proof.id)
        return None

    async def put(self, proof: Proof, **changed: Any) -> None:
        """As long as it is of the same edition. The lease ends."""
        await self._proofs.update_one({"_id": proof.id, "claim": proof.claim}, {"$set": {**changed, "lease": None}})

    async def forget(self, proof: Proof) -> None:
        await self._proofs.delete_one({"_id": proof.id})

    async def of_learner(self, learner: str) -> list[Proof]:
        found = await self._proofs.find({"learner": learner}).sort("at", ASCENDING).to_list(1_000)
        return [Proof.from_document(document) for document in found]

    async def of_source(self, source: str, after: str | None, most: int) -> list[Proof]:
        """By their ids."""
        where: Document = {"source": source} if after is None else {"source": source, "_id": {"$gt": after}}
        found = await self._proofs.find(where).sort("_id", ASCENDING).to_list(most)
        return [Proof.from_document(document) for document in found]
