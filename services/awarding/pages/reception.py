"""What the pages work on, and what several of them do alike."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import segno
from fastapi import Depends, Request
from fastapi.responses import Response

from services.awarding.api import Desk
from services.awarding.checking.checker import Asked
from services.awarding.credentials.addresses import Addresses
from services.awarding.credentials.counter import Counter
from services.awarding.credentials.document import Unmakeable
from services.awarding.credentials.forms import MEDIA_TYPES, Form, attachment
from services.awarding.credentials.keyring import NoKey
from services.awarding.credentials.office import Made
from services.awarding.credentials.records import Registry
from services.awarding.pages.folio import Folio
from services.awarding.pages.results import Translate, result_view
from services.awarding.pages.views import ResultView
from services.awarding.sharing.store import Shares
from shared.credentials.findings import Report
from shared.http import Problem
from shared.http.problems import unavailable
from shared.pages import Pages
from shared.pages.formats import Formats

log = logging.getLogger(__name__)


Verify = Callable[[Asked], Awaitable[Report]]
"""Checks what somebody brought. Raises Unreadable."""


@dataclass(frozen=True)
class Reception:
    """The app carries it as `app.state.reception`."""

    pages: Pages
    desk: Desk
    addresses: Addresses
    shares: Shares
    verify: Verify | None = None
    counter: Callable[[], Counter | None] = lambda: None

    async def folio(self, request: Request, learner: str) -> Folio:
        return await Folio.of(self.desk, learner, self.pages.language_of(request), self.addresses)

    async def credential(self, award: str) -> Made | None:
        """None as well for one that cannot be made any more: its page is shown without."""
        try:
            counter = self.counter()
            return None if counter is None or counter.office is None else await counter.office.credential(award)
        except Unmakeable as error:
            log.warning("a page is shown without its credential: %s", error)
            return None

    @property
    def registry(self) -> Registry | None:
        """Gives all that a learner holds as one signed record."""
        counter = self.counter()
        return None if counter is None else counter.registry

    async def checked(self, made: Made | None, email: str | None = None) -> Report | None:
        """Checked as a stranger would. None if there is nothing to check."""
        if made is None or self.verify is None:
            return None
        try:
            return await self.verify(Asked(await asyncio.to_thread(made.json), email=email))
        except NoKey as error:
            log.warning("a page is shown without its credential: %s", error)
            return None

    def result(self, request: Request, report: Report | None) -> ResultView | None:
        return None if report is None else result_view(report, self.translator(request), self.formats(request))

    def translator(self, request: Request) -> Translate:
        return lambda text, **params: self.pages.text(request, text, **params)

    def formats(self, request: Request) -> Formats:
        return Formats(self.pages.language_of(request))

    def picture(self, achievement: str, version: int) -> str:
        return f"{self.pages.site.prefix}/pictures/{achievement}/{version}.svg"


AS_FILE: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
}


def reception(request: Request) -> Reception:
    found: Reception | None = getattr(request.app.state, "reception", None)
    if found is None:
        raise unavailable(60, "This process shows no pages.")
    return found


At = Annotated[Reception, Depends(reception)]


async def file_of(made: Made, form: Form, name: str) -> Response:
    """The credential as a download. Raises the 404 problem for a form whose key is gone."""
    makers: Mapping[Form, Callable[[], bytes | str]] = {"json": made.json, "jwt": made.jwt, "png": made.png, "svg": made.svg}
    try:
        content = await asyncio.to_thread(makers[form])
    except NoKey as error:
        raise Problem(404, detail=str(error)) from error
    return Response(content, media_type=MEDIA_TYPES[form], headers={**AS_FILE, "content-disposition": attachment(name, form)})


def qr(address: str) -> str:
    """A QR code as the address of a picture that holds itself."""
    return segno.make(address, error="m", micro=False).svg_data_uri(border=1, scale=4, dark="#22261e", omitsize=True)


def qr_svg(address: str) -> bytes:
    """A QR code as a picture of its own."""
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(drawn, kind="svg", border=1, scale=4, dark="#22261e", omitsize=True)
    return drawn.getvalue()


def identifiers(made: Made | None) -> dict[str, dict[str, Any]]:
    """The identity objects that a credential has, by their type (`name`, `emailAddress`)."""
    subject = {} if made is None else made.document.get("credentialSubject", {})
    listed = subject.get("identifier", [])
    return {one["identityType"]: one for one in (listed if isinstance(listed, list) else [listed])}


def name_in(made: Made | None) -> str | None:
    found = identifiers(made).get("name")
    return None if found is None or found.get("hashed") else str(found["identityHash"])
