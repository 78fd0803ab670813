"""Whom a credential was given to, found out by somebody who knows the e-mail address and by nobody else."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from shared.credentials.people import given_to
from tests.domain.checking.world import DOCUMENT, ED, World, badge, by, identity


def identifier(address: str, salt: str | None = "q7", *, hashed: bool = True) -> dict[str, Any]:
    digest = hashlib.sha256((address + (salt or "")).encode()).hexdigest()
    told = f"sha256${digest}" if hashed else address
    found = {"type": "IdentityObject", "hashed": hashed, "identityHash": told, "identityType": "emailAddress"}
    return found if salt is None else {**found, "salt": salt}


def to(*identifiers: dict[str, Any]) -> dict[str, Any]:
    subject = badge()["credentialSubject"]
    return badge(credentialSubject={**subject, "identifier": list(identifiers)})


@pytest.mark.parametrize(
    "kept", [identifier("ada@example.org"), identifier("ada@example.org", None), identifier("Ada@example.org", hashed=False)]
)
def test_an_address_matches_hashed_with_its_salt_or_plain(kept: dict[str, Any]) -> None:
    assert given_to(to(kept), "ada@example.org").code == "email.matches"
    assert given_to(to(identifier("x@example.org"), kept), " ADA@example.org ").code == "email.matches"
    assert given_to(to(kept), "eve@example.org").code == "email.differs"


def test_another_salt_is_another_hash() -> None:
    kept = identifier("ada@example.org") | {"salt": "another"}
    assert given_to(to(kept), "ada@example.org").code == "email.differs"


def test_a_name_is_no_address() -> None:
    named = identifier("ada@example.org") | {"identityType": "name"}
    assert given_to(to(named), "ada@example.org").code == "email.absent"
    assert given_to(badge(), "ada@example.org").code == "email.absent"


@pytest.mark.parametrize("value", ["", "md5$900150983cd24fb0d6963f7d28e17f72", "sha256$", None])
def test_an_address_that_nobody_can_compare_is_not_another_one(value: object) -> None:
    kept = {**identifier("ada@example.org"), "identityHash": value}
    assert given_to(to(kept), "ada@example.org").code == "email.absent"
    assert given_to(to(kept, identifier("ada@example.org")), "ada@example.org").code == "email.matches"


@pytest.mark.asyncio(loop_scope="session")
async def test_a_match_means_nothing_where_the_signature_is_not_good(world: World) -> None:
    world.serve(DOCUMENT, identity(ED))
    signed = by(ED, to(identifier("ada@example.org")))
    report = await world.check(signed, email="ada@example.org")
    assert report.email is not None
    assert (report.verdict, report.email.code) == ("valid", "email.matches")
    swapped = {**signed, "credentialSubject": to(identifier("eve@example.org"))["credentialSubject"]}
    report = await world.check(swapped, email="eve@example.org")
    assert report.email is not None
    assert report.email.code == "email.not_proved"
