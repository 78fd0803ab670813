"""What all parts of the API work with, and who may use them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias

from fastapi import Depends, Request
from starlette.convertors import StringConvertor, register_url_convertor

from services.catalog.addresses import Addresses
from services.catalog.domain.document import Kind
from services.catalog.publishing import Catalog
from services.catalog.store import Announcements, Drafts
from shared.credentials.findings import Report

Kinds: TypeAlias = Literal["achievements", "stacks"]
KIND: Final[dict[Kinds, Kind]] = {"achievements": "achievement", "stacks": "stack"}


class KindsConvertor(StringConvertor):
    """`{kinds:kinds}` in a path: other words there are other addresses, those of pages among them."""

    regex = "achievements|stacks"


register_url_convertor("kinds", KindsConvertor())

Check: TypeAlias = Callable[[bytes], Awaitable[Report]]
"""Finds out whether a credential is one to rely on."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the API works with."""

    catalog: Catalog
    drafts: Drafts
    announcements: Announcements
    addresses: Addresses
    check: Check | None = None


async def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(desk_of)]
