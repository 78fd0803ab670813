"""Where anybody checks any credential: a file, a text or an address; the answer is a page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from services.awarding.checking.checker import Asked
from services.awarding.checking.requests import by_form
from services.awarding.pages.reception import At, Reception
from services.awarding.pages.refusals import WHY
from shared.credentials.findings import Report
from shared.credentials.reading import MOST_PICTURE, Unreadable
from shared.http.problems import unavailable
from shared.pages.formats import Formats

router = APIRouter(include_in_schema=False)


def _(text: str) -> str:
    """Marks a text for translation."""
    return text


SAID: Final = (
    ("achievement_name", _("What for")),
    ("issuer_name", _("Issuer")),
    ("issuer", _("Issuer's identity")),
    ("awarded", _("Awarded on")),
    ("valid_from", _("Issued on")),
    ("valid_until", _("Valid until")),
    ("achievement_type", _("Kind")),
    ("description", _("Description")),
    ("criteria", _("Criteria")),
    ("id", _("Its number")),
)
"""What a credential says of itself, in the order in which it is shown."""

DATES: Final = ("awarded", "valid_from", "valid_until")


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
        return _form(
            request, at, _status(error), error=_why(request, at, error), address=asked.address or "", text=_text(asked.data)
        )
    return at.pages.render(
        request,
        "result.html",
        secret=True,
        result=at.result(request, report),
        said=_said(request, at, report),
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


def _form(request: Request, at: Reception, status: int = 200, *, error: str = "", address: str = "", text: str = "") -> Response:
    return at.pages.render(
        request,
        "check.html",
        status,
        cache="never" if error else "short",
        error=error,
        address=address,
        text=text,
        largest=MOST_PICTURE // 1_000_000,
    )


def _said(request: Request, at: Reception, report: Report) -> list[tuple[str, str]]:
    formats = Formats(at.pages.language_of(request))
    return [
        (at.pages.text(request, name), _day(value, formats) if member in DATES else value)
        for member, name in SAID
        if (value := report.summary.get(member))
    ]


def _day(text: str, formats: Formats) -> str:
    """As it was written, if it is no date."""
    try:
        return formats.day(text)
    except ValueError:
        return text
