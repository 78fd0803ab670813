"""Certificates, certifications and diplomas are awarded by those who are entitled to."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.catalog.domain.findings import Finding
from services.catalog.domain.known import Known
from services.catalog.domain.validation import validated
from services.catalog.entitlements import entitlements_of
from shared.events.definitions import AchievementType
from shared.settings import Unset
from tests.domain.catalog.documents import NOW, PASSED, achievement, stack, submitted

ENTITLED = {"north": frozenset({AchievementType.DIPLOMA})}


def found(document: dict[str, object]) -> list[Finding]:
    submission = submitted(document)
    return list(validated([submission], Known({}), NOW, ENTITLED)[submission.id])


@pytest.mark.parametrize(
    "type_", ["MicroCredential", "Achievement", "Assessment", "Badge", "Competency", "Course", "LearningProgram", "Diploma"]
)
def test_what_is_free_or_entitled_may_be_published(type_: str) -> None:
    assert found(achievement("ethics", achievement_type=type_)) == []


@pytest.mark.parametrize("type_", ["Certificate", "Certification"])
def test_what_an_issuer_is_not_entitled_to_is_refused_at_its_place(type_: str) -> None:
    for document in (achievement("ethics", achievement_type=type_), stack("ethics", {"gold": PASSED}, achievement_type=type_)):
        [finding] = found(document)
        assert (finding.severity, finding.place) == ("error", "achievement_type")
        assert finding.message.startswith(
            f"north is not entitled to award a {type_}; without an entitlement it may award one of: "
        )
        assert "MicroCredential" in finding.message


def test_an_entitlement_is_the_issuer_s_own() -> None:
    south = {"id": "south", "name": "South"}
    [finding] = found(achievement("ethics", achievement_type="Diploma", issuer=south))
    assert finding.message.startswith("south is not entitled to award a Diploma")


def test_entitlements_come_from_a_file_that_says_them_right(tmp_path: Path) -> None:
    file = tmp_path / "entitlements.json"
    file.write_text('{"north": ["Certificate", "Diploma"]}')
    assert entitlements_of(file) == {"north": {AchievementType.CERTIFICATE, AchievementType.DIPLOMA}}
    assert entitlements_of(None) == {}
    for wrong in ('{"north": ["Doctorate"]}', '{"north": "Diploma"}', "[]", "{"):
        file.write_text(wrong)
        with pytest.raises(Unset, match="must say"):
            entitlements_of(file)
    with pytest.raises(Unset, match="can't be read"):
        entitlements_of(tmp_path / "nowhere.json")
