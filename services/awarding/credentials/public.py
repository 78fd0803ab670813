"""HTTP for everybody, without a token: identity documents, profiles, status lists, pictures of achievements."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from starlette.routing import Match
from starlette.types import Scope

from services.awarding.credentials.addresses import INSTITUTION
from services.awarding.credentials.archive import units
from services.awarding.credentials.counter import At, Condition, Counter, no_keys, office_of, open_, public
from services.awarding.credentials.forms import MEDIA_TYPES
from services.awarding.credentials.profile import institution, issuer_profile, other_profile
from shared.credentials.contexts import CREDENTIALS, OPEN_BADGES
from shared.events.definitions import Party
from shared.http import Problem
from shared.requirements.model import Slug

DID: Final = "application/did+ld+json"
FRESH: Final = 300
"""Seconds for which copies of identity documents and status lists may be used."""
LASTING: Final = 3_600

Unit = Annotated[str, Path(max_length=100, description="the issuing unit's id in the catalog, or `institution`")]


class ForMachines(APIRoute):
    """Leaves browsers, which ask for HTML, to the page at the same path."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        accept = next((value for name, value in scope.get("headers", ()) if name == b"accept"), b"")
        return (Match.NONE, {}) if b"text/html" in accept else super().matches(scope)


router = APIRouter(tags=["issuers"])
profiles = APIRouter(tags=["issuers"], route_class=ForMachines)


class DocumentKept(BaseModel):
    """An identity document, and from when on it was served."""

    model_config = ConfigDict(frozen=True)

    since: datetime
    digest: Annotated[str, Field(description="SHA-256 of its canonical JSON (RFC 8785), in hexadecimal")]
    document: dict[str, Any]


class DocumentsKept(BaseModel):
    """The oldest first. Each was in force until the next one."""

    model_config = ConfigDict(frozen=True)

    unit: str
    documents: tuple[DocumentKept, ...]


@router.get("/issuers/{unit}/did.json", response_class=Response)
async def read_identity_document(unit: Unit, at: At, condition: Condition = None) -> Response:
    """The unit's DID document: every key that is relied on."""
    office_of(at)
    document = await at.archive.document(_known(unit, at))
    return public(orjson.dumps(document), DID, FRESH, condition)


@router.get("/issuers/{unit}/documents")
async def read_identity_documents(unit: Unit, at: At) -> DocumentsKept:
    """Every DID document of the unit that was ever served: with them an old signature is checked when its key is long gone."""
    found = await at.archive.documents(unit)
    if not found:
        _known(unit, at)
    return DocumentsKept(unit=unit, documents=tuple(DocumentKept.model_validate(kept) for kept in found))


@router.get("/issuers/{unit}/status/{list_}", response_class=Response)
async def read_status_list(
    unit: Unit, list_: Annotated[str, Path(max_length=200, description="the list's id")], at: At, condition: Condition = None
) -> Response:
    """A status list (BitstringStatusListCredential), signed by the unit, at most a second old."""
    lists = at.lists
    if lists is None:
        raise no_keys()
    served = await lists.served(unit, list_)
    if served is None:
        raise Problem(404, detail="No credential has a place in such a list.")
    return public(served.body, MEDIA_TYPES["json"], FRESH, condition, served.etag)


@router.get("/pictures/{achievement}/{version}.{form}", response_class=Response)
async def read_picture(
    achievement: Slug,
    version: Annotated[int, Path(ge=1)],
    form: Annotated[str, Path(pattern="^(svg|png)$")],
    at: At,
    condition: Condition = None,
) -> Response:
    """An achievement's picture: its own image, or one drawn from it; of a level, `<stack>.<level>`, the cairn as it grew."""
    rules = at.rulebook.rules
    rule = rules.by_id.get(achievement)
    found = None if rule is None else rule.by_number.get(version)
    if rule is None or found is None:
        raise Problem(404, detail=f"No version {version} of {achievement} has been published.")
    picture = await at.gallery.picture(rule, found, rules)
    if form == "png":
        return public(await asyncio.to_thread(lambda: picture.png), "image/png", LASTING, condition)
    return public(picture.svg.encode(), "image/svg+xml", LASTING, condition)


class LinkedData(JSONResponse):
    media_type = "application/ld+json"


@profiles.get("/issuers/{unit}", response_class=LinkedData)
async def read_issuer(unit: Unit, at: At) -> JSONResponse:
    """The profile (Open Badges 3.0) of whoever issues, designs, assesses or vouches for something that was published."""
    addresses = office_of(at).addresses
    if (found := _party(unit, at)) is not None:
        party, issues = found
        profile = issuer_profile(party, addresses) if issues else other_profile(party, addresses)
    elif unit == INSTITUTION:
        profile = institution(at.name, addresses, INSTITUTION)
    else:
        raise Problem(404, detail=f"No issuer {unit} is known here.")
    document = {"@context": [CREDENTIALS, OPEN_BADGES], **profile}
    return LinkedData(document, headers=open_(FRESH))


def _party(unit: str, at: Counter) -> tuple[Party, bool] | None:
    """The party with the id in the newest version that names it, and whether it issues something."""
    other: Party | None = None
    for rule in at.rulebook.rules.by_id.values():
        for version in reversed(rule.versions):
            definition = version.definition
            if definition.issuer.id == unit:
                return definition.issuer, True
            for party in (definition.designed_by, definition.assessed_by, *definition.vouched_for_by):
                if party is not None and party.id == unit:
                    other = party
    return None if other is None else (other, False)


def _known(unit: str, at: Counter) -> str:
    if unit not in units(at.rulebook.rules):
        raise Problem(404, detail=f"No issuer {unit} is known here.")
    return unit
