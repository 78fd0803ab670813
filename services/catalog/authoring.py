"""The part of the API that authors work with: drafts, validation, publishing, retiring, and whole folders at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from services.catalog.authors import Author, Reader, check_author, may_read
from services.catalog.desk import KIND, AtDesk, Desk, Kinds
from services.catalog.domain.changes import document_of
from services.catalog.domain.document import Kind, Submission, midnight, read
from services.catalog.domain.drafts import Draft, misnamed
from services.catalog.domain.findings import Finding, error, has_errors
from services.catalog.domain.naming import names_of
from services.catalog.publishing import Busy, Catalog, Publishing
from services.catalog.store import now
from services.catalog.views import (
    Application,
    Applied,
    Applying,
    DraftView,
    Keepable,
    PublishedVersion,
    Retirement,
    Spoken,
    Validation,
    Window,
    applied,
    draft_view,
    spoken,
    version_view,
)
from shared.http import Caller, Page, Paging, Problem
from shared.http.problems import unavailable
from shared.requirements.model import Slug

router = APIRouter(tags=["authoring"])

Document = Annotated[dict[str, Any], Keepable]
IfMatch = Annotated[str | None, Header(description='the draft\'s revision that this was made from, like "3"')]


@router.get("/drafts")
async def list_drafts(desk: AtDesk, caller: Reader, paging: Paging) -> Page[DraftView]:
    """All drafts that the caller may read, by kind and id, without what is wrong with them."""
    known = [draft for draft in await desk.drafts.list() if may_read(caller, draft)]
    drafts = [draft for draft in known if paging.after is None or draft.key > paging.after]
    items = [draft_view(draft, ()) for draft in drafts[: paging.limit]]
    return paging.page(items, drafts[paging.limit - 1].key if len(drafts) > paging.limit else None)


@router.put("/drafts/{kinds}/{id}", responses={201: {"description": "The draft is new."}, 412: {}})
async def put_draft(
    kinds: Kinds,
    id: Slug,  # noqa: A002 - the path's word
    document: Document,
    desk: AtDesk,
    caller: Author,
    response: Response,
    if_match: IfMatch = None,
) -> DraftView:
    """Keep a document as a draft, finished or not. With If-Match it replaces only the revision that it was made from."""
    kind = KIND[kinds]
    before = await desk.drafts.get(kind, id)
    check_author(caller, await desk.catalog.stock(), id, document, *([before.document] if before else ()))
    if if_match is not None and (before is None or _revision(if_match) != before.revision):
        raise _moved(before)
    draft = Draft(kind, id, before.revision + 1 if before else 1, document, now())
    if not await desk.drafts.put(draft):
        raise _moved(await desk.drafts.get(kind, id))
    response.status_code = 200 if before else 201
    response.headers["etag"] = f'"{draft.revision}"'
    return draft_view(draft, (await _judged_draft(desk, draft)).findings)


@router.get("/drafts/{kinds}/{id}")
async def get_draft(kinds: Kinds, id: Slug, desk: AtDesk, caller: Reader, response: Response) -> DraftView:  # noqa: A002
    """The draft, and what is wrong with it so far."""
    draft = await _draft(desk, kinds, id)
    if not may_read(caller, draft):
        raise _no_draft(kinds, id)
    response.headers["etag"] = f'"{draft.revision}"'
    return draft_view(draft, (await _judged_draft(desk, draft)).findings)


@router.delete("/drafts/{kinds}/{id}", status_code=204, responses={400: {}, 412: {"description": "It was changed since."}})
async def delete_draft(kinds: Kinds, id: Slug, desk: AtDesk, caller: Author, if_match: IfMatch = None) -> None:  # noqa: A002
    """Throw the draft away; what is published stays."""
    draft = await _own_draft(desk, caller, kinds, id)
    if not await desk.drafts.delete(KIND[kinds], id, None if if_match is None else _revision(if_match)):
        raise _moved(draft)


@router.post("/drafts/{kinds}/{id}/validate")
async def validate_draft(kinds: Kinds, id: Slug, desk: AtDesk, caller: Author) -> Validation:  # noqa: A002
    """What would keep the draft from being published, and how its requirements read."""
    return (await _judged_draft(desk, await _own_draft(desk, caller, kinds, id))).view()


@router.post("/validate")
async def validate_document(document: Document, desk: AtDesk, caller: Author) -> Validation:
    """The same for a document that isn't kept."""
    return (await _judged(desk, document)).view()


