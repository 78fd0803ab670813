"""`POST /sources/{source}/proofs`: credentials that prove learning elsewhere, by learners, staff, or a system with a key."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials
from pydantic import Field
from starlette.datastructures import UploadFile

from services.assessment.progress import Shown
from services.assessment.sources.document import Source
from services.assessment.sources.doors.bodies import not_encoded
from services.assessment.sources.doors.items import RESPONSES, answered, reading
from services.assessment.sources.doors.security import BY_SECRET, BY_TOKEN
from services.assessment.sources.formats.proofs.options import Match
from services.assessment.sources.proofs.matching import Bringing
from services.assessment.sources.proofs.proofs import Proofs
from services.assessment.sources.proofs.tracking import Proof
from services.assessment.sources.sources import At, Sources
from services.assessment.sources.tokens import PREFIX
from shared.credentials.reading import MOST_PICTURE, MOST_TEXT, Unreadable, strict_json
from shared.events.envelope import Instant, LearnerId
from shared.http import Caller, Page, Paging, Problem, may_see_learner, requires
from shared.http.auth import caller_by_token, forbidden
from shared.http.problems import unavailable
from shared.requirements.model import Slug

router = APIRouter(tags=["proofs of learning elsewhere"])

ProofId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
STAFF: Final = "submissions:write"
RAW: Final = frozenset(
    {
        *("application/vc+ld+json", "application/vc", "application/ld+json", "application/vc+jwt", "application/jwt"),
        *("text/plain", "image/png", "image/svg+xml"),
    }
)
LARGER: Final = dict.fromkeys(("/sources/{source}/proofs", "/my/proofs"), MOST_PICTURE + 100_000)
"""Bytes of a request, for pictures and what is around them in a form: here, and on the learner's page."""
SAID: Final[tuple[Match, ...]] = ("email", "student_id", "name")
ONLY_STAFF: Final = "Only a member of staff can confirm whose a credential is; leave `confirmed` out."
FIELDS: Final = ("learner", "confirmed", *SAID)
LONGEST: Final = 500

_TEXT: Final = {"type": "string", "maxLength": LONGEST}
_FIELDS: Final[dict[str, Any]] = {
    "learner": _TEXT | {"description": "whose it is, said by staff or a system; a learner brings their own"},
    "email": _TEXT | {"description": "the learner's, compared with what is hashed in the credential; it is not kept"},
    "student_id": _TEXT | {"description": "the same of their number"},
    "name": _TEXT | {"description": "the same of their name"},
    "confirmed": _TEXT | {"description": "why staff is sure that it is this learner's; it is kept with the credential"},
}
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "description": "A credential or a record, or an object that has it as `credential`.",
                    "properties": {"credential": {"oneOf": [{"type": "object"}, {"type": "string"}]}, **_FIELDS},
                }
            },
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["credential"],
                    "properties": {"credential": {"type": "string", "format": "binary"}, **_FIELDS},
                }
            },
            "text/plain": {"schema": {"type": "string", "description": "a compact JWT, or JSON"}},
            "image/png": {"schema": {"type": "string", "format": "binary"}},
            "image/svg+xml": {"schema": {"type": "string"}},
        },
    }
}


class ProofShown(Shown):
    """A credential that was taken, and its status as it is known."""

    id: Annotated[str, Field(description="of the credential, in all its editions")]
    source: str
    learner: str | None
    claim: Annotated[str, Field(description="under which id its completion was reported last")]
    state: Literal["stands", "taken_back"]
    taken_at: Instant
    checked_at: Annotated[Instant | None, Field(description="when its status was last found out")] = None
    code: str | None = None
    says: str | None = None
    unknown_since: Annotated[Instant | None, Field(description="since when its status cannot be found out")] = None
    unknown_says: str | None = None
    next_check: Instant

    @classmethod
    def of(cls, proof: Proof) -> ProofShown:
        shared = ("id", "source", "learner", "claim", "state", "checked_at", "code", "says", "unknown_since", "unknown_says")
        return cls(**{name: getattr(proof, name) for name in shared}, taken_at=proof.at, next_check=proof.due)


@router.post(
    "/sources/{source}/proofs",
    dependencies=[BY_SECRET, BY_TOKEN],
    openapi_extra=BODY,
    responses=RESPONSES
    | {
        403: {"description": "It is not this learner's, its issuer is not trusted, or the caller may not bring it."},
        422: {"description": "There is no credential in it, or none that can be relied on; `detail` says why."},
    },
    status_code=202,
)
async def take_proof(source: Slug, request: Request, at: At) -> JSONResponse:
    """An Open Badges 3.0 credential or a CLR 2.0 record, as JSON, as a JWT, or in a PNG or SVG. A learner brings their own with
    their token; staff needs `submissions:write`; a system has a key of the source."""
    caller, known = await _caller(request, at, source)
    async with reading(at, known):
        data, fields = await _brought(request)
    bringing = _bringing(caller, fields)
    return answered(await _proofs(at).take(known, data, bringing))


@router.get("/sources/{source}/proofs")
async def list_proofs(
    source: Slug, at: At, caller: Annotated[Caller, Depends(requires("sources:read"))], paging: Paging
) -> Page[ProofShown]:
    """What was taken from it, and what is known of the status of each."""
    found = await _proofs(at).tracking.of_source(source, paging.after, paging.limit + 1)
    items = [ProofShown.of(one) for one in found[: paging.limit]]
    return paging.page(items, found[paging.limit - 1].id if len(found) > paging.limit else None)


