"""What a request asks to have checked, in whatever way it brings it."""

from __future__ import annotations

from typing import Any, Final

import orjson
from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from services.awarding.checking.checker import Asked, Checker
from shared.credentials.reading import MOST_PICTURE, MOST_TEXT, Unreadable, address_in
from shared.http import Problem
from shared.http.problems import unavailable

MOST_REQUEST: Final = MOST_PICTURE + 500_000
"""Bytes of a request, for pictures and what is around them in a form."""

FORMS: Final = ("multipart/form-data", "application/x-www-form-urlencoded")
RAW: Final = frozenset(
    {"text/plain", "image/png", "image/svg+xml", "application/vc+jwt", "application/jwt", "application/octet-stream", ""}
)


def too_large() -> Problem:
    return Problem(
        413,
        "The credential is too large",
        f"A picture may have {MOST_PICTURE // 1_000_000} MB, JSON or JWT {MOST_TEXT // 1_000_000} MB at most.",
        code="too_large",
    )


def unreadable(error: Unreadable) -> Problem:
    if error.code == "too_large":
        return too_large()
    if error.code == "busy":
        return unavailable(2, error.says)
    title = "It is not said what to compare with" if error.code == "email" else "There is no credential to check"
    return Problem(422, title, error.says, code=error.code)


async def asked_by(request: Request, checker: Checker) -> Asked:
    """Raises Problem, and Unreadable."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in FORMS:
        return await by_form(request, with_documents=True)
    body = await request.body()
    if kind == "application/json" or kind.endswith("+json"):
        return await checker.unwrapped(body)
    if kind not in RAW:
        raise Problem(
            415, detail="Send the credential as application/json, text/plain, image/png, image/svg+xml or multipart/form-data."
        )
    return of_bytes(body)


def of_bytes(data: bytes, email: str | None = None, documents: Any = None) -> Asked:
    if not data.strip():
        raise Unreadable("empty", "Bring a credential as JSON, JWT, PNG or SVG, or the address where there is one.")
    if (address := address_in(data)) is not None:
        return Asked(address=address, email=email, documents=documents)
    return Asked(data, email=email, documents=documents)


async def by_form(request: Request, *, with_documents: bool = False) -> Asked:
    """`credential`: a file or a text; or `address`. `email` if wanted. Empty fields count for nothing. `documents` (JSON) are
    for programs: on a page, whoever made the form could have filled them in unseen.
    """
    async with request.form(max_files=2, max_fields=10, max_part_size=MOST_REQUEST) as form:
        email = _text(form, "email")
        documents = _documents(form) if with_documents else None
        for name in ("credential", "file", "text"):
            for value in form.getlist(name):
                data = await value.read(MOST_PICTURE + 1) if isinstance(value, UploadFile) else value.encode("utf-8", "replace")
                if data.strip():
                    return of_bytes(data, email, documents)
        address = _text(form, "address")
    if address is None:
        raise Unreadable("empty", "Bring a credential as JSON, JWT, PNG or SVG, or the address where there is one.")
    return Asked(address=address, email=email, documents=documents)


def _text(form: FormData, name: str) -> str | None:
    value = form.get(name)
    return value.strip() or None if isinstance(value, str) else None


def _documents(form: FormData) -> dict[str, Any] | None:
    text = _text(form, "documents")
    if text is None:
        return None
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Unreadable("documents", "`documents` is a JSON object: the identity documents by their DID or address.") from error
    if not isinstance(found, dict):
        raise Unreadable("documents", "`documents` is a JSON object: the identity documents by their DID or address.")
    return found
