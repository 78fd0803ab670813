"""The keys of sources over HTTP: made, shown once, retired."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from services.assessment.sources.answers import KeyAsked, KeyMade, KeyShown, Retirement
from services.assessment.sources.api import MayRead, MayWrite, Named, registered
from services.assessment.sources.formats import FORMATS
from services.assessment.sources.jwks import NoKeys, public_keys
from services.assessment.sources.keys import Key, TooMany
from services.assessment.sources.sources import At, Sources
from shared.http import Caller, Problem
from shared.http.problems import invalid

router = APIRouter(tags=["keys of sources"])

USE: Final = {
    "secret": "Basic with the key's id and this secret, or client credentials at {endpoint} with the same.",
    "webhook": "Sign each delivery with it, as standardwebhooks.com says: webhook-id, webhook-timestamp, webhook-signature.",
    "public_key": "Client credentials at {endpoint}, with assertions whose iss and sub are the key's id and whose aud is that.",
}


@router.post("/sources/{source}/keys", status_code=201, responses={404: {}, 409: {}})
async def make_key(source: Named, asked: KeyAsked, at: At, caller: MayWrite, response: Response) -> KeyMade:
    """Another key. Those that are there stay good: make the new one, put it into the system, retire the old one."""
    made = await make(source, asked, at, caller)
    response.headers["cache-control"] = "no-store"
    return made


async def make(source: str, asked: KeyAsked, at: Sources, caller: Caller, once: str | None = None) -> KeyMade:
    """Raises the problems 404, 409 and 422, and MadeBefore."""
    of = (await registered(at, source)).source
    kinds = FORMATS[of.format].keys
    if asked.kind not in kinds:
        there = f"it may have {' or '.join(kinds)}" if kinds else "it has none"
        raise Problem(409, detail=f"A source of {FORMATS[of.format].title} has no key of the kind {asked.kind}; {there}.")
    if asked.kind == "public_key":
        await _check_public(at, asked)
    try:
        made = await at.keys.make(
            source, asked.kind, caller.subject, note=asked.note, jwks=asked.jwks, jwks_uri=asked.jwks_uri, once=once
        )
    except TooMany as error:
        raise Problem(409, detail=f"{error}: retire one that is not used any more.") from error
    use = USE[asked.kind].format(endpoint=at.grants.endpoint)
    return KeyMade(key=KeyShown.of(made.key, True), secret=made.secret, use=use)


@router.get("/sources/{source}/keys", responses={404: {}})
async def list_keys(source: Named, at: At, caller: MayRead) -> list[KeyShown]:
    """Live and retired, the oldest first; never their secrets."""
    await registered(at, source)
    return [_shown(key) for key in await at.keys.all(source)]


@router.post("/sources/{source}/keys/{key}/retire", responses={404: {}})
async def retire_key(source: Named, key: str, at: At, caller: MayWrite, retirement: Retirement | None = None) -> KeyShown:
    """It opens nothing any more, at once or from a time on; nor does any access token that was given for it."""
    when = retirement.at if retirement is not None else None
    if when is not None and when < datetime.now(UTC):
        raise invalid([{"loc": ("body", "at"), "msg": "The time is over; leave it out for now"}])
    retired = await at.keys.retire(source, key, when)
    if retired is None:
        raise Problem(404, detail=f"The source {source} has no such key.")
    return _shown(retired)


async def _check_public(at: At, asked: KeyAsked) -> None:
    """Raises the 422 problem. Whatever is at an address is read now, so that a mistake is seen by who makes it."""
    place = "jwks" if asked.jwks is not None else "jwks_uri"
    try:
        if asked.jwks is not None:
            public_keys(asked.jwks)
        elif asked.jwks_uri is not None:
            at.grants.key_sets.check(asked.jwks_uri)
            await at.grants.key_sets.at(asked.jwks_uri)
    except NoKeys as error:
        raise invalid([{"loc": ("body", place), "msg": str(error)}]) from error


def _shown(key: Key) -> KeyShown:
    return KeyShown.of(key, key.is_live(datetime.now(UTC)))
