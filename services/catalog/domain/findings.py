"""What validation finds in a document."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Finding(BaseModel):
    """What is wrong at one place of a document, and what would be right. An error keeps the document from being published.

    `place` is the way from the document's root, as in `levels/1/requirement/all/0`; "" is the document as a whole.
    """

    model_config = ConfigDict(frozen=True)

    severity: Severity = Field(examples=["error"])
    place: str = Field(examples=["levels/1/requirement/all/0"])
    message: str


def error(place: str, message: str) -> Finding:
    return Finding(severity=Severity.ERROR, place=place, message=message)


def warning(place: str, message: str) -> Finding:
    return Finding(severity=Severity.WARNING, place=place, message=message)


def has_errors(findings: Iterable[Finding]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)
