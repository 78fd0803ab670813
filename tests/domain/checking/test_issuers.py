"""Who signed a credential, and whether its issuer says so."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import orjson
import pytest

from shared.credentials.fetching import Fetcher
from shared.credentials.jwts import as_jwt
from shared.credentials.keys import SigningKey
from shared.credentials.proofs import signed
from tests.domain.checking.host import Host
from tests.domain.checking.world import (
    DID,
    DOCUMENT,
    ED,
    NOW,
    OTHER,
    RSA,
    World,
    badge,
    by,
    identity,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def fetching(partner: Host) -> AsyncIterator[Fetcher]:
    fetcher = Fetcher([f"127.0.0.1:{partner.port}"])
    yield fetcher
    await fetcher.close()


async def found(world: World, credential: object, served: object = None, **asked: Any) -> tuple[str, str]:
    if served is not None:
        world.serve(DOCUMENT, served)
    codes = await world.codes(credential, **asked)
    return codes["proof"], codes["issuer"]


async def test_a_key_that_the_issuer_lists_confirms_it(world: World) -> None:
    report_of = identity(OTHER, ED)
    assert await found(world, by(ED, badge()), report_of) == ("proof.good", "issuer.confirmed")
    assert (await world.codes(by(ED, badge())))["known"] == "known.own"


async def test_a_key_that_left_assertion_method_can_no_longer_be_relied_on(world: World) -> None:
    compromised = identity(ED, OTHER, trusted=["e2"])
    assert await found(world, by(ED, badge()), compromised) == ("proof.good", "issuer.key_not_listed")


async def test_a_key_that_is_gone_from_the_document_is_not_the_issuers(world: World) -> None:
    proof, issuer = await found(world, by(ED, badge()), identity(OTHER))
    assert (proof, issuer) == ("proof.key_unavailable", "issuer.key_not_listed")


async def test_a_key_marked_as_revoked_can_no_longer_be_relied_on(world: World) -> None:
    document = identity(ED)
    document["verificationMethod"][0]["revoked"] = "2026-02-01T00:00:00Z"
    assert await found(world, by(ED, badge()), document) == ("proof.good", "issuer.key_revoked")


async def test_a_key_that_another_controls_is_not_the_issuers(world: World) -> None:
    document = identity(ED)
    document["verificationMethod"][0]["controller"] = "did:web:elsewhere.example"
    assert await found(world, by(ED, badge()), document) == ("proof.good", "issuer.mismatch")


async def test_a_document_of_another_is_not_the_issuers(world: World) -> None:
    proof, issuer = await found(world, by(ED, badge()), identity(ED, did="did:web:elsewhere.example"))
    assert (proof, issuer) == ("proof.key_unavailable", "issuer.unreachable")


async def test_somebody_who_names_the_issuers_key_without_having_it_confirms_nothing(world: World) -> None:
    forged = signed(badge(), replace(OTHER, kid=ED.kid), f"{DID}#{ED.kid}", NOW)
    assert await found(world, forged, identity(ED)) == ("proof.tampered", "issuer.not_proved")
    codes = await world.codes(forged)
    assert codes["known"] == "known.not_confirmed"


def did_key(key: SigningKey) -> str:
    return f"did:key:{key.public.multikey()}"


def did_jwk(key: SigningKey) -> str:
    return "did:jwk:" + base64.urlsafe_b64encode(orjson.dumps(key.public.jwk())).rstrip(b"=").decode()


def issued_by(id_: str) -> dict[str, Any]:
    return badge(issuer={"id": id_, "type": ["Profile"]})


@pytest.mark.parametrize("made", [did_key, did_jwk])
async def test_the_name_of_an_issuer_that_is_only_a_key_is_a_claim_until_the_key_is_known_here(
    world: World, made: Callable[[SigningKey], str]
) -> None:
    did = made(ED)
    method = f"{did}#{did.removeprefix('did:key:') if made is did_key else '0'}"
    credential = signed(issued_by(did), ED, method, NOW)
    report = await world.check(credential)
    assert (report.verdict, report["issuer"].outcome, report["known"].code) == ("undecided", "unknown", "known.not_listed")
    knowing = replace(world, tools=replace(world.tools, known={did: "Guild of wallers"}))
    report = await knowing.check(credential)
    assert (report.verdict, report["issuer"].code, report["known"].code) == ("valid", "issuer.is_known_key", "known.listed")
    report = await knowing.check({**credential, "name": "Cathedrals"})
    assert (report["issuer"].code, report["known"].code) == ("issuer.not_proved", "known.not_confirmed")


async def test_an_issuer_that_is_a_key_needs_no_document(world: World) -> None:
    did = did_key(ED)
    method = f"{did}#{did.removeprefix('did:key:')}"
    assert await found(world, signed(issued_by(did), ED, method, NOW)) == ("proof.good", "issuer.is_key")
    did = did_jwk(ED)
    assert await found(world, signed(issued_by(did), ED, f"{did}#0", NOW)) == ("proof.good", "issuer.is_key")


async def test_a_key_that_signs_in_the_name_of_another_is_found_out(world: World) -> None:
    method = f"{did_key(OTHER)}#{did_key(OTHER).removeprefix('did:key:')}"
    assert await found(world, signed(issued_by(did_key(ED)), OTHER, method, NOW)) == ("proof.good", "issuer.mismatch")
    assert await found(world, signed(badge(), OTHER, method, NOW), identity(ED)) == ("proof.good", "issuer.key_not_listed")


async def test_an_archived_document_never_outweighs_what_the_issuer_says_now(world: World) -> None:
    archived = {DID: identity(ED)}
    compromised = identity(ED, OTHER, trusted=["e2"])
    assert (await found(world, by(ED, badge()), compromised, documents=archived))[1] == "issuer.key_not_listed"


GONE = "did:web:gone.invalid"


async def test_a_document_that_somebody_gives_tells_good_proofs_from_bad_and_never_who_the_issuer_is(world: World) -> None:
    credential = by(ED, issued_by(GONE), GONE)
    report = await world.check(credential, documents={GONE: identity(ED, did=GONE)})
    assert (report.verdict, report["proof"].code) == ("undecided", "proof.good")
    assert (report["issuer"].code, report["issuer"].outcome) == ("issuer.confirmed_by_archive", "unknown")
    assert (await found(world, credential))[1] == "issuer.unreachable"
    changed = {**credential, "name": "Cathedrals"}
    codes = await found(world, changed, documents={GONE: identity(ED, did=GONE)})
    assert codes == ("proof.tampered", "issuer.not_proved")


async def test_an_issuer_known_here_is_not_known_by_a_document_that_somebody_gives(world: World) -> None:
    world = replace(world, tools=replace(world.tools, known={GONE: "The guild"}, ours=(GONE,)))
    codes = await world.codes(by(ED, issued_by(GONE), GONE), documents={GONE: identity(ED, did=GONE)})
    assert (codes["issuer"], codes["known"]) == ("issuer.confirmed_by_archive", "known.not_confirmed")


@pytest.mark.parametrize("form", ["proof", "token"])
async def test_a_unit_that_does_not_exist_here_is_made_up_by_no_document_that_somebody_gives(world: World, form: str) -> None:
    ghost = "did:web:cairn.example:issuers:ghost"
    unsigned = issued_by(ghost)
    credential = by(OTHER, unsigned, ghost) if form == "proof" else as_jwt(unsigned, OTHER, f"{ghost}#{OTHER.kid}")
    report = await world.check(credential, documents={ghost: identity(OTHER, did=ghost)})
    assert report.verdict == "undecided"
    assert (report["proof"].code, report["issuer"].code) == ("proof.key_unavailable", "issuer.unreachable")
    assert report["known"].code == "known.not_confirmed"


async def test_an_origin_that_has_no_such_document_is_not_contradicted_by_one_that_somebody_gives(world: World) -> None:
    async with Host.open() as partner, fetching(partner) as fetcher:
        world = replace(world, tools=replace(world.tools, fetcher=fetcher))
        partner.says("/nobody", status="410 Gone")
        partner.says("/nobody/did.json", status="404 Not Found")
        for did in (f"did:web:127.0.0.1%3A{partner.port}:nobody", f"{partner.origin}/nobody"):
            codes = await found(world, by(OTHER, issued_by(did), did), documents={did: identity(OTHER, did=did)})
            assert codes == ("proof.key_unavailable", "issuer.unreachable")


async def test_a_key_that_an_issuer_only_names_is_not_its_key_because_somebody_gives_one(world: World) -> None:
    """The issuer's own document is there; where it has its key, nobody answers."""
    key = f"https://gone.invalid/key#{OTHER.kid}"
    world.serve(DOCUMENT, {"id": DID, "assertionMethod": [key]})
    given = {key: {"id": key, "type": "JsonWebKey", "controller": DID, "publicKeyJwk": OTHER.public.jwk()}}
    report = await world.check(signed(badge(), OTHER, key, NOW), documents=given)
    assert (report["issuer"].code, report["known"].code) == ("issuer.confirmed_by_archive", "known.not_confirmed")


