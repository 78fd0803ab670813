"""The services' apps as their processes serve them, with nothing behind them: to look at which routes there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import FastAPI

from services.assessment.api import app_of as assessment
from services.assessment.pages.routes import add_pages as add_pages_of_assessment
from services.awarding.api import app_of as awarding
from services.awarding.pages.routes import add_pages as add_pages_of_awarding
from services.catalog.app import app_of as catalog
from services.notifications.api import app_of as notifications
from services.notifications.pages.routes import add_pages as add_pages_of_notifications
from shared.settings import Settings


async def _ready() -> Mapping[str, bool | str]:
    return {}


def apps() -> dict[str, FastAPI]:
    settings = Settings(kafka="none:1", mongodb="mongodb://none", jwks="none", token_issuer="none", token_audience="none")
    found = {"catalog": catalog(_ready), "assessment": assessment(_ready), "awarding": awarding(_ready)}
    found["notifications"] = notifications(_ready)
    nothing: Any = None
    add_pages_of_assessment(found["assessment"], settings)
    add_pages_of_awarding(found["awarding"], settings, nothing, nothing, nothing)
    add_pages_of_notifications(found["notifications"], settings)
    return found


def pages(app: FastAPI) -> list[tuple[str, str]]:
    """Method and path of all that is in no document."""
    documented = {(method.upper(), path) for path, operations in app.openapi()["paths"].items() for method in operations}
    found = [
        (method, route.path.replace(":path}", "}").replace(":kinds}", "}"))
        for route in _flat(app.routes)
        for method in sorted(route.methods or ())
        if method != "HEAD"
    ]
    return [one for one in dict.fromkeys(found) if one not in documented]


def _flat(routes: Sequence[Any]) -> Iterator[Any]:
    for route in routes:
        if hasattr(route, "path"):
            yield route
        else:
            yield from _flat(route.original_router.routes)
