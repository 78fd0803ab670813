"""Dates at the ends of the calendar, and beyond them, are found wrong like any other."""

from __future__ import annotations

from typing import Any

import pytest

from shared.credentials.dates import in_force
from shared.credentials.structure import amiss
from tests.domain.checking.world import DOCUMENT, ED, World, badge, by, identity

FIRST = "0001-01-01T00:00:00+14:00"
LAST = "9999-12-31T23:59:59-14:00"
MEMBERS = ("validFrom", "validUntil", "issuanceDate", "expirationDate", "awardedDate")


@pytest.mark.parametrize("time", [FIRST, LAST, "10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z"])
@pytest.mark.parametrize("member", MEMBERS)
def test_a_date_that_lies_outside_the_calendar_is_a_finding(member: str, time: str) -> None:
    document = badge(**{member: time})
    assert member in {found[1] for found in amiss(document)}
    if member != "awardedDate":
        assert in_force(document).code == "dates.malformed"


def test_the_first_and_the_last_second_of_the_calendar_are_dates() -> None:
    assert in_force(badge(validFrom="0001-01-01T00:00:00Z", validUntil="9999-12-31T23:59:59Z")).outcome == "yes"


@pytest.mark.parametrize("claim", [1e300, -1e18, float("nan"), "soon", []])
def test_a_claim_that_lies_outside_the_calendar_is_a_finding(claim: Any) -> None:
    assert in_force(badge(), {"exp": claim}).code == "dates.malformed"


@pytest.mark.asyncio(loop_scope="session")
async def test_a_signed_credential_with_such_dates_gets_its_answer(world: World) -> None:
    world.serve(DOCUMENT, identity(ED))
    for member, time in (("awardedDate", FIRST), ("validFrom", FIRST), ("validUntil", LAST)):
        report = await world.check(by(ED, badge(**{member: time})))
        assert (report.verdict, report["proof"].code, report["schema"].code) == ("invalid", "proof.good", "schema.member_wrong")
    expired = by(ED, badge())
    expired["proof"][0]["expires"] = LAST
    assert (await world.codes(expired))["proof"] == "proof.malformed"


@pytest.mark.asyncio(loop_scope="session")
async def test_a_source_without_its_type_is_missed_though_the_issuer_is_the_same(world: World) -> None:
    """The graph that the proof covers stays the same."""
    world.serve(DOCUMENT, identity(ED))
    document = badge()
    document["credentialSubject"]["source"] = {"id": document["issuer"]["id"], "type": ["Profile"]}
    credential = by(ED, document)
    assert (await world.check(credential)).verdict == "valid"
    del credential["credentialSubject"]["source"]["type"]
    report = await world.check(credential)
    assert (report.verdict, report["schema"].params) == ("invalid", {"member": "credentialSubject.source.type"})