@router.post(
    "/drafts/{kinds}/{id}/publish",
    responses={
        200: {"description": "The newest version says so already."},
        201: {"description": "It is published.", "model": Applied},
    },
)
async def publish_draft(
    kinds: Kinds,
    id: Slug,  # noqa: A002
    desk: AtDesk,
    caller: Author,
    response: Response,
    window: Window | None = None,
) -> Applied:
    """Make the draft the next version. It is gone then; what was found is answered as a problem with `findings`."""
    draft = await _own_draft(desk, caller, kinds, id)
    judged = await _judged_draft(desk, draft)
    if judged.submission is None or has_errors(judged.findings):
        raise _refused(judged.findings)
    publishing = await _published(desk.catalog, [_within(judged.submission, window)], drafts=(draft,))
    outcome = applied(0, publishing.outcomes[0])
    if publishing.refused:
        raise _refused(tuple(outcome.findings))
    if outcome.action == "unchanged":
        await desk.drafts.delete(draft.kind, draft.id, draft.revision)
    else:
        response.status_code = 201
    return outcome


@router.post("/{kinds:kinds}/{id}/revise", status_code=201, responses={404: {}, 409: {}})
async def revise(kinds: Kinds, id: Slug, desk: AtDesk, caller: Author, response: Response) -> DraftView:  # noqa: A002
    """A new draft that says what the newest version says, to be changed and published as the next one."""
    stock = await desk.catalog.stock()
    versions = [version for version in stock.shelf.of(id) if version.kind == KIND[kinds]]
    if not versions:
        raise Problem(404, detail=f"There is no published {KIND[kinds]} {id}.")
    check_author(caller, stock, id)
    if versions[-1].retired:
        raise Problem(409, "It is retired", f"{id} is retired; publish what follows it under another id.")
    draft = Draft(KIND[kinds], id, 1, _leading(document_of(versions[-1].definition), KIND[kinds]), now())
    if not await desk.drafts.put(draft):
        raise Problem(409, "There is a draft already", f"{id} is being revised: see /drafts/{kinds}/{id}.")
    response.headers["location"] = f"/drafts/{kinds}/{id}"
    response.headers["etag"] = '"1"'
    return draft_view(draft, ())


@router.post("/{kinds:kinds}/{id}/retire", responses={404: {}})
async def retire(
    kinds: Kinds,
    id: Slug,  # noqa: A002
    desk: AtDesk,
    caller: Author,
    retirement: Retirement | None = None,
) -> list[PublishedVersion]:
    """Let all versions end; who holds an award keeps it. Answers the versions; once retired, an id gets no further one."""
    stock = await desk.catalog.stock()
    if not any(version.kind == KIND[kinds] for version in stock.shelf.of(id)):
        raise Problem(404, detail=f"There is no published {KIND[kinds]} {id}.")
    check_author(caller, stock, id)
    ends = None if retirement is None or retirement.teach_out_ends is None else midnight(retirement.teach_out_ends)
    try:
        versions = await desk.catalog.retire(id, ends)
    except Busy as busy:
        raise unavailable(1, "So many publish at the moment that this didn't come through.") from busy
    return [version_view(version, stock.names, now()) for version in versions]


