"""Requirements read aloud in other languages than English, which are files and no code."""

from __future__ import annotations

import json
import re
from copy import copy
from gettext import NullTranslations
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from hypothesis import HealthCheck, given, settings

from shared.requirements import wordings
from shared.requirements.model import Requirement
from shared.requirements.phrases import Voice
from shared.requirements.sentences import label, labelled, languages, sentence, spoken
from shared.requirements.tree import leaves, walk
from shared.requirements.wordings import Wording
from tests.domain.requirements.trees import REQUIREMENT, requirements

PLACEHOLDER = re.compile(r"\{\w+\}")
FOLDER = Path(wordings.__file__).parent


def passed(name: str) -> dict[str, Any]:
    return {"activity": name, "passed": True}


def held(name: str) -> dict[str, Any]:
    return {"achievement": name}


GERMAN: list[tuple[dict[str, Any], str]] = [
    ({"activity": "lms:a", "completed": True}, "lms:a abschließen."),
    ({"activity": "A", "grade": ["1", "2"]}, "In A die Note „1“ oder „2“ erhalten."),
    ({"activity": "A", "score_at_least": "0.755"}, "In A mindestens 75,5\xa0% erreichen."),
    ({"activity": "A", "score_at_least": "0.60", "attempts": "latest"}, "In A mindestens 60\xa0% erreichen (letzter Versuch)."),
    (
        {"weighted_mean_at_least": "0.6", "of": [{"activity": "A", "weight": 2}, {"activity": "B", "weight": "1.50"}]},
        "Im gewichteten Mittel über A (Gewicht 2) und B (Gewicht 1,5) mindestens 60\xa0% erreichen "
        "(eine fehlende Bewertung zählt als 0).",
    ),
    ({"achievement": "A", "from_version": 2}, "A in Version 2 oder einer späteren besitzen."),
    ({"achievement": "A", "holding": "ever"}, "A irgendwann erworben haben."),
    ({"stack": "S", "level": "Gold"}, "Die Stufe Gold von S erreichen."),
    (
        {"credits_at_least": "1", "from": {"issuers": ["U"]}, "holding": "valid"},
        "Mindestens 1 ECTS-Punkt aus den Microcredentials von U besitzen (alles davon muss gültig bleiben).",
    ),
    (
        {"credits_at_least": "1500.5", "from": {"tags": ["data"]}, "rates": {"CATS": "0.5"}, "own_at_least": "10"},
        "Mindestens 1500,5 ECTS-Punkte aus den Microcredentials mit dem Schlagwort „data“ besitzen "
        "(ein CATS-Punkt zählt 0,5; mindestens 10 vom Aussteller selbst).",
    ),
    (
        {"achievements_at_least": 2, "from": {"achievements": ["A", "B", "C"]}},
        "Mindestens 2 der Microcredentials A, B und C besitzen.",
    ),
    ({"achievements_at_least": 1, "from": {}}, "Mindestens 1 Microcredential besitzen."),
    (
        {"skills_at_least": 2, "among": ["a", "b", "c"], "assessed_only": True},
        "Mindestens 2 der Kompetenzen a, b und c durch eigene Microcredentials belegen (nur Geprüftes zählt).",
    ),
    ({"any": [held("A"), held("B")]}, "Entweder A oder B besitzen."),
    ({"all": [passed("A"), held("B")]}, "A bestehen und B besitzen."),
    ({"all": [passed("A"), {"any": [held("B"), passed("C")]}]}, "A bestehen, und entweder B besitzen oder C bestehen."),
    (
        {"all": [passed("A"), {"at_least": 2, "of": [held("B"), passed("C"), {"all": [passed("X"), held("Y")]}]}, held("D")]},
        "Alle folgenden Bedingungen: (1) A bestehen; (2) mindestens 2 der folgenden 3 Bedingungen: (2.1) B besitzen; "
        "(2.2) C bestehen; (2.3) X bestehen und Y besitzen; (3) D besitzen.",
    ),
    (
        {"within": "P730D", "requirement": passed("A")},
        "Innerhalb eines Zeitraums von 730 Tagen (etwa 2 Jahre): A bestehen.",
    ),
    ({"within": "P1D", "requirement": passed("A")}, "Innerhalb eines Zeitraums von 1 Tag: A bestehen."),
]


