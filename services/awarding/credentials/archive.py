"""What signatures of today are checked with in ten years: every identity document that was ever served, with the time from which
it was; and the endorsements that were embedded, should they be withdrawn.

Collections: `identity_documents` {_id: `<unit> <digest>`, unit, digest, document, since}
and `endorsements` {_id: digest, endorsement}.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import rfc8785

from services.awarding.credentials.addresses import INSTITUTION
from services.awarding.credentials.keyring import Keyring
from services.awarding.domain.rules import Rules
from shared.events.catalog import Endorsement
from shared.mongo import ASCENDING, Database, Document, DuplicateKey, by_ids

IDENTITY_DOCUMENTS: Final = "identity_documents"
ENDORSEMENTS: Final = "endorsements"


def units(rules: Rules) -> frozenset[str]:
    """Whoever issues something that was published, and the institution."""
    return frozenset(version.definition.issuer.id for rule in rules.by_id.values() for version in rule.versions) | {INSTITUTION}


class Archive:
    """Nothing in it is ever changed or removed."""

    def __init__(self, database: Database, keyring: Keyring | None) -> None:
        self._database = database
        self._keyring = keyring
        self._known: set[str] = set()

    async def prepare(self) -> None:
        await self._database.create(IDENTITY_DOCUMENTS, [("unit", ASCENDING)])
        await self._database.create(ENDORSEMENTS)

    async def keep(self, rules: Rules) -> None:
        """All documents that are served now, and all endorsements that may be embedded."""
        if self._keyring is None:
            return
        for unit in sorted(units(rules)):
            await self.document(unit)
        for rule in rules.by_id.values():
            for version in rule.versions:
                for endorsement in version.endorsements:
                    kept = {"endorsement": endorsement.model_dump(mode="json", exclude_none=True)}
                    await self._insert(ENDORSEMENTS, endorsement.digest, kept)

    async def document(self, unit: str) -> Mapping[str, Any] | None:
        """The unit's identity document as it is now, which is kept before anybody sees it. None without keys."""
        if self._keyring is None:
            return None
        document = self._keyring.did_document(unit)
        digest = hashlib.sha256(rfc8785.dumps(document)).hexdigest()
        now = datetime.now(UTC).replace(microsecond=0)
        kept = {"unit": unit, "digest": digest, "document": document, "since": now}
        await self._insert(IDENTITY_DOCUMENTS, f"{unit} {digest}", kept)
        return document

    async def documents(self, unit: str) -> list[Document]:
        """All that were ever served, the oldest first: {digest, document, since}."""
        found = await self._database[IDENTITY_DOCUMENTS].find({"unit": unit}).to_list(None)
        return sorted(found, key=lambda kept: (kept["since"], kept["_id"]))

    async def endorsements(self, digests: Collection[str]) -> list[Endorsement]:
        found = await by_ids(self._database[ENDORSEMENTS], sorted(digests))
        return [Endorsement.model_validate(kept["endorsement"]) for kept in found]

    async def _insert(self, collection: str, id_: str, document: Document) -> None:
        if id_ in self._known:
            return
        with suppress(DuplicateKey):
            await self._database[collection].insert_one({"_id": id_, **document})
        self._known.add(id_)
