"""What checking found, as a page says it."""

from __future__ import annotations

from pathlib import Path

from services.awarding import pages
from services.awarding.pages.results import check_view, result_view
from shared.credentials.findings import Part, Report, finding
from shared.pages.formats import Formats
from shared.pages.languages import translations_in

GERMAN = translations_in([Path(pages.__file__).parent / "locales"], "de")


def english(text: str, **params: object) -> str:
    return text % params if params else text


def german(text: str, **params: object) -> str:
    return english(GERMAN.gettext(text), **params)


def test_an_issuer_that_is_not_on_the_list_is_no_alarm() -> None:
    view = check_view(finding("known.not_listed"), english)
    assert (view.outcome, view.tone) == ("no", "note")
    assert check_view(finding("status.revoked"), english).tone == "no"


def test_what_a_credential_says_stays_text_in_a_sentence() -> None:
    view = check_view(finding("known.listed", name="100 %(x)s <b>"), english)
    assert view.says == "The issuer is on the list of those known here, as 100 %(x)s <b>."


def test_a_check_is_said_in_the_readers_language_with_what_it_is_about() -> None:
    view = check_view(finding("status.unreadable", address="https://x.example/1", reason="no answer"), german)
    assert view.name == "Steht der Aussteller dazu?"
    assert view.says == "Ob er zurückgenommen wurde, ließ sich bei https://x.example/1 nicht herausfinden: no answer."


def test_a_list_that_could_not_be_read_leaves_the_verdict_open() -> None:
    codes = ("proof.good", "issuer.confirmed", "dates.in_force", "schema.good")
    unread = finding("status.unreadable", address="https://x.example/1", reason="no answer")
    endorsement = Part("endorsement", "A partner's word", "did:web:partner.example", "valid", (finding("proof.good"),))
    report = Report((*map(finding, codes), unread), "achievement", {"name": "Gold"}, {}, False, (endorsement,))
    view = result_view(report, english, Formats("en"))
    assert view.verdict == "undecided"
    assert [check.outcome for check in view.checks].count("unknown") == 1
    assert [(part.name, part.verdict, len(part.checks)) for part in view.parts] == [("A partner's word", "valid", 1)]


def test_a_date_in_a_finding_is_written_as_the_page_writes_dates() -> None:
    view = check_view(finding("dates.in_force_until", date="2029-01-11 10:00 UTC"), german, Formats("de"))
    assert "11. Januar 2029" in view.says
    assert check_view(finding("proof.expired", date="some day"), english, Formats("en")).says.endswith("some day.")