@pytest.mark.parametrize("key", [ED, RSA], ids=["EdDSA", "RS256"])
async def test_a_token_is_proved_by_the_key_its_kid_names(world: World, key: SigningKey) -> None:
    token = as_jwt(badge(), key, f"{DID}#{key.kid}")
    assert await found(world, token, identity(ED, RSA)) == ("proof.good", "issuer.confirmed")
    head, payload, signature = token.split(".")
    assert (await found(world, f"{head}.{payload}.{signature[::-1]}"))[0] == "proof.tampered"
    other = as_jwt(badge(name="Masonry"), key, f"{DID}#{key.kid}").split(".")[1]
    assert (await found(world, f"{head}.{other}.{signature}"))[0] == "proof.tampered"


async def test_a_token_without_a_signature_is_not_signed(world: World) -> None:
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    payload = as_jwt(badge(), ED, f"{DID}#e1").split(".")[1]
    assert (await found(world, f"{head}.{payload}.", identity(ED)))[0] == "proof.none"


async def test_a_token_cannot_take_the_public_key_for_a_shared_secret(world: World) -> None:
    head = base64.urlsafe_b64encode(orjson.dumps({"alg": "HS256", "kid": f"{DID}#r1"})).rstrip(b"=").decode()
    payload = as_jwt(badge(), RSA, f"{DID}#r1").split(".")[1]
    assert (await found(world, f"{head}.{payload}.c2ln", identity(RSA)))[0] == "proof.suite_unsupported"


