"""The catalog's pages of what is published: open to everybody. What authors do is in `authoring`."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from services.catalog import operating
from services.catalog.authoring import router as authoring
from services.catalog.authors import Reader
from services.catalog.desk import KIND, AtDesk, Kinds
from services.catalog.documents import json_schemas
from services.catalog.domain.changes import document_of
from services.catalog.domain.document import Kind
from services.catalog.domain.versions import Version
from services.catalog.endorsing import router as endorsing
from services.catalog.publishing import Stock
from services.catalog.store import now
from services.catalog.views import (
    AnnouncementView,
    Entry,
    PublishedVersion,
    Spoken,
    entry,
    skills_of,
    version_view,
)
from shared.events.definitions import Achievement, Stack
from shared.http import Page, Paging, Problem
from shared.http.paging import PagingByNumber
from shared.requirements.model import Slug
from shared.requirements.sentences import sentence

router = APIRouter(tags=["published"])

Number = Annotated[int, Query(ge=1)]


@router.get("/definitions")
async def list_definitions(
    desk: AtDesk,
    paging: Paging,
    kind: Kind | None = None,
    tag: Annotated[str | None, Query(max_length=300)] = None,
    issuer: Annotated[str | None, Query(max_length=100)] = None,
    skill: Annotated[str | None, Query(max_length=300, description="a skill's code")] = None,
    retired: Annotated[bool, Query(description="those that are retired, too")] = False,
) -> Page[Entry]:
    """The newest version of each achievement and stack, by id. Filters given together must all fit."""
    stock = await desk.catalog.stock()
    found = [
        versions[-1]
        for id_, versions in sorted(stock.shelf.versions.items())
        if (paging.after is None or id_ > paging.after)
        and (retired or not versions[-1].retired)
        and (kind is None or versions[-1].kind == kind)
        and (tag is None or tag in versions[-1].definition.tags)
        and (issuer is None or issuer == versions[-1].definition.issuer.id)
        and (skill is None or skill in skills_of(versions[-1].definition))
    ]
    items = [entry(version) for version in found[: paging.limit]]
    return paging.page(items, found[paging.limit - 1].id if len(found) > paging.limit else None)


SCHEMAS: Final = json_schemas()


class SchemaResponse(JSONResponse):
    media_type = "application/schema+json"


@router.get("/schemas/{name}", response_class=SchemaResponse, responses={404: {}})
async def get_schema(name: Literal["achievement.json", "stack.json"]) -> JSONResponse:
    """The JSON Schema of documents, for editors."""
    schema: dict[str, Any] = SCHEMAS[name]
    return SchemaResponse(schema, headers={"cache-control": "max-age=300"})


@router.get("/{kinds:kinds}/{id}", responses={404: {}})
async def get_definition(kinds: Kinds, id: Slug, desk: AtDesk) -> PublishedVersion:  # noqa: A002 - the path's word
    """The newest version, and its requirements read aloud. A stack's level is an achievement, `<stack>.<level>`."""
    return _views(await desk.catalog.stock(), kinds, id)[-1]


@router.get("/{kinds:kinds}/{id}/versions", responses={404: {}})
async def list_versions(kinds: Kinds, id: Slug, desk: AtDesk) -> list[PublishedVersion]:  # noqa: A002
    """Every version, the oldest first."""
    return _views(await desk.catalog.stock(), kinds, id)


@router.get("/{kinds:kinds}/{id}/versions/{version}", responses={404: {}})
async def get_version(kinds: Kinds, id: Slug, version: int, desk: AtDesk) -> PublishedVersion:  # noqa: A002
    """One version."""
    for view in _views(await desk.catalog.stock(), kinds, id):
        if view.version == version:
            return view
    raise Problem(404, detail=f"There is no version {version} of {id}.")


@router.get("/publications")
async def list_publications(
    desk: AtDesk,
    caller: Reader,
    paging: PagingByNumber,
    state: Literal["waiting", "sent"] | None = None,
    key: Annotated[str | None, Query(max_length=150, description="id@version")] = None,
) -> Page[AnnouncementView]:
    """What was announced to the other services, in order, and whether the topic has it yet."""
    listed = await desk.announcements.list(None if state is None else state == "sent", key)
    found = [each for each in listed if paging.after is None or each.number > paging.after]
    items = [
        AnnouncementView(
            id=each.id, key=each.key, revision=each.revision, state="sent" if each.sent else "waiting", time=each.time
        )
        for each in found[: paging.limit]
    ]
    return paging.page(items, found[paging.limit - 1].number if len(found) > paging.limit else None)


def _views(stock: Stock, kinds: Kinds, id_: str) -> list[PublishedVersion]:
    """Raises the 404 problem if there is none."""
    views = [version_view(version, stock.names, now()) for version in stock.shelf.of(id_) if version.kind == KIND[kinds]]
    if kinds == "achievements" and (stack := stock.known.level_stack.get(id_)):
        views = [
            _level_view(version, level, stock)
            for version in stock.shelf.of(stack)
            if isinstance(version.definition, Stack)
            for level in version.definition.as_achievements()
            if level.id == id_
        ]
    if not views:
        raise Problem(404, detail=f"There is no published {KIND[kinds]} {id_}.")
    return views


def _level_view(version: Version, level: Achievement, stock: Stock) -> PublishedVersion:
    """A level as the achievement that it is awarded as."""
    view = version_view(version, stock.names, now())
    said = Spoken(
        achievement=level.id, level=level.id.removeprefix(f"{version.id}."), sentence=sentence(level.requirement, stock.names)
    )
    return view.model_copy(
        update={"kind": "achievement", "id": level.id, "requirements": [said], "definition": document_of(level)}
    )


ROUTERS: Final = (authoring, endorsing, router, operating.router)

OPEN_TO_ALL: Final[tuple[BaseRoute, ...]] = tuple(
    route
    for each in (router, endorsing)
    for route in each.routes
    if isinstance(route, APIRoute) and route.methods == {"GET"} and route.endpoint is not list_publications
)
"""What is published, for pages of other origins, too."""
