"""HTTP in: a learner's own shares, and what a link opens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request, Security
from pydantic import BaseModel, ConfigDict, Field

from services.awarding.sharing.store import MOST, NotTheirs, Share, Shares, TooMany, Withdrawn
from shared.events.envelope import LearnerId
from shared.http import Caller, Page, Problem
from shared.http.auth import bearer, forbidden
from shared.http.problems import unavailable
from shared.http.sessions import SameOrigin, signed_in

router = APIRouter(tags=["shares"], dependencies=[Security(bearer)])

AWARD_IDS: Final = r"^[0-9a-f]{32}$"
MOST_AWARDS: Final = 100
"""In one share that names them."""

AwardId = Annotated[str, Field(pattern=AWARD_IDS)]
Learner = Annotated[LearnerId, Path(description="the learner's id")]
ShareId = Annotated[str, Path(pattern=AWARD_IDS, description="the share's id")]


class ShareAsked(BaseModel):
    """What is to be shared. Without `awards` it is the passport: all awards, also those that come later."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    awards: Annotated[tuple[AwardId, ...], Field(min_length=1, max_length=MOST_AWARDS)] | None = None
    name: Annotated[bool, Field(description="whether the learner's name is shown, as far as it is known")] = False
    evidence: Annotated[bool, Field(description="whether results and what else the awards rest on are shown")] = False
    stack: Annotated[bool, Field(description="whether the stack that an award belongs to is shown")] = True
    label: Annotated[str, Field(max_length=100, description="for the learner's own eyes: whom it is for")] = ""


class ShareShown(BaseModel):
    """A share, for the learner who made it. `seen`: how often its link was opened."""

    model_config = ConfigDict(frozen=True)

    id: str
    link: str
    awards: tuple[str, ...] | None
    name: bool
    evidence: bool
    stack: bool
    label: str
    made_at: datetime
    withdrawn_at: datetime | None
    seen: int


def shares_of(request: Request) -> Shares:
    found: Shares | None = getattr(request.app.state, "shares", None)
    if found is None:
        raise unavailable(60, "This process keeps no shares.")
    return found


async def learner_themself(request: Request, learner: Learner, caller: Annotated[Caller, Depends(signed_in)]) -> str:
    """The learner of the path, who calls: by their own token or signed in. Nobody else shares in their name, staff neither."""
    if learner != caller.learner or not (caller.is_learner or caller.may("self:read")):
        raise forbidden("self:read", "Only the learner shares what is theirs; with self:read, or signed in.")
    return learner


Token = Annotated[str, Path(max_length=200, description="the end of a share's link")]


async def opened(request: Request, token: Token) -> Share:
    """A dependency of paths with `{token}`: the share that the link is of. Raises the 404 problem, 410 once it is withdrawn."""
    return await share_of(shares_of(request), token)


async def glanced_at(request: Request, token: Token) -> Share:
    """As `opened`, for what belongs to a page, such as its pictures: it is not counted."""
    return await share_of(shares_of(request), token, seen=False)


async def share_of(kept: Shares, token: str, *, seen: bool = True) -> Share:
    """Raises the 404 problem, or 410 once the share is withdrawn."""
    try:
        share = await kept.open(token, seen=seen)
    except Withdrawn as error:
        raise Problem(410, "No longer shared", "The learner has withdrawn this link.") from error
    if share is None:
        raise Problem(404, "Nothing is shared here", "The link is not whole, or what it showed is gone.")
    return share


Themself = Annotated[str, Depends(learner_themself)]
Kept = Annotated[Shares, Depends(shares_of)]
Opened = Annotated[Share, Depends(opened)]
GlancedAt = Annotated[Share, Depends(glanced_at)]


@router.get("/learners/{learner}/shares")
async def read_shares(learner: Themself, kept: Kept) -> Page[ShareShown]:
    """All shares that the learner has made, the newest first; withdrawn ones say so."""
    return Page(items=[shown(share, kept) for share in await kept.of(learner)])


@router.post(
    "/learners/{learner}/shares",
    status_code=201,
    dependencies=[SameOrigin],
    responses={409: {"description": "There are too many at a time."}},
)
async def make_share(learner: Themself, kept: Kept, asked: ShareAsked) -> ShareShown:
    """Share awards, or the passport: whoever has the link sees them, until it is withdrawn."""
    return shown(await made(kept, learner, asked), kept)


@router.delete("/learners/{learner}/shares/{share}", status_code=204, dependencies=[SameOrigin])
async def withdraw_share(learner: Themself, kept: Kept, share: ShareId) -> None:
    """From now on the link opens nothing."""
    await withdrawn(kept, learner, share)


async def made(kept: Shares, learner: str, asked: ShareAsked) -> Share:
    """Raises the 409 problem when there are too many, and 422 for awards that are not the learner's."""
    try:
        return await kept.make(
            learner, asked.awards, name=asked.name, evidence=asked.evidence, stack=asked.stack, label=asked.label.strip()
        )
    except TooMany as error:
        raise Problem(409, "Too many shares", f"There can be {MOST} at a time. Withdraw one that is no longer needed.") from error
    except NotTheirs as error:
        message = f"The learner has no awards {', '.join(error.awards)}."
        raise Problem(422, "The request is not valid", message, errors=[{"place": "body.awards", "message": message}]) from error


async def withdrawn(kept: Shares, learner: str, share: str) -> None:
    """Raises the 404 problem when the learner has made no such share."""
    if not await kept.withdraw(learner, share):
        raise Problem(404, detail="There is no such share.")


def shown(share: Share, kept: Shares) -> ShareShown:
    return ShareShown(
        id=share.id,
        link=kept.links.link(share.id),
        awards=share.awards,
        name=share.name,
        evidence=share.evidence,
        stack=share.stack,
        label=share.label,
        made_at=share.made_at,
        withdrawn_at=share.withdrawn_at,
        seen=share.seen,
    )
