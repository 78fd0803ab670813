"""What all pages of this service have in common: who may open which, and the desk's places."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.responses import Response

from shared.http import Caller
from shared.http.auth import forbidden
from shared.http.sessions import signed_in
from shared.pages import Pages


def _(text: str) -> str:
    """Marks a text for translation."""
    return text


@dataclass(frozen=True)
class Place:
    """A part of the desk. Whoever has one of the scopes may open it; `reviews:assess:<issuer>` counts as `reviews:assess`."""

    path: str
    name: str
    says: str
    scopes: tuple[str, ...]

    def is_open_to(self, caller: Caller) -> bool:
        return has_any(caller, self.scopes)


PLACES: Final = (
    Place(
        "/desk/reviews",
        _("Reviews"),
        _("Evidence that was handed in and waits for somebody's judgement."),
        ("reviews:assess", "reviews:read"),
    ),
    Place(
        "/desk/submissions",
        _("Submissions for learners"),
        _("Evidence that you hand in for your learners."),
        ("submissions:write",),
    ),
    Place(
        "/desk/sources",
        _("Sources"),
        _("The systems that report completions: how they are, and what became of what they sent."),
        ("sources:read",),
    ),
    Place(
        "/desk/operations",
        _("Operations"),
        _("How the stream stands, its dead letters, and one learner's way."),
        ("operations:read",),
    ),
)
"""In the order in which they are shown."""


def has_any(caller: Caller, scopes: tuple[str, ...]) -> bool:
    return any(held == scope or held.startswith(f"{scope}:") for held in caller.scopes for scope in scopes)


def opens_to(*scopes: str) -> Callable[..., Awaitable[Caller]]:
    """A dependency of a page: who is signed in, or brings a token, and has one of the scopes. Raises the 403 problem."""

    async def caller(caller: Annotated[Caller, Depends(signed_in)]) -> Caller:
        if not has_any(caller, scopes):
            raise forbidden(scopes[0], f"This needs the scope {' or '.join(scopes)}.")
        return caller

    return caller


def pages_of(request: Request) -> Pages:
    found: Pages = request.app.state.pages
    return found


In = Annotated[Pages, Depends(pages_of)]
Staff = Annotated[Caller, Depends(opens_to(*(scope for place in PLACES for scope in place.scopes)))]


def desk_page(request: Request, pages: Pages, caller: Caller, template: str, status: int = 200, **context: Any) -> Response:
    """A page of the desk: the template extends `desk/frame.html` and fills its block `desk`."""
    desk_places = [
        {"address": place.path, "name": pages.text(request, place.name), "says": pages.text(request, place.says)}
        for place in PLACES
        if place.is_open_to(caller)
    ]
    return pages.render(request, template, status, signed_in=True, desk_places=desk_places, **context)
