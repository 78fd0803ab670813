"""What the guide for authors shows is true: its documents can be published, and its requirements read as it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.catalog.documents import json_schemas
from services.catalog.domain.document import MODELS, InForceFrom
from services.catalog.domain.findings import has_errors
from services.catalog.domain.known import Known
from services.catalog.domain.naming import names_of
from services.catalog.domain.places import requirements_of
from services.catalog.domain.validation import validated
from services.catalog.folder import read_file
from shared.events.definitions import Achievement
from shared.requirements.model import NODE_KEYS
from shared.requirements.sentences import sentence
from shared.requirements.tree import walk
from tests.domain.catalog.documents import NOW, achievement, submitted
from tests.domain.requirements.trees import REQUIREMENT

GUIDE = Path(__file__).parents[3] / "docs" / "authoring.md"
BLOCKS: list[tuple[str, str]] = re.findall(r"```yaml\n(.*?)```\n(?:> ([^\n]*)\n)?", GUIDE.read_text(), re.DOTALL)
DOCUMENTS = [block for block, said in BLOCKS if not said]
REQUIREMENTS = [(block, said) for block, said in BLOCKS if said]


def document(block: str, folder: Path) -> dict[str, Any]:
    path = folder / "document.yaml"
    path.write_text(block)
    [written] = read_file(path)
    assert isinstance(written.document, dict)
    return written.document


def test_the_documents_can_be_published_together_without_a_finding(tmp_path: Path) -> None:
    submissions = [submitted(document(block, tmp_path)) for block in DOCUMENTS]
    assert len(submissions) == 4
    assert not [found for findings in validated(submissions, Known({}), NOW).values() for found in findings]


@pytest.mark.parametrize(("block", "said"), REQUIREMENTS, ids=[said for _, said in REQUIREMENTS])
def test_a_requirement_reads_as_the_guide_says(block: str, said: str, tmp_path: Path) -> None:
    known = Known({}).with_([submitted(document(each, tmp_path)).definition for each in DOCUMENTS])
    shown = submitted(achievement("shown", document(block, tmp_path)))
    assert not has_errors(validated([shown], known, NOW)["shown"])
    [(_, _, requirement)] = requirements_of(shown.definition)
    assert sentence(requirement, names_of(known)) == said


def test_every_kind_of_requirement_is_shown() -> None:
    shown = {type(node) for block, _ in REQUIREMENTS for _, node in walk(REQUIREMENT.validate_python(yaml.safe_load(block)))}
    assert shown == set(NODE_KEYS.values())


def test_everything_an_achievement_can_say_is_shown() -> None:
    shown = set(yaml.safe_load(DOCUMENTS[0]))
    assert shown == set(Achievement.model_fields)
    assert set(InForceFrom.model_fields) <= set(re.findall(r"`(\w+)`", GUIDE.read_text()))


def test_the_schemas_describe_every_key() -> None:
    for kind, model in MODELS.items():
        assert set(json_schemas()[f"{kind}.json"]["properties"]) == set(model.model_fields)
