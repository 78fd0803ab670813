"""Strangers have credentials checked on the running service: in each form, ours and a partner's, before and after revocation."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
import pytest_asyncio
from PIL import Image

from shared.credentials.baking import bake_png, bake_svg
from shared.credentials.jwts import as_jwt
from shared.credentials.proofs import signed
from tests.domain.checking.world import ED, NOW, OTHER, PLACE, badge, entry, identity, listing
from tests.journeys.checking_house import KEY_DID, METHOD, House, by_key

pytestmark = pytest.mark.asyncio(loop_scope="module")

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with House.open(tmp_path_factory.mktemp("house")) as house:
        yield house


def picture(text: str) -> bytes:
    plain = BytesIO()
    Image.new("RGB", (8, 8)).save(plain, "PNG")
    return bake_png(plain.getvalue(), text)


async def test_every_form_of_a_credential_is_taken_and_says_the_same(house: House) -> None:
    text = json.dumps(by_key(badge()))
    token = as_jwt(badge(issuer={"id": KEY_DID, "type": ["Profile"]}), ED, METHOD)
    for body, kind in (
        (text, "application/json"),
        (text, "application/vc+ld+json"),
        (json.dumps({"credential": text}), "application/json"),
        (json.dumps({"credential": token}), "application/json"),
        (text, "text/plain"),
        (token, "text/plain; charset=utf-8"),
        (picture(text), "image/png"),
        (picture(token), "image/png"),
        (bake_svg(SVG, json_text=text), "image/svg+xml"),
        (bake_svg(SVG, jws=token), "text/plain"),
    ):
        report = await house.ask(body, kind)
        assert (report["verdict"], report["kind"], report["summary"]["name"]) == ("valid", "achievement", "Dry stone walling")
        codes = [check["code"] for check in report["checks"]]
        assert codes == ["proof.good", "issuer.is_known_key", "dates.in_force", "status.none", "schema.good", "known.listed"]


async def test_a_form_takes_a_file_a_text_or_an_address(house: House) -> None:
    text = json.dumps(by_key(badge()))
    house.partner.says("/credential", text.encode(), content_type="application/vc+ld+json")
    files = {"credential": ("badge.png", picture(text), "image/png")}
    asked: list[dict[str, Any]] = [
        {"files": files},
        {"data": {"credential": text}},
        {"files": {"credential": ("", b"")}, "data": {"text": text, "address": ""}},
        {"data": {"address": f"{house.partner.origin}/credential"}},
    ]
    for form in asked:
        answer = await house.http.post("/checks", **form)
        assert answer.status_code == 200, answer.text
        assert answer.json()["verdict"] == "valid"
    assert (await house.http.post("/checks", data={"email": "a@example.org"})).status_code == 422


async def test_a_partners_credential_follows_its_list_and_its_identity_document(house: House) -> None:
    did = f"did:web:127.0.0.1%3A{house.partner.port}:guild"
    address = f"{house.partner.origin}/list"
    house.partner.says("/guild/did.json", json.dumps(identity(OTHER, did=did)).encode())

    def by_partner(document: dict[str, Any]) -> dict[str, Any]:
        return signed({**document, "issuer": did}, OTHER, f"{did}#e2", NOW)

    def serve(*places: int) -> None:
        house.partner.says("/list", json.dumps(by_partner(listing(*places, id=address))).encode(), cache_control="no-store")

    credential = by_partner(badge(credentialStatus=entry(address=address)))
    serve(PLACE + 1)
    report = await house.check(credential)
    assert (report["verdict"], report["issuer"]["code"]) == ("valid", "issuer.confirmed"), report
    assert (report["status"]["code"], report["known"]["code"]) == ("status.clear", "known.not_listed")
    serve(PLACE)
    report = await house.check(credential)
    assert (report["verdict"], report["status"]["code"]) == ("invalid", "status.revoked")
    house.partner.answers.pop("/list")
    report = await house.check(credential)
    assert (report["verdict"], report["status"]["code"]) == ("undecided", "status.unreadable")


async def test_our_own_identity_documents_are_read_without_a_network(house: House) -> None:
    """The outside address need not lead anywhere for it."""
    key = house.issuer_key()
    place = house.platform.address("awarding").removeprefix("http://").replace(":", "%3A")
    did = f"did:web:{place}:issuers:institution"
    document = badge(issuer={"id": did, "type": ["Profile"]})
    report = await house.check(signed(document, key, f"{did}#{key.kid}", NOW))
    assert report["verdict"] == "valid", report
    assert (report["issuer"]["code"], report["known"]["code"]) == ("issuer.confirmed", "known.own")
    assert (await house.check(as_jwt(document, key, f"{did}#{key.kid}")))["verdict"] == "valid"
    changed = {**signed(document, key, f"{did}#{key.kid}", NOW), "name": "Cathedrals"}
    assert (await house.check(changed))["proof"]["code"] == "proof.tampered"


async def test_a_unit_of_ours_that_does_not_exist_has_issued_nothing_whatever_documents_come_along(house: House) -> None:
    place = house.platform.address("awarding").removeprefix("http://").replace(":", "%3A")
    ghost = f"did:web:{place}:issuers:ghost"
    forged = as_jwt(badge(issuer={"id": ghost, "type": ["Profile"]}), OTHER, f"{ghost}#e2")
    report = await house.check(forged, documents={ghost: identity(OTHER, did=ghost)})
    assert (report["verdict"], report["issuer"]["outcome"]) == ("undecided", "unknown")
    assert report["known"]["code"] == "known.not_confirmed"


async def test_an_archived_identity_document_proves_what_an_issuer_that_is_gone_signed_and_not_who_it_was(house: House) -> None:
    did = "did:web:gone.invalid"
    credential = signed(badge(issuer=did) | {"issuer": {"id": did, "type": ["Profile"]}}, OTHER, f"{did}#e2", NOW)
    assert (await house.check(credential))["verdict"] == "undecided"
    report = await house.check(credential, documents={did: identity(OTHER, did=did)})
    assert (report["verdict"], report["proof"]["code"]) == ("undecided", "proof.good")
    assert (report["issuer"]["code"], report["known"]["code"]) == ("issuer.confirmed_by_archive", "known.not_confirmed")


async def test_the_page_takes_no_documents_that_a_form_brings_unseen(house: House) -> None:
    did = "did:web:gone.invalid"
    credential = signed(badge(issuer={"id": did, "type": ["Profile"]}), OTHER, f"{did}#e2", NOW)
    form = {"text": json.dumps(credential), "documents": json.dumps({did: identity(OTHER, did=did)})}
    answer = await house.http.post("/check", data=form)
    assert answer.status_code == 200
    assert "that you gave" not in answer.text
    assert "that you gave" in (await house.http.post("/checks", data=form)).text


async def test_each_finding_is_a_sentence_with_its_details(house: House) -> None:
    report = await house.check({**by_key(badge(validUntil="2026-02-01T00:00:00Z")), "name": "Cathedrals"}, email="a@example.org")
    assert report["verdict"] == "invalid"
    assert report["proof"]["says"].startswith("The signature does not fit")
    assert report["dates"]["says"] == "It ended on 2026-02-01 00:00 UTC."
    assert report["email"]["code"] == "email.not_proved"
    assert all("%(" not in check["says"] for check in report["checks"])
