"""A signature covers what names mean, not the names: what is hidden behind another name must not go unseen."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from shared.credentials.contexts import CREDENTIALS, OPEN_BADGES
from shared.credentials.keys import PublicKey
from shared.credentials.proofs import proof_is_good
from shared.credentials.renaming import renamed
from tests.domain.checking.world import DOCUMENT, ED, LIST, PLACE, World, badge, by, entry, identity, listing

pytestmark = pytest.mark.asyncio(loop_scope="session")

VOCABULARY = "https://www.w3.org/2018/credentials#"
DATE = {"@type": "http://www.w3.org/2001/XMLSchema#dateTime"}
KEY: PublicKey = ED.public

Document = dict[str, Any]


def aliased(document: Document) -> None:
    document["@context"].append({"st": {"@id": f"{VOCABULARY}credentialStatus", "@type": "@id"}})
    document["st"] = document.pop("credentialStatus")


def as_iri(document: Document) -> None:
    document[f"{VOCABULARY}credentialStatus"] = document.pop("credentialStatus")


def prefixed(document: Document) -> None:
    document["@context"].append({"vc": VOCABULARY})
    document["vc:credentialStatus"] = document.pop("credentialStatus")


def nested(document: Document) -> None:
    document["@context"].append({"more": "@nest"})
    document["more"] = {"credentialStatus": document.pop("credentialStatus")}


def nested_by_keyword(document: Document) -> None:
    document["@nest"] = {"credentialStatus": document.pop("credentialStatus")}


def ended_elsewhere(document: Document) -> None:
    document["@context"].append({"until": {"@id": f"{VOCABULARY}validUntil", **DATE}})
    document["until"] = document.pop("validUntil")


def ended_as_iri(document: Document) -> None:
    document[f"{VOCABULARY}validUntil"] = {"@value": document.pop("validUntil"), **DATE}


HIDINGS: list[Callable[[Document], None]] = [
    *(aliased, as_iri, prefixed, nested, nested_by_keyword, ended_elsewhere, ended_as_iri)
]


@pytest.mark.parametrize("hide", HIDINGS, ids=lambda hide: hide.__name__)
async def test_a_revoked_and_expired_credential_cannot_hide_it_behind_another_name(
    world: World, hide: Callable[[Document], None]
) -> None:
    world.serve(DOCUMENT, identity(ED))
    world.serve(LIST, by(ED, listing(PLACE)))
    document = by(ED, badge(credentialStatus=entry(), validUntil="2026-02-01T00:00:00Z"))
    hide(document)
    assert proof_is_good(document, document["proof"][0], KEY), "the signature alone does not tell"
    report = await world.check(document)
    assert (report.verdict, report["proof"].code) == ("invalid", "proof.renamed")


async def test_what_a_context_of_its_own_adds_hides_nothing(world: World) -> None:
    world.serve(DOCUMENT, identity(ED))
    extension = {"level": "http://data.europa.eu/snb/model/elm/EQFLevel", "elm": "http://data.europa.eu/snb/model/elm/"}
    document = badge(level="6", **{"elm:mode": "online"}) | {"@context": [CREDENTIALS, OPEN_BADGES, extension]}
    report = await world.check(by(ED, document))
    assert (report.verdict, report["proof"].code) == ("valid", "proof.good")


async def test_texts_with_a_language_are_no_hiding() -> None:
    assert renamed(badge(name={"@value": "Trockenmauern", "@language": "de"})) == []


async def test_swapping_what_terms_mean_is_no_good_signature(world: World) -> None:
    world.serve(DOCUMENT, identity(ED))
    document = copy.deepcopy(by(ED, badge(description="Small walls")))
    document["@context"].append({"name": "https://schema.org/description", "description": "https://schema.org/name"})
    document["name"], document["description"] = document["description"], document["name"]
    assert (await world.check(document))["proof"].outcome != "yes"
