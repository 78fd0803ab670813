"""The front page, and the profile of each issuer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from services.awarding.credentials.addresses import INSTITUTION
from services.awarding.pages.reception import At, Reception
from shared.events.definitions import Party
from shared.http import Problem

router = APIRouter(include_in_schema=False)


@router.get("/")
async def show_front(request: Request, at: At) -> Response:
    return at.pages.render(request, "front.html", cache="short")


@router.get("/issuers/{unit}")
async def show_issuer(request: Request, unit: Annotated[str, Path(max_length=100)], at: At) -> Response:
    """Whoever issues, designs, assesses or vouches for something that was published."""
    rules = at.desk.rulebook.rules.by_id.values()
    definitions = [rule.newest.definition for rule in rules]
    parties: dict[str, Party] = {}
    for definition in definitions:
        others = (definition.designed_by, definition.assessed_by, *definition.vouched_for_by)
        for party in (*(other for other in others if other is not None), definition.issuer):
            if party.id not in parties or party is definition.issuer:
                parties[party.id] = party
    if unit == INSTITUTION and unit not in parties:
        return at.pages.render(
            request, "issuer.html", cache="short", issuer=_institution(at), did=at.addresses.did(unit), achievements=()
        )
    if unit not in parties:
        raise Problem(404, detail=f"No issuer {unit} is known here.")
    awarded = sorted(definition.name for definition in definitions if definition.issuer.id == unit)
    return at.pages.render(
        request,
        "issuer.html",
        cache="short",
        issuer=parties[unit],
        did=at.addresses.did(unit) if awarded else None,
        achievements=awarded,
    )


def _institution(at: Reception) -> Party:
    """As a whole, which issues the records of learners."""
    return Party.model_validate({"id": INSTITUTION, "name": at.pages.site.institution, "url": at.addresses.catalog})
