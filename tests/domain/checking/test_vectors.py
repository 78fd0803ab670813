"""The published vectors through the whole check, and each of their members tampered with."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from shared.credentials.findings import Report
from tests.domain.checking.world import World
from tests.domain.credentials.vectors import FOLDER, PROVED, Way, leaves, needed, proof_of, vector

pytestmark = [pytest.mark.asyncio(loop_scope="session"), needed]

SCHEMAS = FOLDER.parent / "schemas"
SCHEMA_ADDRESSES = {
    "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json": (
        "ob_v3p0_achievementcredential_schema.json"
    ),
    "https://purl.imsglobal.org/spec/clr/v2p0/schema/json/clr_v2p0_clrcredential_schema.json": (
        "clr_v2p0_clrcredential_schema.json"
    ),
}


def archive(*documents: dict[str, Any]) -> dict[str, Any]:
    """What somebody has kept: the identity document of each issuer, which trusts the keys it signed with, and the schemas."""
    kept: dict[str, Any] = {address: json.loads((SCHEMAS / name).read_bytes()) for address, name in SCHEMA_ADDRESSES.items()}
    for document in documents:
        issuer = document["issuer"] if isinstance(document["issuer"], str) else document["issuer"]["id"]
        method = proof_of(document)["verificationMethod"]
        entry: Any = method
        if method.startswith("https:"):
            entry = {"id": method, "type": "Multikey", "controller": issuer, "publicKeyMultibase": method.partition("#")[2]}
        kept.setdefault(issuer, {"id": issuer, "assertionMethod": []})["assertionMethod"].append(entry)
    return kept


@pytest.mark.parametrize("name", [name for name in PROVED if name != "1edtech-validator-complete.json"])
async def test_a_published_credential_is_proved_with_its_archived_issuer_and_only_the_issuer_stays_open(
    world: World, name: str
) -> None:
    document = vector(name)
    report = await world.check(document, documents=archive(document))
    assert report.verdict == "undecided", [found.sentence for found in report.checks]
    assert [found.name for found in report.checks if found.outcome != "yes"] == ["issuer", "known"]
    assert (report["proof"].code, report["issuer"].code) == ("proof.good", "issuer.confirmed_by_archive")


@pytest.mark.parametrize("name", PROVED)
async def test_without_it_only_the_issuer_stays_unknown(world: World, name: str) -> None:
    report = await world.check(vector(name))
    assert (report.verdict, report["proof"].code, report["issuer"].code) == ("undecided", "proof.good", "issuer.unreachable")


async def test_a_revocation_list_that_cannot_be_read_never_means_not_revoked(world: World) -> None:
    document = vector("1edtech-validator-complete.json")
    report = await world.check(document, documents=archive(document))
    assert (report.verdict, report["status"].code) == ("undecided", "status.unreadable")
    assert (report["proof"].code, report["schema"].code) == ("proof.good", "schema.good")
    assert {part.checks[0].code for part in report.parts} == {"proof.key_unreadable"}


@pytest.mark.parametrize("form", ["json.png", "json.svg", "jwt.png", "jwt.svg"])
async def test_a_published_picture_is_opened_and_its_credential_proved(world: World, form: str) -> None:
    report = await world.check((FOLDER / f"1edtech-validator-simple-{form}").read_bytes())
    assert (report["proof"].code, report["schema"].code) == ("proof.good", "schema.good")
    assert report.jwt == form.startswith("jwt")
    assert report.summary["name"] == "Teamwork Badge"


async def test_a_token_that_names_no_key_cannot_be_proved(world: World) -> None:
    report = await world.check((FOLDER / "1edtech-validator-simple.jwt").read_bytes())
    assert (report["proof"].code, report["schema"].code) == ("proof.key_unknown", "schema.member_missing")


def tampered(document: dict[str, Any], way: Way) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    place: Any = changed
    for step in way[:-1]:
        place = place[step]
    value = place[way[-1]]
    if isinstance(value, str) and value.endswith("Z") and value[:4].isdigit():
        place[way[-1]] = "2011" + value[4:]
    elif isinstance(value, str):
        place[way[-1]] = value[:-1] + ("x" if value[-1] != "x" else "y")
    else:
        place[way[-1]] = not value if isinstance(value, bool) else value + 1
    return changed


def is_found_out(report: Report, way: Way) -> bool:
    """For the right reason: by the proof, but where the change is to how it is signed, or by which key, or to what words mean."""
    proof = report["proof"]
    if way[:1] == ("proof",) or "proof" in way:
        if way[-1] in ("type", "cryptosuite"):
            return proof.code == "proof.suite_unsupported"
        if way[-1] == "proofPurpose":
            return proof.code == "proof.wrong_purpose"
        if way[-1] == "verificationMethod":
            return proof.code in ("proof.tampered", "proof.key_unreadable", "proof.key_unavailable")
    if "@context" in way:
        return proof.code in ("proof.context_unavailable", "proof.tampered")
    return proof.code in ("proof.tampered", "proof.uncovered", "proof.malformed", "proof.not_canonical", "proof.part_tampered")


@pytest.mark.parametrize("name", [name for name in PROVED if "complete" not in name and "clr" not in name])
async def test_each_member_that_is_changed_is_found_out_by_the_proof(world: World, name: str) -> None:
    document = vector(name)
    kept = archive(document)
    for way, _ in leaves(document):
        report = await world.check(tampered(document, way), documents=kept)
        assert report.verdict != "valid", way
        assert is_found_out(report, way), (way, report["proof"])


@pytest.mark.parametrize("name", ["1edtech-clr-signed.json", "1edtech-validator-clr-simple.json"])
async def test_each_member_of_a_record_and_of_its_parts_is_found_out(world: World, name: str) -> None:
    document = vector(name)
    kept = archive(document, document["credentialSubject"]["verifiableCredential"][0])
    for way, _ in leaves(document):
        report = await world.check(tampered(document, way), documents=kept)
        assert report.verdict != "valid", way
        in_part = "verifiableCredential" in way and "proof" in way
        assert in_part or is_found_out(report, way), (way, report["proof"])


@pytest.mark.parametrize("name", [name for name in PROVED if "jcs" not in name])
async def test_a_member_that_is_added_without_a_meaning_is_not_taken_for_signed(world: World, name: str) -> None:
    report = await world.check({**vector(name), "grade": {"unheardOf": "A+"}})
    assert report["proof"].code in ("proof.uncovered", "proof.tampered")


async def test_each_member_that_is_taken_away_is_missed(world: World) -> None:
    document = vector("1edtech-ob-signed.json")
    kept = archive(document)
    for member in document.keys() - {"proof", "@context"}:
        without = {name: value for name, value in document.items() if name != member}
        report = await world.check(without, documents=kept)
        assert (report.verdict, report["proof"].outcome) == ("invalid", "no"), member
        assert member == "name" or report["schema"].params.get("member") == member
