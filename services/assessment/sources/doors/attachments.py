"""xAPI's attachments: whether all that statements say is attached came with them. What it is, nobody here keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, Final

from fastapi import Request

from services.assessment.sources.doors.bodies import JSON, json_in, media_type
from services.assessment.sources.doors.multipart import Part, parts_of
from services.assessment.sources.doors.signed_statements import Malformed, check, is_signature
from shared.http import Problem

MIXED: Final = "multipart/mixed"
HASH: Final = "x-experience-api-hash"
_HASHES: Final = {56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
"""SHA-2, by the number of hexadecimal digits."""


async def content_of(request: Request) -> Any:
    """What the request says, as JSON, from its body or the first of its parts. Raises the 400 problem.

    A wrong media type is 400 too, as the specification has no other status for it.
    """
    try:
        kind = media_type(request, JSON, MIXED)
    except Problem as problem:
        raise Problem(400, detail=problem.detail, headers=problem.headers) from problem
    body = await request.body()
    if kind == JSON:
        content = json_in(body)
        _all_here(content, frozenset(), "send it in multipart/mixed after the statements, or give its fileUrl")
        return content
    first, *others = parts_of(request, body)
    if first.media_type != JSON:
        raise Problem(400, detail="The first part has the statements; its Content-Type must be application/json.")
    content = json_in(bytes(first.body))
    received = {_checked(part): bytes(part.body) for part in others}
    _all_here(content, received.keys(), "no part has this X-Experience-API-Hash, and it has no fileUrl")
    if strange := received.keys() - {
        said.get("sha2", "") for _, _, said in _attached(content) if isinstance(said.get("sha2"), str)
    }:
        raise Problem(400, detail=f"{len(strange)} of the parts are attached to none of the statements.")
    _signatures_are_good(content, received)
    return content


def _signatures_are_good(content: Any, received: Mapping[str, bytes]) -> None:
    for place, statement, said in _attached(content):
        if is_signature(said) and _hash(said) in received:
            try:
                check(received[_hash(said)], statement)
            except Malformed as malformed:
                says = str(malformed)
                raise Problem(
                    400, "A signature is malformed", f"{place}: {says}.", errors=[{"place": place, "message": says}]
                ) from malformed


def _checked(part: Part) -> str:
    """The hash by which statements name it."""
    said = part.headers.get(HASH)
    if not said:
        raise Problem(400, detail="Every part after the first needs the header X-Experience-API-Hash.")
    if part.headers.get("content-transfer-encoding", "binary").lower() != "binary":
        raise Problem(400, detail="The Content-Transfer-Encoding of attachments is binary.")
    name = _HASHES.get(len(said))
    if name is None or hashlib.new(name, part.body).hexdigest() != said.lower():
        raise Problem(400, detail="The X-Experience-API-Hash of a part is not the SHA-2 of its bytes, in hexadecimal digits.")
    return said


def _all_here(content: Any, received: Set[str], otherwise: str) -> None:
    for place, _, said in _attached(content):
        if "fileUrl" not in said and _hash(said) not in received:
            raise Problem(
                400,
                "An attachment is missing",
                f"{place}: {otherwise}.",
                errors=[{"place": place, "message": otherwise}],
            )


def _hash(said: Mapping[str, Any]) -> str:
    found = said.get("sha2")
    return found if isinstance(found, str) else ""


def _attached(content: Any) -> Iterable[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Each attachment that a statement, or the statement within it, tells of: its place, the statement, and itself."""
    batch: Sequence[Any] = content if isinstance(content, list) else [content]
    for index, statement in enumerate(batch):
        if not isinstance(statement, dict):
            continue
        at = f"[{index}]." if batch is content else ""
        for place, holder in ((at, statement), (f"{at}object.", statement.get("object"))):
            if not isinstance(holder, dict) or not isinstance(listed := holder.get("attachments"), list):
                continue
            for number, said in enumerate(listed):
                if isinstance(said, dict):
                    yield f"{place}attachments[{number}]", holder, said