@router.post(
    "/sources/{source}/proofs/{proof}/check",
    responses={
        403: {"description": "The source is no source of proofs, or the caller may not do this."},
        404: {"description": "There is no such source, or it has no such proof (any more)."},
        503: {"description": "The source is paused."},
    },
)
async def check_proof(
    source: Slug, proof: ProofId, at: At, caller: Annotated[Caller, Depends(requires("sources:write"))]
) -> ProofShown:
    """Find out its status now instead of at its `next_check`: what its issuer has taken back is taken back here at once. What
    could not be found out changes nothing; `unknown_says` has the reason."""
    known = await at.gate.open_to(source, "proofs")
    proofs = _proofs(at)
    found = await proofs.tracking.one(proof)
    if found is not None and found.source == known.id:
        found = await proofs.again.look_now(found)
        if found is not None:
            return ProofShown.of(found)
    raise Problem(404, detail="The source has no such proof; GET /sources/{source}/proofs lists them, with their ids.")


@router.get("/learners/{learner}/proofs")
async def list_proofs_of_learner(
    learner: Annotated[LearnerId, Path()], at: At, caller: Annotated[Caller, Depends(may_see_learner("entries:read"))]
) -> list[ProofShown]:
    """The credentials that a learner has brought, the oldest first."""
    return [ProofShown.of(one) for one in await _proofs(at).tracking.of_learner(learner)]


async def _caller(request: Request, at: Sources, slug: str) -> tuple[Caller | None, Source]:
    """Who brings it: None is the source itself, by its key."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and not value.strip().startswith(PREFIX):
        caller = await caller_by_token(request, HTTPAuthorizationCredentials(scheme=scheme, credentials=value.strip()))
        return caller, await at.gate.open_to(slug, "proofs")
    return None, await at.gate.source_of(request, "proofs", slug=slug)


def _bringing(caller: Caller | None, fields: Mapping[str, str]) -> Bringing:
    """For whom. Raises the problem 403, or 422 where staff does not say."""
    said: dict[Match, str] = {name: fields[name] for name in SAID if name in fields}
    learner = fields.get("learner")
    if caller is None:
        if "confirmed" in fields:
            raise Problem(403, detail=ONLY_STAFF)
        return Bringing(learner, "the source", said)
    if caller.may(STAFF) and (learner is not None or not caller.is_learner):
        if learner is None:
            raise Problem(422, detail="Say whose it is: `learner` is missing.")
        return Bringing(learner, caller.subject, said, fields.get("confirmed"))
    own = caller.learner if caller.is_learner or caller.may("self:read") else None
    if own is not None and learner in (None, own) and "confirmed" in fields:
        raise Problem(403, detail=ONLY_STAFF)
    if own is None or learner not in (None, own):
        raise forbidden(STAFF, f"A learner brings their own credentials; for others this needs the scope {STAFF}.")
    return Bringing(own, caller.subject, said)


async def _brought(request: Request) -> tuple[bytes, dict[str, str]]:
    """The credential's bytes, and the fields beside it. Raises the problems 400, 413, 415 and 422."""
    not_encoded(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _in_form(request)
    if kind not in RAW and kind != "application/json":
        allowed = ", ".join(("application/json", "multipart/form-data", *sorted(RAW)))
        raise Problem(415, detail=f"A credential is sent as one of {allowed}.", headers={"accept": allowed})
    body = await request.body()
    if not body.strip():
        raise Problem(400, detail="The request has no body; bring a credential as JSON, JWT, PNG or SVG.")
    if kind != "application/json":
        return body, {}
    if len(body) > MOST_TEXT:
        raise Problem(413, detail=f"A credential as JSON may have {MOST_TEXT} bytes; only pictures may have more.")
    return await asyncio.to_thread(_unwrapped, body)


def _unwrapped(body: bytes) -> tuple[bytes, dict[str, str]]:
    try:
        found = strict_json(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Problem(400, "The body cannot be read as JSON", "It is not text in UTF-8.") from error
    except Unreadable as error:
        raise Problem(400, "The body cannot be read as JSON", error.says) from error
    if not isinstance(found, dict) or "credential" not in found:
        return body, {}
    credential = found["credential"]
    if not isinstance(credential, dict | str):
        raise Problem(422, detail="`credential` is an object, or a token as text.")
    text = credential if isinstance(credential, str) else json.dumps(credential, ensure_ascii=False)
    return text.encode(), _fields({name: found.get(name) for name in FIELDS})


async def _in_form(request: Request) -> tuple[bytes, dict[str, str]]:
    async with request.form(max_files=1, max_fields=10) as form:
        value = form.get("credential")
        data = await value.read() if isinstance(value, UploadFile) else (value or "").encode("utf-8", "replace")
        fields = _fields({name: form.get(name) for name in FIELDS})
    if not data.strip():
        raise Problem(422, detail="The form has no `credential`: a file, or a text.")
    return data, fields


def _fields(found: Mapping[str, object]) -> dict[str, str]:
    said: dict[str, str] = {}
    for name, value in found.items():
        if value is None or value == "":
            continue
        if not isinstance(value, str) or len(value) > LONGEST:
            raise Problem(422, detail=f"`{name}` is a text of {LONGEST} characters at most.")
        if value.strip():
            said[name] = value.strip()
    return said


def _proofs(at: Sources) -> Proofs:
    if at.proofs is None:
        raise unavailable(60, "This process takes no proofs.")
    return at.proofs
