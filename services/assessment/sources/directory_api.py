"""Whom names in sources mean: entered and forgotten in bulk. What was entered never comes back."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeVar

from fastapi import APIRouter, Body, Depends, Path
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.assessment.progress import Shown
from services.assessment.sources.claims import Name
from services.assessment.sources.formats.xapi.actors import normal
from services.assessment.sources.resolving import Lookup
from services.assessment.sources.sources import At
from shared.events.envelope import LearnerId
from shared.http import Caller, Problem, requires
from shared.http.problems import place_of
from shared.requirements.model import Slug

T = TypeVar("T", bound="NameIn")

router = APIRouter(tags=["directories"])

MayEnter = Annotated[Caller, Depends(requires("directory:write"))]
Directory = Annotated[Slug, Path(description="the directory's id: a source's, unless its document names another")]

MOST: Final = 1_000
"""Names in one request."""
APPLIED_AT_ONCE: Final = 500
"""Held originals that are applied before the answer; the rest follows within seconds."""


class NameIn(BaseModel):
    """As the source calls the learner: `name` in its namespace `kind`."""

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[str, Field(min_length=1, max_length=500)]
    name: Annotated[str, Field(min_length=1, max_length=1_000)]

    def lookup(self, directory: str) -> Lookup:
        name = normal(Name(self.kind, self.name))
        return Lookup(directory, name.kind, name.value)


class EntryIn(NameIn):
    learner: LearnerId


class NameItem(Shown):
    """What became of one, in the order of what was asked."""

    status: Literal["entered", "forgotten", "known", "unknown", "refused"]
    learner: str | None = None
    detail: str | None = None
    place: str | None = None


class NameItems(Shown):
    """`applied` are the held originals that could be applied at once because of it."""

    items: list[NameItem]
    applied: int = 0


class DirectoryShown(Shown):
    directory: str
    names: int
    learners: int


def _entries(model: type[BaseModel]) -> Any:
    items = {"type": "array", "maxItems": MOST, "items": model.model_json_schema()}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": items}}}}


Items = Annotated[list[Any], Body(max_length=MOST)]


@router.put("/directories/{directory}/names", openapi_extra=_entries(EntryIn))
async def enter_names(directory: Directory, entries: Items, at: At, caller: MayEnter) -> NameItems:
    """These names mean these learners from now on. What was held for want of them is applied."""
    read = [_read(EntryIn, entry, place) for place, entry in enumerate(entries)]
    names = {one.lookup(directory): one.learner for one in read if isinstance(one, EntryIn)}
    applied = await at.applying.learners_known(await at.directory.enter(names), APPLIED_AT_ONCE)
    return NameItems(items=[one if isinstance(one, NameItem) else NameItem(status="entered") for one in read], applied=applied)


@router.delete("/directories/{directory}/names", openapi_extra=_entries(NameIn))
async def forget_names(directory: Directory, names: Items, at: At, caller: MayEnter) -> NameItems:
    """These names mean nobody any more. What was applied stays applied."""
    read = [_read(NameIn, name, place) for place, name in enumerate(names)]
    lookups = [one.lookup(directory) for one in read if isinstance(one, NameIn)]
    known = await at.directory.learners(lookups)
    await at.directory.forget(known)
    return NameItems(
        items=[
            one if isinstance(one, NameItem) else NameItem(status="forgotten" if one.lookup(directory) in known else "unknown")
            for one in read
        ]
    )


@router.post("/directories/{directory}/lookups", openapi_extra=_entries(NameIn))
async def look_names_up(directory: Directory, names: Items, at: At, caller: MayEnter) -> NameItems:
    """Whom these names mean. They are not part of the address, which would be written down on the way."""
    read = [_read(NameIn, name, place) for place, name in enumerate(names)]
    lookups = [one.lookup(directory) for one in read if isinstance(one, NameIn)]
    known = await at.directory.learners(lookups)

    def item(one: NameIn | NameItem) -> NameItem:
        if isinstance(one, NameItem):
            return one
        learner = known.get(one.lookup(directory))
        return NameItem(status="unknown" if learner is None else "known", learner=learner)

    return NameItems(items=[item(one) for one in read])


@router.get("/directories/{directory}")
async def read_directory(directory: Directory, at: At, caller: MayEnter) -> DirectoryShown:
    """How much is in it."""
    names, learners = await at.directory.size(directory)
    if not names:
        raise Problem(404, detail=f"There are no names in a directory {directory}.")
    return DirectoryShown(directory=directory, names=names, learners=learners)


def _read(model: type[T], entry: Any, place: int) -> T | NameItem:
    """What is wrong is said without repeating it: it names people."""
    try:
        return model.model_validate(entry)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        return NameItem(status="refused", detail=str(first["msg"]), place=place_of(("body", place, *first["loc"])))
