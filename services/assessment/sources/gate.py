"""Who is at the door, and whether there is room."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from time import time
from typing import Final

from fastapi import Request

from services.assessment.sources.document import Source
from services.assessment.sources.formats import FORMATS
from services.assessment.sources.keys import Key, Keys
from services.assessment.sources.quota import Quotas
from services.assessment.sources.registry import Registry
from services.assessment.sources.signatures import SIGNATURE, NotSigned, signed_with
from services.assessment.sources.tokens import AccessTokens
from shared.http import Problem
from shared.http.problems import unavailable

REFUSED_AFTER: Final = 0.05
"""Seconds after which a credential is refused, whatever was wrong with it: the time tells nothing about which keys there are,
and guessing takes long."""

WAYS: Final = f"Basic, an access token, or a webhook's signature ({SIGNATURE})"
OWN_WAYS: Final = {
    "canvas": ("an event in a JWT, with Sign Payload, where the source's document has signed_by",),
    "moodle": ("`<key id>:<secret>` as `token` in the event",),
    "caliper": ("`<key id>:<secret>` as a bearer token",),
}
"""How else the senders of a format show it."""

CHALLENGE: Final = 'Basic realm="cairn", charset="UTF-8", Bearer realm="cairn"'


class Gate:
    def __init__(self, registry: Registry, keys: Keys, tokens: AccessTokens, quotas: Quotas) -> None:
        self.registry = registry
        self.keys = keys
        self.tokens = tokens
        self.quotas = quotas

    async def source_of(self, request: Request, *formats: str, slug: str | None = None, body: bytes | None = None) -> Source:
        """The source that shows who it is: by Basic (key id and secret), by an access token, or, where there is a `body`, by a
        webhook's signature with a key of the source `slug`.

        Raises the problems 401, 403 (not of these formats, or not the source `slug`), 404 and 503 (paused).
        """
        loop = asyncio.get_running_loop()
        begun = loop.time()
        key, why = await self._key_of(request, slug, body, formats[0] if formats else "")
        if key is None:
            await asyncio.sleep(begun + REFUSED_AFTER - loop.time())
            raise Problem(401, detail=why, headers={"www-authenticate": CHALLENGE})
        return await self._source(key, formats, slug)

    async def admit(self, source: Source, originals: int) -> None:
        """Count what it brings. Raises the problem 429, with Retry-After, or 413 for more than could ever be admitted."""
        await self.quotas.admit(source, originals)

    async def _source(self, key: Key, formats: tuple[str, ...], slug: str | None) -> Source:
        if slug is not None and slug != key.source:
            if await self.registry.one(slug) is None:
                raise Problem(404, detail=f"There is no source {slug}.")
            raise Problem(403, detail=f"The key is not one of the source {slug}.")
        return await self.open_to(key.source, *formats)

    async def open_to(self, slug: str, *formats: str) -> Source:
        """The source, for whoever has shown to be it or is about to: raises the problems 403, 404 and 503."""
        registered = await self.registry.one(slug)
        if registered is None:
            raise Problem(404, detail=f"There is no source {slug}.")
        source = registered.source
        if formats and source.format not in formats:
            wanted = " or ".join(FORMATS[name].title if name in FORMATS else name for name in formats)
            there = FORMATS[source.format].sent_to.replace("{source}", source.id)
            detail = (
                f"The source {source.id} is registered for {FORMATS[source.format].title}, sent to {there}; this is for {wanted}."
            )
            raise Problem(403, detail=detail)
        if registered.paused:
            raise unavailable(300, f"The source {source.id} is paused: nothing is taken from it until staff lets it go on.")
        return source

    async def _key_of(self, request: Request, slug: str | None, body: bytes | None, format_: str) -> tuple[Key | None, str]:
        """The key that the request proves to have; or None, and why."""
        said = request.headers.get("authorization")
        if said is None:
            if body is None or slug is None:
                return None, "This needs a source's key: Basic with key id and secret, or an access token of POST /oauth/token."
            return await self._signer(request, slug, body, format_)
        scheme, _, value = said.partition(" ")
        if scheme.lower() == "basic":
            return await self._by_secret(value.strip()), "There is no such key, or that is not its secret."
        if scheme.lower() == "bearer":
            return await self.tokens.key_of(value.strip()), "The access token is not one that is good now; get another one."
        return None, "Of the schemes for Authorization there are Basic and Bearer."

    async def _by_secret(self, value: str) -> Key | None:
        try:
            id_, colon, secret = b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            return None
        return await self.keys.by_secret(id_, secret) if colon else None

    async def _signer(self, request: Request, slug: str, body: bytes, format_: str) -> tuple[Key | None, str]:
        if SIGNATURE not in request.headers:
            return None, f"This needs a source's key: {'; or '.join((WAYS, *OWN_WAYS.get(format_, ())))}."
        try:
            candidates = await self.keys.webhook_secrets(slug)
            key = signed_with(request.headers, body, candidates, time())
        except NotSigned as error:
            return None, f"The signature is not accepted: {error}."
        if key is not None:
            await self.keys.used(key.id)
        else:
            for candidate, _ in candidates:
                await self.keys.failed(candidate.id)
        return key, "The signature is not one by a key of this source."
