"""Reading again what came in, after a document was corrected."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, model_validator

from services.assessment.progress import Shown
from services.assessment.sources.api import MayRead, MayWrite, Named, registered
from services.assessment.sources.rereading import Change
from services.assessment.sources.rerun import Asked, UnderWay
from services.assessment.sources.sources import At
from shared.events.envelope import Instant
from shared.http import Problem
from shared.mongo import Document

router = APIRouter(tags=["sources"])


class RerunAsked(BaseModel):
    """Originals that came in from `since` on and before `until`, by default all up to now."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = True
    since: Instant | None = None
    until: Instant | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError("`since` must be before `until`")
        return self


class ChangeShown(Shown):
    """What reading an original again changes: its activity, time, status and score before and after. Whose it is isn't shown."""

    id: str
    change: Change
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class RerunShown(Shown):
    """`done` of `originals` are read. `same` say what they said; `corrected`, `moved` (to another learner or time), `retracted`
    and `added` are what differs; `left` would not be understood now and stay as they are; `held` are applied by themselves;
    `unreadable` are not kept any more. `examples` are the first hundred that differ. One that `failed` did so for a reason that
    nobody foresaw: the service's log has it, and what it changed until then stays.
    """

    id: str
    source: str
    dry_run: bool
    since: Instant | None
    until: Instant
    state: Literal["waiting", "running", "done", "failed"]
    made_at: Instant
    made_by: str
    changed_at: Instant
    originals: int | None
    done: int
    counts: dict[str, int]
    examples: list[ChangeShown]


@router.post(
    "/sources/{source}/reruns",
    status_code=202,
    responses={404: {}, 409: {"description": "Another rerun of the source is not done yet."}},
)
async def ask_for_rerun(source: Named, asked: RerunAsked, at: At, caller: MayWrite) -> RerunShown:
    """Read again what came in, by the document that is in force. A dry run shows what would change."""
    await registered(at, source)
    try:
        made = await at.reruns.ask(Asked(source, caller.subject, asked.dry_run, asked.since, asked.until))
    except UnderWay as error:
        raise Problem(409, detail=f"The rerun {error.id} of this source is not done yet.", rerun=error.id) from error
    return _shown(made)


@router.get("/sources/{source}/reruns", responses={404: {}})
async def list_reruns(source: Named, at: At, caller: MayRead) -> list[RerunShown]:
    """The latest hundred, the newest first."""
    await registered(at, source)
    return [_shown(one) for one in await at.reruns.all(source)]


@router.get("/sources/{source}/reruns/{rerun}", responses={404: {}})
async def read_rerun(
    source: Named, rerun: Annotated[str, Path(max_length=100, description="the rerun's id")], at: At, caller: MayRead
) -> RerunShown:
    """How far it has come, and what it changes."""
    found = await at.reruns.one(source, rerun)
    if found is None:
        raise Problem(404, detail="The source has no such rerun.")
    return _shown(found)


def _shown(found: Document) -> RerunShown:
    examples = [
        ChangeShown(id=one["id"], change=one["change"], before=one["before"], after=one["after"]) for one in found["examples"]
    ]
    named = ("source", "dry_run", "since", "until", "state", "made_at", "made_by", "changed_at", "originals", "done", "counts")
    return RerunShown(id=found["_id"], examples=examples, **{name: found[name] for name in named})
