"""Awarding's pages, and how they come into the app."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from services.awarding.pages import check_page, front, passport, shared_awards
from services.awarding.pages.reception import Reception
from shared.http import signing_in
from shared.pages import Pages
from shared.pages.pages import Site
from shared.settings import Settings

ROUTERS: Final = (front.router, check_page.router, shared_awards.router, passport.router)


def pages_of(settings: Settings) -> Pages:
    site = Site(settings.institution, settings.catalog_url, settings.awarding_url, settings.awarding_url)
    return Pages("services.awarding.pages", site)


def add_pages(app: FastAPI, reception: Reception) -> None:
    """Call it last: errors of all that was added before are shown as pages, too."""
    reception.pages.mount(app, *ROUTERS, beside=(signing_in.router,))
    app.state.reception = reception
