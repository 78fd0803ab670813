"""HTTP in: what a learner lets their credentials say of who they are."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request, Response

from services.notifications.domain.identity import Choice, NothingToShare
from services.notifications.identity import Identities, NoSealingKey
from shared.events.envelope import LearnerId
from shared.http import Problem, may_see_learner

Learner = Annotated[LearnerId, Path(description="the learner's id")]

NO_KEY: Final = "Identities can't be shared here: the service has no key to seal them with. CAIRN_SEALING_KEY names its file."


def identities(request: Request) -> Identities:
    found: Identities | None = request.app.state.stores.identities
    if found is None:
        raise Problem(503, detail=NO_KEY)
    return found


Of = Annotated[Identities, Depends(identities)]

router = APIRouter(tags=["identity"])


@router.put(
    "/learners/{learner}/identity",
    status_code=202,
    dependencies=[Depends(may_see_learner("contacts:write"))],
    responses={409: {"description": "The contact book has nothing of what is to be shared."}},
)
async def put_identity(learner: Learner, choice: Choice, of: Of) -> Choice:
    """Let credentials say the learner's name, or carry a salted hash of their address, as the contact book has them.

    Credentials follow within moments, those issued before in a new edition; so they do when the contact book's entry changes.
    """
    try:
        await of.choose(learner, choice)
    except NothingToShare as nothing:
        raise Problem(409, "There is nothing to share", str(nothing)) from nothing
    except NoSealingKey as missing:
        raise Problem(503, detail=NO_KEY) from missing
    return choice


@router.get("/learners/{learner}/identity", dependencies=[Depends(may_see_learner("contacts:read"))])
async def get_identity(learner: Learner, of: Of) -> Choice:
    """What was chosen; nothing, for whoever never chose."""
    return await of.chosen(learner)


@router.delete(
    "/learners/{learner}/identity",
    status_code=202,
    response_class=Response,
    dependencies=[Depends(may_see_learner("contacts:write"))],
)
async def delete_identity(learner: Learner, of: Of) -> Response:
    """Share nothing any more. Deleting what is not there is no error."""
    await of.withdraw(learner)
    return Response(status_code=202)
