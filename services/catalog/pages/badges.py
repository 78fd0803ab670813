"""A published version as Open Badges sees it: the Achievement that credentials of it are about, as JSON-LD.

Source: https://www.imsglobal.org/spec/ob/v3p0 (Achievement, Alignment, Profile). Arrays everywhere; what is empty is left out.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from services.catalog.addresses import Addresses
from services.catalog.domain.versions import Version
from shared.events.definitions import Achievement, Party, Skill, SkillFramework, Stack

CONTEXTS: Final = ("https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json")
TARGET_TYPES: Final = {
    SkillFramework.ESCO: "ext:ESCO.Skill",
    SkillFramework.CASE: "CFItem",
    SkillFramework.CTDL: "ceasn:Competency",
    SkillFramework.OWN: "ext:Skill",
}
"""Open Badges' enumeration where it has the kind; what extends it begins with `ext:`."""


def badge(version: Version, addresses: Addresses, level: str | None = None) -> dict[str, Any]:
    """The version's Achievement, or that of one of its levels by its id; for a whole stack all its levels, as a graph."""
    definition = version.definition
    if isinstance(definition, Stack):
        levels = [_achievement(each, version, addresses) for each in version.levels if level in (None, each.id)]
        return {"@context": [*CONTEXTS]} | (levels[0] if level else {"@graph": levels})
    return {"@context": [*CONTEXTS]} | _achievement(definition, version, addresses)


def _achievement(definition: Achievement, version: Version, addresses: Addresses) -> dict[str, Any]:
    id_ = addresses.microcredential(definition.id, version.number)
    points = definition.credits
    said: dict[str, Any] = {
        "id": id_,
        "type": ["Achievement"],
        "achievementType": definition.achievement_type.value,
        "name": definition.name,
        "description": definition.description,
        "criteria": {"id": f"{id_}#criteria", "narrative": definition.criteria},
        "creator": _profile(definition.designed_by, definition.issuer, addresses) if definition.designed_by else None,
        "version": str(version.number),
        "inLanguage": definition.language,
        "humanCode": definition.id,
        "tag": list(definition.tags),
        "alignment": [_alignment(skill, definition, id_) for skill in definition.skills],
        "creditsAvailable": None if points is None else float(points.amount),
        "image": {"id": addresses.picture(definition.id, version.number), "type": "Image", "caption": definition.name},
        "related": [
            {"id": addresses.microcredential(other, number), "type": ["Related"], "version": str(number)}
            for other, number in _related(definition.id, version)
        ],
    }
    return {name: value for name, value in said.items() if value not in (None, [])}


def _related(id_: str, version: Version) -> list[tuple[str, int]]:
    """The version before, and the other levels of the stack."""
    before = [(id_, version.number - 1)] if version.number > 1 else []
    return before + [(level.id, version.number) for level in version.levels if level.id != id_]


def _profile(party: Party, issuer: Party, addresses: Addresses) -> dict[str, Any]:
    """As in credentials: an issuer under its DID, others under the address of their profile."""
    id_ = addresses.did(party.id) if party.id == issuer.id else f"{addresses.awarding}/issuers/{party.id}"
    profile: dict[str, Any] = {"id": id_, "type": ["Profile"], "name": party.name}
    return profile | ({"url": str(party.url)} if party.url else {})


def _alignment(skill: Skill, definition: Achievement, id_: str) -> dict[str, Any]:
    return {
        "type": ["Alignment"],
        "targetCode": skill.code,
        "targetName": skill.name,
        "targetFramework": definition.issuer.name if skill.framework is SkillFramework.OWN else skill.framework.value,
        "targetType": TARGET_TYPES[skill.framework],
        "targetUrl": str(skill.url) if skill.url else f"{id_}#{skill_anchor(skill)}",
    }


def skill_anchor(skill: Skill) -> str:
    """Where a skill that has no address of its own stands on the page."""
    return f"skill-{quote(skill.code, safe='')}"
