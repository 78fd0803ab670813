"""The pages between a service and the provider: to sign in, to come back, to sign out."""

from __future__ import annotations

import logging
from html import escape
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shared.http.auth import Untrusted, caller_of
from shared.http.problems import Problem, unavailable
from shared.http.sessions import SameOrigin, Sessions, is_local, sessions_of
from shared.http.sign_in import NotSignedIn, Provider, ProviderAway

log = logging.getLogger(__name__)

router = APIRouter(tags=["sign-in"], include_in_schema=False)

PRIVATE: Final = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
LEAVING: Final = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Signed out</title><meta http-equiv="refresh" content="0; url={address}"></head>
<body><main><h1>Signed out</h1><p><a href="{address}">Sign out of the sign-in service, too</a></p></main></body>
</html>
"""


@router.get("/sign-in")
async def sign_in(request: Request, next_: Annotated[str, Query(alias="next")] = "/") -> Response:
    """Send the browser to the provider; who is signed in already goes on to `next`."""
    if not is_local(next_):
        raise Problem(400, "The address to come back to is not one of this service", "`next` is a path that begins with one /.")
    sessions, provider = _needed(request)
    if sessions.caller_of(request.cookies.get(sessions.cookie)) is not None:
        return RedirectResponse(sessions.outside + next_, 303, PRIVATE)
    attempt = sessions.attempt(next_)
    try:
        address = await provider.address(attempt)
    except ProviderAway as error:
        raise _away(error) from error
    except NotSignedIn as error:
        raise _unusable(error) from error
    response = RedirectResponse(address, 303, PRIVATE)
    sessions.remember(response, attempt)
    return response


@router.get("/sign-in/back")
async def sign_in_back(
    request: Request,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str | None, Query(max_length=4_000)] = None,
    iss: Annotated[str | None, Query(max_length=2_000)] = None,
    error: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Where the provider sends the browser back to."""
    sessions, provider = _needed(request)
    attempt = sessions.remembered(request, state)
    if attempt is None:
        raise Problem(
            400,
            "This sign-in was not begun here",
            f"It was begun in another window or more than ten minutes ago. Begin anew at {sessions.outside}/sign-in.",
            sign_in="not_begun",
        )
    if error is not None or not code:
        log.info("somebody came back from the provider without signing in")
        detail = f"The provider sent no code. Try again at {sessions.outside}/sign-in."
        raise Problem(403, "You have not signed in", detail, sign_in="not_signed_in")
    try:
        text = _session(sessions, await provider.claims(attempt, code, iss))
    except ProviderAway as away:
        raise _away(away) from away
    except NotSignedIn as refusal:
        raise _unusable(refusal) from refusal
    response = RedirectResponse(sessions.outside + attempt.next, 303, PRIVATE)
    sessions.open(response, text)
    return response


@router.post("/sign-out", dependencies=[SameOrigin])
async def sign_out(request: Request) -> Response:
    """Forget the session, and go on to sign out of the provider if it can.

    Browsers refuse a form's redirect to another site where a page's policy allows forms here only, so the way there is a page.
    """
    sessions = sessions_of(request)
    if sessions is None:
        raise unavailable(3600, "Nobody can sign in to this service.")
    landing = f"{sessions.outside}/"
    address = None if sessions.provider is None else await sessions.provider.end(landing)
    response: Response
    if address is None:
        response = RedirectResponse(landing, 303, PRIVATE)
    elif (pages := getattr(request.app.state, "pages", None)) is not None:
        response = pages.render(request, "signed_out.html", address=address)
    else:
        response = HTMLResponse(LEAVING.format(address=escape(address)), headers=PRIVATE)
    sessions.close(response)
    return response


def _session(sessions: Sessions, claims: Any) -> str:
    """The learner is whom `learner` names, or else the subject; `cairn_scopes` or `scope`, and roles, say what they may."""
    scope = claims.get("cairn_scopes", claims.get("scope", ""))
    try:
        caller = caller_of({**claims, "scope": " ".join(map(str, scope)) if isinstance(scope, list) else scope}, sessions.roles)
    except Untrusted as error:
        raise NotSignedIn(str(error)) from error
    return sessions.signed(caller.learner, caller.scopes)


def _needed(request: Request) -> tuple[Sessions, Provider]:
    sessions = sessions_of(request)
    if sessions is None or sessions.provider is None:
        detail = "This service was started without a provider to sign in with (CAIRN_OIDC_ISSUER). Bearer tokens are accepted."
        raise Problem(503, "Nobody can sign in here", detail, headers={"retry-after": "3600"}, sign_in="unset")
    return sessions, sessions.provider


def _away(error: ProviderAway) -> Problem:
    log.warning("the sign-in provider is away: %s", error)
    detail = "The provider that people sign in with does not answer; please try again."
    return Problem(503, "Not available at the moment", detail, headers={"retry-after": "5"}, sign_in="away")


def _unusable(error: NotSignedIn) -> Problem:
    log.warning("a sign-in was not accepted: %s", error)
    return Problem(502, "The sign-in was not accepted", f"Reason: {error}.", sign_in="not_accepted")
