"""What the pages of one source have in common: its places, who may do what, and what is said after something was done."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final

from babel.dates import format_timedelta
from fastapi import Depends, Path, Query, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from services.assessment.pages.evidence import back_to
from services.assessment.pages.frame import _, desk_page
from services.assessment.pages.plain import plain
from services.assessment.sources.api import registered
from services.assessment.sources.formats import FORMATS
from services.assessment.sources.registry import Registered
from services.assessment.sources.sources import At
from shared.http import Caller, Problem
from shared.http.auth import forbidden
from shared.http.sessions import signed_in
from shared.pages import Pages
from shared.pages.formats import Formats
from shared.requirements.model import Slug

LOOK: Final = "sources:read"
CHANGE: Final = "sources:write"
ENTER_NAMES: Final = "directory:write"
SEE_NAMES: Final = "originals:read"

TABS: Final = (
    ("", _("How it is")),
    ("/document", _("Document")),
    ("/keys", _("Keys")),
    ("/trial", _("Try")),
    ("/held", _("Held")),
    ("/files", _("Files")),
    ("/reruns", _("Read again")),
)
"""The pages of a source, by the ends of their addresses."""

NOTICES: Final = {
    "registered": _("It is registered. Next it needs a key, if its format has any."),
    "changed": _("The document is in force."),
    "unchanged": _("That is what is in force already."),
    "paused": _("It is paused: its senders are told to come later."),
    "not_read": _("It is paused: nothing is read from its topics until it goes on."),
    "resumed": _("It goes on."),
    "retired": _("The key opens nothing any more."),
    "retiring": _("The key will be retired then."),
    "entered": _("Entered. What waited for it is applied now, or within seconds."),
    "discarded": _("Given up. It counts as refused, for the reason that you gave, and may be sent again."),
    "brought": _("The file is here and is being worked on."),
    "known": _("This file was brought before. Here is what became of it."),
    "cancelled": _("Nothing more is taken from it."),
    "asked": _("It is being read again."),
}


def may(*scopes: str) -> Any:
    """A dependency of a page: whoever is signed in and has all of these scopes. Raises the 403 problem."""

    async def caller(caller: Annotated[Caller, Depends(signed_in)]) -> Caller:
        missing = next((scope for scope in scopes if not caller.may(scope)), None)
        if missing is not None:
            raise forbidden(missing, f"This needs the scope {missing}.")
        return caller

    return caller


Looking = Annotated[Caller, Depends(may(LOOK))]
Changing = Annotated[Caller, Depends(may(LOOK, CHANGE))]


async def _the_source(source: Annotated[Slug, Path()], caller: Looking, at: At) -> Registered:
    return await registered(at, source)


Of = Annotated[Registered, Depends(_the_source)]
"""The source that the address names. Raises the 404 problem."""
Done = Annotated[str | None, Query(max_length=50)]


def source_page(
    request: Request,
    pages: Pages,
    caller: Caller,
    of: Registered,
    template: str,
    status: int = 200,
    *,
    done: str | None = None,
    error: str | None = None,
    **context: Any,
) -> Response:
    """A page of a source: the template extends `desk/sources/frame.html` and fills its block `source`."""
    here = f"/desk/sources/{of.source.id}"
    tabs = [
        {"address": f"{pages.site.prefix}{here}{end}", "name": pages.text(request, name), "end": end}
        for end, name in TABS
        if end != "/keys" or FORMATS[of.source.format].keys
    ]
    return desk_page(
        request,
        pages,
        caller,
        template,
        status,
        it=of.source,
        paused=of.paused,
        format_title=FORMATS[of.source.format].title,
        here=f"{pages.site.prefix}{here}",
        tab=request.url.path.removeprefix(here),
        tabs=tabs,
        may_change=caller.may(CHANGE),
        notice=pages.text(request, NOTICES[done]) if done in NOTICES else None,
        error=error,
        **context,
    )


def back(pages: Pages, source: str, end: str = "", done: str | None = None) -> Response:
    return back_to(pages, f"/desk/sources/{source}{end}", done)


def lasted(pages: Pages, request: Request, time: timedelta) -> str:
    """ "3 hours", "2 days": exact enough for people."""
    return format_timedelta(time, threshold=1.5, locale=Formats(pages.language_of(request)).locale)


def kept(form: FormData, name: str) -> str:
    """What somebody typed, as they typed it."""
    value = form.get(name, "")
    return "" if isinstance(value, UploadFile) else value.replace("\r\n", "\n")


def told(pages: Pages, request: Request, problem: Problem) -> str:
    """What is wrong, with the places, in a sentence or two."""
    errors = problem.members.get("errors", ())
    says = [f"{error['place'].removeprefix('body.')}: {plain(pages, request, error['message'])}" for error in errors]
    return "; ".join(says) or pages.text(request, problem.detail or problem.title)
