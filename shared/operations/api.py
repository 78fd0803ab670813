"""HTTP in, for operators: how the stream stands, its switch, its dead letters, and one learner's way."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from shared.dead_letters.letters import Letter
from shared.dead_letters.original import document_of
from shared.events.envelope import LearnerId
from shared.http.auth import Caller, requires
from shared.http.grounds import GivenReason
from shared.http.paging import Page, PagingByNumber
from shared.http.problems import Problem
from shared.operations.desk import Operations, document_text, operations
from shared.operations.journey import Journey
from shared.operations.standing import PauseShown, Shown, Standing

router = APIRouter(tags=["operations"])

READ: Final = "operations:read"
WRITE: Final = "operations:write"

At = Annotated[Operations, Depends(operations)]
MayRead = Annotated[Caller, Depends(requires(READ))]
MayWrite = Annotated[Caller, Depends(requires(WRITE))]
Partition = Annotated[int, Path(ge=0, lt=2**31, description="of the service's dead-letter topic")]
Offset = Annotated[int, Path(ge=0, lt=2**63, description="where the letter lies there")]


class LetterShown(Shown):
    """A message that could not be applied: why, where it lies, and where its original stood."""

    id: str
    partition: int
    offset: int
    came_at: Annotated[str, Field(description="when the broker got the original; `?`: nobody noted it")]
    origin: Annotated[str, Field(description="topic, partition and offset of the original")]
    type: str
    reason: str
    trace: str | None
    redriven_at: str | None
    truncated_from: Annotated[int | None, Field(description="bytes of the original, where only its beginning was kept")]


class LetterWhole(LetterShown):
    """With the original: `key`, `headers`, and the value as `data` where it is JSON, as `text` where it is text, or as `hex`."""

    original: dict[str, Any]


class PauseAsked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: GivenReason


class RedriveAsked(BaseModel):
    """`original` is sent in place of the one that was kept, in the form in which that is shown. Its key stays."""

    model_config = ConfigDict(extra="forbid")

    original: dict[str, Any] | None = None
    again: Annotated[bool, Field(description="also if it was sent again before")] = False


class Redriven(Shown):
    id: Annotated[str, Field(description="the letter's")]


@router.get("/operations")
async def read_standing(at: At, _: MayRead) -> Standing:
    """How the service stands: its consumers with their lag, what it is busy with, and what went wrong."""
    return await at.standing()


@router.post("/operations/consumers/pause", status_code=202)
async def pause_consumers(asked: PauseAsked, at: At, caller: MayWrite) -> PauseShown:
    """The service's stream finishes what it has begun and takes nothing more, in all its processes, until it is resumed."""
    return await at.pause(caller.subject, asked.reason)


@router.post("/operations/consumers/resume", status_code=202)
async def resume_consumers(at: At, caller: MayWrite) -> None:
    """The stream goes on where it stopped."""
    await at.resume(caller.subject)


@router.get("/operations/dead-letters")
async def list_dead_letters(_: MayRead, paging: PagingByNumber, at: At) -> Page[LetterShown]:
    """The newest first, without their originals; only as far back as the latest 2,000 messages of the topic."""
    letters = (await at.letters()).letters
    start = 0 if paging.after is None else max(len(letters) - paging.after, 0)
    page, rest = letters[start : start + paging.limit], letters[start + paging.limit :]
    return paging.page([letter_shown(letter) for letter in page], len(rest) or None)


@router.get("/operations/dead-letters/{partition}/{offset}")
async def read_dead_letter(partition: Partition, offset: Offset, at: At, _: MayRead) -> LetterWhole:
    """One letter with its original."""
    letter = await at.letter(partition, offset)
    return LetterWhole(**dict(letter_shown(letter)), original=document_of(letter))


@router.post(
    "/operations/dead-letters/{partition}/{offset}/redrive",
    status_code=202,
    responses={409: {"description": "It cannot be sent again, or was before."}},
)
async def redrive_dead_letter(
    partition: Partition, offset: Offset, at: At, caller: MayWrite, asked: RedriveAsked | None = None
) -> Redriven:
    """Send the original again, through the service's requests. If it is refused once more, it is a dead letter once more."""
    asked = asked or RedriveAsked()
    letter = await at.letter(partition, offset)
    if letter.redriven_at is not None and not asked.again:
        raise Problem(409, "It was sent again before", f"That was at {letter.redriven_at}. Ask with `again` to do it once more.")
    await at.redrive(letter, caller.subject, None if asked.original is None else document_text(asked.original))
    return Redriven(id=letter.id)


@router.get("/operations/learners/{learner}")
async def read_journey(
    learner: Annotated[LearnerId, Path(description="the learner's id")],
    at: At,
    _: MayRead,
    limit: Annotated[int, Query(ge=1, le=1_000, description="the latest so many")] = 500,
) -> Journey:
    """What this service knows of a learner's way, in order of time, with the traces in which it came about."""
    return await at.journey(learner, limit)


def letter_shown(letter: Letter) -> LetterShown:
    return LetterShown(
        id=letter.id,
        partition=letter.partition,
        offset=letter.offset,
        came_at=letter.came_at,
        origin=letter.origin,
        type=letter.type,
        reason=letter.reason,
        trace=letter.trace,
        redriven_at=letter.redriven_at,
        truncated_from=letter.truncated_from,
    )