async def test_an_unsigned_credential_and_one_without_an_issuer_are_told_apart(world: World) -> None:
    assert await found(world, badge()) == ("proof.none", "issuer.not_proved")
    assert await found(world, badge(issuer=None)) == ("proof.none", "issuer.missing")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"proofPurpose": "authentication"}, "proof.wrong_purpose"),
        ({"type": "Ed25519Signature2020"}, "proof.suite_unsupported"),
        ({"cryptosuite": "bbs-2023"}, "proof.suite_unsupported"),
        ({"proofValue": 7}, "proof.malformed"),
        ({"verificationMethod": None}, "proof.key_unknown"),
        ({"expires": "2026-02-01T00:00:00Z"}, "proof.expired"),
        ({"previousProof": "urn:uuid:1"}, "proof.suite_unsupported"),
    ],
)
async def test_a_proof_that_is_none_is_told_from_one_that_does_not_fit(world: World, change: dict[str, Any], code: str) -> None:
    world.serve(DOCUMENT, identity(ED))
    credential = by(ED, badge())
    credential["proof"] = [credential["proof"][0] | change]
    assert (await world.codes(credential))["proof"] == code


@pytest.mark.parametrize(
    "did",
    [
        "did:web:127.0.0.1",
        "did:web:localhost%3A8000",
        "did:web:169.254.169.254",
        "did:web:cairn.example%2F..%2Fx",
        "did:web:",
        "did:web:a:..:b",
    ],
)
async def test_an_issuer_inside_the_network_is_never_asked(world: World, did: str) -> None:
    credential = signed(issued_by(did), ED, f"{did}#e1", NOW)
    report = await world.check(credential)
    assert report["issuer"].code == "issuer.unreachable"
    assert report["proof"].code == "proof.key_unavailable"
