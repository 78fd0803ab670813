"""An issuer of did:web with its identity document and its status list, and credentials that it signs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from joserfc.jwk import OKPKey, RSAKey

from shared.credentials.checking import Tools, check
from shared.credentials.contexts import CREDENTIALS, OPEN_BADGES
from shared.credentials.findings import Name, Report
from shared.credentials.keys import SigningKey, signing_key
from shared.credentials.proofs import signed
from shared.credentials.status import Bits

ORIGIN: Final = "https://cairn.example"
DID: Final = "did:web:cairn.example:issuers:stone"
DOCUMENT: Final = f"{ORIGIN}/issuers/stone/did.json"
LIST: Final = f"{ORIGIN}/issuers/stone/status/1"
NOW: Final = datetime(2026, 9, 1, 12, tzinfo=UTC)
PLACE: Final = 77_777


def made_key(kind: type[OKPKey] | type[RSAKey], kid: str) -> SigningKey:
    key = OKPKey.generate_key("Ed25519") if kind is OKPKey else RSAKey.generate_key(2048)
    return signing_key({**key.as_dict(private=True), "kid": kid})


ED: Final = made_key(OKPKey, "e1")
OTHER: Final = made_key(OKPKey, "e2")
RSA: Final = made_key(RSAKey, "r1")


def identity(*keys: SigningKey, did: str = DID, trusted: Sequence[str] | None = None, **members: Any) -> dict[str, Any]:
    """An identity document. `trusted` are the ids of the keys that may sign; by default all."""
    methods = [
        {"id": f"{did}#{key.kid}", "type": "JsonWebKey", "controller": did, "publicKeyJwk": key.public.jwk()} for key in keys
    ]
    names = [key.kid for key in keys] if trusted is None else trusted
    return {"id": did, "verificationMethod": methods, "assertionMethod": [f"{did}#{name}" for name in names], **members}


def badge(**members: Any) -> dict[str, Any]:
    """Unsigned. What is None in `members` is left out."""
    document = {
        "@context": [CREDENTIALS, OPEN_BADGES],
        "id": "urn:uuid:6a0a0a5e-2f4a-4d6e-9a3b-0e6f6a1c1a11",
        "type": ["VerifiableCredential", "AchievementCredential"],
        "name": "Dry stone walling",
        "issuer": {"id": DID, "type": ["Profile"], "name": "Stone Institute"},
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {
            "id": "urn:uuid:0e1b5b1c-8c1d-4b5e-8a4e-111111111111",
            "type": ["AchievementSubject"],
            "achievement": {
                "id": "https://cairn.example/achievements/walls/1",
                "type": ["Achievement"],
                "name": "Dry stone walling",
                "description": "Builds a wall that stands.",
                "criteria": {"narrative": "The wall stands for a year."},
            },
        },
        **members,
    }
    return {name: value for name, value in document.items() if value is not None}


def entry(purpose: str = "revocation", place: object = str(PLACE), address: str = LIST, **members: Any) -> dict[str, Any]:
    return {
        "id": f"{address}#{place}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": place,
        "statusListCredential": address,
        **members,
    }


def listing(*places: int, purpose: str = "revocation", encoded: str | None = None, **members: Any) -> dict[str, Any]:
    """An unsigned status list in which these places are set."""
    bits = Bits()
    for place in places:
        bits.put(place, True)
    return {
        "@context": [CREDENTIALS],
        "id": LIST,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": DID,
        "validFrom": "2026-01-01T00:00:00Z",
        "validUntil": (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "credentialSubject": {
            "id": f"{LIST}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": encoded or bits.encoded(),
        },
        **members,
    }


def by(key: SigningKey, document: Mapping[str, Any], did: str = DID) -> dict[str, Any]:
    return signed(document, key, f"{did}#{key.kid}", NOW)


@dataclass
class World:
    """`served` is what our own origin has, by address."""

    served: dict[str, bytes]
    tools: Tools

    def serve(self, address: str, document: object) -> None:
        self.served[address] = json.dumps(document).encode()

    async def check(self, credential: object, **asked: Any) -> Report:
        data = credential if isinstance(credential, bytes) else None
        if data is None:
            data = credential.encode() if isinstance(credential, str) else json.dumps(credential).encode()
        return await check(self.tools, data, **asked)

    async def codes(self, credential: object, **asked: Any) -> dict[Name, str]:
        return {found.name: found.code for found in (await self.check(credential, **asked)).checks}
