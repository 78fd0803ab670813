"""Credentials that were checked, and the document of a source that takes them."""

from __future__ import annotations

from typing import Any, Final

from services.assessment.sources.document import Source

NORTH: Final = "did:web:north.example"
STATISTICS: Final = "https://north.example/achievements/statistics"
RESULTS: Final = [
    {
        "id": "urn:r:score",
        "type": ["ResultDescription"],
        "name": "Final score",
        "resultType": "RawScore",
        "valueMin": "10",
        "valueMax": "50",
    },
    {"id": "urn:r:grade", "type": ["ResultDescription"], "name": "Grade", "resultType": "LetterGrade"},
    {
        "id": "urn:r:level",
        "type": ["ResultDescription"],
        "name": "Mastery",
        "resultType": "RubricCriterionLevel",
        "rubricCriterionLevel": [
            {"id": "urn:l:basic", "type": ["RubricCriterionLevel"], "name": "Basic", "points": "1"},
            {"id": "urn:l:mastered", "type": ["RubricCriterionLevel"], "name": "Mastered", "points": "4"},
        ],
    },
    {"id": "urn:r:status", "type": ["ResultDescription"], "name": "Status", "resultType": "Status"},
    {"id": "urn:r:percent", "type": ["ResultDescription"], "name": "Share", "resultType": "Percent"},
]


def credential(*results: dict[str, Any], **members: Any) -> dict[str, Any]:
    """What is None in `members` is left out."""
    found = {
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
        "id": "urn:uuid:6a0a0a5e-2f4a-4d6e-9a3b-0e6f6a1c1a11",
        "type": ["VerifiableCredential", "AchievementCredential"],
        "issuer": {"id": NORTH, "type": ["Profile"], "name": "North"},
        "validFrom": "2026-02-01T00:00:00Z",
        "awardedDate": "2026-01-20T10:00:00+01:00",
        "credentialSubject": {
            "id": "did:example:ada",
            "type": ["AchievementSubject"],
            "achievement": {
                "id": STATISTICS,
                "type": ["Achievement"],
                "achievementType": "Course",
                "name": "Statistics",
                "description": "d",
                "criteria": {"narrative": "c"},
                "resultDescription": RESULTS,
            },
            **({"result": list(results)} if results else {}),
        },
        **members,
    }
    return {name: value for name, value in found.items() if value is not None}


def result(kind: str, **members: Any) -> dict[str, Any]:
    return {"type": ["Result"], "resultDescription": f"urn:r:{kind}", **members}


def original(said: dict[str, Any] | None = None, *, to: str | None = "ada", **members: Any) -> dict[str, Any]:
    checked = {"verdict": "valid", "code": "proof.good", "says": "The signature is good."}
    given = {} if to is None else {"to": to, "by": "id"}
    return {"credential": said or credential(), "checked": checked, "given": given, "edition": 1, **members}


def source(*activities: dict[str, Any], trusts: Any = None, **options: Any) -> Source:
    return Source.model_validate(
        {
            "source": "elsewhere",
            "name": "Learning elsewhere",
            "owner": "Registrar",
            "format": "proofs",
            "activities": activities or ({"named": STATISTICS, "is": "urn:campus:statistics"},),
            "may_publish": ["urn:campus:*"],
            "options": {"trusts": trusts or [{"id": NORTH, "name": "North"}], **options},
        }
    )
