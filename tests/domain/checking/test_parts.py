"""Credentials within credentials: endorsements and the parts of records, each checked for itself."""

from __future__ import annotations

from typing import Any

import pytest

from shared.credentials.contexts import CLR, CREDENTIALS, OPEN_BADGES
from shared.credentials.jwts import as_jwt
from tests.domain.checking.world import DID, DOCUMENT, ED, LIST, OTHER, PLACE, World, badge, by, entry, identity, listing

pytestmark = pytest.mark.asyncio(loop_scope="session")

PART = badge()["credentialSubject"]["achievement"]["id"]


def endorsement(**members: Any) -> dict[str, Any]:
    return {
        "@context": [CREDENTIALS, OPEN_BADGES],
        "id": "urn:uuid:6a0a0a5e-2f4a-4d6e-9a3b-0e6f6a1c1a22",
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": "Guild of wallers",
        "issuer": {"id": DID, "type": ["Profile"]},
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": PART, "type": ["EndorsementSubject"], "endorsementComment": "Sound."},
        **members,
    }


def record(*parts: object, **subject: Any) -> dict[str, Any]:
    return {
        "@context": [CREDENTIALS, CLR, OPEN_BADGES],
        "id": "urn:uuid:6a0a0a5e-2f4a-4d6e-9a3b-0e6f6a1c1a33",
        "type": ["VerifiableCredential", "ClrCredential"],
        "name": "All that was built",
        "issuer": {"id": DID, "type": ["Profile"]},
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {
            "id": "urn:uuid:0e1b5b1c-8c1d-4b5e-8a4e-111111111111",
            "type": ["ClrSubject"],
            "verifiableCredential": list(parts),
            **subject,
        },
    }


def endorsed(*endorsements: dict[str, Any], **members: Any) -> dict[str, Any]:
    subject = badge()["credentialSubject"]
    achievement = {**subject["achievement"], **({"endorsement": list(endorsements)} if endorsements else {}), **members}
    return badge(credentialSubject={**subject, "achievement": achievement})


async def test_an_endorsement_is_a_credential_with_checks_of_its_own(world: World) -> None:
    world.serve(DOCUMENT, identity(ED))
    good, forged = by(ED, endorsement()), by(OTHER, endorsement())
    report = await world.check(by(ED, endorsed(good, forged)))
    assert report.verdict == "valid"
    assert sorted((part.what, part.name, part.verdict) for part in report.parts) == [
        ("endorsement", "Guild of wallers", "invalid"),
        ("endorsement", "Guild of wallers", "valid"),
    ]
    assert sum("Guild of wallers" in detail for detail in report["proof"].details) == 2
    alone = await world.check(good)
    assert (alone.kind, alone.verdict) == ("endorsement", "valid")


async def test_endorsements_of_whoever_endorses_are_checked_too_and_not_without_end(world: World) -> None:
    world.serve(DOCUMENT, identity(ED))
    inner = by(ED, endorsement(name="Inner"))
    outer = by(ED, endorsement(name="Outer", endorsement=[inner]))
    report = await world.check(by(ED, endorsed(outer)))
    assert sorted(part.name for part in report.parts) == ["Inner", "Outer"]
    many = endorsed(*(by(ED, endorsement(name=f"E{n}")) for n in range(30)))
    report = await world.check(by(ED, many))
    assert len(report.parts) == 8
    assert any("22 more within were not checked" in detail for detail in report["proof"].details)


async def test_an_endorsement_may_be_a_token(world: World) -> None:
    world.serve(DOCUMENT, identity(ED))
    document = endorsed(endorsementJwt=[as_jwt(endorsement(), ED, f"{DID}#e1"), "no.token.atall"])
    report = await world.check(as_jwt(document, ED, f"{DID}#e1"))
    assert sorted(part.verdict for part in report.parts) == ["invalid", "valid"]


async def test_each_part_of_a_record_is_checked(world: World) -> None:
    world.serve(DOCUMENT, identity(ED))
    world.serve(LIST, by(ED, listing(PLACE)))
    revoked = by(ED, badge(id="urn:uuid:6a0a0a5e-2f4a-4d6e-9a3b-0e6f6a1c1a44", name="Gates", credentialStatus=entry()))
    report = await world.check(by(ED, record(by(ED, badge()), revoked)))
    assert (report.kind, report.verdict) == ("clr", "valid")
    assert {part.name: part.verdict for part in report.parts} == {"Dry stone walling": "valid", "Gates": "invalid"}


async def test_a_record_with_a_part_that_was_tampered_with_is_not_good(world: World) -> None:
    world.serve(DOCUMENT, identity(ED))
    report = await world.check(by(ED, record({**by(ED, badge()), "name": "Cathedrals"})))
    assert (report.verdict, report["proof"].code) == ("invalid", "proof.part_tampered")


async def test_an_association_with_an_achievement_that_is_not_there_is_said(world: World) -> None:
    world.serve(DOCUMENT, identity(ED))
    level = {**badge()["credentialSubject"]["achievement"], "id": "https://cairn.example/achievements/path.bronze/1"}
    tie = {"type": "Association", "associationType": "isPartOf", "sourceId": PART, "targetId": level["id"]}
    lost = {**tie, "targetId": "https://cairn.example/achievements/path.gold/1"}
    good = await world.check(by(ED, record(by(ED, badge()), achievement=[level], association=[tie])))
    assert good.verdict == "valid"
    bad = await world.check(by(ED, record(by(ED, badge()), achievement=[level], association=[tie, lost])))
    assert (bad.verdict, bad["schema"].code) == ("invalid", "schema.association_unknown")
    assert bad["schema"].params["id"] == lost["targetId"]
