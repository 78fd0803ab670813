"""Whether a credential was taken back, and that nothing but a list one can rely on ever says that it was not."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from shared.credentials import multibase
from shared.credentials.contexts import CREDENTIALS, EXTENSIONS, OPEN_BADGES
from shared.credentials.jwts import as_jwt
from tests.domain.checking.world import (
    DID,
    DOCUMENT,
    ED,
    LIST,
    OTHER,
    PLACE,
    World,
    badge,
    by,
    entry,
    identity,
    listing,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def status(world: World, said: Any, served: object = None) -> str:
    world.serve(DOCUMENT, identity(ED))
    if served is not None:
        world.serve(LIST, served)
    contexts = [CREDENTIALS, OPEN_BADGES, EXTENSIONS]
    report = await world.check(by(ED, badge(credentialStatus=said) | {"@context": contexts}))
    assert report["proof"].code == "proof.good", report["proof"]
    expected = {"yes": "valid", "no": "invalid", "unknown": "undecided"}[report["status"].outcome]
    assert report.verdict == expected
    return report["status"].code


async def test_a_place_that_is_not_set_was_not_taken_back(world: World) -> None:
    assert await status(world, entry(), by(ED, listing(PLACE - 1, PLACE + 1))) == "status.clear"


@pytest.mark.parametrize(
    ("purpose", "code"), [("revocation", "status.revoked"), ("suspension", "status.suspended"), ("refresh", "status.set")]
)
async def test_a_set_bit_makes_it_invalid_whatever_its_purpose(world: World, purpose: str, code: str) -> None:
    assert await status(world, entry(purpose), by(ED, listing(PLACE, purpose=purpose))) == code


async def test_a_credential_without_a_status_is_not_one_that_can_be_taken_back(world: World) -> None:
    assert await status(world, None) == "status.none"


async def test_of_several_entries_the_worst_counts(world: World) -> None:
    world.serve(f"{LIST}2", by(ED, listing(PLACE, purpose="suspension", id=f"{LIST}2")))
    both = [entry(), entry("suspension", address=f"{LIST}2")]
    assert await status(world, both, by(ED, listing())) == "status.suspended"
    assert await status(world, [entry(), entry(address=f"{LIST}9")], by(ED, listing())) == "status.unreadable"


@pytest.mark.parametrize(
    ("what", "served"),
    [
        ("nothing is there", None),
        ("no JSON", "a text"),
        ("not signed", listing()),
        ("signed by a key that is not the issuer's", by(OTHER, listing())),
        ("changed after it was signed", {**by(ED, listing()), "validFrom": "2026-01-02T00:00:00Z"}),
        ("for another purpose", by(ED, listing(purpose="suspension"))),
        ("no longer in force", by(ED, listing(validUntil="2026-02-01T00:00:00Z"))),
        ("not yet in force", by(ED, listing(validFrom="2125-02-01T00:00:00Z"))),
        ("another list", by(ED, listing(id=f"{LIST}0"))),
        ("of another issuer", by(ED, listing(issuer="did:web:cairn.example:issuers:sand"))),
        ("a credential that is no list", by(ED, badge())),
        ("too short to hide anybody", by(ED, listing(encoded=multibase.base64url(gzip.compress(bytes(1_000)))))),
        ("larger than memory", by(ED, listing(encoded=multibase.base64url(gzip.compress(bytes(300_000_000), 9))))),
        ("cut off", by(ED, listing(encoded=multibase.base64url(gzip.compress(bytes(20_000))[:-9])))),
        ("no multibase", by(ED, listing(encoded="H4sIAAAA"))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_list_that_cannot_be_relied_on_never_means_not_revoked(world: World, what: str, served: object) -> None:
    assert await status(world, entry(), served) in ("status.unreadable", "status.not_trusted")


@pytest.mark.parametrize("place", [77, "-1", "1e3", "", "0x10", "131072", "99999999999", None])
async def test_a_place_that_no_list_has_never_means_not_revoked(world: World, place: object) -> None:
    assert await status(world, entry(place=place), by(ED, listing())) in ("status.malformed", "status.unreadable")


async def test_a_status_of_an_unknown_kind_never_means_not_revoked(world: World) -> None:
    strange = {"id": "https://cairn.example/s/1", "type": "https://cairn.example/terms#Oracle"}
    assert await status(world, strange) == "status.unsupported"
    assert await status(world, entry(statusSize=2), by(ED, listing())) == "status.unsupported"


async def test_a_list_may_come_as_a_token(world: World) -> None:
    subject = {**listing(PLACE)["credentialSubject"], "id": f"{LIST}#list"}
    token = as_jwt(listing(PLACE, credentialSubject=subject), ED, f"{DID}#{ED.kid}")
    world.served[LIST] = token.encode()
    assert await status(world, entry()) == "status.revoked"


def old_list(*revoked: dict[str, Any], issuer: str = DID) -> dict[str, Any]:
    return {"id": f"{LIST}/old", "issuer": issuer, "revokedCredential": list(revoked)}


@pytest.mark.parametrize(
    ("served", "code"),
    [
        (old_list(), "status.clear"),
        (old_list({"id": badge()["id"], "revoked": True, "revocationReason": "a mistake"}), "status.revoked"),
        (old_list({"id": "urn:uuid:another", "revoked": True}), "status.clear"),
        (old_list(issuer="https://cairn.example/others"), "status.not_trusted"),
        ({"id": f"{LIST}/old"}, "status.unreadable"),
        (None, "status.unreadable"),
    ],
)
async def test_the_older_revocation_lists_are_read_too(world: World, served: object, code: str) -> None:
    if served is not None:
        world.serve(f"{LIST}/old", served)
    assert await status(world, {"id": f"{LIST}/old", "type": "1EdTechRevocationList"}) == code


async def test_an_archived_list_says_nothing_about_today(world: World) -> None:
    world.serve(DOCUMENT, identity(ED))
    credential = by(ED, badge(credentialStatus=entry()))
    codes = await world.codes(credential, documents={LIST: by(ED, listing()), CREDENTIALS: {}})
    assert codes["status"] == "status.unreadable"
