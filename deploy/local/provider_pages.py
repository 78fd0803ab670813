"""What the local OpenID Connect provider answers: its configuration and keys, the page to choose a learner, and tokens."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote_plus

import httpx
from fastapi import FastAPI, Form, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from joserfc import jwt
from pydantic import TypeAdapter, ValidationError

from deploy.local.provider_keys import keys_in
from shared.events.envelope import LearnerId

PEOPLE = "people.json"
CLIENTS = "clients.json"
CODES_LAST = 60
TOKENS_LAST = 600
LEARNER: TypeAdapter[str] = TypeAdapter(LearnerId)
PRIVATE = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'"
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1.05rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 34rem; padding: 0 1rem; }}
button, input {{ font: inherit; padding: .5rem .75rem; }}
input {{ box-sizing: border-box; width: 100%; }}
.people button {{ display: block; width: 100%; text-align: start; margin: .5rem 0; }}
</style>
</head>
<body><main><h1>{title}</h1>
{body}
</main></body>
</html>
"""
FORM = """\
<p>This sign-in service belongs to a Cairn on this machine. It asks for no password: choose who you are.</p>
<form class="people" method="post" action="/authorize">{hidden}{people}</form>
<h2>Somebody else</h2>
<form method="post" action="/authorize">{hidden}
<p><label for="learner">The learner's id</label>
<input id="learner" name="learner" required maxlength="255" autocomplete="off"></p>
<p><label for="scopes">Scopes of staff, if any</label>
<input id="scopes" name="scopes" maxlength="500" autocomplete="off"></p>
<p><label for="roles">Roles, if any</label>
<input id="roles" name="roles" maxlength="500" autocomplete="off"></p>
<p><button>Sign in</button></p></form>
"""


