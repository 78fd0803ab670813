"""A school elsewhere: a real server with its identity document and its status list, and the credentials that it issues."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self
from uuid import uuid4

from shared.credentials.contexts import CLR, CREDENTIALS, OPEN_BADGES
from shared.credentials.jwts import as_jwt
from shared.credentials.proofs import signed
from tests.domain.checking.host import Host
from tests.domain.checking.world import ED, entry, identity, listing

WALLS: Final = "https://stone.example/achievements/walls"
SALT: Final = "q7"


def hashed(value: str, kind: str = "emailAddress") -> dict[str, Any]:
    digest = hashlib.sha256((value + SALT).encode()).hexdigest()
    return {"type": "IdentityObject", "hashed": True, "identityHash": f"sha256${digest}", "identityType": kind, "salt": SALT}


@dataclass
class School:
    host: Host
    places: dict[str, int] = field(default_factory=dict)

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Self]:
        async with Host.open() as host:
            school = cls(host)
            school.is_there()
            yield school

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.host.port}"

    @property
    def did(self) -> str:
        return f"did:web:127.0.0.1%3A{self.host.port}:school"

    @property
    def list(self) -> str:
        return f"{self.host.origin}/list"

    def is_there(self, *taken_back: str, keep: str = "no-store") -> None:
        """It answers; these credentials are taken back."""
        self.host.says("/school/did.json", json.dumps(identity(ED, did=self.did)).encode(), cache_control="no-store")
        kept = listing(*(self.places[id_] for id_ in taken_back), id=self.list, issuer=self.did)
        self.host.says("/list", json.dumps(self.sign(kept)).encode(), cache_control=keep)

    def is_away(self) -> None:
        self.host.answers.clear()

    def sign(self, document: dict[str, Any]) -> dict[str, Any]:
        return signed(document, ED, f"{self.did}#{ED.kid}", datetime.now(UTC))

    def unsigned(
        self,
        *identifiers: dict[str, Any],
        subject: str | None = None,
        id_: str | None = None,
        status: bool = True,
        **members: Any,
    ) -> dict[str, Any]:
        id_ = id_ or uuid4().urn
        place = self.places.setdefault(id_, 7 + len(self.places))
        about = {
            "id": subject or uuid4().urn,
            "type": ["AchievementSubject"],
            **({"identifier": list(identifiers)} if identifiers else {}),
            "achievement": {
                "id": WALLS,
                "type": ["Achievement"],
                "name": "Dry stone walling",
                "description": "Builds a wall that stands.",
                "criteria": {"narrative": "The wall stands for a year."},
            },
        }
        return {
            "@context": [CREDENTIALS, OPEN_BADGES],
            "id": id_,
            "type": ["VerifiableCredential", "AchievementCredential"],
            "name": "Dry stone walling",
            "issuer": {"id": self.did, "type": ["Profile"], "name": "Stone school"},
            "validFrom": "2026-01-01T00:00:00Z",
            "awardedDate": "2025-12-01T00:00:00Z",
            "credentialSubject": about,
            "credentialStatus": entry(place=str(place), address=self.list),
            **members,
        }

    def badge(self, *identifiers: dict[str, Any], **members: Any) -> dict[str, Any]:
        return self.sign(self.unsigned(*identifiers, **members))

    def token(self, *identifiers: dict[str, Any], **members: Any) -> str:
        return as_jwt(self.unsigned(*identifiers, **members), ED, f"{self.did}#{ED.kid}")

    def record(self, parts: Iterable[dict[str, Any] | str], **members: Any) -> dict[str, Any]:
        """A Comprehensive Learner Record of these credentials."""
        return self.sign(
            {
                "@context": [CREDENTIALS, CLR, OPEN_BADGES],
                "id": uuid4().urn,
                "type": ["VerifiableCredential", "ClrCredential"],
                "name": "Record of learning",
                "issuer": {"id": self.did, "type": ["Profile"], "name": "Stone school"},
                "validFrom": "2026-01-01T00:00:00Z",
                "credentialSubject": {"id": uuid4().urn, "type": ["ClrSubject"], "verifiableCredential": list(parts)},
                **members,
            }
        )
