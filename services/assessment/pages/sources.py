"""All sources and how each is; what came in from one, what became of it, and where it sends to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.assessment.pages.frame import In, _, desk_page
from services.assessment.pages.sources_accounts import DAYS, DONE_WITH, summed
from services.assessment.pages.sources_frame import CHANGE, Changing, Done, Looking, Of, back, lasted, source_page
from services.assessment.sources.accounts_api import read_accounts
from services.assessment.sources.answers import Health, Refused
from services.assessment.sources.formats import FORMATS
from services.assessment.sources.health import health_of
from services.assessment.sources.registry import Registered
from services.assessment.sources.sources import At
from services.assessment.sources.topics.listeners import on_topics
from shared.http.sessions import SameOrigin
from shared.pages import Pages

router = APIRouter(include_in_schema=False)

SHOWN_DAYS: Final = 14

ADDRESSES: Final[dict[str, tuple[str, ...]]] = {
    "ags": ("/ags/lineitems/{lineitem}/scores",),
    "caliper": ("/sources/{source}/caliper",),
    "canvas": ("/sources/{source}/canvas",),
    "cloudevents": ("/completions", "/sources/{source}/completions"),
    "csv": ("/sources/{source}/files",),
    "moodle": ("/sources/{source}/moodle",),
    "oneroster": ("/sources/{source}/files", "/sources/{source}/oneroster"),
    "openedx": (),
    "proofs": ("/sources/{source}/proofs",),
    "xapi": ("/xapi/statements",),
}
"""Where each format is sent to, as paths of this service; what is read from topics is sent nowhere."""

AS: Final = {
    "xapi": _("POST or PUT. Systems that ask for an endpoint get the address without “statements”."),
    "ags": _("POST. {lineitem} is the line item's id, as the document's activities name it."),
    "csv": _("POST, with the file as the body. People bring files on the page “Files”."),
    "oneroster": _("POST: files as they are exported, or results as JSON. People bring files on the page “Files”."),
    "openedx": _("Nothing is sent here: it is read from the topics that the document's options name."),
}
OTHERWISE: Final = _("POST.")

KEYS: Final = {
    "secret": _("A secret: as Basic, the key's id as user and the secret as password; or as OAuth client credentials."),
    "public_key": _("A key pair of the system's own: OAuth client credentials with a signed assertion."),
    "webhook": _("A secret by which each delivery is signed, as Standard Webhooks says."),
}

OWN_WAYS: Final = {
    "canvas": (_("With “Sign Payload”, where the document has signed_by: the signature shows who it is; no key is needed."),),
    "moodle": (_("The key in one text, as <key id>:<secret>, in the field “Token” of local_webhooks."),),
    "caliper": (_("The key in one text, as <key id>:<secret>, in the sensor's field for a key."),),
}


@dataclass(frozen=True)
class Row:
    """A source in the list."""

    id: str
    name: str
    owner: str
    format: str
    state: str
    last_event: datetime | None
    received: int
    refused: int
    held: int
    waits_for: tuple[str, ...]

    @property
    def worries(self) -> bool:
        return self.state in ("silent", "losing", "waiting", "refusing")


@dataclass(frozen=True)
class Refusals:
    """Those of one reason at one place."""

    latest: Refused
    number: int


@router.get("/desk/sources")
async def show_sources(request: Request, caller: Looking, at: At, pages: In) -> Response:
    found = await at.registry.all()
    rows = await asyncio.gather(*(_row(at, one) for one in found))
    return desk_page(
        request,
        pages,
        caller,
        "desk/sources/list.html",
        rows=rows,
        worrying=sum(row.worries for row in rows),
        may_change=caller.may(CHANGE),
    )


async def _row(at: At, registered: Registered) -> Row:
    source, health = registered.source, await health_of(at, registered)
    return Row(
        source.id,
        source.name,
        source.owner,
        FORMATS[source.format].title,
        health.state,
        health.last_event,
        health.today.received,
        health.today.refused,
        health.today.held,
        _waits_for(registered, health),
    )


def _waits_for(registered: Registered, health: Health) -> tuple[str, ...]:
    """What is in the way of reading its topics."""
    return () if registered.paused or health.topics is None else health.topics.waits_for


def _alike(refusals: Iterable[Refused]) -> list[Refusals]:
    """In the order of the latest of each."""
    found: dict[tuple[str, str | None], list[Refused]] = {}
    for one in refusals:
        found.setdefault((one.reason, one.place), []).append(one)
    return [Refusals(alike[0], len(alike)) for alike in found.values()]


@router.get("/desk/sources/{source}")
async def show_source(request: Request, of: Of, caller: Looking, at: At, pages: In, done: Done = None) -> Response:
    source, health = of.source, await health_of(at, of)
    today = datetime.now(UTC).date()
    account = await read_accounts(source.id, at, caller, today - timedelta(days=SHOWN_DAYS - 1), today)
    silent = None if health.silent_for is None else lasted(pages, request, timedelta(seconds=health.silent_for))
    expects = None if source.expects_every is None else lasted(pages, request, source.expects_every)
    return source_page(
        request,
        pages,
        caller,
        of,
        "desk/sources/source.html",
        done=done,
        health=health,
        waits_for=_waits_for(of, health),
        refusals=_alike(health.refusals),
        silent=silent,
        expects=expects,
        days=list(reversed(account.days)),
        number_of_days=SHOWN_DAYS,
        total=summed(account.days),
        outcomes=[(name, pages.text(request, says)) for name, says in DONE_WITH],
        counted=pages.text(request, DAYS),
        registered=of,
        listens=on_topics(of),
        sends=_sends(request, pages, of),
    )


def _sends(request: Request, pages: Pages, of: Registered) -> dict[str, Any]:
    """Where its system sends to, and with what kind of key."""
    known = FORMATS[of.source.format]
    return {
        "addresses": [f"{pages.site.own}{path.replace('{source}', of.source.id)}" for path in ADDRESSES[known.name]],
        "how": pages.text(request, AS.get(known.name, OTHERWISE)),
        "by": [pages.text(request, way) for way in (*OWN_WAYS.get(known.name, ()), *(KEYS[kind] for kind in known.keys))],
    }


@router.post("/desk/sources/{source}/pause", dependencies=[SameOrigin])
async def pause(of: Of, caller: Changing, at: At, pages: In) -> Response:
    await at.registry.pause(of.source.id, True)
    return back(pages, of.source.id, done="not_read" if on_topics(of) else "paused")


@router.post("/desk/sources/{source}/resume", dependencies=[SameOrigin])
async def resume(of: Of, caller: Changing, at: At, pages: In) -> Response:
    await at.registry.pause(of.source.id, False)
    return back(pages, of.source.id, done="resumed")
