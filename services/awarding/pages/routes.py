"""Awarding's pages, and how they come into the app."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from services.awarding.api import Desk
from services.awarding.credentials.addresses import Addresses
from services.awarding.pages import check_page, front, passport, shared_awards
from services.awarding.pages.reception import Reception, Verify
from services.awarding.sharing.store import Shares
from shared.http import signing_in
from shared.operations import pages as operations
from shared.pages import Pages
from shared.pages.pages import Site
from shared.settings import Settings

ROUTERS: Final = (front.router, check_page.router, shared_awards.router, passport.router, operations.router)


def add_pages(app: FastAPI, settings: Settings, desk: Desk, shares: Shares, verify: Verify) -> None:
    """Call it last: errors of all that was added before are shown as pages, too."""
    own = settings.awarding_url
    elsewhere = {"notifications": settings.notifications_url, "assessment": settings.assessment_url}
    site = Site(settings.institution, settings.catalog_url, own, own, **elsewhere)
    pages = Pages("services.awarding.pages", site, more=(operations.FOLDER,))
    pages.mount(app, *ROUTERS, beside=(signing_in.router,))
    app.state.reception = Reception(
        pages, desk, Addresses.of(settings), shares, verify, lambda: getattr(app.state, "counter", None)
    )
