"""HTTP: credentials and records, for whom they concern; with them what everybody may read (`public`)."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from services.awarding.credentials import public
from services.awarding.credentials.counter import Accept, At, office_of, private
from services.awarding.credentials.document import Unmakeable
from services.awarding.credentials.forms import MEDIA_TYPES, Algorithm, Form, accepted, attachment
from services.awarding.credentials.keyring import NoKey
from services.awarding.credentials.office import Made
from shared.events.envelope import LearnerId
from shared.http import Problem, may_see_learner
from shared.http.auth import Authenticated, forbidden
from shared.requirements.model import Slug

AGAIN_AFTER: Final = 5

AwardId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="the award's public id")]
Learner = Annotated[LearnerId, Path(description="the learner's id")]


learners = APIRouter(tags=["credentials"])


def add_credentials(app: FastAPI) -> None:
    """The routes, and answers to what keeps a credential from being made."""
    for router in (learners, public.router, public.profiles):
        app.include_router(router)
    app.add_exception_handler(Unmakeable, _unmakeable)
    app.add_exception_handler(NoKey, _no_key)


async def _unmakeable(request: Request, error: Exception) -> JSONResponse:
    return Problem(503, "The credential cannot be made", f"It has to be issued again: {error}.").response()


async def _no_key(request: Request, error: Exception) -> JSONResponse:
    return Problem(503, "There is no key for that", str(error), headers={"retry-after": "60"}).response()


FORMS_SAID: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The credential.",
        "content": {media_type: {} for media_type in (*MEDIA_TYPES.values(), "application/vc+jwt")},
    },
    404: {"description": "There is no such award, or nothing has been issued for it yet."},
    406: {"description": "It is handed out in other forms than those that are accepted."},
    503: {"description": "It cannot be made: no keys, or it has to be issued again."},
}


@learners.get("/awards/{award}/credential", response_class=Response, responses=FORMS_SAID)
async def read_credential(
    award: AwardId,
    at: At,
    caller: Authenticated,
    accept: Accept = None,
    form: Annotated[Form | None, Query(alias="format", description="instead of the header Accept")] = None,
    alg: Annotated[Algorithm, Query(description="of a JWT")] = "RS256",
) -> Response:
    """The credential that proves an award: JSON with its proof, a JWT, or a picture with it inside. For the learner, too."""
    document = await at.shelves.award(award)
    if not caller.may_see("" if document is None else document["learner"], "awards:read"):
        raise forbidden("awards:read", "This needs the scope awards:read; with self:read a learner sees their own.")
    if document is None:
        raise Problem(404, detail="There is no such award.")
    made = await office_of(at).credential(award)
    if made is None:
        raise Problem(
            404,
            "No credential yet",
            "Nothing has been issued for this award. A credential follows its award within seconds.",
            headers={"retry-after": str(AGAIN_AFTER)},
        )
    chosen, media_type = _chosen(accept, form)
    content = await asyncio.to_thread(_content, made, chosen, alg)
    return Response(content, media_type=media_type, headers=private(attachment(made.document["name"], chosen)))


@learners.get(
    "/learners/{learner}/record",
    response_class=Response,
    responses=FORMS_SAID,
    dependencies=[Depends(may_see_learner("awards:read"))],
)
async def read_record(
    learner: Learner,
    at: At,
    accept: Accept = None,
    form: Annotated[Form | None, Query(alias="format", description="json or jwt, instead of the header Accept")] = None,
    stack: Annotated[Slug | None, Query(description="only this stack and what it rests on")] = None,
) -> Response:
    """All that a learner holds as one signed record (CLR 2.0), each part signed by itself, with how the parts stack."""
    office_of(at)
    chosen, media_type = _chosen(accept, form)
    if chosen not in ("json", "jwt"):
        raise Problem(406, detail="A record is handed out as JSON or as a JWT.")
    found = None if at.registry is None else await at.registry.record(learner, stack)
    if found is None:
        raise Problem(404, detail="Nothing has been issued to this learner that could stand in a record.")
    if chosen == "jwt" and found.token is None:
        raise NoKey("The institution has no RSA key to sign a JWT with; ask for JSON.")
    content = found.json() if chosen == "json" else found.token
    return Response(content, media_type=media_type, headers=private(attachment("record", chosen)))


def _chosen(accept: str | None, form: Form | None) -> tuple[Form, str]:
    chosen = accepted(accept, form)
    if chosen is None:
        raise Problem(406, detail=f"A credential is handed out as {', '.join(MEDIA_TYPES.values())}; or say ?format=json.")
    return chosen


def _content(made: Made, form: Form, alg: Algorithm) -> bytes | str:
    match form:
        case "json":
            return made.json()
        case "jwt":
            return made.jwt(alg)
        case "png":
            return made.png()
        case "svg":
            return made.svg()
