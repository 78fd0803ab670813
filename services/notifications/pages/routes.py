"""The learner's settings, and how they come into the app. Whoever isn't signed in is sent to do so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from services.notifications.api import Of, Stores
from services.notifications.domain.identity import Choice, NothingToShare
from services.notifications.domain.kinds import MAILED, Kind
from services.notifications.identity import NoSealingKey
from services.notifications.identity_api import Of as OfIdentities
from services.notifications.letters import LANGUAGES, language_of
from shared.http import Caller, Problem, signing_in
from shared.http.auth import forbidden
from shared.http.sessions import SameOrigin, Sessions, signed_in
from shared.operations import pages as operations
from shared.pages import Pages
from shared.pages.languages import own_name
from shared.pages.pages import Site
from shared.settings import Settings

router = APIRouter(include_in_schema=False)


async def learner_signed_in(caller: Annotated[Caller, Depends(signed_in)]) -> str:
    if not (caller.is_learner or caller.may("self:read")):
        raise forbidden("self:read", "These settings are a learner's own.")
    return caller.learner


def pages_of(request: Request) -> Pages:
    found: Pages = request.app.state.pages
    return found


Learner = Annotated[str, Depends(learner_signed_in)]
In = Annotated[Pages, Depends(pages_of)]


def _(text: str) -> str:
    """Marks a text for translation."""
    return text


NOTICES: Final = {
    "shared": _("Saved. Your credentials are issued again within moments, and say what you chose."),
    "withdrawn": _("Saved. Your credentials are issued again within moments, and say nothing of who you are."),
    "mails": _("Saved. It counts for what is mailed from now on."),
}
NOTHING: Final = _("This was not saved: we do not know what you want your credentials to say.")
NO_KEY: Final = _("This was not saved: whoever runs this service has not given it the key that keeps names and addresses sealed.")
KINDS: Final = {
    Kind.GRANTED: _("you are awarded something"),
    Kind.UPGRADED: _("you reach a higher level"),
    Kind.RENEWED: _("an award is renewed"),
    Kind.EXPIRING: _("an award is about to expire"),
    Kind.SUSPENDED: _("an award is suspended"),
    Kind.RESTORED: _("a suspended award is valid again"),
    Kind.REVOKED: _("an award is revoked"),
    Kind.HANDED_IN: _("somebody hands in evidence for you"),
    Kind.ASKED: _("an assessor asks you for more"),
    Kind.REMINDED: _("what an assessor asked for has waited for long"),
    Kind.JUDGED: _("your evidence is judged"),
}


@router.get("/")
async def show_front(request: Request, pages: In) -> Response:
    return pages.render(request, "front.html")


@router.get("/settings")
async def show_settings(
    request: Request, learner: Learner, of: Of, pages: In, done: Literal["shared", "withdrawn", "mails"] | None = None
) -> Response:
    return await _settings(request, learner, of, pages, notice=NOTICES[done] if done else None)


@router.post("/settings/identity", dependencies=[SameOrigin])
async def choose_identity(request: Request, learner: Learner, of: Of, identities: OfIdentities, pages: In) -> Response:
    form = await request.form()
    choice = Choice(name="name" in form, email="email" in form)
    try:
        await identities.choose(learner, choice)
    except NothingToShare:
        return await _settings(request, learner, of, pages, status=409, choice=choice, error=NOTHING)
    except NoSealingKey:
        return await _settings(request, learner, of, pages, status=503, choice=choice, error=NO_KEY)
    return _back(pages, "shared" if choice.something else "withdrawn")


@router.post("/settings/mails", dependencies=[SameOrigin])
async def choose_mails(request: Request, learner: Learner, of: Of, pages: In) -> Response:
    form = await request.form()
    asked = str(form.get("language", ""))
    if asked not in LANGUAGES:
        raise Problem(422, detail=f"Mails are written in {', '.join(LANGUAGES)}.")
    wants = frozenset(kind for kind in MAILED if kind.value in form.getlist("wants"))
    found = await of.contacts.one(learner)
    if found is None:
        raise Problem(409, detail="The contact book has no entry for you, so nothing is mailed.")
    kept = found[0].language
    await of.contacts.prefer(learner, kept if language_of(kept) == asked else asked, wants, datetime.now(UTC))
    return _back(pages, "mails")


async def _settings(
    request: Request,
    learner: str,
    of: Stores,
    pages: Pages,
    *,
    status: int = 200,
    choice: Choice | None = None,
    notice: str | None = None,
    error: str | None = None,
) -> Response:
    """`choice` is what was asked for where it could not be saved; else what is kept is shown."""
    found = await of.contacts.one(learner)
    contact = None if found is None else found[0]
    identities = of.identities
    kept = Choice() if identities is None else await identities.chosen(learner)
    return pages.render(
        request,
        "settings.html",
        status,
        signed_in=True,
        contact=contact,
        choice=choice or kept,
        sealable=identities is not None and identities.sealer is not None,
        spoken=None if contact is None else language_of(contact.language),
        mail_languages=[(code, own_name(code)) for code in LANGUAGES],
        kinds=[(kind.value, pages.text(request, says)) for kind, says in KINDS.items()],
        notice=pages.text(request, notice) if notice else None,
        error=pages.text(request, error) if error else None,
    )


def _back(pages: Pages, done: str) -> Response:
    return RedirectResponse(f"{pages.site.prefix}/settings?done={done}", 303)


def add_pages(app: FastAPI, settings: Settings) -> None:
    """Call it last: errors of all that was added before are shown as pages, too. Raises Unset."""
    own = settings.notifications_url
    assessment = settings.assessment_url
    site = Site(settings.institution, settings.catalog_url, settings.awarding_url, own, home="/settings", assessment=assessment)
    app.state.sessions = Sessions.from_settings(settings, own)
    Pages("services.notifications.pages", site, more=(operations.FOLDER,)).mount(
        app, router, operations.router, signing_in.router
    )
