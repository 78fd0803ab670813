"""The part of the API where partners' endorsements of published versions come in. They sign elsewhere, with keys of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from services.catalog.authors import Author, check_author
from services.catalog.desk import KIND, AtDesk, Desk, Kinds
from services.catalog.domain.endorsements import LONGEST, MOST, NotAbout, endorsement_of
from services.catalog.domain.versions import Version
from services.catalog.publishing import Busy
from services.catalog.views import EndorsementView, endorsement_view
from shared.credentials.findings import NEEDED, Check, Report
from shared.credentials.reading import Unreadable
from shared.http import Problem
from shared.http.problems import unavailable
from shared.requirements.model import Slug

router = APIRouter(tags=["endorsements"])

Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="the SHA-256 of the credential, in hexadecimal")]

PASSING: Final = frozenset(
    {
        "proof.key_unavailable",
        "proof.context_unavailable",
        "proof.context_only_given",
        "proof.context_differs",
        "issuer.unreachable",
        "status.unreadable",
        "schema.unreadable",
        "proof.too_costly",
        "schema.too_costly",
    }
)
"""What may be found out later, because something on the way didn't answer."""

MEDIA_TYPES: Final = {
    "application/json": {"schema": {"type": "object", "description": "an EndorsementCredential with an embedded proof"}},
    "application/vc+ld+json": {"schema": {"type": "object"}},
    "text/plain": {"schema": {"type": "string", "description": "the same as a compact JWT"}},
}

TAKEN: Final = frozenset({"application/json", "application/vc", "application/jwt", "application/vc+jwt", "text/plain"})
"""Beside all that end in `+json`."""


@router.get("/{kinds:kinds}/{id}/versions/{version}/endorsements", responses={404: {}})
async def list_endorsements(kinds: Kinds, id: Slug, version: int, desk: AtDesk) -> list[EndorsementView]:  # noqa: A002
    """Who vouches for a version. A stack's level is an achievement, `<stack>.<level>`."""
    found = await _version(desk, kinds, id, version)
    return [endorsement_view(each) for each in found.endorsements if each.about == id]


@router.get(
    "/{kinds:kinds}/{id}/versions/{version}/endorsements/{digest}",
    responses={200: {"content": MEDIA_TYPES}, 404: {}},
    response_class=Response,
)
async def get_endorsement(kinds: Kinds, id: Slug, version: int, digest: Digest, desk: AtDesk) -> Response:  # noqa: A002
    """The credential itself, byte for byte as it was signed and uploaded."""
    found = await _version(desk, kinds, id, version)
    for each in found.endorsements:
        if (each.about, each.digest) == (id, digest):
            as_json = each.credential.startswith("{")
            return Response(each.credential, media_type="application/vc+ld+json" if as_json else "text/plain")
    raise _absent(id, version, digest)


@router.post(
    "/{kinds:kinds}/{id}/versions/{version}/endorsements",
    status_code=201,
    responses={
        200: {"description": "The version has it already.", "model": EndorsementView},
        404: {},
        409: {"description": "The version has as many as it may have."},
        413: {"description": "It is too long."},
        415: {"description": "It is neither JSON nor text."},
        422: {"description": "It can't be relied on, or endorses something else; `checks` says what was found."},
        503: {"description": "Something that must be asked doesn't answer at the moment."},
    },
    openapi_extra={"requestBody": {"required": True, "content": MEDIA_TYPES}},
)
async def add_endorsement(
    kinds: Kinds,
    id: Slug,  # noqa: A002 - the path's word
    version: int,
    desk: AtDesk,
    caller: Author,
    request: Request,
    response: Response,
) -> EndorsementView:
    """Keep a partner's EndorsementCredential about this very version, after checking its signature, issuer, dates and status.

    Its `credentialSubject.id` is the version's address, `…/microcredentials/{id}/versions/{version}`. The version is announced
    again with it. A newer edition of a credential (same id, same endorser) takes the older one's place.
    """
    text = await _text(request)
    found = await _version(desk, kinds, id, version)
    check_author(caller, await desk.catalog.stock(), id)
    report = await _checked(desk, text)
    try:
        endorsement = endorsement_of(text, report.credential or {}, id, desk.addresses.microcredential(id, version))
    except NotAbout as other:
        raise Problem(422, "It does not endorse this version", str(other)) from other
    if len(found.endorsements) >= MOST and all(each.by != endorsement.by for each in found.endorsements):
        raise Problem(
            409, "There are many already", f"A version has up to {MOST} endorsements; withdraw one before adding another."
        )
    try:
        new = await desk.catalog.endorse(found.id, version, endorsement)
    except Busy as busy:
        raise unavailable(1, "So many publish at the moment that this didn't come through.") from busy
    response.status_code = 201 if new else 200
    response.headers["location"] = f"/{kinds}/{id}/versions/{version}/endorsements/{endorsement.digest}"
    return endorsement_view(endorsement)


