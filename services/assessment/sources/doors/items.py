"""What is answered to a batch: what became of each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

from fastapi.responses import JSONResponse
from pydantic import Field

from services.assessment.progress import Shown
from services.assessment.sources.claims import Kind, Outcome, Wrong
from services.assessment.sources.document import Source
from services.assessment.sources.sources import Sources
from shared.http import Problem
from shared.http.problems import phrase


class Item(Shown):
    id: str | None
    status: Kind
    detail: Annotated[str | None, Field(description="why it is held, ignored or refused")] = None
    place: Annotated[str | None, Field(description="where in it the trouble is")] = None
    code: Annotated[int | None, Field(description="of what is refused, the HTTP status that it would have alone")] = None

    @classmethod
    def of(cls, outcome: Outcome) -> Item:
        return cls(id=outcome.id, status=outcome.kind, detail=outcome.detail, place=outcome.place, code=outcome.status)


class Items(Shown):
    """One for each that was sent, in order."""

    items: tuple[Item, ...]


RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": Items, "description": "What became of each. What is accepted or held is safely here."},
    400: {"description": "The body cannot be read."},
    401: {"description": "Whoever sent it did not show to be the source."},
    403: {"description": "The key is another source's, or the source is of another format."},
    404: {"description": "There is no such source."},
    413: {"description": "It is too large."},
    415: {"description": "Of that media type nothing is understood."},
    429: {"description": "More than the source's quota; Retry-After says when there is room again."},
    503: {"description": "Something needed is away, or the source is paused; send it again."},
}


UNREADABLE: Final = frozenset({400, 413, 415, 422})


@asynccontextmanager
async def reading(at: Sources, source: Source) -> AsyncIterator[None]:
    """Around what takes a request of a source apart: one that cannot be read as a whole counts as one original that is refused,
    for the reason that it is answered with. Otherwise nobody here would see that a source sends nothing but such.
    """
    try:
        yield
    except Problem as problem:
        if problem.status in UNREADABLE:
            await at.gate.admit(source, 1)
            await at.intake.take(source, [Wrong(problem.detail or problem.title, status=problem.status)])
        raise


async def delivered(at: Sources, source: Source, originals: Sequence[Any], *, always: bool = False) -> JSONResponse:
    """Take them in and say what became of each. Raises the problem of the worst where all are refused, unless `always`: for
    senders that take an error for an endpoint that is broken, and stop or send it again for ever.
    """
    if originals:
        await at.gate.admit(source, len(originals))
    return answered(await at.intake.take(source, originals) if originals else [], always=always)


def detail_of(outcome: Outcome) -> str | None:
    """Why, with the place, where there is one."""
    return f"{outcome.place}: {outcome.detail}" if outcome.place and outcome.detail else outcome.detail


def answered(outcomes: Sequence[Outcome], *, always: bool = False) -> JSONResponse:
    """What became of each. Raises the problem of the worst where all are refused, unless `always`."""
    items = Items(items=tuple(map(Item.of, outcomes))).model_dump(mode="json", exclude_none=True)
    refused = [outcome for outcome in outcomes if outcome.kind is Kind.REFUSED]
    if not always and outcomes and len(refused) == len(outcomes):
        status = max(outcome.status or 422 for outcome in refused)
        detail = detail_of(refused[0]) if len(refused) == 1 else f"None of the {len(refused)} is accepted."
        raise Problem(status, f"Nothing is accepted: {phrase(status)}", detail, **items)
    return JSONResponse(items, 202)
