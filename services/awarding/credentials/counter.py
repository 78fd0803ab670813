"""What the paths of credentials work on, and what they answer alike."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Header, Request
from fastapi.responses import Response

from services.awarding.credentials.archive import Archive
from services.awarding.credentials.gallery import Gallery
from services.awarding.credentials.lists import StatusLists
from services.awarding.credentials.office import Office
from services.awarding.credentials.records import Registry
from services.awarding.rulebook import Rulebook
from services.awarding.store import Shelves
from shared.http import Problem
from shared.http.problems import unavailable

SANDBOX: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
PLAIN: Final[Mapping[str, str]] = {"x-content-type-options": "nosniff", "vary": "accept"}

Accept = Annotated[str | None, Header()]
Condition = Annotated[str | None, Header(alias="if-none-match")]


@dataclass(frozen=True)
class Counter:
    """The app carries it as `app.state.counter`; `name` is the institution's. Without keys there is no office, and nothing that
    is signed.
    """

    rulebook: Rulebook
    shelves: Shelves
    archive: Archive
    gallery: Gallery
    name: str
    office: Office | None = None
    registry: Registry | None = None
    lists: StatusLists | None = None


def counter(request: Request) -> Counter:
    found: Counter | None = getattr(request.app.state, "counter", None)
    if found is None:
        raise unavailable(60, "This process makes no credentials.")
    return found


At = Annotated[Counter, Depends(counter)]


def office_of(at: Counter) -> Office:
    """Raises the 503 problem without keys."""
    if at.office is None:
        raise no_keys()
    return at.office


def no_keys() -> Problem:
    return unavailable(3_600, "This service was started without the issuers' keys (CAIRN_ISSUER_KEYS), so it issues nothing.")


def private(disposition: str) -> dict[str, str]:
    """Headers of what concerns a person."""
    return {"cache-control": "no-store", "content-disposition": disposition, "content-security-policy": SANDBOX, **PLAIN}


def open_(seconds: int) -> dict[str, str]:
    """Headers of what everybody may read and keep, pages of other origins too."""
    return {"cache-control": f"public, max-age={seconds}", "access-control-allow-origin": "*", **PLAIN}


def public(body: bytes, media_type: str, seconds: int, condition: str | None, etag: str | None = None) -> Response:
    """With its ETag, and 304 for whoever has it already."""
    tag = etag or f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {**open_(seconds), "etag": tag}
    if media_type == "image/svg+xml":
        headers["content-security-policy"] = SANDBOX
    if condition is not None and tag in (known.strip().removeprefix("W/") for known in condition.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)
