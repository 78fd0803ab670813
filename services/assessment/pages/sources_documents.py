"""Sources are registered and changed by their documents, as YAML. Nothing that was typed is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from services.assessment.pages.evidence import form_of, text_of
from services.assessment.pages.frame import In, _, desk_page
from services.assessment.pages.plain import plain
from services.assessment.pages.sources_frame import Changing, Done, Looking, Of, back, kept, source_page
from services.assessment.pages.sources_yaml import Mistake, example, mistakes, yaml_of
from services.assessment.sources.document import Source
from services.assessment.sources.formats import FORMATS
from services.assessment.sources.reading import source_in, yaml_in
from services.assessment.sources.registry import Moved, NotPossible
from services.assessment.sources.sources import At
from shared.http import Caller, Problem
from shared.http.sessions import SameOrigin
from shared.pages import Pages

router = APIRouter(include_in_schema=False)

LARGEST: Final = 3_000_000
"""Bytes of a form with a document, which a browser writes at greater length."""
LARGER: Final = {"/desk/sources/new": LARGEST, "/desk/sources/{source}/document": LARGEST}

Format = Annotated[str | None, Query(max_length=50)]
Form = Annotated[FormData, Depends(form_of)]


@router.get("/desk/sources/new")
async def show_new(request: Request, caller: Changing, pages: In, format: Format = None) -> Response:  # noqa: A002 - the query's word
    known = FORMATS.get(format or "")
    if known is None or not known.registered:
        formats = sorted((one for one in FORMATS.values() if one.registered), key=lambda one: one.title.lower())
        return desk_page(request, pages, caller, "desk/sources/formats.html", formats=formats)
    return _new(request, caller, pages, known.name, example(known.name))


def _new(request: Request, caller: Caller, pages: Pages, format_: str, text: str, status: int = 200, **said: Any) -> Response:
    context: dict[str, Any] = {"text": text, "format": format_, "format_title": FORMATS[format_].title}
    return desk_page(request, pages, caller, "desk/sources/new.html", status, **context, **_said(said))


@router.post("/desk/sources/new", dependencies=[SameOrigin])
async def register(request: Request, caller: Changing, at: At, pages: In, form: Form) -> Response:
    text, format_ = kept(form, "document"), text_of(form, "format")
    shown = format_ if format_ in FORMATS else "cloudevents"
    try:
        document = await _read(at, text)
        there = await at.registry.fresh(document.id)
        if there is not None and there.source != document:
            raise Moved(there.revision)
        if text_of(form, "do") == "check":
            await at.registry.would_be(document, caller.subject)
            return _new(request, caller, pages, shown, text, checked=True)
        await at.registry.put(document, caller.subject, expected=0)
    except Moved:
        there_already = NotPossible("source", pages.text(request, _("There is a source with this id already.")))
        return _new(request, caller, pages, shown, text, 409, mistakes=await _mistakes(request, pages, there_already, text))
    except (Problem, NotPossible) as error:
        return _new(request, caller, pages, shown, text, _status(error), mistakes=await _mistakes(request, pages, error, text))
    return back(pages, document.id, done="registered")


@router.get("/desk/sources/{source}/document")
async def show_document(request: Request, of: Of, caller: Looking, pages: In, done: Done = None) -> Response:
    return _document(request, caller, pages, of, yaml_of(of.source), done=done)


def _document(
    request: Request, caller: Caller, pages: Pages, of: Of, text: str, status: int = 200, *, done: str | None = None, **said: Any
) -> Response:
    return source_page(
        request,
        pages,
        caller,
        of,
        "desk/sources/document.html",
        status,
        done=done,
        text=text,
        registered=of,
        in_force=yaml_of(of.source),
        moved=said.pop("moved", False),
        **_said(said),
    )


@router.post("/desk/sources/{source}/document", dependencies=[SameOrigin])
async def change(request: Request, of: Of, caller: Changing, at: At, pages: In, form: Form) -> Response:
    text, revision = kept(form, "document"), text_of(form, "revision")
    try:
        document = await _read(at, text, of.source.id)
        if text_of(form, "do") == "check":
            await at.registry.would_be(document, caller.subject)
            return _document(request, caller, pages, of, text, checked=True)
        put = await at.registry.put(document, caller.subject, expected=int(revision) if revision.isdecimal() else 0)
    except Moved:
        return _document(request, caller, pages, of, text, 409, moved=True)
    except (Problem, NotPossible) as error:
        return _document(request, caller, pages, of, text, _status(error), mistakes=await _mistakes(request, pages, error, text))
    return back(pages, document.id, "/document", "unchanged" if put.revision == of.revision else "changed")


async def _read(at: At, text: str, source: str | None = None) -> Source:
    """What was typed. Raises the problems 400 and 422. YAML is read in a thread: a long one takes its time."""
    value = await asyncio.to_thread(yaml_in, text.encode(errors="replace"))
    if source is not None and isinstance(value, dict) and value.setdefault("source", source) != source:
        raise NotPossible("source", f"this is the page of {source}; another source is registered on a page of its own")
    document = source_in(value)
    at.grants.key_sets.check_signers(document)
    return document


def _status(error: Problem | NotPossible) -> int:
    return error.status if isinstance(error, Problem) else 409


async def _mistakes(request: Request, pages: Pages, error: Problem | NotPossible, text: str) -> list[Mistake]:
    found = await asyncio.to_thread(mistakes, error, text)
    return [replace(one, says=plain(pages, request, one.says)) for one in found]


def _said(said: dict[str, Any]) -> dict[str, Any]:
    return {"mistakes": [], "checked": False} | said
