"""Credentials within a credential: endorsements wherever they may be, and the parts of a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

MOST_ENDORSEMENTS: Final = 8
MOST_PARTS: Final = 60


@dataclass(frozen=True, slots=True)
class Within:
    """`credential` is an object, or the text of a token."""

    what: Literal["credential", "endorsement"]
    credential: dict[str, Any] | str


def within(document: Mapping[str, Any]) -> tuple[list[Within], int]:
    """What is to be checked beside the credential itself, and how many more there are than one check takes."""
    subject = document.get("credentialSubject")
    held = subject.get("verifiableCredential") if isinstance(subject, dict) else None
    parts = [Within("credential", one) for one in _listed(held) if isinstance(one, dict | str)]
    endorsements = [Within("endorsement", one) for one in _endorsements(document)]
    left = max(0, len(parts) - MOST_PARTS) + max(0, len(endorsements) - MOST_ENDORSEMENTS)
    return parts[:MOST_PARTS] + endorsements[:MOST_ENDORSEMENTS], left


def _endorsements(document: Mapping[str, Any]) -> Iterator[dict[str, Any] | str]:
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            yield from (one for one in _listed(value.get("endorsement")) if isinstance(one, dict))
            yield from (one for one in _listed(value.get("endorsementJwt")) if isinstance(one, str))
            waiting += value.values()


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
