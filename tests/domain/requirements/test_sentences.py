"""Every requirement reads well aloud."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given

from shared.requirements.model import NODE_KEYS, Requirement
from shared.requirements.sentences import Kind, label, sentence
from shared.requirements.tree import leaves, walk
from tests.domain.requirements.trees import REQUIREMENT, requirements


def passed(name: str) -> dict[str, Any]:
    return {"activity": name, "passed": True}


def held(name: str) -> dict[str, Any]:
    return {"achievement": name}


EXAMPLES: list[tuple[dict[str, Any], str]] = [
    ({"activity": "A", "completed": True}, "Complete A."),
    ({"activity": "A", "grade": ["1", "2"]}, 'Get the grade "1" or "2" in A.'),
    ({"activity": "A", "score_at_least": "0.755"}, "Score at least 75.5% in A."),
    ({"activity": "A", "score_at_least": "0.70", "attempts": "latest"}, "Score at least 70% in A (latest attempt)."),
    (
        {"weighted_mean_at_least": "0.6", "of": [{"activity": "A", "weight": 2}, {"activity": "B", "weight": "1.50"}]},
        "Reach a weighted mean of at least 60% over A (weight 2) and B (weight 1.5) where a missing score counts 0.",
    ),
    (
        {
            "weighted_mean_at_least": 1,
            "of": [{"activity": "A", "weight": 3}, {"activity": "B", "weight": 3}],
            "missing": "left_out",
        },
        "Reach a mean of at least 100% over A and B where a missing score is left out.",
    ),
    ({"achievement": "A", "from_version": 2}, "Hold A in version 2 or later."),
    ({"achievement": "A", "holding": "ever"}, "Have earned at some time A."),
    ({"achievement": "A", "holding": "valid"}, "Hold A (which must stay valid)."),
    ({"stack": "S", "level": "gold"}, "Reach the level gold of S."),
    (
        {"credits_at_least": "30", "from": {"tags": ["data"], "issuers": ["U"]}, "rates": {"CATS": "0.5"}, "own_at_least": "10"},
        'Hold at least 30 ECTS credits from the achievements tagged "data" and issued by U '
        "(one CATS credit counts 0.5; at least 10 from the issuer itself).",
    ),
    (
        {"achievements_at_least": 2, "from": {"achievements": ["A", "B", "C"]}, "outside_at_most": 0, "holding": "valid"},
        "Hold at least 2 of the achievements A, B and C (none from other issuers; all of which must stay valid).",
    ),
    ({"achievements_at_least": 1, "from": {}}, "Hold at least 1 achievement."),
    (
        {"skills_at_least": 2, "among": ["a", "b", "c"], "assessed_only": True},
        "Have at least 2 of the skills a, b and c assessed by achievements you hold.",
    ),
    ({"all": [passed("A"), passed("B"), passed("C")]}, "Pass A, B and C."),
    ({"any": [held("A"), held("B")]}, "Hold either A or B."),
    ({"at_least": 2, "of": [held("A"), held("B"), held("C")]}, "Hold at least 2 of A, B and C."),
    ({"at_least": 1, "of": [held("A")]}, "Hold A."),
    ({"all": [passed("A"), {"any": [held("B"), passed("C")]}]}, "Pass A, and either hold B or pass C."),
    (
        {"all": [passed("A"), {"any": [held("B"), {"all": [passed("X"), held("Y")]}, held("Z")]}, held("D")]},
        "All of the following: (1) pass A; (2) one of the following: (2.1) hold B; (2.2) both pass X and hold Y; (2.3) hold Z; "
        "(3) hold D.",
    ),
    (
        {"within": "P730D", "requirement": {"all": [passed("A"), held("B")]}},
        "Within a period of 730 days (about 2 years), both pass A and hold B.",
    ),
    ({"within": "PT36H", "requirement": passed("A")}, "Within a period of 36 hours, pass A."),
]


@pytest.mark.parametrize(("document", "said"), EXAMPLES, ids=[said for _, said in EXAMPLES])
def test_a_requirement_reads_as_a_person_would_say_it(document: dict[str, Any], said: str) -> None:
    assert sentence(REQUIREMENT.validate_python(document)) == said


def test_names_stand_for_ids_and_a_level_is_looked_up_by_its_achievement() -> None:
    asked: list[tuple[Kind, str]] = []

    def names(kind: Kind, id_: str) -> str:
        asked.append((kind, id_))
        return f"{kind} {id_.upper()}"

    requirement = REQUIREMENT.validate_python({"all": [{"stack": "cs", "level": "gold"}, passed("quiz")]})

    assert sentence(requirement, names) == "Both reach the level level CS.GOLD of stack CS and pass activity QUIZ."
    assert set(asked) == {("level", "cs.gold"), ("stack", "cs"), ("activity", "quiz")}


def test_names_with_commas_are_kept_apart() -> None:
    names = {"a": "Data, Ethics", "b": "Law", "c": "Art"}
    requirement = REQUIREMENT.validate_python({"all": [held(id_) for id_ in names]})
    assert sentence(requirement, lambda kind, id_: names[id_]) == "Hold Data, Ethics; Law; and Art."


def test_the_examples_have_every_kind_of_node() -> None:
    kinds = {type(node) for document, _ in EXAMPLES for _, node in walk(REQUIREMENT.validate_python(document))}
    assert kinds == set(NODE_KEYS.values())


@given(requirements)
def test_every_requirement_has_a_sentence_that_names_all_it_asks_for(requirement: Requirement) -> None:
    said = sentence(requirement)
    assert said[0].isupper()
    assert said.endswith(".")
    assert "  " not in said
    assert not re.search(r"\bNone\b|Decimal|E[+-]\d", said)
    for _, leaf in leaves(requirement):
        named = str(getattr(leaf, "activity", None) or getattr(leaf, "achievement", None) or getattr(leaf, "level", ""))
        assert named in said


@given(requirements)
def test_every_node_has_a_label_of_one_line(requirement: Requirement) -> None:
    for _, node in walk(requirement):
        said = label(node)
        assert said[0].isupper()
        assert not said.endswith(".")


@given(requirements)
def test_a_requirement_survives_being_written_as_json(requirement: Requirement) -> None:
    again = REQUIREMENT.validate_json(REQUIREMENT.dump_json(requirement, by_alias=True))
    assert again == requirement
    assert sentence(again) == sentence(requirement)
