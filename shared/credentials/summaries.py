"""What a credential says of itself, for whoever looks at a report. Nothing of it is checked, and all of it is text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.credentials.findings import cut

MEMBERS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "id": (("id",),),
    "name": (("name",), ("credentialSubject", "achievement", "name")),
    "description": (("description",), ("credentialSubject", "achievement", "description")),
    "issuer": (("issuer", "id"), ("issuer",)),
    "issuer_name": (("issuer", "name"),),
    "subject": (("credentialSubject", "id"),),
    "achievement": (("credentialSubject", "achievement", "id"),),
    "achievement_name": (("credentialSubject", "achievement", "name"),),
    "achievement_type": (("credentialSubject", "achievement", "achievementType"),),
    "criteria": (("credentialSubject", "achievement", "criteria", "narrative"),),
    "awarded": (("awardedDate",),),
    "valid_from": (("validFrom",), ("issuanceDate",)),
    "valid_until": (("validUntil",), ("expirationDate",)),
    "comment": (("credentialSubject", "endorsementComment"),),
}
"""Each name with where its value may be, the first one found counts."""


def summary_of(document: Mapping[str, Any]) -> dict[str, str]:
    """Those of MEMBERS that the credential has, each cut to 2,000 characters."""
    found: dict[str, str] = {}
    for name, places in MEMBERS.items():
        for place in places:
            if (text := _text_at(document, place)) is not None:
                found[name] = cut(text, 2_000)
                break
    return found


def name_of(document: Mapping[str, Any]) -> str:
    return cut(_text_at(document, ("name",)) or _text_at(document, ("credentialSubject", "achievement", "name")) or "", 200)


def _text_at(document: Mapping[str, Any], place: tuple[str, ...]) -> str | None:
    value: Any = document
    for step in place:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value.strip() if isinstance(value, str) and value.strip() else None
