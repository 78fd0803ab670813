"""The public's way in: the catalog, and the page of each microcredential. Nobody signs in here."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Header, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from services.catalog.desk import AtDesk, Desk
from services.catalog.domain.versions import Version
from services.catalog.pages.accepting import json_type
from services.catalog.pages.badges import badge, skill_anchor
from services.catalog.pages.cards import FREE, MORE, Shelves, shown
from services.catalog.pages.criteria import Reader, review_anchor
from services.catalog.pages.details import detail
from services.catalog.pages.search import Asked, search
from services.catalog.publishing import Stock
from services.catalog.store import now
from shared.http import Problem
from shared.pages import Pages
from shared.pages.headers import FOR_EVER
from shared.requirements.model import Slug

router = APIRouter(include_in_schema=False)

STYLE: Final = (Path(__file__).parent / "static" / "catalog.css").read_bytes()
STYLE_PATH: Final = f"/catalog/style.{sha256(STYLE).hexdigest()[:12]}.css"

VARIES: Final = {"vary": "Accept, Accept-Language, Cookie", "cache-control": "public, max-age=60"}
NEWS_AFTER: Final = 60
"""Seconds after which the shelves are made anew although nothing was published: versions come into force by time alone."""

Accept = Annotated[str, Header()]


class Window:
    """The shelves as the public sees them, made once for each revision of the catalog."""

    def __init__(self) -> None:
        self._shelves: Shelves | None = None
        self._of: tuple[int, datetime] = (-1, datetime.min.replace(tzinfo=UTC))
        self._making = asyncio.Lock()

    async def shelves(self, stock: Stock, moment: datetime) -> Shelves:
        async with self._making:
            revision, made = self._of
            if self._shelves is None or revision != stock.revision or (moment - made).total_seconds() > NEWS_AFTER:
                self._shelves = await asyncio.to_thread(Shelves.of, stock, moment)
                self._of = (stock.revision, moment)
            return self._shelves


@router.get("/")
@router.get("/microcredentials")
async def to_catalog(request: Request, desk: AtDesk) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{desk.addresses.catalog}/catalog{query}", 308)


@router.get("/catalog")
async def catalog_page(request: Request, desk: AtDesk) -> Response:
    """What there is, as far as it fits what is asked for."""
    asked = Asked.of(request.query_params)
    shelves = await _window(request).shelves(await desk.catalog.stock(), now())
    found = search(shelves, asked)
    return _pages(request).render(
        request,
        "catalog/list.html",
        cache="short",
        asked=asked,
        found=found,
        shelves=shelves,
        style=STYLE_PATH,
        FREE=FREE,
        MORE=MORE,
        now=now(),
    )


@router.get(STYLE_PATH)
async def style() -> Response:
    return Response(
        STYLE, media_type="text/css; charset=utf-8", headers={"cache-control": FOR_EVER, "x-content-type-options": "nosniff"}
    )


@router.get("/microcredentials/{id}")
async def current_page(id: Slug, request: Request, desk: AtDesk, accept: Accept = "") -> Response:  # noqa: A002 - the path's word
    """The version that counts now."""
    return await _answer(id, None, request, desk, accept)


@router.get("/microcredentials/{id}/versions/{number}")
async def version_page(id: Slug, number: int, request: Request, desk: AtDesk, accept: Accept = "") -> Response:  # noqa: A002
    """One version: what credentials name as the achievement. Programs get its JSON-LD here."""
    return await _answer(id, number, request, desk, accept)


async def _answer(id_: str, number: int | None, request: Request, desk: Desk, accept: str) -> Response:
    stock = await desk.catalog.stock()
    stack = stock.known.level_stack.get(id_)
    version = _version(stock, stack or id_, number, level=id_ if stack else None)
    if (media_type := json_type(accept)) is not None:
        document = badge(version, desk.addresses, id_ if stack else None)
        return Response(orjson.dumps(document), media_type=media_type, headers=VARIES)
    if stack:
        place = desk.addresses.microcredential(stack, number)
        return RedirectResponse(f"{place}#{id_.removeprefix(f'{stack}.')}", 303, headers=VARIES)
    pages, moment = _pages(request), now()
    shelves = await _window(request).shelves(stock, moment)
    reader = Reader(stock.names, lambda each: _address(each, stock, desk), pages.language_of(request))
    return pages.render(
        request,
        "catalog/definition.html",
        cache="short",
        path="/catalog",
        detail=detail(version, stock, shelves, reader, moment),
        address=lambda each: _address(each, stock, desk) or "",
        here=desk.addresses.microcredential(version.id, version.number),
        skill_anchor=skill_anchor,
        review_anchor=review_anchor,
        style=STYLE_PATH,
        now=moment,
    )


def _version(stock: Stock, id_: str, number: int | None, level: str | None) -> Version:
    """Raises the 404 problem. A level may be of some versions only."""
    versions = [version for version in stock.shelf.of(id_) if level is None or any(each.id == level for each in version.levels)]
    if not versions:
        raise Problem(404, detail=f"There is no microcredential {level or id_}.")
    if number is None:
        return shown(versions, now())
    for version in versions:
        if version.number == number:
            return version
    raise Problem(404, detail=f"There is no version {number} of {level or id_}.")


def _address(id_: str, stock: Stock, desk: Desk) -> str | None:
    """Where an achievement, stack or level is shown."""
    if id_ in stock.shelf.versions:
        return desk.addresses.microcredential(id_)
    stack = stock.known.level_stack.get(id_)
    return None if stack is None else f"{desk.addresses.microcredential(stack)}#{id_.removeprefix(f'{stack}.')}"


def _pages(request: Request) -> Pages:
    pages: Pages = request.app.state.pages
    return pages


def _window(request: Request) -> Window:
    window: Window = request.app.state.window
    return window


DOCUMENTS: Final[tuple[BaseRoute, ...]] = tuple(
    route for route in router.routes if isinstance(route, APIRoute) and route.endpoint in (current_page, version_page)
)
"""Those that are JSON-LD for programs, of other origins, too."""
