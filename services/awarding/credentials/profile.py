"""Organisations as Open Badges profiles: who issues, who designed, who assessed."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785

from services.awarding.credentials.addresses import Addresses
from shared.events.definitions import Party


def issuer_profile(party: Party, addresses: Addresses) -> dict[str, Any]:
    """The issuing unit, under its DID."""
    return _profile(party, addresses.did(party.id))


def party_profile(party: Party, issuer: Party, addresses: Addresses, *, told: Party | None = None) -> dict[str, Any]:
    """Another organisation, under the address of its profile here: it need not issue anything, and so may have no DID.

    The issuer itself is only pointed at, and so is one that another place has `told` of. What two places said of it would be
    one statement to the proof, which could not tell if either was changed to what the other says, or taken out.
    """
    profile = issuer_profile(party, addresses) if party.id == issuer.id else other_profile(party, addresses)
    if party.id == issuer.id or (told is not None and party.id == told.id):
        return {"id": profile["id"], "type": profile["type"]}
    return profile


def other_profile(party: Party, addresses: Addresses) -> dict[str, Any]:
    return _profile(party, addresses.unit(party.id))


def institution(name: str, addresses: Addresses, unit: str) -> dict[str, Any]:
    return {"id": addresses.did(unit), "type": ["Profile"], "name": name, "url": addresses.catalog}


def digest_of_profile(profile: dict[str, Any]) -> str:
    """SHA-256 in hexadecimal, of the canonical JSON (RFC 8785)."""
    return hashlib.sha256(rfc8785.dumps(profile)).hexdigest()


def _profile(party: Party, id_: str) -> dict[str, Any]:
    profile: dict[str, Any] = {"id": id_, "type": ["Profile"], "name": party.name}
    if party.url is not None:
        profile["url"] = str(party.url)
    if party.country is not None:
        country, _, region = party.country.partition("-")
        profile["address"] = {"type": ["Address"], "addressCountry": country, "addressCountryCode": country}
        if region:
            profile["address"]["addressRegion"] = party.country
    return profile