@router.delete("/{kinds:kinds}/{id}/versions/{version}/endorsements/{digest}", status_code=204, responses={404: {}})
async def withdraw_endorsement(
    kinds: Kinds,
    id: Slug,  # noqa: A002 - the path's word
    version: int,
    digest: Digest,
    desk: AtDesk,
    caller: Author,
) -> None:
    """Let go of an endorsement. The version is announced again without it."""
    found = await _version(desk, kinds, id, version)
    check_author(caller, await desk.catalog.stock(), id)
    if not any((each.about, each.digest) == (id, digest) for each in found.endorsements):
        raise _absent(id, version, digest)
    try:
        await desk.catalog.withdraw_endorsement(found.id, version, digest)
    except Busy as busy:
        raise unavailable(1, "So many publish at the moment that this didn't come through.") from busy


async def _version(desk: Desk, kinds: Kinds, id_: str, number: int) -> Version:
    """The version of the definition, or of the stack that the level belongs to. Raises the 404 problem."""
    stock = await desk.catalog.stock()
    stack = stock.known.level_stack.get(id_) if kinds == "achievements" else None
    for version in stock.shelf.of(stack or id_):
        levels = [level.id for level in version.levels]
        if version.number == number and (id_ in levels if stack else version.kind == KIND[kinds]):
            return version
    raise Problem(404, detail=f"There is no published {KIND[kinds]} {id_} in version {number}.")


async def _text(request: Request) -> str:
    """The credential as text. Raises the 413, 415 and 422 problems."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in TAKEN and not (kind.startswith("application/") and kind.endswith("+json")):
        said = "Send the credential as application/json, or as a compact JWT in text/plain."
        raise Problem(415, detail=said)
    body = bytearray()
    async for chunk in request.stream():
        # What is too long is read away: whoever still sends could not read the answer.
        body += chunk if len(body) <= LONGEST else b""
    if len(body) > LONGEST:
        raise Problem(413, detail=f"An endorsement has {LONGEST} bytes at most.")
    try:
        return body.decode().strip()
    except UnicodeDecodeError as mistaken:
        raise Problem(422, "It can't be read", "The body is no text in UTF-8.") from mistaken


async def _checked(desk: Desk, text: str) -> Report:
    """The report of an endorsement that can be relied on. Raises the 422 and 503 problems, with what was found."""
    if desk.check is None:
        raise unavailable(60, "This service was started without what it takes to check credentials.")
    try:
        report = await desk.check(text.encode())
    except Unreadable as unreadable:
        if unreadable.code == "too_costly":
            raise unavailable(10, unreadable.says) from unreadable
        raise Problem(422, "It can't be read", unreadable.says, code=unreadable.code) from unreadable
    checks = [check for check in report.checks if check.name in NEEDED]
    # A partner may be known by its key alone: the author who uploads its endorsement answers for whose key it is.
    if all(check.outcome == "yes" or check.code == "issuer.is_key" for check in checks):
        return report
    wrong = [check for check in checks if check.outcome == "no"]
    open_ = [check for check in checks if check.outcome == "unknown" and check.code != "issuer.is_key"]
    shown = list(_views(checks))
    if wrong:
        raise Problem(422, "It can't be relied on", " ".join(check.sentence for check in wrong), checks=shown)
    said = " ".join(check.sentence for check in open_)
    if all(check.code in PASSING for check in open_):
        raise Problem(503, "It can't be checked at the moment", said, headers={"retry-after": "60"}, checks=shown)
    raise Problem(422, "It can't be checked", said, checks=shown)


def _views(checks: list[Check]) -> Iterator[dict[str, object]]:
    for check in checks:
        yield {
            "name": check.name,
            "outcome": check.outcome,
            "code": check.code,
            "says": check.sentence,
            "details": list(check.details),
        }


def _absent(id_: str, version: int, digest: str) -> Problem:
    return Problem(404, detail=f"Version {version} of {id_} has no endorsement {digest}.")
