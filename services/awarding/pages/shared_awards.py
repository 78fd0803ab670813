"""What a share's link opens: an award as an employer sees it, or a learner's passport as far as they share it.

A download never says more than its page: where the share leaves out a name or results that the credential says, there is none.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from fastapi import Form as FormField
from fastapi.responses import Response

from services.awarding.credentials.forms import Form
from services.awarding.credentials.office import Made
from services.awarding.pages.reception import At, Reception, file_of, name_in, qr
from services.awarding.pages.results import check_view
from services.awarding.sharing.store import Share, Withdrawn
from shared.http import Problem
from shared.pages.readable import wants_page

router = APIRouter(include_in_schema=False)

Token = Annotated[str, Path(max_length=200)]
AwardId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
SIGNED: Final = ("application/vc+ld+json", "application/vc", "application/ld+json", "application/json")


@router.get("/shared/{token}")
async def show_share(request: Request, token: Token, at: At) -> Response:
    """The award, if it is one; else all that is shared."""
    share = await _opened(request, token, at, seen=True)
    if isinstance(share, Response):
        return share
    if share.awards is not None and len(share.awards) == 1:
        return await _award(request, share, share.awards[0], at, base=request.url.path)
    folio = await at.folio(request, share.learner)
    awards = folio.parts(share.awards)
    touched = None if share.awards is None else frozenset(share.awards)
    stacks = await folio.stacks(touched, ways=False) if share.stack else []
    holder = name_in(await at.credential(awards[0].id)) if share.name and awards else None
    base = f"{_outside(at, token)}/awards"
    return at.pages.render(
        request, "shared.html", secret=True, awards=awards, stacks=stacks, holder=holder, base=base, allowed=touched
    )


@router.post("/shared/{token}")
async def compare_share(
    request: Request, token: Token, at: At, email: Annotated[str, FormField(max_length=254)] = ""
) -> Response:
    share = await _opened(request, token, at)
    if isinstance(share, Response):
        return share
    if share.awards is None or len(share.awards) != 1:
        raise Problem(404, detail="An address is compared on the page of one award.")
    return await _award(request, share, share.awards[0], at, base=request.url.path, email=email)


@router.get("/shared/{token}/awards/{award}")
async def show_shared_award(request: Request, token: Token, award: AwardId, at: At) -> Response:
    share = await _opened(request, token, at, seen=True)
    return share if isinstance(share, Response) else await _award(request, share, award, at, base=request.url.path)


@router.post("/shared/{token}/awards/{award}")
async def compare_shared_award(
    request: Request, token: Token, award: AwardId, at: At, email: Annotated[str, FormField(max_length=254)] = ""
) -> Response:
    share = await _opened(request, token, at)
    return share if isinstance(share, Response) else await _award(request, share, award, at, base=request.url.path, email=email)


@router.get("/shared/{token}/credential.{form}")
async def read_only_credential(request: Request, token: Token, form: Form, at: At) -> Response:
    """Of a share of one award."""
    share = await _opened(request, token, at)
    if isinstance(share, Response):
        return share
    if share.awards is None or len(share.awards) != 1:
        raise Problem(404, detail="Several awards are shared here; each has an address of its own.")
    return await _file(share, share.awards[0], form, at)


@router.get("/shared/{token}/awards/{award}/credential.{form}")
async def read_shared_credential(request: Request, token: Token, award: AwardId, form: Form, at: At) -> Response:
    share = await _opened(request, token, at)
    return share if isinstance(share, Response) else await _file(share, award, form, at)


async def _opened(request: Request, token: str, at: Reception, *, seen: bool = False) -> Share | Response:
    """The share, or a kind page that shows nothing. Raises the problems 404 and 410 for programs."""
    try:
        share = await at.shares.open(token, seen=seen and wants_page(request))
        if share is not None:
            return share
        withdrawn = False
    except Withdrawn:
        withdrawn = True
    status = 410 if withdrawn else 404
    if wants_page(request):
        return at.pages.render(request, "gone.html", status, secret=True, withdrawn=withdrawn)
    raise Problem(status, detail="The learner has withdrawn this link." if withdrawn else "Nothing is shared here.")


async def _award(request: Request, share: Share, award: str, at: Reception, *, base: str, email: str | None = None) -> Response:
    made = await _covered(share, award, at)
    if _wants_signed(request):
        return await _as_file(share, made, award, "json")
    folio = await at.folio(request, share.learner)
    if award not in folio.awards:
        raise _not_shared()
    report = await at.checked(made, (email or "").strip() or None)
    view = await folio.award(award, holder=name_in(made) if share.name else None, evidence=share.evidence, stack=share.stack)
    outside = at.pages.site.own + base
    return at.pages.render(
        request,
        "award.html",
        secret=True,
        award=view,
        result=at.result(request, report),
        base=at.pages.site.prefix + base,
        address=outside,
        qr=qr(outside),
        picture=at.picture(view.achievement, view.version),
        downloads=_says_no_more(share, made),
        matched=None if report is None or report.email is None else check_view(report.email, at.translator(request)),
        shared_whole=None if "/awards/" not in base else at.pages.site.prefix + base.partition("/awards/")[0],
        now=datetime.now(UTC),
    )


async def _covered(share: Share, award: str, at: Reception) -> Made | None:
    """The award's credential. Raises the 404 problem unless the share covers the award."""
    document = await at.desk.shelves.award(award)
    if document is None or not share.covers(document):
        raise _not_shared()
    return await at.credential(award)


async def _file(share: Share, award: str, form: Form, at: Reception) -> Response:
    return await _as_file(share, await _covered(share, award, at), award, form)


async def _as_file(share: Share, made: Made | None, award: str, form: Form) -> Response:
    if made is None:
        raise Problem(404, detail="No credential was issued for this award.")
    if not _says_no_more(share, made):
        raise Problem(403, detail="The credential says more than the learner shares here: a name, or results.")
    return await file_of(made, form, f"credential-{award[:8]}")


def _says_no_more(share: Share, made: Made | None) -> bool:
    return made is not None and share.evidence and (share.name or name_in(made) is None)


def _wants_signed(request: Request) -> bool:
    accepted = request.headers.get("accept", "")
    return not wants_page(request) and any(kind in accepted for kind in SIGNED)


def _outside(at: Reception, token: str) -> str:
    return f"{at.pages.site.prefix}/shared/{token}"


def _not_shared() -> Problem:
    return Problem(404, detail="This award is not shared here.")
