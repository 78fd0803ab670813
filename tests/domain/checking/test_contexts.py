"""What words mean decides what was signed: nobody may say it alone who asks for a check."""

from __future__ import annotations

import copy
from typing import Any, Final

import pytest

from shared.credentials.canonical import canonical
from shared.credentials.contexts import CREDENTIALS, OPEN_BADGES
from shared.credentials.keys import SigningKey
from shared.credentials.proofs import hash_data, proof_options, proof_value
from tests.domain.checking.world import DID, DOCUMENT, ED, NOW, ORIGIN, World, badge, identity

pytestmark = pytest.mark.asyncio(loop_scope="session")

GONE: Final = "https://gone.invalid/context.json"
THEIRS: Final = f"{ORIGIN}/context.json"


def meaning(**terms: str) -> dict[str, Any]:
    return {"@context": {name: f"https://stone.example/terms#{iri}" for name, iri in terms.items()}}


def signed_with(address: str, context: dict[str, Any], key: SigningKey, **members: Any) -> dict[str, Any]:
    """As a partner would sign it, who knows a context that is not known here."""
    document = badge(**members) | {"@context": [CREDENTIALS, OPEN_BADGES, address]}
    options = proof_options(f"{DID}#{key.kid}", NOW, document["@context"])
    known = {address: context}
    data = hash_data(canonical(document, known), canonical(options, known))
    proof = {name: value for name, value in options.items() if name != "@context"} | {"proofValue": proof_value(key, data)}
    return document | {"proof": [proof]}


async def test_a_context_that_the_issuer_serves_says_what_words_mean(world: World) -> None:
    world.serve(DOCUMENT, identity(ED))
    world.serve(THEIRS, meaning(height="height"))
    credential = signed_with(THEIRS, meaning(height="height"), ED, height="2 m")
    assert (await world.codes(credential))["proof"] == "proof.good"


async def test_a_context_that_is_served_counts_and_not_the_one_that_somebody_gives(world: World) -> None:
    """A forger renames what is said, and gives a context in which the new name means what the old one meant."""
    world.serve(DOCUMENT, identity(ED))
    world.serve(THEIRS, meaning(height="height", length="length"))
    forged = copy.deepcopy(signed_with(THEIRS, meaning(height="height", length="length"), ED, height="2 m"))
    forged["length"] = forged.pop("height")
    codes = await world.codes(forged, documents={THEIRS: meaning(length="height", height="length")})
    assert codes["proof"] == "proof.tampered"


async def test_where_nobody_serves_it_a_given_context_proves_nothing(world: World) -> None:
    world.serve(DOCUMENT, identity(ED))
    credential = signed_with(GONE, meaning(height="height"), ED, height="2 m")
    report = await world.check(credential, documents={GONE: meaning(height="height")})
    assert (report.verdict, report["proof"].code) == ("undecided", "proof.context_only_given")
    report = await world.check(credential, documents={GONE: meaning(height="length")})
    assert (report.verdict, report["proof"].code) == ("undecided", "proof.context_differs")