class NotAsked(Exception):
    """A request that is none; `code` is OAuth's name of the error."""

    def __init__(self, code: str, says: str) -> None:
        self.code = code
        super().__init__(says)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for."""

    redirect: str
    challenge: str
    nonce: str | None
    learner: str
    scopes: str
    roles: tuple[str, ...]
    given_at: float


@dataclass
class Register:
    """The one client, and the codes that were given and not taken yet."""

    issuer: str
    client: str
    secret: str
    redirects: frozenset[str]
    landings: tuple[str, ...]
    folder: Path
    grants: dict[str, Grant] = field(default_factory=dict)
    access: dict[str, tuple[str, float]] = field(default_factory=dict)

    def configuration(self) -> dict[str, Any]:
        at = self.issuer
        return {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "userinfo_endpoint": f"{at}/userinfo",
            "jwks_uri": f"{at}/jwks.json",
            "end_session_endpoint": f"{at}/end-session",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "profile"],
            "claims_supported": ["iss", "sub", "aud", "exp", "iat", "nonce", "name", "learner", "cairn_scopes", "realm_access"],
            "authorization_response_iss_parameter_supported": True,
        }

    def known(self) -> dict[str, str]:
        people = self.folder / PEOPLE
        return json.loads(people.read_text()) if people.exists() else {"learner-1": "A learner"}

    def give(self, asked: Mapping[str, str], learner: str, scopes: str, roles: str) -> str:
        """A code for what was asked, good for a minute."""
        now = time.monotonic()
        self.grants = {code: grant for code, grant in self.grants.items() if now - grant.given_at < CODES_LAST}
        code = secrets.token_urlsafe(32)
        self.grants[code] = Grant(
            asked["redirect_uri"],
            asked["code_challenge"],
            asked.get("nonce"),
            learner,
            " ".join(scopes.split()),
            tuple(roles.split()),
            now,
        )
        return code

    def taken(self, code: str, redirect: str, verifier: str) -> Grant:
        """Whatever comes of it, the code is used up. Raises NotAsked."""
        grant = self.grants.pop(code, None)
        if grant is None or time.monotonic() - grant.given_at > CODES_LAST:
            raise NotAsked("invalid_grant", "there is no such code: it was used before, is too old, or never was")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if not hmac.compare_digest(challenge, grant.challenge):
            raise NotAsked("invalid_grant", "the code was asked for by somebody else: the verifier does not fit")
        if redirect != grant.redirect:
            raise NotAsked("invalid_grant", "the code was sent to another redirect_uri")
        return grant

    def tokens(self, grant: Grant) -> dict[str, Any]:
        now = int(time.time())
        roles = {"realm_access": {"roles": list(grant.roles)}} if grant.roles else {}
        about = {
            "iss": self.issuer,
            "aud": self.client,
            "iat": now,
            "exp": now + TOKENS_LAST,
            **self.about(grant.learner),
            **roles,
        }
        access = self.signed("at+jwt", {**about, "client_id": self.client, "jti": secrets.token_urlsafe(16)})
        self.access = {token: kept for token, kept in self.access.items() if kept[1] > now}
        self.access[access] = (grant.learner, now + TOKENS_LAST)
        half = base64.urlsafe_b64encode(hashlib.sha256(access.encode()).digest()[:16]).rstrip(b"=").decode()
        claims: dict[str, Any] = {**about, "auth_time": now, "at_hash": half}
        if grant.nonce:
            claims["nonce"] = grant.nonce
        if grant.scopes:
            claims["cairn_scopes"] = grant.scopes
        token = self.signed("JWT", claims)
        return {"access_token": access, "token_type": "Bearer", "expires_in": TOKENS_LAST, "id_token": token}

    def token_of(self, client: str, scope: str) -> dict[str, Any]:
        """An access token of a program's own (RFC 9068), meant for what the scope names."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": client,
            "client_id": client,
            "aud": scope or self.issuer,
            "scope": scope,
        }
        claims |= {"iat": now, "exp": now + TOKENS_LAST, "jti": secrets.token_urlsafe(16)}
        return {"access_token": self.signed("at+jwt", claims), "token_type": "Bearer", "expires_in": TOKENS_LAST, "scope": scope}

    def signed(self, kind: str, claims: Mapping[str, Any]) -> str:
        key = keys_in(self.folder)[0]
        return jwt.encode({"alg": "RS256", "typ": kind, "kid": key.kid}, dict(claims), key)

    def about(self, learner: str) -> dict[str, str]:
        name = self.known().get(learner)
        return {"sub": learner, "learner": learner, **({"name": name} if name else {})}

    def check_address(self, client: str, redirect: str) -> None:
        """Before anything is sent there. Raises NotAsked."""
        if client != self.client:
            raise NotAsked("invalid_client", f"There is only the client {self.client} here.")
        if redirect not in self.redirects:
            raise NotAsked("invalid_request", "That redirect_uri is not one of the client's.")

    def check_client(self, request: Request, client: str | None, secret: str | None, *, program: bool = False) -> str:
        """Which one it is, by Basic authentication or the form: people's sign-in, or a program. Raises NotAsked."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                client, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError) as error:
                raise NotAsked("invalid_client", "The Authorization header is not Basic's.") from error
            client, secret = unquote_plus(client), unquote_plus(secret)
        known = self.programs() if program else {self.client: self.secret}
        if client not in known or not hmac.compare_digest((secret or "").encode(), known[client].encode()):
            raise NotAsked("invalid_client", "Client or secret are not known here.")
        return client

    def programs(self) -> dict[str, str]:
        """The secrets of programs that may have tokens of their own."""
        found = self.folder / CLIENTS
        return {client: Path(at).read_text() for client, at in json.loads(found.read_text()).items()} if found.exists() else {}


def app_of(folder: Path, issuer: str, client: str, secret: str, outside: Sequence[str]) -> FastAPI:
    """The provider `issuer` for the services at the addresses `outside`. Its keys are kept in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    keys_in(folder)
    redirects = frozenset(f"{address}/sign-in/back" for address in outside)
    at = Register(issuer, client, secret, redirects, tuple(f"{one}/" for one in outside), folder)
    app = FastAPI(title="Sign-in service of this machine", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/.well-known/openid-configuration")
    async def configuration() -> JSONResponse:
        return JSONResponse(at.configuration())

    @app.get("/jwks.json")
    async def keys() -> JSONResponse:
        return JSONResponse(
            {"keys": [{**key.as_dict(private=False), "use": "sig", "alg": "RS256"} for key in keys_in(at.folder)]}
        )

    @app.get("/authorize")
    async def authorize(request: Request) -> Response:
        asked = dict(request.query_params)
        if (problem := _refused(at, asked)) is not None:
            return problem
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(asked[name])}">'
            for name in ("client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "code_challenge")
            if name in asked
        )
        hidden += '<input type="hidden" name="code_challenge_method" value="S256">'
        people = "".join(
            f'<button name="learner" value="{escape(learner)}">{escape(name)} ({escape(learner)})</button>'
            for learner, name in at.known().items()
        )
        return page("Who are you?", FORM.format(hidden=hidden, people=people))

    @app.post("/authorize")
    async def chosen(request: Request) -> Response:
        asked = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
        if (problem := _refused(at, asked)) is not None:
            return problem
        try:
            learner = LEARNER.validate_python(asked.get("learner", "").strip())
        except ValidationError:
            return page("That is no learner's id", "<p>It has no spaces and at most 255 characters.</p>", 400)
        code = at.give(asked, learner, asked.get("scopes", ""), asked.get("roles", ""))
        return _back(at, asked, code=code)

    @app.post("/token")
    async def token(
        request: Request,
        grant_type: Annotated[str, Form()] = "",
        code: Annotated[str, Form()] = "",
        redirect_uri: Annotated[str, Form()] = "",
        code_verifier: Annotated[str, Form()] = "",
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form()] = None,
    ) -> JSONResponse:
        try:
            if grant_type == "client_credentials":
                program = at.check_client(request, client_id, client_secret, program=True)
                return JSONResponse(at.token_of(program, scope), headers=PRIVATE)
            at.check_client(request, client_id, client_secret)
            if grant_type != "authorization_code":
                raise NotAsked("unsupported_grant_type", "only authorization_code and client_credentials are")
            return JSONResponse(at.tokens(at.taken(code, redirect_uri, code_verifier)), headers=PRIVATE)
        except NotAsked as error:
            status = 401 if error.code == "invalid_client" else 400
            return JSONResponse({"error": error.code, "error_description": str(error)}, status, PRIVATE)

    @app.get("/userinfo")
    async def userinfo(request: Request) -> JSONResponse:
        scheme, _, access = request.headers.get("authorization", "").partition(" ")
        learner, until = at.access.get(access, ("", 0.0))
        if scheme.lower() != "bearer" or until < time.time():
            return JSONResponse({"error": "invalid_token"}, 401, {"www-authenticate": 'Bearer error="invalid_token"'})
        return JSONResponse(at.about(learner), headers=PRIVATE)

    @app.get("/end-session")
    async def end_session(
        post_logout_redirect_uri: Annotated[str, Query()] = "", state: Annotated[str | None, Query()] = None
    ) -> Response:
        if post_logout_redirect_uri in at.landings:
            address = httpx.URL(post_logout_redirect_uri)
            return RedirectResponse(str(address if state is None else address.copy_set_param("state", state)), 303, PRIVATE)
        return page("Signed out", "<p>This sign-in service remembers nobody: you were not signed in here.</p>")

    return app


