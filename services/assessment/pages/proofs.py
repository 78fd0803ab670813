"""Where learners bring credentials of what they learned elsewhere, and see whether these still stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from services.assessment.pages.frame import In
from services.assessment.pages.submissions import learner_signed_in
from services.assessment.sources.claims import Kind, Outcome
from services.assessment.sources.document import Source
from services.assessment.sources.doors.proofs import LONGEST, SAID
from services.assessment.sources.formats.proofs.options import Match, Options
from services.assessment.sources.proofs.matching import Bringing
from services.assessment.sources.proofs.proofs import Proofs
from services.assessment.sources.sources import Sources
from shared.http import Caller, Problem
from shared.http.problems import unavailable
from shared.http.sessions import SameOrigin
from shared.pages import Pages

router = APIRouter(include_in_schema=False)

Learner = Annotated[Caller, Depends(learner_signed_in)]


def sources(request: Request) -> Sources:
    found: Sources | None = request.app.state.sources
    if found is None or found.proofs is None:
        raise unavailable(60, "This process takes no proofs.")
    return found


At = Annotated[Sources, Depends(sources)]


@router.get("/my/proofs")
async def show_proofs(request: Request, caller: Learner, at: At, pages: In) -> Response:
    return await _page(request, caller, at, pages)


@router.post("/my/proofs", dependencies=[SameOrigin])
async def bring_proof(request: Request, caller: Learner, at: At, pages: In) -> Response:
    async with request.form(max_files=1, max_fields=10) as form:
        texts = {name: value.strip() for name, value in form.items() if isinstance(value, str) and value.strip()}
        file = form.get("file")
        data = await file.read() if isinstance(file, UploadFile) else b""
    chosen = next((one for one in await _open_sources(at) if one.id == texts.get("source")), None)
    brought = data if data.strip() else texts.get("text", "").encode("utf-8", "replace")
    said: dict[Match, str] = {name: texts[name][:LONGEST] for name in SAID if name in texts}
    if chosen is None or not brought:
        return await _page(request, caller, at, pages, status=422, missing=True, said=said)
    try:
        outcomes = await _proofs(at).take(chosen, brought, Bringing(caller.learner, caller.subject, said))
    except Problem as problem:
        refused = Outcome(Kind.REFUSED, detail=problem.detail, status=problem.status)
        return await _page(request, caller, at, pages, status=problem.status, outcomes=[refused], said=said)
    all_refused = all(outcome.kind is Kind.REFUSED for outcome in outcomes)
    status = max(outcome.status or 422 for outcome in outcomes) if all_refused else 200
    return await _page(request, caller, at, pages, status=status, outcomes=outcomes, said=said if all_refused else {})


async def _page(
    request: Request,
    caller: Caller,
    at: Sources,
    pages: Pages,
    *,
    status: int = 200,
    outcomes: Sequence[Outcome] = (),
    missing: bool = False,
    said: dict[Match, str] | None = None,
) -> Response:
    brought = await _proofs(at).tracking.of_learner(caller.learner)
    return pages.render(
        request,
        "my/proofs.html",
        status,
        signed_in=True,
        offered=[(one, one.options) for one in await _open_sources(at)],
        names={registered.source.id: registered.source.name for registered in await at.registry.all()},
        brought=brought,
        held=await _proofs(at).held(brought),
        outcomes=outcomes,
        missing=missing,
        said=said or {},
    )


async def _open_sources(at: Sources) -> list[Source]:
    """Those that proofs may be brought to now."""
    known = await at.registry.all()
    return [one.source for one in known if not one.paused and isinstance(one.source.options, Options)]


def _proofs(at: Sources) -> Proofs:
    assert at.proofs is not None
    return at.proofs
