"""Every text of the pages is there in German."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.support import Translations

from services.assessment import pages as assessment
from services.awarding import checking
from services.awarding import pages as awarding
from services.awarding.pages.refusals import WHY
from services.notifications import pages as notifications
from shared import credentials, operations
from shared import pages as shared
from shared.credentials.findings import SAYS
from shared.pages.languages import translations_in

OPERATIONS = Path(operations.__file__).parent
SHARED = Path(shared.__file__).parent
ASSESSMENT = Path(assessment.__file__).parent
AWARDING = Path(awarding.__file__).parent
NOTIFICATIONS = Path(notifications.__file__).parent
METHODS = [("**.html", "jinja2"), ("**.py", "python")]
OPTIONS = {"**.html": {"trimmed": "true", "newstyle_gettext": "true"}}


def texts_of(folder: Path) -> Iterator[str]:
    """Of a text with a plural the singular, by which it is looked up."""
    for _, _, found, _, _ in extract_from_dir(folder, METHODS, OPTIONS):
        yield found if isinstance(found, str) else found[0]


def german(*folders: Path) -> Translations:
    return translations_in([folder / "locales" for folder in folders], "de")


def is_translated(text: str, translations: Translations) -> bool:
    catalog = translations._catalog  # gettext's own: there is no other way to ask
    return text in catalog or (text, 0) in catalog


@pytest.mark.parametrize(
    "folders",
    [(SHARED,), (OPERATIONS, SHARED), (ASSESSMENT, SHARED), (AWARDING, SHARED), (NOTIFICATIONS, SHARED)],
    ids=["shared", "operations", "assessment", "awarding", "notifications"],
)
def test_every_text_of_a_page_is_translated(folders: tuple[Path, ...]) -> None:
    translations = german(*folders)
    texts = set(texts_of(folders[0]))
    assert len(texts) > 20
    assert not {text for text in texts if not is_translated(text, translations)}


def test_everything_that_a_check_can_find_is_translated() -> None:
    translations = german(AWARDING)
    assert not {says for _, says in SAYS.values() if not is_translated(says, translations)}


def test_translations_keep_what_is_filled_in() -> None:
    translations = german(AWARDING)
    for _, says in SAYS.values():
        parameters = {word.split(")")[0] for word in says.split("%(")[1:]}
        assert {word.split(")")[0] for word in translations.gettext(says).split("%(")[1:]} == parameters, says


def test_every_reason_for_not_checking_is_said_in_plain_words() -> None:
    sources = [*Path(credentials.__file__).parent.glob("*.py"), *Path(checking.__file__).parent.glob("*.py")]
    codes = {code for source in sources for code in re.findall(r"Unreadable\(\s*\"([a-z_]+)\"", source.read_text())}
    assert len(codes) > 10
    assert codes - {"documents", "email"} <= set(WHY), "pages offer no field for documents, and leave out an empty address"
