"""`POST /completions`: CloudEvents of the institution's own systems, which are trusted wholly, and of registered sources."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.assessment.answers import Item, Items, Refusal
from services.assessment.desk import At
from services.assessment.gateway import NotTaken, Taken, events_in
from services.assessment.sources.doors.bodies import not_encoded
from services.assessment.sources.doors.completions import BODY, is_sources, taken
from services.assessment.sources.doors.security import BY_SECRET, BY_TOKEN
from services.assessment.sources.gate import CHALLENGE
from services.assessment.sources.registry import OURS
from services.assessment.sources.sources import Sources
from shared import telemetry
from shared.events.completions import CompletionReported
from shared.events.reviews import not_to_judge
from shared.http import Problem, requires
from shared.http.auth import Credentials, authenticated
from shared.http.problems import phrase
from shared.kafka import Outgoing
from shared.topics import Topic

router = APIRouter(tags=["completions"])

may_publish = requires("completions:publish")


@router.post(
    "/completions",
    status_code=202,
    dependencies=[BY_SECRET, BY_TOKEN],
    openapi_extra=BODY,
    response_model=Items,
    responses={
        400: {"description": "No event of it can be read."},
        403: {"description": "The token lacks the scope, or all events are of a source that speaks for itself."},
        413: {"description": "It is too large."},
        415: {"description": "An event format other than JSON."},
        422: {"description": "All events of it are refused; `items` says why."},
        429: {"description": "More than the source's quota; Retry-After says when there is room again."},
        503: {"description": "The broker does not answer; send it again."},
    },
)
async def publish_completions(request: Request, at: At, credentials: Credentials) -> Items | Response:
    """CloudEvents, one in binary or structured mode, or a batch. What is accepted is safely on the topic.

    With a token of the institution they may be of any source but a registered one, which speaks for itself: with its own key
    (Basic, or an access token), as at `POST /sources/{source}/completions`. Verdicts of assessors are said by assessment alone:
    activities `urn:cairn:review:…`, and `results`, are refused with 403.
    """
    sources: Sources | None = request.app.state.sources
    if sources is not None and is_sources(request):
        return await taken(request, sources)
    if "authorization" not in request.headers:
        detail = "This needs a token with the scope completions:publish, or a source's key (Basic, or an access token for it)."
        raise Problem(401, detail=detail, headers={"www-authenticate": CHALLENGE})
    await may_publish(await authenticated(request, credentials))
    not_encoded(request)
    found = events_in(request.headers.get("content-type", ""), request.headers.raw, await request.body(), datetime.now(UTC))
    found = [await _unless_anothers(sources, one) for one in found]
    around = telemetry.traceparent()
    accepted = [one for one in found if isinstance(one, Taken)]
    await at.publisher.publish_all([_outgoing(at.completions, one, around) for one in accepted])
    items = tuple(
        Item(id=one.envelope.id, status="accepted")
        if isinstance(one, Taken)
        else Item(id=one.id, status="refused", problem=Refusal(title=phrase(one.status), status=one.status, detail=one.detail))
        for one in found
    )
    if found and not accepted:
        refusals = [item.problem for item in items if item.problem is not None]
        status = max(refusal.status for refusal in refusals)
        detail = refusals[0].detail if len(refusals) == 1 else f"None of the {len(refusals)} events is accepted."
        raise Problem(status, "Nothing is accepted", detail, items=[item.model_dump(mode="json") for item in items])
    return Items(items=items)


async def _unless_anothers(sources: Sources | None, one: Taken | NotTaken) -> Taken | NotTaken:
    """Nobody else speaks as a registered source, or says what assessors do."""
    if isinstance(one, NotTaken):
        return one
    speaker = one.envelope.source
    slug = OURS.get(speaker) if sources is None else await sources.registry.speaking_as(speaker)
    if slug is not None:
        says = f"{speaker} is the registered source {slug}, which speaks for itself, with a key of its own"
        return NotTaken(403, says, one.envelope.id)
    said = one.said
    judged = isinstance(said, CompletionReported) and not_to_judge(speaker, said.activity, judged=bool(said.results))
    return NotTaken(403, judged[1], one.envelope.id) if judged else one


def _outgoing(topic: Topic, taken: Taken, around: str | None) -> Outgoing:
    """An event that names no trace of its own belongs to the request's."""
    envelope = taken.envelope
    if envelope.traceparent is None and around is not None:
        envelope = replace(envelope, traceparent=around)
    return Outgoing.of(topic.name, taken.learner, envelope)
