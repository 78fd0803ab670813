"""The front page, the desk's first page, and how all pages come into the app."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from services.assessment.pages import proofs, reviews, sources_routes, submissions
from services.assessment.pages.frame import In, Staff, desk_page, has_any
from services.assessment.reviews.permissions import ASSESS, READ
from shared.http import signing_in
from shared.http.sessions import Sessions
from shared.operations import pages as operations
from shared.pages import Pages
from shared.pages.pages import Site
from shared.settings import Settings

router = APIRouter(include_in_schema=False)


@router.get("/")
async def show_front(request: Request, pages: In) -> Response:
    return pages.render(request, "front.html")


@router.get("/desk")
async def show_desk(request: Request, caller: Staff, pages: In) -> Response:
    watches = has_any(caller, (ASSESS, READ)) and request.app.state.reviews is not None
    waiting = await reviews.waiting_of(request.app.state.reviews, caller) if watches else None
    return desk_page(request, pages, caller, "desk/home.html", waiting=waiting)


ROUTERS: Final[tuple[APIRouter, ...]] = (
    router,
    submissions.router,
    reviews.router,
    proofs.router,
    *sources_routes.ROUTERS,
    operations.router,
)
"""Every router of pages."""


def add_pages(app: FastAPI, settings: Settings) -> None:
    """Call it last: errors of all that was added before are shown as pages, too. Raises Unset."""
    own = settings.assessment_url
    elsewhere = {"notifications": settings.notifications_url, "assessment": own}
    site = Site(settings.institution, settings.catalog_url, settings.awarding_url, own, home="/desk", **elsewhere)
    app.state.sessions = Sessions.from_settings(settings, own)
    Pages("services.assessment.pages", site, more=(operations.FOLDER,)).mount(app, *ROUTERS, signing_in.router)
