"""Schemas out of a registry that speaks Confluent's protocol.

https://docs.confluent.io/platform/current/schema-registry/develop/api.html: `GET /schemas/ids/{id}`. What an id means never
changes, so each schema is asked for once.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import fastavro
import httpx

from services.assessment.sources.claims import Wrong
from services.assessment.sources.topics.messages import Later
from shared.settings import Unset

ACCEPTS: Final = "application/vnd.schemaregistry.v1+json, application/json"
ANSWERS_WITHIN: Final = 5.0
LARGEST: Final = 1024 * 1024
MOST_REMEMBERED: Final = 2_000


class UnknownSchema(Wrong):
    """The registry knows no schema of this id. It may only be too new for the instance that was asked."""


class Schemas:
    """`url` is the registry's, with whatever path is before `/schemas`. `client` is for tests."""

    def __init__(self, url: str, login: tuple[str, str] | None = None, *, client: httpx.AsyncClient | None = None) -> None:
        self._url = url.rstrip("/")
        self._client = client or httpx.AsyncClient(timeout=ANSWERS_WITHIN)
        self._auth = httpx.BasicAuth(*login) if login else None
        self._known: dict[int, Any] = {}

    async def close(self) -> None:
        await self._client.aclose()

    async def schema(self, id_: int) -> Any:
        """Parsed, for fastavro. Raises Later while the registry is away or doesn't let us in; UnknownSchema; and Wrong for a
        schema that is none of Avro's."""
        if id_ not in self._known:
            found = _parsed(id_, await self._asked(id_))
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[id_] = found
        return self._known[id_]

    async def _asked(self, id_: int) -> Any:
        try:
            answer = await self._client.get(
                f"{self._url}/schemas/ids/{id_}", headers={"accept": ACCEPTS}, auth=self._auth or httpx.USE_CLIENT_DEFAULT
            )
        except httpx.HTTPError as error:
            raise Later(f"the schema registry does not answer ({type(error).__name__})") from error
        if answer.status_code == 404 and _says_unknown(answer):
            raise UnknownSchema(f"the schema registry knows no schema {id_}", "value")
        if answer.status_code != 200 or len(answer.content) > LARGEST:
            raise Later(f"the schema registry answers {answer.status_code} when asked for a schema")
        try:
            return answer.json()
        except ValueError as error:
            raise Later("what answers in the schema registry's place is none: its answer is no JSON") from error


def _says_unknown(answer: httpx.Response) -> bool:
    """The registry's own word (40403), not that of a proxy which has lost it."""
    try:
        said = answer.json()
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("error_code") == 40403


def _parsed(id_: int, answer: Any) -> Any:
    if not isinstance(answer, dict) or not isinstance(answer.get("schema"), str):
        raise Later("what answers in the schema registry's place is none: its answer has no schema")
    if (kind := answer.get("schemaType", "AVRO")) != "AVRO":
        raise Wrong(f"schema {id_} is {str(kind)[:20]}; only AVRO is understood", "value")
    if answer.get("references"):
        raise Wrong(f"schema {id_} refers to others; only schemas that stand alone are understood", "value")
    try:
        return fastavro.parse_schema(json.loads(answer["schema"]))
    except Exception as error:  # a schema that others wrote: what is wrong with it may be anything
        raise Wrong(f"schema {id_} is no schema of Avro's ({type(error).__name__})", "value") from error


def login_in(variable: str, path: Path | None) -> tuple[str, str] | None:
    """User and password out of a file with `user:password`. Raises Unset."""
    if path is None:
        return None
    try:
        user, colon, password = path.read_text().strip().partition(":")
    except (OSError, ValueError) as error:
        raise Unset(f"{variable}: the file {path} cannot be read") from error
    if not colon or not user:
        raise Unset(f"{variable}: the file {path} must hold user:password")
    return user, password