@router.post("/apply", responses={422: {"description": "There are errors; nothing was published."}})
async def apply(application: Application, desk: AtDesk, caller: Author) -> Applying:
    """Publish documents together, references among them included: all that is new or changed, or, if there is any error, nothing.

    What the newest version says already is left alone, so that it may be applied again and again.
    Errors are answered as a problem with `documents`, in the same form.
    """
    documents: list[Applied] = []
    submissions: list[tuple[int, Submission]] = []
    first: dict[str, int] = {}
    stock = await desk.catalog.stock()
    for index, document in enumerate(application.documents):
        found = read(document)
        if isinstance(found, Submission):
            if (same := first.setdefault(found.id, index)) != index:
                found = (error(found.kind, f"{found.id} stands among the documents twice, here and in the {_nth(same)}"),)
            else:
                check_author(caller, stock, found.id, document)
                submissions.append((index, found))
                continue
        documents.append(Applied(index=index, kind=_kind(document), id=_id(document), action="refused", findings=list(found)))
    if not documents:
        publishing = await _published(
            desk.catalog,
            [each for _, each in submissions],
            starts=application.effective_from,
            dry_run=application.dry_run,
        )
        outcomes = zip(submissions, publishing.outcomes, strict=True)
        documents = [applied(index, outcome) for (index, _), outcome in outcomes]
        if not publishing.refused:
            return Applying(published=not application.dry_run, documents=documents)
    count = sum(finding.severity == "error" for document in documents for finding in document.findings)
    raise Problem(
        422,
        "Nothing was published",
        f"{count} error{'s' * (count != 1)} in the documents",
        documents=[document.model_dump(mode="json") for document in documents],
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """What there is to say about one document; no submission if it can't be read."""

    findings: tuple[Finding, ...]
    submission: Submission | None = None
    requirements: tuple[Spoken, ...] = ()

    def view(self) -> Validation:
        publishable = self.submission is not None and not has_errors(self.findings)
        return Validation(publishable=publishable, findings=list(self.findings), requirements=list(self.requirements))


async def _judged_draft(desk: Desk, draft: Draft) -> _Judged:
    finding = misnamed(draft.kind, draft.id, draft.document)
    return _Judged((finding,)) if finding else await _judged(desk, draft.document)


async def _judged(desk: Desk, document: Mapping[str, Any]) -> _Judged:
    submission = read(document)
    if not isinstance(submission, Submission):
        return _Judged(submission)
    publishing = await _published(desk.catalog, [submission], dry_run=True)
    stock = await desk.catalog.stock()
    names = names_of(stock.known.with_([submission.definition]))
    return _Judged(publishing.outcomes[0].findings, submission, tuple(spoken(submission.definition, names)))


async def _published(
    catalog: Catalog,
    submissions: list[Submission],
    *,
    starts: date | None = None,
    dry_run: bool = False,
    drafts: tuple[Draft, ...] = (),
) -> Publishing:
    """Raises the 503 problem if too many others publish."""
    effective_from = None if starts is None else midnight(starts)
    try:
        return await catalog.publish(submissions, effective_from=effective_from, dry_run=dry_run, drafts=drafts)
    except Busy as busy:
        raise unavailable(1, "So many publish at the moment that this didn't come through.") from busy


async def _draft(desk: Desk, kinds: Kinds, id_: str) -> Draft:
    draft = await desk.drafts.get(KIND[kinds], id_)
    if draft is None:
        raise _no_draft(kinds, id_)
    return draft


async def _own_draft(desk: Desk, caller: Caller, kinds: Kinds, id_: str) -> Draft:
    """Raises the 404 and 403 problems."""
    draft = await _draft(desk, kinds, id_)
    if not may_read(caller, draft):
        raise _no_draft(kinds, id_)
    check_author(caller, await desk.catalog.stock(), id_, draft.document)
    return draft


def _no_draft(kinds: Kinds, id_: str) -> Problem:
    return Problem(404, detail=f"There is no draft of the {KIND[kinds]} {id_}.")


def _within(submission: Submission, window: Window | None) -> Submission:
    """The days named at publishing go before those in the document."""
    if window is None:
        return submission
    starts, teach_out = window.effective_from, window.teach_out_of_previous
    return replace(
        submission,
        effective_from=midnight(starts) if starts else submission.effective_from,
        teach_out_of_previous=midnight(teach_out) if teach_out else submission.teach_out_of_previous,
    )


def _refused(findings: tuple[Finding, ...]) -> Problem:
    count = sum(finding.severity == "error" for finding in findings)
    said = f"{count} error{'s' * (count != 1)} in the document"
    return Problem(422, "It can't be published", said, findings=[finding.model_dump(mode="json") for finding in findings])


def _moved(draft: Draft | None) -> Problem:
    there = f"it is at revision {draft.revision}" if draft else "there is none"
    return Problem(412, "The draft has changed", f"Read it again before changing it: {there} now.")


def _revision(if_match: str) -> int:
    try:
        return int(if_match.strip().strip('"'))
    except ValueError as mistaken:
        raise Problem(400, detail='If-Match takes a draft\'s revision as it came in ETag, like "3".') from mistaken


def _leading(document: dict[str, Any], kind: Kind) -> dict[str, Any]:
    """The document with its id in front."""
    return {kind: document[kind]} | document


def _kind(document: object) -> Kind | None:
    kinds: tuple[Kind, Kind] = ("achievement", "stack")
    return next((kind for kind in kinds if isinstance(document, dict) and kind in document), None)


def _id(document: object) -> str | None:
    kind = _kind(document)
    found = document.get(kind) if kind and isinstance(document, dict) else None
    return found if isinstance(found, str) else None


def _nth(index: int) -> str:
    ends = {1: "st", 2: "nd", 3: "rd"}
    number = index + 1
    return f"{number}{'th' if 10 <= number % 100 <= 20 else ends.get(number % 10, 'th')}"
