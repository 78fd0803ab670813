"""Where learners bring credentials of what they learned elsewhere, and see whether these still stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from services.assessment.pages.frame import In, _
from services.assessment.pages.submissions import learner_signed_in
from services.assessment.sources.claims import Kind, Outcome, Wrong
from services.assessment.sources.document import Source
from services.assessment.sources.doors.proofs import LONGEST, SAID
from services.assessment.sources.formats.proofs.options import Match, Options
from services.assessment.sources.formats.proofs.subjects import subject_of
from services.assessment.sources.people import NOBODY
from services.assessment.sources.proofs.matching import NOT_THEIRS, Bringing
from services.assessment.sources.proofs.proofs import ANOTHERS, OLDER, Proofs
from services.assessment.sources.proofs.tracking import Proof
from services.assessment.sources.settling import opened
from services.assessment.sources.sources import Sources
from services.assessment.sources.vault import Unreadable
from services.assessment.sources.writing import original_in
from shared.http import Caller, Problem
from shared.http.problems import unavailable
from shared.http.sessions import SameOrigin
from shared.pages import Pages

router = APIRouter(include_in_schema=False)

TO_LEARNERS: Final = {
    NOT_THEIRS: _(
        "Nothing in it shows that it was given to you: it names nobody who is known here as you, and what you said of yourself is"
        " not what is in it, or not known as yours. Staff can confirm that it is yours."
    ),
    ANOTHERS: _("It was taken as the proof of another learner before. A credential proves what one learner can do."),
    OLDER: _("You brought a newer edition of this credential before, which stands in its place."),
}
"""What is said to whoever brings something, where the door speaks of them as a third person."""

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
        return await _page(request, caller, at, pages, status=422, missing=True, said=said, text=texts.get("text", ""))
    try:
        outcomes = await _proofs(at).take(chosen, brought, Bringing(caller.learner, caller.subject, said))
    except Problem as problem:
        outcomes = [Outcome(Kind.REFUSED, detail=problem.detail or problem.title, status=problem.status)]
    if any(outcome.kind is not Kind.REFUSED for outcome in outcomes):
        return await _page(request, caller, at, pages, outcomes=outcomes)
    status = max(outcome.status or 422 for outcome in outcomes)
    return await _page(request, caller, at, pages, status=status, outcomes=outcomes, said=said, text=texts.get("text", ""))


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
    text: str = "",
) -> Response:
    """`said` and `text` are what was typed and came to nothing."""
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
        titles=await _titles(_proofs(at), brought),
        outcomes=outcomes,
        refusals=[_refusal(request, pages, outcome) for outcome in outcomes],
        missing=missing,
        said=said or {},
        text=text,
    )


def _refusal(request: Request, pages: Pages, outcome: Outcome) -> tuple[str, str]:
    """Why it was refused, as one says it to its learner, and in which language."""
    detail = outcome.detail or ""
    if detail in TO_LEARNERS:
        return pages.text(request, TO_LEARNERS[detail]), pages.language_of(request)
    return f"{detail[:1].upper()}{detail[1:].rstrip('.')}.", "en"


async def _titles(proofs: Proofs, brought: Sequence[Proof]) -> dict[str, str]:
    """What the credentials are called, by their ids, as far as they can be read."""
    kept = await proofs.again.ledger.whole(one.original for one in brought if one.sealed is None)
    owners = await proofs.again.people.known({*(one["owner"] for one in kept.values()), *(one.learner or "" for one in brought)})
    titles: dict[str, str] = {}
    for proof in brought:
        try:
            if proof.sealed is not None:
                key = owners.get(proof.learner or "", NOBODY).key
                credential = None if key is None else orjson.loads(key.unseal(proof.sealed, proof.id))
            else:
                found = opened(kept[proof.original], owners) if proof.original in kept else None
                credential = None if found is None else original_in(found[0]).get("credential")
            subject = subject_of(credential or {})
        except (Unreadable, Wrong):
            continue
        achievement = subject.get("achievement")
        name = achievement.get("name") if isinstance(achievement, dict) else None
        if isinstance(name, str) and name.strip():
            titles[proof.id] = name.strip()[:LONGEST]
    return titles


async def _open_sources(at: Sources) -> list[Source]:
    """Those that proofs may be brought to now."""
    known = await at.registry.all()
    return [one.source for one in known if not one.paused and isinstance(one.source.options, Options)]


def _proofs(at: Sources) -> Proofs:
    assert at.proofs is not None
    return at.proofs
