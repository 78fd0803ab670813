"""W3C's and 1EdTech's published credentials: each verifies, and none of which anything was changed does."""

from copy import deepcopy
from typing import Any

import orjson
import pytest

from shared.credentials.baking import unbaked
from shared.credentials.canonical import NotCanonical, UndefinedTerms
from shared.credentials.contexts import UnknownContext
from shared.credentials.jwts import jwt_is_good, opened
from shared.credentials.keys import public_key_of_jwk
from shared.credentials.multibase import base64url
from shared.credentials.proofs import NotSupported, proof_is_good
from tests.domain.credentials.vectors import FOLDER, PROVED, Way, key_of, leaves, needed, other, proof_of, put, vector

pytestmark = needed

PICTURES = ("1edtech-validator-simple-json.png", "1edtech-validator-simple-json.svg")
PICTURES_WITH_TOKENS = ("1edtech-validator-simple-jwt.png", "1edtech-validator-simple-jwt.svg")


@pytest.mark.parametrize("name", PROVED)
def test_a_published_credential_verifies(name: str) -> None:
    document = vector(name)
    proof = proof_of(document)

    assert proof_is_good(document, proof, key_of(proof))


@pytest.mark.parametrize("name", ["1edtech-clr-signed.json", "1edtech-validator-clr-simple.json"])
def test_each_part_of_a_published_learner_record_verifies_by_itself(name: str) -> None:
    for part in vector(name)["credentialSubject"]["verifiableCredential"]:
        proof = proof_of(part)
        assert proof_is_good(part, proof, key_of(proof))


def _still_good(document: dict[str, Any], way: Way, value: Any) -> bool:
    """Whether a copy with this value there passes. What no signature could cover is an error, which is no passing."""
    changed = deepcopy(document)
    key = key_of(proof_of(document))
    put(changed, way, value)
    try:
        return proof_is_good(changed, proof_of(changed), key)
    except (UndefinedTerms, UnknownContext, NotCanonical, NotSupported):
        return False


@pytest.mark.parametrize("name", PROVED)
def test_no_published_credential_verifies_after_any_value_in_it_was_changed(name: str) -> None:
    document = vector(name)

    assert [way for way, value in leaves(document) if _still_good(document, way, other(value))] == []


@pytest.mark.parametrize("name", [name for name in PROVED if "complete" not in name])
def test_no_published_credential_verifies_after_any_value_was_taken_out_of_it(name: str) -> None:
    document = vector(name)
    twice = {way for way, value in leaves(document) if _said_elsewhere(document, way, value)}

    assert [way for way, _ in leaves(document) if way not in twice and _still_good(document, way, None)] == []


def _said_elsewhere(document: dict[str, Any], way: Way, value: Any) -> bool:
    """Whether taking this away changes nothing that is said: the same is said of the same id in another place.

    A part's own contexts are the same as the record's: the words mean the same without them.
    """
    if "@context" in way:
        return len(way) > 2
    member = max(index for index, step in enumerate(way) if isinstance(step, str))
    said = [(other[:-1], thing) for other, thing in leaves(document) if other[-1] == "id"]
    mine = [thing for other, thing in said if other == way[:member]]
    places = [other for other, thing in said if [thing] == mine]
    return sum((*place, *way[member:], value) in _spelled(document) for place in places) > 1


def _spelled(document: dict[str, Any]) -> set[tuple[Any, ...]]:
    return {(*way, value) for way, value in leaves(document)}


@pytest.mark.parametrize("name", PROVED)
def test_no_published_credential_verifies_after_a_member_was_put_into_any_of_its_objects(name: str) -> None:
    document = vector(name)
    ways = {way[:end] for way, _ in leaves(document) for end in range(len(way)) if not isinstance(way[end], int)}
    few = sorted(ways, key=str)[:40]

    assert [way for way in few if _still_good(document, (*way, "hidden"), "x")] == []


@pytest.mark.parametrize("name", PICTURES)
def test_the_credential_in_a_published_picture_verifies(name: str) -> None:
    document = orjson.loads(unbaked((FOLDER / name).read_bytes()))
    proof = proof_of(document)

    assert proof_is_good(document, proof, key_of(proof))


@pytest.mark.parametrize("name", PICTURES_WITH_TOKENS)
def test_the_token_in_a_published_picture_verifies_and_fails_with_any_other_character(name: str) -> None:
    token = unbaked((FOLDER / name).read_bytes())
    header, payload = opened(token)
    key = public_key_of_jwk(header["jwk"])
    signed, _, signature = token.rpartition(".")
    part = signed.rpartition(".")[2]

    assert jwt_is_good(token, key)
    assert payload["name"] == "Teamwork Badge"
    for way, value in leaves(payload):
        changed = deepcopy(payload)
        put(changed, way, other(value))
        text = signed.removesuffix(part) + _base64url(orjson.dumps(changed))
        assert not jwt_is_good(f"{text}.{signature}", key)
    for place in range(0, len(signature), 17):
        wrong = "A" if signature[place] != "A" else "B"
        assert not jwt_is_good(f"{signed}.{signature[:place]}{wrong}{signature[place + 1 :]}", key)


def test_the_published_token_opens_to_its_credential() -> None:
    header, payload = opened((FOLDER / "1edtech-validator-simple.jwt").read_text())

    assert header == {"alg": "RS256", "typ": "JWT"}
    assert payload["vc"]["credentialSubject"]["type"] == ["AchievementSubject"]


def _base64url(data: bytes) -> str:
    return base64url(data)[1:]
