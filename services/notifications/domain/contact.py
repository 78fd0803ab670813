"""The contact book's entries: how a learner is reached and what they want to hear about."""

from __future__ import annotations

from collections.abc import Collection as Some
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from services.notifications.domain.kinds import FIRST, MAILED, Kind


def _as_on_the_wire(text: str) -> str:
    """With the domain as DNS has it (`exämple.org`: `xn--exmple-cua.org`)."""
    local, _, domain = text.rpartition("@")
    if not local.isascii() or len(local) > 64 or local.startswith(".") or local.endswith(".") or ".." in text:
        raise ValueError("an address looks like ada@example.edu; before the @ it has up to 64 ASCII characters")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise ValueError("the address has no domain that could exist") from error


Address = Annotated[
    str,
    Field(min_length=3, max_length=254, pattern=r"^[^\s\x00-\x1f\x7f@,;:<>()\[\]\\\"]+@[^\s\x00-\x1f\x7f@,;:<>()\[\]\\\"]+$"),
    AfterValidator(_as_on_the_wire),
]
"""A bare mail address, without a name and without the quoted forms that no one has."""

PersonName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class Contact(BaseModel):
    """How one learner is reached. `wants` are the kinds of messages they want by mail: all unless said otherwise; the inbox
    has every message whatever they want by mail."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: Address
    name: PersonName | None = None
    language: Language = "en"
    wants: frozenset[Kind] = MAILED

    @field_validator("wants")
    @classmethod
    def _mailed(cls, wants: frozenset[Kind]) -> frozenset[Kind]:
        if unknown := wants - MAILED:
            raise ValueError(f"{', '.join(sorted(unknown))} is never mailed; it is in the inbox only")
        return wants

    def to_document(self) -> dict[str, Any]:
        """Without `_id` (the learner) and `changed_at`, which the store adds."""
        return self.model_dump(mode="json") | wishes(self.wants)


def wishes(wants: Some[Kind]) -> dict[str, Any]:
    """As they are kept: which kinds are wanted, and which they were chosen from."""
    return {"wants": sorted(kind.value for kind in wants), "offered": sorted(kind.value for kind in MAILED)}


def wanted(document: Mapping[str, Any]) -> frozenset[Kind]:
    """What is wanted of what could be chosen from then, and the kinds that came later: nobody has said no to them."""
    return _wanted(tuple(document["wants"]), tuple(document.get("offered", FIRST)))


@lru_cache(1_000)
def _wanted(wants: tuple[str, ...], offered: tuple[str, ...]) -> frozenset[Kind]:
    """Most learners have chosen the same."""
    return frozenset(map(Kind, wants)) | {kind for kind in MAILED if kind.value not in offered}
