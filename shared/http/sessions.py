"""Who visits a page: a bearer token, or the signed cookie of somebody who has signed in.

Nothing is kept here of those who are signed in: the cookie holds the learner's id and the scopes, for eight hours.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from typing import Annotated, Any, Final, Self
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.responses import Response

from shared.http.auth import Caller, caller_by_token
from shared.http.problems import Elsewhere, Problem, unavailable
from shared.http.roles import Roles
from shared.http.sign_in import Attempt, Provider
from shared.settings import Settings, Unset

LASTS: Final = 8 * 3600
ATTEMPT_LASTS: Final = 600
LONGEST_NEXT: Final = 2_000
LONGEST_COOKIE: Final = 4_096
LOCAL_PATH: Final = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def is_local(path: str) -> bool:
    """Whether it is a path of this service, with a query at most: nothing that a browser takes for another host's address."""
    return len(path) <= LONGEST_NEXT and LOCAL_PATH.fullmatch(path) is not None


def origin_of(address: str) -> str:
    """As browsers write it: without the port that goes without saying."""
    found = urlsplit(address)
    return f"{found.scheme}://{found.netloc}".lower().removesuffix({"https": ":443", "http": ":80"}.get(found.scheme, "-"))


class Sessions:
    """Makes and reads the cookies of a service that people reach at `outside`. Without a provider nobody can sign in."""

    def __init__(self, secret: bytes | None, outside: str, provider: Provider | None = None, roles: Roles | None = None) -> None:
        self.outside = outside
        self.provider = provider
        self.roles = roles
        self.origin = origin_of(outside)
        self.secure = outside.startswith("https://")
        prefix = "__Host-" if self.secure else ""
        self.cookie = f"{prefix}cairn"
        self.attempt_cookie = f"{prefix}cairn-sign-in"
        self._sessions = None if secret is None else _serializer(secret, "cairn session")
        self._attempts = None if secret is None else _serializer(secret, "cairn sign-in")

    @classmethod
    def from_settings(cls, settings: Settings, outside: str) -> Self:
        """Raises Unset if there is a provider and no key for cookies, or either cannot be used."""
        provider = Provider.from_settings(settings, f"{outside}/sign-in/back")
        secret = settings.secret_of_sessions()
        if provider is not None and secret is None:
            raise Unset("CAIRN_SESSION_KEY: needed because CAIRN_OIDC_ISSUER is there")
        return cls(secret, outside, provider, Roles.of(settings))

    def signed(self, learner: str, scopes: frozenset[str] = frozenset()) -> str:
        """The cookie's text for this person."""
        if self._sessions is None:
            raise unavailable(3600, "This service was started without a key for sign-in cookies.")
        return str(self._sessions.dumps({"learner": learner, "scopes": sorted(scopes)}))

    def caller_of(self, text: str | None) -> Caller | None:
        """Who the cookie says they are; None when it is not ours, was changed, or is older than eight hours."""
        said = _opened(self._sessions, text, LASTS)
        if said is None or not isinstance(learner := said.get("learner"), str) or not isinstance(said.get("scopes"), list):
            return None
        return Caller(learner, frozenset(map(str, said["scopes"])), learner, is_learner=True)

    def attempt(self, next_: str) -> Attempt:
        """A new way to the provider, with secrets of its own."""
        return Attempt(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(64), next_)

    def open(self, response: Response, text: str) -> None:
        """Let the browser keep the session, and forget the attempt."""
        self._put(response, self.cookie, text, LASTS)
        self._drop(response, self.attempt_cookie)

    def close(self, response: Response) -> None:
        self._drop(response, self.cookie)

    def remember(self, response: Response, attempt: Attempt) -> None:
        """Let the browser keep the attempt for the ten minutes that it may take."""
        if self._attempts is None:
            raise unavailable(3600, "This service was started without a key for sign-in cookies.")
        said = {"state": attempt.state, "nonce": attempt.nonce, "verifier": attempt.verifier, "next": attempt.next}
        self._put(response, self.attempt_cookie, str(self._attempts.dumps(said)), ATTEMPT_LASTS)

    def forget(self, response: Response) -> None:
        self._drop(response, self.attempt_cookie)

    def remembered(self, request: Request, state: str) -> Attempt | None:
        """The attempt that this browser was sent away with, if `state` is its own."""
        said = _opened(self._attempts, request.cookies.get(self.attempt_cookie), ATTEMPT_LASTS)
        if said is None:
            return None
        attempt = Attempt(**{name: str(said.get(name, "")) for name in ("state", "nonce", "verifier", "next")})
        if not hmac.compare_digest(attempt.state.encode(), state.encode()) or not is_local(attempt.next):
            return None
        return attempt

    def _put(self, response: Response, name: str, text: str, lasts: int) -> None:
        response.set_cookie(name, text, max_age=lasts, path="/", secure=self.secure, httponly=True, samesite="lax")

    def _drop(self, response: Response, name: str) -> None:
        response.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")


