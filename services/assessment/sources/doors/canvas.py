"""`POST /sources/{source}/canvas`: live events by HTTPS, signed or with a key of the source."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from services.assessment.sources.document import Source
from services.assessment.sources.doors.bodies import JSON, json_in, media_type, parsed
from services.assessment.sources.doors.items import RESPONSES, delivered, reading
from services.assessment.sources.doors.signed import Forged, claims_of, signed_in, verified
from services.assessment.sources.formats.canvas import Options
from services.assessment.sources.gate import CHALLENGE, REFUSED_AFTER
from services.assessment.sources.jwks import NoKeys, public_keys
from services.assessment.sources.sources import At, Sources
from shared.http import Problem
from shared.http.problems import unavailable
from shared.requirements.model import Slug

log = logging.getLogger(__name__)

router = APIRouter(tags=["what sources send"])

JWT: Final = "application/jwt"
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            JWT: {"schema": {"type": "string", "description": "the event in the claims of a signed JWT"}},
            JSON: {
                "schema": {
                    "type": "object",
                    "required": ["metadata", "body"],
                    "properties": {"metadata": {"type": "object"}, "body": {"type": "object"}},
                }
            },
        },
    }
}
UNPROVEN: Final = (
    "The event is not accepted: no key that may sign for such a source has signed it, or it has ended or is not good yet; and no "
    "other key of the source is shown (Basic, an access token, or a webhook's signature)."
)
OF_THE_TOKEN: Final = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})


@router.post("/sources/{source}/canvas", openapi_extra=BODY, responses=RESPONSES, status_code=202)
async def take_canvas(source: Slug, request: Request, at: At) -> JSONResponse:
    """An event or a list of them in Canvas's own format, as JSON or in a signed JWT. What is refused is answered with 202 too,
    for Canvas gives a subscription up whose deliveries fail.
    """
    body = await request.body()
    token = signed_in(body)
    if token is None:
        known = await at.gate.source_of(request, "canvas", slug=source, body=body)
        async with reading(at, known):
            media_type(request, JSON)
            found = json_in(body)
    else:
        known, found = await _opened(source, request, at, body, token)
    return await delivered(at, known, found if isinstance(found, list) else [found], always=True)


async def _opened(slug: str, request: Request, at: Sources, body: bytes, token: str) -> tuple[Source, Any]:
    """Whose event it is, and the event. Who has proven nothing learns nothing of which sources there are, and how they sign."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    registered = await at.registry.one(slug)
    options = None if registered is None else registered.source.options
    signers = options.signers if isinstance(options, Options) else None
    try:
        if signers is None:
            source = await at.gate.source_of(request, "canvas", slug=slug, body=body)
            claims = claims_of(token)
        else:
            keys = public_keys(signers.jwks) if signers.jwks is not None else await at.grants.key_sets.at(signers.jwks_uri or "")
            claims = verified(token, keys)
            source = await at.gate.open_to(slug, "canvas")
    except (Forged, Problem) as error:
        if isinstance(error, Problem) and error.status != 401:
            raise
        log.info("a signed event is not accepted: %s", error if isinstance(error, Forged) else "no key", extra={"source": slug})
        await asyncio.sleep(begun + REFUSED_AFTER - loop.time())
        raise Problem(401, detail=UNPROVEN, headers={"www-authenticate": CHALLENGE}) from error
    except NoKeys as error:
        log.warning("the keys that sign a source's events are not to be had: %s", error, extra={"source": slug})
        raise unavailable(30, "The signature cannot be checked now. Send the event again later.") from error
    async with reading(at, source):
        try:
            found = parsed(claims)
        except ValueError as error:
            raise Problem(400, "The event cannot be read", "The claims of the token are not JSON.") from error
    if isinstance(found, dict):
        return source, {name: value for name, value in found.items() if name not in OF_THE_TOKEN}
    return source, found
