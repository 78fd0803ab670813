"""An issuer that exists only in tests: keys, a DID document, credentials, status lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from joserfc.jwk import OKPKey, RSAKey

from shared.credentials.contexts import CLR, CREDENTIALS, EXTENSIONS, OPEN_BADGES
from shared.credentials.keys import SigningKey, signing_key
from shared.credentials.proofs import signed
from shared.credentials.status import Bits

DID: Final = "did:web:credentials.example%3A8443:issuers:chemistry"
CREATED: Final = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
LISTS: Final = "https://credentials.example:8443/issuers/chemistry/status/"
LEVELS: Final = {
    "@protected": True,
    "level": {"@id": "http://data.europa.eu/snb/model/elm/eqfLevel", "@type": "@id"},
    "assessmentKind": "http://data.europa.eu/snb/model/elm/assessmentType",
}
"""Words that Open Badges does not have, defined where they are used."""


@cache
def proof_key() -> SigningKey:
    return signing_key({**OKPKey.generate_key("Ed25519").as_dict(private=True), "kid": "proofs"})


@cache
def token_key() -> SigningKey:
    return signing_key({**RSAKey.generate_key(2_048).as_dict(private=True), "kid": "tokens"})


def did_document(vouched: Sequence[str] = ("proofs", "tokens")) -> dict[str, Any]:
    """The issuer's DID document, with both keys and those it vouches for."""
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": DID,
        "verificationMethod": [
            {
                "id": f"{DID}#proofs",
                "type": "Multikey",
                "controller": DID,
                "publicKeyMultibase": proof_key().public.multikey(),
            },
            {"id": f"{DID}#tokens", "type": "JsonWebKey", "controller": DID, "publicKeyJwk": token_key().public.jwk()},
        ],
        "assertionMethod": [f"{DID}#{name}" for name in vouched],
    }


def achievement(name: str, slug: str = "titration") -> dict[str, Any]:
    return {
        "id": f"https://credentials.example:8443/achievements/{slug}/3",
        "type": ["Achievement"],
        "achievementType": "MicroCredential",
        "name": name,
        "description": f"What “{name}” means.\nAnd more.",
        "criteria": {"narrative": "Show it twice."},
        "inLanguage": "en",
        "version": "3",
        "alignment": [
            {
                "type": ["Alignment"],
                "targetName": "titrate",
                "targetUrl": "http://data.europa.eu/esco/skill/1",
                "targetType": "ext:ESCOSkill",
            }
        ],
        "level": "http://data.europa.eu/snb/eqf/6",
        "assessmentKind": "practical examination",
    }


def badge(name: str, *, number: int = 1, slug: str = "titration", status: Mapping[str, str] | None = None) -> dict[str, Any]:
    """An unsigned AchievementCredential, with members of each kind that Cairn fills."""
    document: dict[str, Any] = {
        "@context": [CREDENTIALS, OPEN_BADGES, EXTENSIONS, LEVELS],
        "id": f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        "type": ["VerifiableCredential", "AchievementCredential"],
        "issuer": {"id": DID, "type": ["Profile"], "name": "Chemistry"},
        "validFrom": "2026-11-01T12:30:00Z",
        "awardedDate": "2026-10-30T08:00:00Z",
        "name": name,
        "credentialSubject": {
            "id": "urn:uuid:00000000-0000-4000-8000-aaaaaaaaaaaa",
            "type": ["AchievementSubject"],
            "achievement": achievement(name, slug),
            "creditsEarned": 2.5,
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": True,
                    "identityHash": "sha256$" + "ab" * 32,
                    "identityType": "emailAddress",
                    "salt": "grains",
                }
            ],
        },
        "credentialSchema": [
            {
                "id": "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json",
                "type": "1EdTechJsonSchemaValidator2019",
            }
        ],
    }
    return document if status is None else document | {"credentialStatus": dict(status)}


def made(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the issuer's proof."""
    return signed(document, proof_key(), f"{DID}#proofs", CREATED)


def entry(purpose: str, index: int) -> dict[str, str]:
    return {
        "id": f"{LISTS}{purpose}#{index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": str(index),
        "statusListCredential": LISTS + purpose,
    }


def status_list(purpose: str, bits: Bits) -> dict[str, Any]:
    """The signed list that `entry` names."""
    return made(
        {
            "@context": [CREDENTIALS],
            "id": LISTS + purpose,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": DID,
            "validFrom": "2026-11-01T12:30:00Z",
            "credentialSubject": {
                "id": f"{LISTS}{purpose}#list",
                "type": "BitstringStatusList",
                "statusPurpose": purpose,
                "ttl": 300_000,
                "encodedList": bits.encoded(),
            },
        }
    )


def record(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """An unsigned CLR: a level made of a part, with the level before it."""
    achievements = [part["credentialSubject"]["achievement"] for part in parts]
    ids = [each["id"] for each in achievements]
    return {
        "@context": [CREDENTIALS, CLR, OPEN_BADGES, EXTENSIONS, LEVELS],
        "id": "urn:uuid:00000000-0000-4000-8000-cccccccccccc",
        "type": ["VerifiableCredential", "ClrCredential"],
        "issuer": {"id": DID, "type": ["Profile"], "name": "Chemistry"},
        "validFrom": "2026-11-02T12:30:00Z",
        "name": "Everything of Ngũgĩ",
        "credentialSubject": {
            "id": "urn:uuid:00000000-0000-4000-8000-aaaaaaaaaaaa",
            "type": ["ClrSubject"],
            "verifiableCredential": [dict(part) for part in parts],
            "achievement": achievements,
            "association": [
                {"type": "Association", "associationType": "isPartOf", "sourceId": ids[0], "targetId": ids[-1]},
                {"type": "Association", "associationType": "precedes", "sourceId": ids[1], "targetId": ids[-1]},
            ],
        },
    }
