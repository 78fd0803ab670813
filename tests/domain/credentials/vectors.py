"""The vectors that W3C and 1EdTech publish; they lie beside the project, and tests of them are skipped where they don't."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from shared.credentials.keys import PublicKey, public_key_of_did_key, public_key_of_multikey

FOLDER: Final = Path(__file__).parents[4] / "shared" / "credential-standards" / "vectors"

needed = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the published vectors are not in {FOLDER}")

PROVED: Final = (
    "w3c-eddsa-rdfc-2022-alumni.json",
    "w3c-eddsa-jcs-2022.json",
    "1edtech-ob-signed.json",
    "1edtech-clr-signed.json",
    "1edtech-validator-simple.json",
    "1edtech-validator-clr-simple.json",
    "1edtech-validator-complete.json",
)
"""Those with an embedded proof."""


def vector(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FOLDER / name).read_bytes())
    return document


def proof_of(document: Mapping[str, Any]) -> dict[str, Any]:
    proof = document["proof"]
    (only,) = proof if isinstance(proof, list) else [proof]
    return dict(only)


def key_of(proof: Mapping[str, Any]) -> PublicKey:
    """The key of a verification method that is a did:key, or has a Multikey as its fragment, as 1EdTech's vectors do."""
    method: str = proof["verificationMethod"]
    return public_key_of_did_key(method) if method.startswith("did:key:") else public_key_of_multikey(method.partition("#")[2])


Way = tuple[str | int, ...]


def leaves(value: Any, path: Way = ()) -> Iterator[tuple[Way, Any]]:
    """Each value that is no object and no list, with the way to it."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, (*path, name))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from leaves(element, (*path, index))
    else:
        yield path, value


def put(document: Any, path: Way, value: Any) -> None:
    """Sets the value there, or takes it away if it is None."""
    *way, last = path
    for step in way:
        document = document[step]
    if value is None:
        del document[last]
    else:
        document[last] = value


def other(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    return value + "x" if isinstance(value, str) else value + 1
