"""Who may bring files of a source: staff with the scope, and the source itself with a key of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request

from services.assessment.sources.doors.completions import is_sources
from services.assessment.sources.files.file import the_source
from services.assessment.sources.registry import Registered
from services.assessment.sources.sources import At
from shared.http import Problem
from shared.http.auth import Credentials, authenticated, forbidden
from shared.requirements.model import Slug


@dataclass(frozen=True)
class Bringer:
    """`by` is the person, or the source as `source:<its id>`."""

    by: str
    registered: Registered


def may(scope: str) -> Callable[..., Awaitable[Bringer]]:
    """A dependency of paths with `{source}`. Raises the problems 401, 403, 404, and 503 for a source that is paused."""

    async def bringer(source: Slug, request: Request, at: At, credentials: Credentials) -> Bringer:
        by = the_source(source)
        if is_sources(request):
            await at.gate.source_of(request, slug=source)
        else:
            caller = await authenticated(request, credentials)
            if not caller.may(scope):
                raise forbidden(scope, f"This needs the scope {scope}, or a key of the source.")
            by = caller.subject
        registered = await at.registry.fresh(source)
        if registered is None:
            raise Problem(404, detail=f"There is no source {source}.")
        return Bringer(by, registered)

    return bringer
