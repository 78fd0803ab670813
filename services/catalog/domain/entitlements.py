"""Who may call an award a certificate, a certification or a diploma."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from services.catalog.domain.findings import Finding, error
from shared.events.definitions import AchievementType, Definition

RESERVED: Final = (AchievementType.CERTIFICATE, AchievementType.CERTIFICATION, AchievementType.DIPLOMA)
"""What only an entitled issuer gives; everything else is free to all."""

Entitlements: TypeAlias = Mapping[str, frozenset[AchievementType]]
"""The reserved types that an issuer, by its id, may give."""


def unentitled(definition: Definition, entitlements: Entitlements) -> Iterator[Finding]:
    """An error if the definition is of a type that its issuer may not give."""
    type_, issuer = definition.achievement_type, definition.issuer.id
    if type_ in RESERVED and type_ not in entitlements.get(issuer, frozenset()):
        free = ", ".join(sorted(each for each in AchievementType if each not in RESERVED))
        yield error(
            "achievement_type",
            f"{issuer} is not entitled to award a {type_}; without an entitlement it may award one of: {free}",
        )
