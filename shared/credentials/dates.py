"""Whether a credential is in force now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from shared.credentials.findings import Check, finding
from shared.credentials.shapes import instant

BEGINS: Final = ("validFrom", "issuanceDate")
ENDS: Final = ("validUntil", "expirationDate")
LEEWAY: Final = 5.0
"""Seconds by which an issuer's clock may be ahead of ours."""


def in_force(document: Mapping[str, Any], claims: Mapping[str, Any] | None = None, now: datetime | None = None) -> Check:
    """`claims` are those of the token that it came as, which may end earlier."""
    now = now or datetime.now(UTC)
    found: dict[str, datetime] = {}
    for member in (*BEGINS, *ENDS):
        if member in document:
            try:
                found[member] = instant(str(document[member]))
            except ValueError:
                return finding("dates.malformed", member=member)
    begins = [found[member] for member in BEGINS if member in found]
    ends = [found[member] for member in ENDS if member in found]
    for member, bounds in (("nbf", begins), ("exp", ends)):
        if (claims or {}).get(member) is not None:
            try:
                bounds.append(datetime.fromtimestamp(float((claims or {})[member]), UTC))
            except (ValueError, TypeError, OverflowError, OSError):
                return finding("dates.malformed", member=member)
    told = tuple(f"{member}: {document[member]}" for member in found)
    if ends and min(ends) <= now:
        return finding("dates.expired", *told, date=_day(min(ends)))
    if begins and (max(begins) - now).total_seconds() > LEEWAY:
        return finding("dates.not_yet", *told, date=_day(max(begins)))
    return finding("dates.in_force_until", *told, date=_day(min(ends))) if ends else finding("dates.in_force", *told)


def _day(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M UTC")
