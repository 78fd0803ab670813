"""Whatever somebody brings: a completion, nothing, or a refusal with a reason, and never anything else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.assessment.sources.claims import Claim, Nothing, Result, Wrong
from services.assessment.sources.formats.proofs import Options, read
from services.assessment.sources.proofs.again import needed_of
from services.assessment.sources.proofs.checking import Brought, brought_in
from services.assessment.sources.writing import words_of
from shared.credentials.checking import Tools
from shared.credentials.proofs import signed
from tests.domain.checking.world import ED, NOW, World, badge
from tests.domain.sources.anything import JSON, read_or_wrong, spoilt
from tests.domain.sources.proofs.badges import credential, original, result, source

GOOD = [
    original(credential(result("score", value="40"), result("grade", value="B"), result("level", achievedLevel="urn:l:basic"))),
    original(credential(result("status", status="Completed")), to=None),
    {"status": {"claim": "c", "to": "ada", "says": "revoked", "at": "2026-11-20T08:00:00Z"}},
    {"unreadable": {"says": "none", "status": 422}},
]
SOURCES = [
    source(),
    source(results=[{"of": "*", "gives": "score"}, {"of": "*", "gives": "grade"}], matches=["id", "email", "student_id", "name"]),
    source({"matching": "(?P<any>.*)", "is": "urn:campus:{any}", "passes_at": "0.5"}, achievements_by="name"),
]


@settings(max_examples=300, deadline=None)
@given(JSON | spoilt(GOOD), st.sampled_from(SOURCES))
def test_whatever_comes_is_claims_or_nothing_or_wrong_with_a_reason(given_: Any, document: Any) -> None:
    found = read_or_wrong(read, given_, document)
    if isinstance(found, Wrong):
        assert found.detail
        (found.detail + found.place).encode()
        assert 400 <= found.status < 600
    elif isinstance(found, Nothing):
        assert found.reason
    else:
        (claim,) = found
        assert isinstance(claim, Claim)
        assert 0 < len(claim.id) <= 255
        assert claim.time.utcoffset() is not None


@settings(max_examples=100, deadline=None)
@given(spoilt(GOOD[:2]), st.sampled_from(SOURCES))
def test_what_is_kept_of_a_credential_says_the_same_again(given_: Any, document: Any) -> None:
    given_ = {**given_, "given": {"to": "ada"}} if isinstance(given_, dict) else given_
    found = read_or_wrong(read, given_, document)
    if isinstance(found, list) and isinstance(found[0].said, Result):
        again = {**given_, "credential": needed_of(given_["credential"])}
        assert words_of(read_or_wrong(read, again, document)) == words_of(found)
        assert "identifier" not in str(again["credential"])


ANY = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=100).map(str.encode),
    st.sampled_from(
        [
            b"",
            b"https://north.example/credential",
            b"\x89PNG\r\n\x1a\n" + b"\x00" * 40,
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"a.b.c",
            b"eyJhbGciOiJub25lIn0.e30.",
            b"[" * 100_000,
            b'{"a":' * 5_000,
            b'{"type": ["VerifiableCredential", "ClrCredential"], "credentialSubject": {"verifiableCredential": ["x", 3, {}]}}',
            b'{"type": "AchievementCredential", "@context": "https://127.0.0.1/", "proof": {"verificationMethod": "http://[::1]/"}}',
            b'{"id": 1, "id": 2}',
            b"PK\x03\x04",
            b"<!doctype html><p>a page</p>",
        ]
    ),
)


@pytest.mark.asyncio(loop_scope="session")
async def test_whatever_bytes_come_are_refused_with_a_reason(world: World) -> None:
    options = source().options
    assert isinstance(options, Options)
    tried: list[bytes] = []

    @settings(max_examples=60, deadline=None)
    @given(ANY)
    def gather(data: bytes) -> None:
        tried.append(data)

    gather()
    for data in tried:
        for one in await brought_in(world.tools, data, options):
            said = one.original({}) if isinstance(one, Brought) else one
            found = read_or_wrong(read, said, source())
            assert isinstance(found, Wrong), data
            assert found.detail


@pytest.mark.asyncio(loop_scope="session")
async def test_nobody_is_asked_for_a_document_inside_the_house(world: World) -> None:
    asked: list[str] = []

    async def own(address: str) -> bytes | None:
        asked.append(address)
        return None

    tools = Tools(world.tools.fetcher, world.tools.workers, own, ("https://cairn.example",), {})
    inside = badge(issuer={"id": "did:web:localhost%3A1", "type": ["Profile"]})
    options = source(trusts=[{"id": "did:web:localhost%3A1", "name": "Inside"}]).options
    assert isinstance(options, Options)
    (one,) = await brought_in(tools, json.dumps(signed(inside, ED, "did:web:localhost%3A1#e1", NOW)).encode(), options)
    assert isinstance(one, Brought)
    assert one.checked["verdict"] == "undecided"
    assert asked == []
