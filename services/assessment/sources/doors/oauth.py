"""`POST /oauth/token`: access tokens for sources, and where clients find that out."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from services.assessment.sources.doors.bodies import media_type
from services.assessment.sources.doors.security import BY_SECRET
from services.assessment.sources.gate import REFUSED_AFTER
from services.assessment.sources.grants import GRANT, SCOPE, SCOPES, Refusal
from services.assessment.sources.jwks import ALGORITHMS
from services.assessment.sources.sources import At
from shared.http import Problem

router = APIRouter(tags=["keys of sources"])

FORM: Final = "application/x-www-form-urlencoded"
PRIVATE: Final = {"cache-control": "no-store", "pragma": "no-cache"}
FIELDS: Final = ("client_id", "client_secret", "client_assertion_type", "client_assertion", "scope")
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {"grant_type": {"const": GRANT}, **{name: {"type": "string"} for name in FIELDS}},
                }
            }
        },
    }
}
ERROR: Final[dict[str, Any]] = {
    "description": "As RFC 6749 has it: `error` and `error_description`.",
    "content": {"application/json": {"schema": {"type": "object", "required": ["error"]}}},
}


@router.post("/oauth/token", dependencies=[BY_SECRET], openapi_extra=BODY, responses={400: ERROR, 401: ERROR})
async def issue_access_token(request: Request, at: At) -> JSONResponse:
    """Client credentials: a source's key, by its id and secret (Basic, or in the form) or by an assertion that it signed."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    try:
        granted = await at.grants.grant(_form(request, await request.body()), request.headers.get("authorization"))
    except Refusal as refusal:
        if refusal.status == 401:
            await asyncio.sleep(begun + REFUSED_AFTER - loop.time())
        said = {"error": refusal.error, "error_description": refusal.description}
        challenge = {"www-authenticate": 'Basic realm="cairn"'} if refusal.status == 401 else {}
        return JSONResponse(said, refusal.status, PRIVATE | challenge)
    answer = {"access_token": granted.token, "token_type": "Bearer", "expires_in": granted.seconds, "scope": granted.scope}
    return JSONResponse(answer, headers=PRIVATE)


@router.get("/.well-known/oauth-authorization-server")
async def read_authorization_server(at: At) -> JSONResponse:
    """Where access tokens are had, and how (RFC 8414)."""
    described = {
        "issuer": at.grants.address,
        "token_endpoint": at.grants.endpoint,
        "grant_types_supported": [GRANT],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "scopes_supported": [SCOPE, *(scope for scopes in SCOPES.values() for scope in scopes)],
    }
    return JSONResponse(described, headers={"cache-control": "max-age=300"})


def _form(request: Request, body: bytes) -> dict[str, str]:
    """Raises Refusal for what is no form, or has something twice."""
    try:
        media_type(request, FORM)
        pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=50)
    except (Problem, ValueError) as error:
        raise Refusal("invalid_request", f"the request's body must be {FORM}") from error
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refusal("invalid_request", "something is in the form more than once")
    return {name: value for name, value in found.items() if value}
