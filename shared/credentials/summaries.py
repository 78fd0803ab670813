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

IN_LINES: Final = ("description", "criteria")
"""What may have several lines, which are kept."""


def summary_of(document: Mapping[str, Any]) -> dict[str, str]:
    """Those of MEMBERS that the credential has, each cut to 2,000 characters."""
    found: dict[str, str] = {}
    for name, places in MEMBERS.items():
        for place in places:
            if (text := _text_at(document, place)) is not None:
                found[name] = _lines(text) if name in IN_LINES else cut(text, 2_000)
                break
    return found


def name_of(document: Mapping[str, Any]) -> str:
    return cut(_text_at(document, ("name",)) or _text_at(document, ("credentialSubject", "achievement", "name")) or "", 200)


def _lines(text: str) -> str:
    return "\n".join(cut(line, 2_000) for line in text[:2_000].splitlines())


def _text_at(document: Mapping[str, Any], place: tuple[str, ...]) -> str | None:
    value: Any = document
    for step in place:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value.strip() if isinstance(value, str) and value.strip() else None
