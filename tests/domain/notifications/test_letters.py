"""What mails say, in each language."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import TemplateNotFound

from services.notifications.domain.kinds import MAILED, Kind
from services.notifications.letters import LANGUAGES, Letter, compose, language_of, mail

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DATA: dict[str, Any] = {"name": "Python", "award": "urn:uuid:1", "awarded_at": "2026-03-02T12:00:00Z", "cause": "completion"}
RISE = {"stack_name": "Inclusive Computing", "level_name": "Silver", "from_level_name": "Bronze"}


def sent(letter: Letter, person: str | None = "Ada") -> EmailMessage:
    """The mail as its reader gets it."""
    message = mail(letter, id_="fact-1", sender="cairn@hilltop.example", address="ada@example.edu", person=person, now=NOW)
    return message_from_bytes(message, policy=policy.default)


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(MAILED))
def test_every_mailed_kind_has_its_words_in_every_language(kind: Kind, language: str) -> None:
    letter = compose(kind, DATA | RISE, language, "Ada")
    named = "Silver" if kind is Kind.UPGRADED else "Python"
    assert letter.language == language
    for text in (letter.subject, letter.text, letter.html):
        assert named in text
    assert "None" not in letter.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_kinds_say_the_same(language: str) -> None:
    letters = [compose(kind, DATA | RISE, language, None) for kind in MAILED]
    assert len({letter.subject for letter in letters}) == len({letter.text for letter in letters}) == len(MAILED)


def test_a_kind_that_is_not_mailed_has_no_words() -> None:
    with pytest.raises(TemplateNotFound):
        compose(Kind.EXPIRED, DATA, "en", None)


@pytest.mark.parametrize(("wanted", "spoken"), [("de-AT", "de"), ("es", "es"), ("fr", "en"), ("pt-BR", "en")])
def test_a_language_without_words_gets_english(wanted: str, spoken: str) -> None:
    assert language_of(wanted) == spoken


@pytest.mark.parametrize(("language", "day"), [("en", "2 March 2026"), ("de", "2. März 2026"), ("es", "2 de marzo de 2026")])
def test_days_are_written_as_the_language_does(language: str, day: str) -> None:
    assert day in compose(Kind.GRANTED, DATA, language, None).text


def test_nothing_in_a_name_becomes_markup() -> None:
    letter = compose(Kind.GRANTED, DATA | {"name": "<script>x</script>", "note": "a\n\n<b>b</b>"}, "en", "<i>Ada</i>")
    assert "<script>" not in letter.html
    assert "<i>" not in letter.html
    assert "<b>" not in letter.html
    assert "&lt;script&gt;" in letter.html
    assert "<script>x</script>" in letter.text


@settings(deadline=None)
@given(
    texts=st.lists(st.text(max_size=300), min_size=4, max_size=4),
    person=st.none() | st.from_regex(r"[^\x00-\x1f\x7f]{1,200}", fullmatch=True),
    language=st.sampled_from(LANGUAGES),
)
def test_whatever_is_told_and_to_whom_the_mail_is_ascii_in_short_lines_and_reads_as_written(
    texts: list[str], person: str | None, language: str
) -> None:
    said = dict(zip(("name", "issuer", "note", "award"), (text.encode(errors="replace").decode() for text in texts), strict=True))
    letter = compose(Kind.GRANTED, DATA | said, language, person)
    raw = mail(letter, id_="fact-1", sender="cairn@hilltop.example", address="ada@example.edu", person=person, now=NOW)
    assert raw.isascii()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    message = message_from_bytes(raw, policy=policy.default)
    assert [to.addr_spec for to in message["To"].addresses] == ["ada@example.edu"]
    assert part(message, "plain").splitlines() == letter.text.splitlines()
    assert part(message, "html").splitlines() == letter.html.splitlines()


def test_what_is_said_of_one_learner_is_not_said_to_another() -> None:
    one, other = (compose(Kind.GRANTED, DATA | {"award": f"urn:uuid:{person}"}, "en", person) for person in ("Ada", "Bob & Co"))
    assert ("Hello Ada," in one.text, "urn:uuid:Ada" in one.html) == (True, True)
    assert "Hello Bob & Co," in other.text
    assert "Hello Bob &amp; Co," in other.html
    assert "Ada" not in other.text + other.html
    assert "Award" not in compose(Kind.GRANTED, {**DATA, "award": None}, "en", None).text


def test_a_name_with_line_breaks_stays_one_header() -> None:
    message = sent(compose(Kind.GRANTED, DATA | {"name": "Python\r\nBcc: eve@example.edu"}, "en", None))
    assert message["Bcc"] is None
    assert message["Subject"] == "You have earned “Python Bcc: eve@example.edu”"


def test_text_and_html_say_the_same() -> None:
    message = sent(compose(Kind.EXPIRING, DATA | {"valid_until": "2026-04-01T00:00:00Z"}, "de", "Jürgen"), "Jürgen")
    assert message.get_content_type() == "multipart/alternative"
    for kind in ("plain", "html"):
        for words in ("Guten Tag Jürgen,", "Python", "1. April 2026"):
            assert words in part(message, kind)


def test_a_mail_is_known_by_the_id_of_its_fact() -> None:
    letter = compose(Kind.GRANTED, DATA, "en", None)
    assert sent(letter)["Message-ID"] == sent(letter)["Message-ID"] == "<fact-1@hilltop.example>"


def test_a_mail_says_that_a_machine_wrote_it_and_in_which_language() -> None:
    message = sent(compose(Kind.GRANTED, DATA, "es", None))
    assert (message["Auto-Submitted"], message["Content-Language"]) == ("auto-generated", "es")


def test_a_person_with_any_name_is_addressed() -> None:
    message = sent(compose(Kind.GRANTED, DATA, "en", 'Łucja "Lu" de la Cruz, PhD'), 'Łucja "Lu" de la Cruz, PhD')
    [to] = message["To"].addresses
    assert (to.display_name, to.addr_spec) == ('Łucja "Lu" de la Cruz, PhD', "ada@example.edu")


def test_a_reason_that_a_person_gave_is_passed_on() -> None:
    assert "plagiarism in task 2" in compose(Kind.REVOKED, DATA | {"note": "plagiarism in task 2"}, "en", None).text
