"""Pages for operators, the same in each service that streams: its stream, its dead letters, and one learner's way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path as Folder
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import TypeAdapter, ValidationError

from shared.dead_letters.letters import Letter
from shared.dead_letters.original import document_of
from shared.events.envelope import LearnerId
from shared.http.auth import Caller, forbidden
from shared.http.grounds import GivenReason
from shared.http.paging import BY_NUMBER, cursor_of, position_of
from shared.http.problems import Problem
from shared.http.sessions import SameOrigin, signed_in
from shared.operations.api import READ, WRITE, At, Offset, Partition
from shared.operations.desk import Operations, document_text
from shared.pages import Pages

router = APIRouter(include_in_schema=False, prefix="/desk/operations")

FOLDER: Final = Folder(__file__).parent
"""Its `templates` and `locales` are given to the service's pages."""
AT_ONCE: Final = 50
STEPS: Final = 500
EDITABLE: Final = 100_000
"""Characters of an original that a form holds."""
REASON: Final[TypeAdapter[str]] = TypeAdapter(GivenReason)
LEARNER: Final[TypeAdapter[str]] = TypeAdapter(LearnerId)


def _(text: str) -> str:
    """Marks a text for translation."""
    return text


NAMES: Final = {"assessment": _("Assessment"), "awarding": _("Awarding"), "notifications": _("Notifications")}
NOTICES: Final = {
    "pause": _("The stream stops within seconds."),
    "resume": _("The stream goes on within seconds."),
    "redriven": _("It is on its way again. If it is refused once more, it is a dead letter once more."),
}


def opens_to(scope: str) -> Any:
    async def caller(caller: Annotated[Caller, Depends(signed_in)]) -> Caller:
        if not caller.may(scope):
            raise forbidden(scope, f"This needs the scope {scope}.")
        return caller

    return Depends(caller)


def pages_of(request: Request) -> Pages:
    found: Pages = request.app.state.pages
    return found


In = Annotated[Pages, Depends(pages_of)]
Reader = Annotated[Caller, opens_to(READ)]
Writer = Annotated[Caller, opens_to(WRITE)]
Done = Literal["pause", "resume", "redriven"]


@router.get("")
async def show_standing(request: Request, at: At, caller: Reader, pages: In, done: Done | None = None) -> Response:
    return _page(request, at, pages, caller, "standing.html", it=await at.standing(), notice=_notice(request, pages, done))


@router.post("/pause", dependencies=[SameOrigin])
async def pause_stream(request: Request, at: At, caller: Writer, pages: In) -> Response:
    try:
        reason = REASON.validate_python((await request.form()).get("reason", ""))
    except ValidationError as error:
        raise Problem(422, detail="Say why the stream is paused, in words.") from error
    await at.pause(caller.subject, reason)
    return _back(pages, "", "pause")


@router.post("/resume", dependencies=[SameOrigin])
async def resume_stream(at: At, caller: Writer, pages: In) -> Response:
    await at.resume(caller.subject)
    return _back(pages, "", "resume")


@router.get("/dead-letters")
async def show_letters(
    request: Request, at: At, caller: Reader, pages: In, cursor: Annotated[str | None, Query(max_length=200)] = None
) -> Response:
    latest = await at.letters()
    start = 0 if cursor is None else max(len(latest.letters) - position_of(cursor, BY_NUMBER), 0)
    shown, rest = latest.letters[start : start + AT_ONCE], latest.letters[start + AT_ONCE :]
    return _page(
        request,
        at,
        pages,
        caller,
        "letters.html",
        letters=[_letter(letter) for letter in shown],
        waiting=latest.waiting,
        more=latest.more,
        next=cursor_of(len(rest)) if rest else None,
    )


@router.get("/dead-letters/{partition}/{offset}")
async def show_letter(
    request: Request, partition: Partition, offset: Offset, at: At, caller: Reader, pages: In, done: Done | None = None
) -> Response:
    return _letter_page(request, at, pages, caller, await at.letter(partition, offset), notice=_notice(request, pages, done))


@router.post("/dead-letters/{partition}/{offset}", dependencies=[SameOrigin])
async def redrive_letter(request: Request, partition: Partition, offset: Offset, at: At, caller: Writer, pages: In) -> Response:
    form = await request.form()
    letter = await at.letter(partition, offset)
    original = str(form["original"]) if "original" in form else None
    if letter.redriven_at is not None and "again" not in form:
        raise Problem(409, "It was sent again before", "Say on its page that it shall be once more.")
    try:
        await at.redrive(letter, caller.subject, original)
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return _letter_page(request, at, pages, caller, letter, problem.status, text=original, error=problem.detail)
    return _back(pages, f"/dead-letters/{partition}/{offset}", "redriven")


@router.get("/learners")
async def show_journey(
    request: Request, at: At, caller: Reader, pages: In, learner: Annotated[str, Query(max_length=255)] = ""
) -> Response:
    journey = None
    if learner:
        try:
            journey = await at.journey(LEARNER.validate_python(learner), STEPS)
        except ValidationError as error:
            raise Problem(422, detail="That is no learner's id.") from error
    return _page(request, at, pages, caller, "journey.html", learner=learner, journey=journey)


def _page(
    request: Request, at: Operations, pages: Pages, caller: Caller, template: str, status: int = 200, **context: Any
) -> Response:
    services = [
        {"name": pages.text(request, name), "address": f"{at.places[service]}/desk/operations", "here": service == at.service}
        for service, name in NAMES.items()
        if service in at.places
    ]
    return pages.render(
        request,
        f"operations/{template}",
        status,
        signed_in=True,
        services=services,
        service_name=pages.text(request, NAMES[at.service]),
        may_write=caller.may(WRITE),
        **{"notice": None, **context},
    )


def _letter_page(
    request: Request,
    at: Operations,
    pages: Pages,
    caller: Caller,
    letter: Letter,
    status: int = 200,
    *,
    text: str | None = None,
    **context: Any,
) -> Response:
    """`text` is the original as it was edited."""
    original = text or document_text(document_of(letter))
    return _page(
        request,
        at,
        pages,
        caller,
        "letter.html",
        status,
        letter=_letter(letter),
        original=original if len(original) <= EDITABLE else original[:EDITABLE] + " …",
        editable=len(original) <= EDITABLE,
        **{"error": None, **context},
    )


def _letter(letter: Letter) -> Mapping[str, Any]:
    names = ("partition", "offset", "reason", "type", "origin", "trace", "truncated_from")
    fields = {name: getattr(letter, name) for name in names}
    return {**fields, "came_at": _time(letter.came_at), "redriven_at": _time(letter.redriven_at)}


def _time(text: str | None) -> datetime | None:
    """None for a text that is no time."""
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return None


def _notice(request: Request, pages: Pages, done: Done | None) -> str | None:
    return None if done is None else pages.text(request, NOTICES[done])


def _back(pages: Pages, path: str, done: Done) -> Response:
    return RedirectResponse(f"{pages.site.prefix}/desk/operations{path}?done={done}", 303)