@pytest.mark.parametrize(("document", "said"), GERMAN, ids=[said for _, said in GERMAN])
def test_a_requirement_reads_in_german_as_a_person_would_say_it(document: dict[str, Any], said: str) -> None:
    assert sentence(REQUIREMENT.validate_python(document), language="de") == said


@given(requirements)
def test_every_requirement_has_a_german_sentence_that_names_all_it_asks_for(requirement: Requirement) -> None:
    said = sentence(requirement, language="de-AT")
    assert "\x00" not in said
    assert "  " not in said
    assert not re.search(r" (and|or|of|the|at least) ", said)
    for _, leaf in leaves(requirement):
        named = str(getattr(leaf, "activity", None) or getattr(leaf, "achievement", None) or getattr(leaf, "level", ""))
        assert named in said
    for _, node in walk(requirement):
        assert not label(node, language="de").endswith(".")


def test_a_language_that_nobody_has_written_down_is_english() -> None:
    requirement = REQUIREMENT.validate_python(passed("A"))
    assert sentence(requirement, language="tlh") == sentence(requirement, language="../de") == "Pass A."


class Strict(NullTranslations):
    """Refuses what isn't translated."""

    def gettext(self, message: str) -> str:
        raise AssertionError(f"not translated: {message}")

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        raise AssertionError(f"not translated: {msgid1}")

    def pgettext(self, context: str, message: str) -> str:
        raise AssertionError(f"not translated: {message} ({context})")


@pytest.fixture(params=sorted(languages() - {"en"}))
def strict(request: pytest.FixtureRequest) -> Voice:
    found = wordings.wording(request.param)
    assert found.translations is not None
    translations = copy(found.translations)
    translations.add_fallback(Strict())
    return Voice(Wording(found.language, translations), None)


@given(requirements)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_nothing_stays_english_in_any_language(strict: Voice, requirement: Requirement) -> None:
    for _, node in walk(requirement):
        assert spoken(node, strict)
        assert labelled(node, strict)


@pytest.mark.parametrize("language", sorted(languages() - {"en"}))
def test_a_translation_has_the_placeholders_of_what_it_translates(language: str) -> None:
    code = "".join((FOLDER / name).read_text() for name in ("sentences.py", "phrases.py", "wordings.py"))
    with (FOLDER / "locales" / language / "LC_MESSAGES" / "requirements.po").open("rb") as file:
        catalog = read_po(file)
    for message in catalog:
        english, translated = _texts(message.id), _texts(message.string)
        if english == ("",):
            continue
        assert not message.fuzzy
        for each in (*english, *translated):
            assert sorted(PLACEHOLDER.findall(each)) == sorted(PLACEHOLDER.findall(english[-1]))
        assert all(json.dumps(each)[1:-1] in code or each in code for each in english), f"nobody says {english}"


def _texts(said: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said or ())


def test_a_third_language_is_a_file_and_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "cy" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "requirements.po").write_text(
        'msgid ""\nmsgstr "Language: cy\\n"\n\nmsgid "pass {object}"\nmsgstr "pasio {object}"\n'
    )
    monkeypatch.setattr(wordings, "LOCALES", tmp_path)
    wordings.languages.cache_clear()
    try:
        requirement = REQUIREMENT.validate_python({"all": [passed("A"), held("B")]})
        assert sentence(requirement, language="cy") == "Both pasio A and hold B."
    finally:
        wordings.languages.cache_clear()
        wordings.wording.cache_clear()
