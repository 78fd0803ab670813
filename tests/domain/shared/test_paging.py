"""Cursors: each path takes its own, and no others."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter

from services.assessment.api import app_of as assessment
from services.assessment.reviews.assessing import BY_WAIT
from services.awarding.api import app_of as awarding
from services.catalog.app import app_of as catalog
from services.notifications.api import app_of as notifications
from shared.http import Tokens
from shared.http.paging import BY_NUMBER, BY_TEXT, BY_THREE_TEXTS, BY_TWO_TEXTS, cursor_of, position_of
from tests.domain.shared.authority import AUDIENCE, ISSUER, claims, ec_key, key_set, signed

KEY = ec_key()
SCOPES = (
    "awards:read entries:read verdicts:read catalog:write catalog:read inbox:read operations:read "
    "sources:read sources:write originals:read reviews:read reviews:assess submissions:write"
)
SHAPES: Final[Mapping[str, TypeAdapter[Any]]] = {
    "/definitions": BY_TEXT,
    "/drafts": BY_TEXT,
    "/publications": BY_NUMBER,
    "/learners/{learner}/entries": BY_THREE_TEXTS,
    "/learners/{learner}/verdicts": BY_TEXT,
    "/learners/{learner}/submissions": BY_TEXT,
    "/reviews/queue": BY_WAIT,
    "/sources": BY_TEXT,
    "/sources/{source}/held": BY_TWO_TEXTS,
    "/sources/{source}/proofs": BY_TEXT,
    "/sources/{source}/files/{file}/lines": BY_NUMBER,
    "/learners/{learner}/awards": BY_TWO_TEXTS,
    "/achievements/{achievement}/awards": BY_TEXT,
    "/stacks/{stack}/levels/{level}/one-step-away": BY_TEXT,
    "/learners/{learner}/inbox": BY_NUMBER,
    "/deliveries": BY_TEXT,
    "/operations/dead-letters": BY_NUMBER,
}
OWN: Final[Mapping[int, object]] = {
    id(BY_TEXT): "a",
    id(BY_NUMBER): 7,
    id(BY_TWO_TEXTS): ("a", "b"),
    id(BY_THREE_TEXTS): ("a", "b", "c"),
}
NOBODYS: Final[tuple[object, ...]] = (
    None,
    True,
    1.5,
    -1,
    2**63,
    {},
    [],
    [1, 2],
    ["a"],
    ["a", 1],
    ["a", None, "c"],
    ["a", "b", 3],
    [["a"]],
    ["a"] * 4,
)


async def nothing() -> Mapping[str, bool | str]:
    return {}


def paged(tmp_path: Path) -> Iterator[tuple[FastAPI, str]]:
    (tmp_path / "jwks.json").write_text(key_set(KEY))
    tokens = Tokens(str(tmp_path / "jwks.json"), ISSUER, AUDIENCE)
    for app_of in (assessment, awarding, catalog, notifications):
        app = app_of(nothing, tokens)
        for path, operations in app.openapi()["paths"].items():
            if any(parameter["name"] == "cursor" for parameter in operations.get("get", {}).get("parameters", ())):
                yield app, path


async def test_every_paged_path_of_every_service_refuses_cursors_of_other_shapes(tmp_path: Path) -> None:
    headers = {"authorization": f"Bearer {signed(KEY, 'ES256', claims(scope=SCOPES))}"}
    found = list(paged(tmp_path))
    assert {path for _, path in found} == set(SHAPES)
    for app, path in found:
        others = [position for shape, position in OWN.items() if shape != id(SHAPES[path])]
        address = path.replace("{", "").replace("}", "")
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=headers) as http:
            for position in (*NOBODYS, *others):
                answer = await http.get(address, params={"cursor": cursor_of(position)})
                assert (answer.status_code, answer.json()["title"]) == (400, "The cursor is not valid"), (path, position)
            for text in ("!", "ä", base64.urlsafe_b64encode(b"[" * 1_400).decode(), "_" * 1_999):
                assert (await http.get(address, params={"cursor": text})).status_code == 400, (path, text)


@pytest.mark.parametrize(
    ("position", "shape"), [("a/ü", BY_TEXT), (17, BY_NUMBER), (("a", "ü"), BY_TWO_TEXTS), (("a", "b", ""), BY_THREE_TEXTS)]
)
def test_a_cursor_gives_its_position_back(position: object, shape: TypeAdapter[Any]) -> None:
    assert position_of(cursor_of(position), shape) == position
