"""What the pages work on, and what several of them do alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Protocol

import segno
from fastapi import Depends, Request
from fastapi.responses import Response

from services.awarding.api import Desk
from services.awarding.credentials.addresses import Addresses
from services.awarding.pages.folio import Folio
from services.awarding.pages.results import Translate, result_view
from services.awarding.pages.views import ResultView
from services.awarding.sharing.store import Shares
from shared.credentials.findings import Report
from shared.http.problems import unavailable
from shared.pages import Pages


class Made(Protocol):
    """A credential as it was issued, and its forms."""

    @property
    def document(self) -> dict[str, Any]:
        """Unsigned."""

    def json(self) -> bytes: ...

    def jwt(self) -> str: ...

    def png(self) -> bytes: ...

    def svg(self) -> str: ...


class Office(Protocol):
    async def credential(self, award_id: str) -> Made | None:
        """None if nothing was issued for the award."""


Record = Callable[[str], Awaitable[bytes | None]]
"""All of a learner's stacks as one signed record, by the learner's id; None where there is nothing to put into it."""


class Verify(Protocol):
    async def __call__(self, data: bytes | None = None, *, address: str | None = None, email: str | None = None) -> Report:
        """Checks the credential in the bytes, in any form, or at the address. Raises Unreadable."""


FORMS: Final[Mapping[str, str]] = {
    "json": "application/vc+ld+json",
    "jwt": "text/plain; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Reception:
    """The app carries it as `app.state.reception`."""

    pages: Pages
    desk: Desk
    addresses: Addresses
    shares: Shares
    office: Office | None = None
    verify: Verify | None = None
    record: Record | None = None

    async def folio(self, request: Request, learner: str) -> Folio:
        return await Folio.of(self.desk, learner, self.pages.language_of(request), self.addresses)

    async def credential(self, award: str) -> Made | None:
        return None if self.office is None else await self.office.credential(award)

    async def checked(self, made: Made | None, email: str | None = None) -> Report | None:
        """Checked as a stranger would."""
        return None if made is None or self.verify is None else await self.verify(made.json(), email=email)

    def result(self, request: Request, report: Report | None) -> ResultView | None:
        return None if report is None else result_view(report, self.translator(request))

    def translator(self, request: Request) -> Translate:
        return lambda text, **params: self.pages.text(request, text, **params)

    def picture(self, achievement: str, version: int) -> str:
        return f"{self.pages.site.prefix}/pictures/{achievement}/{version}.svg"


def reception(request: Request) -> Reception:
    found: Reception | None = getattr(request.app.state, "reception", None)
    if found is None:
        raise unavailable(60, "This process shows no pages.")
    return found


At = Annotated[Reception, Depends(reception)]


def file_of(made: Made, form: str, name: str) -> Response:
    """The credential as a download, in one of FORMS."""
    makers: Mapping[str, Callable[[], bytes | str]] = {"json": made.json, "jwt": made.jwt, "png": made.png, "svg": made.svg}
    content = makers[form]()
    headers = {
        "content-disposition": f'attachment; filename="{name}.{form}"',
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
        "referrer-policy": "no-referrer",
        "x-robots-tag": "noindex, nofollow",
    }
    return Response(content, media_type=FORMS[form], headers=headers)


def qr(address: str) -> str:
    """A QR code as the address of a picture that holds itself."""
    return segno.make(address, error="m", micro=False).svg_data_uri(border=1, scale=4, dark="#22261e", omitsize=True)


def identifiers(made: Made | None) -> dict[str, dict[str, Any]]:
    """The identity objects that a credential has, by their type (`name`, `emailAddress`)."""
    subject = {} if made is None else made.document.get("credentialSubject", {})
    listed = subject.get("identifier", [])
    return {one["identityType"]: one for one in (listed if isinstance(listed, list) else [listed])}


def name_in(made: Made | None) -> str | None:
    found = identifiers(made).get("name")
    return None if found is None or found.get("hashed") else str(found["identityHash"])
