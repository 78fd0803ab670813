"""A partner who vouches for microcredentials, with a key of their own that the platform never sees."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from joserfc.jwk import OKPKey

from shared.credentials.jwts import as_jwt
from shared.credentials.keys import SigningKey, signing_key
from shared.credentials.proofs import signed

CONTEXTS = ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]
CREATED = datetime(2026, 11, 1, 12, tzinfo=UTC)


def _key() -> SigningKey:
    return signing_key(OKPKey.generate_key("Ed25519").as_dict(private=True) | {"kid": "own"})


@dataclass(frozen=True)
class Partner:
    name: str = "Data Practitioners' Association"
    key: SigningKey = field(default_factory=_key)

    @property
    def did(self) -> str:
        return f"did:key:{self.key.public.multikey()}"

    @property
    def method(self) -> str:
        return f"{self.did}#{self.key.public.multikey()}"

    def endorsement(self, address: str, **said: Any) -> dict[str, Any]:
        """Not signed yet."""
        document: dict[str, Any] = {
            "@context": CONTEXTS,
            "id": f"urn:uuid:{uuid4()}",
            "type": ["VerifiableCredential", "EndorsementCredential"],
            "name": "Endorsement",
            "issuer": {"id": self.did, "type": ["Profile"], "name": self.name},
            "validFrom": "2026-11-01T00:00:00Z",
            "credentialSubject": {
                "id": address,
                "type": ["EndorsementSubject"],
                "endorsementComment": "We take on whoever holds this.",
            },
        }
        return document | said

    def signed(self, address: str, **said: Any) -> str:
        document = signed(self.endorsement(address, **said), self.key, self.method, CREATED)
        return json.dumps(document)

    def token(self, address: str, **said: Any) -> str:
        return as_jwt(self.endorsement(address, **said), self.key, self.method)


def ended() -> dict[str, str]:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return {"validUntil": yesterday.strftime("%Y-%m-%dT%H:%M:%SZ")}
