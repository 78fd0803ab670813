"""The elements of a microcredential that Open Badges has no members for, as terms of a context of our own.

They are those of the EU Council Recommendation of 16 June 2022 (2022/C 243/02, Annex I), named by the European Learning Model
where it has a name for them. docs/credentials.md has the whole table.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from shared.events.definitions import Achievement, LearningOutcome, Skill, SkillFramework

ELM: Final = "http://data.europa.eu/snb/model/elm/"
"""The European Learning Model, version 3. Source: https://github.com/european-commission-empl/European-Learning-Model"""
OWN: Final = "urn:cairn:vocabulary:"
SNB: Final = "http://data.europa.eu/snb/"
BOOLEAN: Final = "http://www.w3.org/2001/XMLSchema#boolean"
DURATION: Final = "http://www.w3.org/2001/XMLSchema#duration"

EXTENSION: Final[Mapping[str, Any]] = {
    "LearningOutcome": f"{ELM}LearningOutcome",
    "CreditPoint": f"{ELM}CreditPoint",
    "Note": f"{ELM}Note",
    "Programme": f"{OWN}Programme",
    "learningOutcome": {"@id": f"{ELM}learningOutcome", "@container": "@set"},
    "volumeOfLearning": {"@id": f"{ELM}volumeOfLearning", "@type": DURATION},
    "creditPoint": {"@id": f"{ELM}creditPoint", "@container": "@set"},
    "framework": {"@id": f"{ELM}framework", "@type": "@id"},
    "point": {"@id": f"{ELM}point"},
    "eqfLevel": {"@id": f"{ELM}EQFLevel", "@type": "@id"},
    "mode": {"@id": f"{ELM}mode", "@type": "@id"},
    "entryRequirement": {"@id": f"{ELM}entryRequirement", "@container": "@set"},
    "noteLiteral": {"@id": f"{ELM}noteLiteral"},
    "assessmentType": {"@id": f"{OWN}assessmentType"},
    "supervision": {"@id": f"{OWN}supervision"},
    "identityVerified": {"@id": f"{OWN}identityVerified", "@type": BOOLEAN},
    "qualityAssurance": {"@id": f"{OWN}qualityAssurance"},
    "forCredit": {"@id": f"{OWN}forCredit", "@type": BOOLEAN},
    "countsTowards": {"@id": f"{OWN}countsTowards", "@container": "@set"},
}
"""The last entry of `@context`: the same in every credential, so that it has one digest."""

MODES: Final = {
    "online": f"{SNB}learning-assessment/920fbb3cbe",
    "onsite": f"{SNB}learning-assessment/9191af2ed9",
    "blended": f"{SNB}learning-assessment/e92d221e4d",
    "work_based": f"{SNB}learning-assessment/729f3bed4b",
}
"""How one takes part, in the Europass list of modes of learning and assessment (its "presential" is onsite)."""

CREDIT_FRAMEWORKS: Final = {"ECTS": f"{SNB}education-credit/6fcec5c5af"}


def elements(definition: Achievement, id_: str) -> dict[str, Any]:
    """Members of the achievement, whose id is `id_`. What the definition leaves open is left out."""
    found: dict[str, Any] = {
        "learningOutcome": [_outcome(outcome, id_) for outcome in definition.learning_outcomes],
        "volumeOfLearning": _duration(definition.workload_hours),
        "creditPoint": _credit_points(definition),
        "eqfLevel": None if definition.eqf_level is None else f"{SNB}eqf/{definition.eqf_level}",
        "assessmentType": definition.assessment_type,
        "mode": None if definition.participation is None else MODES[definition.participation],
        "qualityAssurance": definition.quality_assurance,
        "entryRequirement": [{"type": ["Note"], "noteLiteral": definition.prerequisites}] if definition.prerequisites else [],
        "supervision": definition.supervision,
        "identityVerified": True if definition.identity_verified else None,
        "forCredit": True if definition.for_credit else None,
        "countsTowards": [
            {"type": ["Programme"], "name": programme.name} | ({} if programme.url is None else {"url": str(programme.url)})
            for programme in definition.towards
        ],
    }
    return {name: value for name, value in found.items() if value not in (None, [])}


def alignments(definition: Achievement, id_: str) -> list[dict[str, Any]]:
    """The skills, each aligned with its framework."""
    return [_alignment(skill, definition, id_) for skill in definition.skills]


TARGET_TYPES: Final = {
    SkillFramework.ESCO: "ext:ESCO.Skill",
    SkillFramework.CASE: "CFItem",
    SkillFramework.CTDL: "ceasn:Competency",
    SkillFramework.OWN: "ext:Skill",
}
"""Open Badges' enumeration where it has the kind; what extends it begins with `ext:`."""


def _alignment(skill: Skill, definition: Achievement, id_: str) -> dict[str, Any]:
    said = "Assessed." if skill.assessed else "Taught, not assessed."
    return {
        "type": ["Alignment"],
        "targetCode": skill.code,
        "targetName": skill.name,
        "targetDescription": f"Level: {skill.level}. {said}" if skill.level else said,
        "targetFramework": definition.issuer.name if skill.framework is SkillFramework.OWN else skill.framework.value,
        "targetType": TARGET_TYPES[skill.framework],
        "targetUrl": _skill_address(skill, id_),
    }


def _skill_address(skill: Skill, id_: str) -> str:
    """Open Badges wants one: the skill's own, or its code if that is one (ESCO's are), or its place on the achievement's page."""
    if skill.url is not None:
        return str(skill.url)
    if skill.code.startswith(("http://", "https://")) and not any(mark in skill.code for mark in ' <>"{}|\\^`'):
        return skill.code
    return f"{id_}#skill-{quote(skill.code, safe='')}"


def _outcome(outcome: LearningOutcome, id_: str) -> dict[str, Any]:
    return {"id": f"{id_}#outcome-{outcome.id}", "type": ["LearningOutcome"], "description": outcome.text}


def _credit_points(definition: Achievement) -> list[dict[str, Any]]:
    if (worth := definition.credits) is None:
        return []
    framework = CREDIT_FRAMEWORKS.get(worth.system)
    return [
        {
            "type": ["CreditPoint"],
            "name": worth.system,
            **({} if framework is None else {"framework": framework}),
            "point": f"{worth.amount.normalize():f}",
        }
    ]


def _duration(hours: Decimal | None) -> str | None:
    """As XML Schema writes durations: PT150H, PT37H30M, PT1M12S."""
    if hours is None:
        return None
    seconds = int((hours * 3600).to_integral_value())
    parts = ((seconds // 3600, "H"), (seconds % 3600 // 60, "M"), (seconds % 60, "S"))
    return "PT" + "".join(f"{amount}{unit}" for amount, unit in parts if amount)
