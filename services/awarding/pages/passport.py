"""The learner's own pages: awards, stacks, history, downloads, and what they share. Whoever isn't signed in is sent to do so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from services.awarding.credentials.forms import Form
from services.awarding.pages.reception import AS_FILE, At, Reception, file_of, identifiers, name_in, qr_svg
from services.awarding.pages.wishes import NotWished, Wish, share_wished, wish_of
from services.awarding.sharing.api import withdrawn
from services.awarding.sharing.store import Share
from shared.http import Caller, Problem
from shared.http.auth import forbidden
from shared.http.sessions import SameOrigin, signed_in

router = APIRouter(include_in_schema=False)

AwardId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
ShareId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


async def learner_signed_in(caller: Annotated[Caller, Depends(signed_in)]) -> str:
    if not (caller.is_learner or caller.may("self:read")):
        raise forbidden("self:read", "A passport is a learner's own.")
    return caller.learner


Learner = Annotated[str, Depends(learner_signed_in)]


def _(text: str) -> str:
    """Marks a text for translation."""
    return text


NOTICES: Final = {
    "shared": _("Your link is ready. Copy it from the list below, or show its QR code."),
    "withdrawn": _("Withdrawn. The link shows nothing any more."),
}


@router.get("/passport")
async def show_passport(
    request: Request,
    learner: Learner,
    at: At,
    award: Annotated[str, Query(max_length=32)] = "",
    done: Literal["shared", "withdrawn"] | None = None,
) -> Response:
    notice = at.pages.text(request, NOTICES[done]) if done else None
    return await _passport(request, learner, at, Wish(awards=(award,) if award else ()), notice=notice)


async def _passport(
    request: Request, learner: str, at: Reception, wish: Wish, *, status: int = 200, error: str = "", notice: str | None = None
) -> Response:
    """With what the learner wishes to share in the form."""
    folio = await at.folio(request, learner)
    awards = folio.parts()
    credential = await at.credential(awards[0].id) if awards else None
    said = identifiers(credential)
    names = {one.id: one.name for one in awards}
    return at.pages.render(
        request,
        "passport.html",
        status,
        signed_in=True,
        awards=awards,
        stacks=await folio.stacks(ways=True),
        shares=[_share(share, at, names) for share in await at.shares.of(learner)],
        holder=name_in(credential),
        says_name="name" in said,
        says_email="emailAddress" in said,
        wish=wish,
        error=error,
        record=None if at.registry is None else f"{at.pages.site.prefix}/passport/record.json",
        notice=notice,
    )


@router.get("/passport/awards/{award}")
async def show_own_award(request: Request, learner: Learner, award: AwardId, at: At) -> Response:
    folio = await at.folio(request, learner)
    if award not in folio.awards:
        raise Problem(404, detail="You have no such award.")
    credential = await at.credential(award)
    view = await folio.award(award, holder=name_in(credential), note=True)
    return at.pages.render(
        request,
        "passport_award.html",
        signed_in=True,
        award=view,
        result=at.result(request, await at.checked(credential)),
        base=f"{at.pages.site.prefix}/passport/awards/{award}",
        picture=at.picture(view.achievement, view.version),
        downloads=credential is not None,
        now=datetime.now(UTC),
    )


@router.get("/passport/awards/{award}/credential.{form}")
async def read_own_credential(learner: Learner, award: AwardId, form: Form, at: At) -> Response:
    document = await at.desk.shelves.award(award)
    credential = None if document is None or document["learner"] != learner else await at.credential(award)
    if credential is None:
        raise Problem(404, detail="You have no such award, or no credential was issued for it.")
    return await file_of(credential, form, f"credential-{award[:8]}")


@router.get("/passport/record.json")
async def read_own_record(learner: Learner, at: At) -> Response:
    """All stacks as one signed record."""
    found = None if at.registry is None else await at.registry.as_json(learner)
    if found is None:
        raise Problem(404, detail="There is nothing to put into a record yet.")
    headers = {"content-disposition": 'attachment; filename="record.json"', "cache-control": "no-store"}
    return Response(found, media_type="application/vc+ld+json", headers=headers)


@router.get("/passport/shares")
async def show_shares(request: Request, at: At) -> Response:
    """Where the form's address leads without a form: reloaded, or in another language."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{at.pages.site.prefix}/passport{query}#shares", 303)


@router.post("/passport/shares", dependencies=[SameOrigin])
async def make_share(request: Request, learner: Learner, at: At) -> Response:
    wish = wish_of(await request.form())
    try:
        await share_wished(at.shares, learner, wish)
    except NotWished as error:
        said = at.pages.text(request, error.says, most=error.most)
        return await _passport(request, learner, at, wish, status=error.status, error=said)
    return _back(at, "shared")


@router.get("/passport/shares/{share}/qr.svg")
async def read_qr(learner: Learner, share: ShareId, at: At) -> Response:
    """For whoever made the share, as long as its link opens something."""
    mine = next((one for one in await at.shares.of(learner) if one.id == share and one.withdrawn_at is None), None)
    if mine is None:
        raise Problem(404, detail="There is no such share.")
    return Response(qr_svg(at.shares.links.link(share)), media_type="image/svg+xml", headers=AS_FILE)


@router.post("/passport/shares/{share}/withdrawal", dependencies=[SameOrigin])
async def withdraw_share(learner: Learner, share: ShareId, at: At) -> Response:
    await withdrawn(at.shares, learner, share)
    return _back(at, "withdrawn")


def _back(at: Reception, done: str) -> Response:
    return RedirectResponse(f"{at.pages.site.prefix}/passport?done={done}#shares", 303)


def _share(share: Share, at: Reception, names: dict[str, str]) -> dict[str, object]:
    return {
        "id": share.id,
        "label": share.label,
        "made_at": share.made_at,
        "withdrawn_at": share.withdrawn_at,
        "seen": share.seen,
        "what": None if share.awards is None else [names[id_] for id_ in share.awards if id_ in names],
        "link": at.shares.links.link(share.id),
    }