def page(title: str, body: str, status: int = 200) -> HTMLResponse:
    headers = {**PRIVATE, "content-security-policy": POLICY, "x-content-type-options": "nosniff"}
    return HTMLResponse(PAGE.format(title=escape(title), body=body), status, headers)


def _refused(at: Register, asked: Mapping[str, str]) -> Response | None:
    """The answer to a request for a code that is none: a page while it isn't known whom to send back to, else a way back."""
    try:
        at.check_address(asked.get("client_id", ""), asked.get("redirect_uri", ""))
    except NotAsked as error:
        return page("That is no way to sign in", f"<p>{escape(str(error))}</p>", 400)
    if asked.get("response_type") != "code":
        return _back(at, asked, error="unsupported_response_type")
    if "openid" not in asked.get("scope", "").split():
        return _back(at, asked, error="invalid_scope")
    if asked.get("code_challenge_method") != "S256" or len(asked.get("code_challenge", "")) != 43:
        return _back(at, asked, error="invalid_request")
    return None


def _back(at: Register, asked: Mapping[str, str], **answer: str) -> Response:
    if "state" in asked:
        answer["state"] = asked["state"]
    return RedirectResponse(str(httpx.URL(asked["redirect_uri"]).copy_merge_params({**answer, "iss": at.issuer})), 303, PRIVATE)
