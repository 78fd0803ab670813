"""A credential of usual size to be changed in places: 1.5 kB and some 40 quads."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from shared.credentials.contexts import CREDENTIALS, OPEN_BADGES


def a_credential(**changes: Any) -> dict[str, Any]:
    """`changes` are paths with `__` for each step down, like `credentialSubject__achievement__name`."""
    document = copy.deepcopy(dict(USUAL))
    for path, value in changes.items():
        *steps, last = path.split("__")
        place: Any = document
        for step in steps:
            place = place[int(step) if step.isdecimal() else step]
        place[last] = value
    return document


USUAL: Mapping[str, Any] = {
    "@context": [CREDENTIALS, OPEN_BADGES],
    "id": "urn:uuid:0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f0",
    "type": ["VerifiableCredential", "AchievementCredential"],
    "name": "Data Structures",
    "issuer": {
        "id": "did:web:awards.example.org:issuers:northfield",
        "type": ["Profile"],
        "name": "Northfield University",
        "address": {"type": ["Address"], "addressCountry": "IE", "addressCountryCode": "IE"},
    },
    "validFrom": "2026-11-23T12:00:00Z",
    "awardedDate": "2026-11-20T09:30:00Z",
    "credentialSubject": {
        "id": "urn:uuid:5a3c2d1e-0f0e-4d2c-9b5a-7978869504a3",
        "type": ["AchievementSubject"],
        "identifier": [{"type": "IdentityObject", "hashed": False, "identityHash": "Ada", "identityType": "name"}],
        "creditsEarned": 5,
        "result": [
            {"type": ["Result"], "resultDescription": "urn:uuid:6b3c2d1e-0f0e-4d2c-9b5a-7978869504a3", "value": "62.5"},
            {"type": ["Result"], "resultDescription": "urn:uuid:7c3c2d1e-0f0e-4d2c-9b5a-7978869504a3", "value": "71"},
        ],
        "achievement": {
            "id": "https://catalog.example.org/microcredentials/data-structures/versions/2",
            "type": ["Achievement"],
            "achievementType": "MicroCredential",
            "name": "Data Structures",
            "description": "Chooses, builds and measures the data structures that a program needs.",
            "criteria": {"narrative": "The weighted mean of two quizzes and the examination is at least 55 %."},
            "creator": {
                "id": "did:web:awards.example.org:issuers:northfield",
                "type": ["Profile"],
                "name": "Northfield University",
                "address": {"type": ["Address"], "addressCountry": "IE", "addressCountryCode": "IE"},
            },
            "tag": ["computing", "structures"],
            "alignment": [
                {
                    "type": ["Alignment"],
                    "targetName": "use algorithms",
                    "targetUrl": "http://data.europa.eu/esco/skill/1",
                    "targetType": "ext:ESCO",
                }
            ],
        },
    },
    "evidence": [
        {"type": ["Evidence"], "name": "First quiz", "narrative": "Reached 62.5%."},
        {"type": ["Evidence"], "name": "Examination", "narrative": "Reached 71%."},
    ],
    "credentialStatus": {
        "id": "https://awards.example.org/issuers/northfield/status/northfield-r-3-0#94567",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "94567",
        "statusListCredential": "https://awards.example.org/issuers/northfield/status/northfield-r-3-0",
    },
}
