"""Where anybody checks any credential: a file, a text or an address; the answer is a page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from services.awarding.checking.checker import Asked
from services.awarding.checking.requests import by_form
from services.awarding.pages.reception import At, Reception
from services.awarding.pages.refusals import WHY
from services.awarding.pages.results import check_view
from services.awarding.pages.said import said_by
from shared.credentials.findings import Report
from shared.credentials.reading import MOST_PICTURE, Unreadable
from shared.http.problems import unavailable

router = APIRouter(include_in_schema=False)


@router.get("/check")
async def show_check(request: Request, at: At, address: Annotated[str, Query(max_length=2_000)] = "") -> Response:
    """The form; with an address, what is found there."""
    if not address.strip():
        return _form(request, at)
    return await _answered(request, at, Asked(address=address.strip()))


@router.post("/check")
async def check(request: Request, at: At) -> Response:
    try:
        asked = await by_form(request)
    except Unreadable as error:
        return _form(request, at, _status(error), error=_why(request, at, error))
    return await _answered(request, at, asked)


async def _answered(request: Request, at: Reception, asked: Asked) -> Response:
    if at.verify is None:
        raise unavailable(60, "This process checks no credentials.")
    try:
        report = await at.verify(asked)
    except Unreadable as error:
        return _form(request, at, _status(error), error=_why(request, at, error), typed=asked)
    return result_page(request, at, report)


def result_page(request: Request, at: Reception, report: Report) -> Response:
    """Whatever the credential is, for anybody may bring one."""
    translate, formats = at.translator(request), at.formats(request)
    return at.pages.render(
        request,
        "result.html",
        secret=True,
        result=at.result(request, report),
        said=said_by(report, translate, formats),
        matched=None if report.email is None else check_view(report.email, translate),
        now=datetime.now(UTC),
    )


def _status(error: Unreadable) -> int:
    return {"too_large": 413, "busy": 503}.get(error.code, 422)


def _why(request: Request, at: Reception, error: Unreadable) -> str:
    """In plain words; of an address also what exactly went wrong, for whoever runs it."""
    if error.code not in WHY:
        return error.says
    said = at.pages.text(request, WHY[error.code])
    return f"{said} ({error.says})" if error.code == "address" else said


def _text(data: bytes | None) -> str:
    """What was typed comes back to be mended; files do not."""
    try:
        return "" if data is None or len(data) > 20_000 else data.decode()
    except UnicodeDecodeError:
        return ""


def _form(request: Request, at: Reception, status: int = 200, *, error: str = "", typed: Asked | None = None) -> Response:
    typed = typed or Asked()
    return at.pages.render(
        request,
        "check.html",
        status,
        cache="never" if error else "short",
        error=error,
        address=typed.address or "",
        text=_text(typed.data),
        email=typed.email or "",
        largest=MOST_PICTURE // 1_000_000,
    )
