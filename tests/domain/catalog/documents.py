"""Documents for tests, and how they are validated."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from services.catalog.domain.document import Submission, read
from services.catalog.domain.findings import Finding
from services.catalog.domain.known import Known
from services.catalog.domain.validation import validated

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

NORTH = {"id": "north", "name": "University of the North"}
SOUTH = {"id": "south", "name": "University of the South"}
PASSED = {"activity": "lms:quiz", "passed": True}


def achievement(id_: str, requirement: object = None, **said: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "achievement": id_,
        "name": id_.title(),
        "description": "What it is about.",
        "criteria": "What must be shown.",
        "issuer": NORTH,
        "requirement": requirement or {"activity": f"lms:{id_}", "passed": True},
    }
    return document | said


def stack(id_: str, levels: dict[str, object], **said: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "stack": id_,
        "name": id_.title(),
        "description": "What it is about.",
        "issuer": NORTH,
        "levels": [{"level": level, "name": level.title(), "requirement": requirement} for level, requirement in levels.items()],
    }
    return document | said


def credits_of(amount: object, system: str = "ECTS") -> dict[str, Any]:
    return {"credits": {"amount": amount, "system": system}}


def submitted(document: dict[str, Any]) -> Submission:
    found = read(document)
    assert isinstance(found, Submission), found
    return found


def refused(document: object) -> list[tuple[str, str]]:
    """Place and message of everything that keeps the document from being read."""
    found = read(document)
    assert not isinstance(found, Submission)
    return [(finding.place, finding.message) for finding in found]


def published(*documents: dict[str, Any]) -> Known:
    return Known({}).with_([submitted(document).definition for document in documents])


def findings(*documents: dict[str, Any], beside: Known | None = None) -> tuple[Finding, ...]:
    """What is found in the first document when they are all published together."""
    submissions = [submitted(document) for document in documents]
    return validated(submissions, beside or Known({}), NOW)[submissions[0].id]


def said(*documents: dict[str, Any], beside: Known | None = None) -> list[tuple[str, str, str]]:
    """The same, as severity, place and message."""
    return [(found.severity.value, found.place, found.message) for found in findings(*documents, beside=beside)]
