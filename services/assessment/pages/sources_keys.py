"""What a source authenticates with: made, shown once, replaced without a gap, retired."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from services.assessment.pages.evidence import form_of, text_of
from services.assessment.pages.frame import In, _
from services.assessment.pages.sources import KEYS
from services.assessment.pages.sources_frame import Changing, Done, Looking, Of, back, source_page, told
from services.assessment.sources.answers import KeyAsked, KeyMade, Retirement
from services.assessment.sources.formats import FORMATS
from services.assessment.sources.keys import MadeBefore
from services.assessment.sources.keys_api import list_keys, retire_key
from services.assessment.sources.keys_api import make as make_key
from services.assessment.sources.sources import At
from shared.http import Caller, Problem
from shared.http.sessions import SameOrigin
from shared.pages import Pages

router = APIRouter(include_in_schema=False)

Form = Annotated[FormData, Depends(form_of)]

NAMES: Final = {"secret": _("Secret"), "public_key": _("Key pair of its own"), "webhook": _("Signature of deliveries")}
NO_JSON: Final = _("The key set is not JSON. It begins with {“keys”: […]}.")
ONE_OF_THEM: Final = _("Give either the key set or its address; secrets are made here.")
NO_TIME: Final = _("This is no time.")
MADE_BEFORE: Final = _(
    "The key of this form was made already, and its secret isn't shown again. If you have not copied it, retire that key and make"
    " another."
)
LONGEST: Final = 100


@router.get("/desk/sources/{source}/keys")
async def show_keys(request: Request, of: Of, caller: Looking, at: At, pages: In, done: Done = None) -> Response:
    return await _keys(request, caller, at, pages, of, done=done)


async def _keys(
    request: Request,
    caller: Caller,
    at: At,
    pages: Pages,
    of: Of,
    status: int = 200,
    *,
    made: KeyMade | None = None,
    given: dict[str, str] | None = None,
    **said: Any,
) -> Response:
    keys = await list_keys(of.source.id, at, caller)
    kinds = FORMATS[of.source.format].keys
    return source_page(
        request,
        pages,
        caller,
        of,
        "desk/sources/keys.html",
        status,
        live=[key for key in keys if key.live],
        retired=[key for key in keys if not key.live],
        kinds=[(kind, pages.text(request, NAMES[kind]), pages.text(request, KEYS[kind])) for kind in kinds],
        names={kind: pages.text(request, name) for kind, name in NAMES.items()},
        made=made,
        endpoint=at.grants.endpoint,
        once=secrets.token_hex(16),
        given=given or {"kind": kinds[0] if kinds else "", "note": "", "jwks": "", "jwks_uri": ""},
        now=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M"),
        **said,
    )


@router.post("/desk/sources/{source}/keys", dependencies=[SameOrigin])
async def make(request: Request, of: Of, caller: Changing, at: At, pages: In, form: Form) -> Response:
    """The answer is the page itself: the secret is shown in it, and nowhere else. The same form makes no second key."""
    given = {name: text_of(form, name) for name in ("kind", "note", "jwks", "jwks_uri")}
    try:
        made = await make_key(of.source.id, _asked(pages, request, given), at, caller, text_of(form, "once")[:LONGEST] or None)
    except MadeBefore:
        return await _keys(request, caller, at, pages, of, 409, error=pages.text(request, MADE_BEFORE))
    except Problem as problem:
        said = told(pages, request, problem)
        return await _keys(request, caller, at, pages, of, problem.status, given=given, error=said)
    return await _keys(request, caller, at, pages, of, 201, made=made)


def _asked(pages: Pages, request: Request, given: dict[str, str]) -> KeyAsked:
    """Raises the 422 problem."""
    said: dict[str, Any] = {name: text for name, text in given.items() if text}
    try:
        if "jwks" in said:
            said["jwks"] = orjson.loads(said["jwks"])
        return KeyAsked.model_validate(said)
    except orjson.JSONDecodeError as error:
        raise Problem(422, detail=pages.text(request, NO_JSON)) from error
    except ValidationError as error:
        raise Problem(422, detail=pages.text(request, ONE_OF_THEM)) from error


@router.post("/desk/sources/{source}/keys/{key}/retirement", dependencies=[SameOrigin])
async def retire(request: Request, of: Of, key: str, caller: Changing, at: At, pages: In, form: Form) -> Response:
    try:
        when = _time(pages, request, text_of(form, "at")) if text_of(form, "when") == "later" else None
        await retire_key(of.source.id, key, at, caller, Retirement(at=when))
    except Problem as problem:
        return await _keys(request, caller, at, pages, of, problem.status, error=told(pages, request, problem))
    return back(pages, of.source.id, "/keys", "retired" if when is None else "retiring")


def _time(pages: Pages, request: Request, text: str) -> datetime:
    """As the browser's field for it says it, in UTC. Raises the 422 problem."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise Problem(422, detail=pages.text(request, NO_TIME)) from error
