"""All routes of awarding's pages."""

from typing import Final

from services.awarding.pages import check_page, front, passport, shared_awards

ROUTERS: Final = (front.router, check_page.router, shared_awards.router, passport.router)