def _serializer(secret: bytes, purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt=purpose, signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256})


def _opened(serializer: URLSafeTimedSerializer | None, text: str | None, lasts: int) -> Mapping[str, Any] | None:
    if serializer is None or not text or len(text) > LONGEST_COOKIE:
        return None
    try:
        said = serializer.loads(text, max_age=lasts)
    except BadData:
        return None
    return said if isinstance(said, dict) else None


def sessions_of(request: Request) -> Sessions | None:
    """Those of the app; None where it has no pages to sign in to."""
    found: Sessions | None = getattr(request.app.state, "sessions", None)
    return found


def bearer_of(request: Request) -> HTTPAuthorizationCredentials | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    return HTTPAuthorizationCredentials(scheme=scheme, credentials=token.strip())


async def visitor(request: Request) -> Caller | None:
    """Who visits, if they say so: by a bearer token, or else by the session's cookie.

    Raises the 401 problem for a token that is not accepted: who shows one wants to be taken for its subject, not for nobody.
    """
    if (credentials := bearer_of(request)) is not None:
        return await caller_by_token(request, credentials)
    sessions = sessions_of(request)
    return None if sessions is None else sessions.caller_of(request.cookies.get(sessions.cookie))


async def signed_in(request: Request) -> Caller:
    """The visitor; a browser without one is sent to sign in and comes back, everybody else gets the 401 problem."""
    caller = await visitor(request)
    if caller is not None:
        return caller
    sessions = sessions_of(request)
    if sessions is not None and wants_page(request):
        raise Elsewhere(sign_in_address(sessions, _place(request)))
    raise Problem(401, detail="This needs a bearer token, or somebody signed in.", headers={"www-authenticate": "Bearer"})


def sign_in_address(sessions: Sessions, next_: str) -> str:
    """Where to sign in, to come back to `next_`, a path of this service."""
    return f"{sessions.outside}/sign-in?next={quote(next_ if is_local(next_) else '/', safe='/')}"


def wants_page(request: Request) -> bool:
    """Whether a browser asks, rather than a program."""
    return "text/html" in request.headers.get("accept", "")


def _place(request: Request) -> str:
    """Where to come back to: the page itself, or the one that held the form."""
    if request.method in ("GET", "HEAD"):
        query = request.url.query
        return request.url.path + (f"?{query}" if query else "")
    referer = request.headers.get("referer", "")
    own = sessions_of(request)
    if own is None or origin_of(referer) != own.origin:
        return "/"
    return urlsplit(referer).path.removeprefix(urlsplit(own.outside).path) or "/"


async def same_origin(request: Request) -> None:
    """A dependency of everything that a cookie's owner can change: the request comes from a page of this service, by the
    browser's own word (Sec-Fetch-Site, Origin), or brings a bearer token, which no other page can make a browser send.

    Raises the 403 problem.
    """
    if bearer_of(request) is not None:
        return
    sessions = sessions_of(request)
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    here = sessions is not None and origin is not None and origin.lower() == sessions.origin
    elsewhere = (site is not None and site != "same-origin") or (origin not in (None, "null") and not here)
    if elsewhere or not (here or site == "same-origin"):
        where = "" if sessions is None else f" Open the page at {sessions.outside} and try again there."
        raise Problem(403, "The request does not come from this site", f"No page of this service sent it.{where}")


Visitor = Annotated[Caller | None, Depends(visitor)]
SignedIn = Annotated[Caller, Depends(signed_in)]
SameOrigin = Depends(same_origin)
