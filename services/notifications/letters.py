"""What a mail says: one template per kind and language, read twice, as text and as HTML.

A template's paragraphs are separated by empty lines. For the HTML part it is filled with escaping on, and its paragraphs
are set into `page.html.j2`; so both parts say the same, and nothing in a name can become markup.

Many mails differ only in whom they go to and which award they name: what else they say is made once, and those two are put in.
"""

from __future__ import annotations

import re
from binascii import b2a_qp
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from functools import lru_cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

LANGUAGES: Final = ("en", "de", "es")
MONTHS: Final = {
    language: names.split()
    for language, names in {
        "en": "January February March April May June July August September October November December",
        "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    }.items()
}
DAYS: Final = {"en": "{day} {month} {year}", "de": "{day}. {month} {year}", "es": "{day} de {month} de {year}"}

FIELDS: Final[dict[str, None]] = dict.fromkeys(
    (
        *("name", "issuer", "stack_name", "level_name", "from_level_name", "awarded_at", "valid_until", "note", "cause", "award"),
        *("page", "waits_since", "passed", "replaces"),
    )
)
"""What a template may use beside `person`; absent ones are None."""
TIMES: Final = ("awarded_at", "valid_until", "waits_since")
"""Of these templates show the day."""
DAY: Final = len("2026-03-02")
STANDS_FOR: Final = {"person": "\ue000person\ue000", "award": "\ue000award\ue000"}
"""In what is kept, where each mail has its own; no text that anybody writes has these letters."""
DRAFTS: Final = 2_000
HEADER_LINE: Final = 76
ENCODED_WORD: Final = 75
"""Letters that one may have; a longer name is several."""
QUOTED: Final = "Content-Transfer-Encoding: quoted-printable"


@dataclass(frozen=True, slots=True)
class Letter:
    language: str
    subject: str
    text: str
    html: str


def language_of(wanted: str) -> str:
    """The language to write in: the wanted one, its base language (`de-AT`: `de`), or English."""
    base = wanted.split("-")[0]
    return base if base in LANGUAGES else "en"


def page_of(assessment: str, data: Mapping[str, Any]) -> str | None:
    """Where the learner looks after what they are told of, if that is a submission. `assessment` is where people reach it."""
    return f"{assessment}/my/submissions/{data['submission']}" if "submission" in data else None


def compose(kind: str, data: Mapping[str, Any], language: str, person: str | None) -> Letter:
    """Times in `data` are RFC 3339 texts. Raises jinja2.TemplateNotFound for a kind that is not mailed."""
    own = {"award": data.get("award"), "person": person}
    said = FIELDS | {name: data[name] for name in FIELDS if name in data}
    said |= {name: said[name][:DAY] for name in TIMES if said[name] is not None}
    said |= {name: STANDS_FOR[name] if value else None for name, value in own.items()}
    draft = _draft(kind, language_of(language), tuple(said.items()))
    text, html = draft.text, draft.html
    for name, value in own.items():
        if value:
            words = " ".join(value.split())
            text, html = text.replace(STANDS_FOR[name], words), html.replace(STANDS_FOR[name], str(escape(words)))
    return Letter(draft.language, draft.subject, text, html)


@lru_cache(DRAFTS)
def _draft(kind: str, language: str, fields: tuple[tuple[str, Any], ...]) -> Letter:
    said = dict(fields)
    path = f"{language}/{kind}.j2"
    template = TEXT.get_template(path)
    subject = "".join(template.blocks["subject"](template.new_context(said)))
    paragraphs = [Markup(paragraph) for paragraph in _paragraphs(HTML.get_template(path).render(said))]
    subject = " ".join(subject.split())
    page = HTML.get_template("page.html.j2").render(language=language, subject=subject, paragraphs=paragraphs)
    return Letter(language, subject, "\n\n".join(_paragraphs(TEXT.get_template(path).render(said))) + "\n", page)


def mail(letter: Letter, *, id_: str, sender: str, address: str, person: str | None, now: datetime) -> bytes:
    """As multipart/alternative, in ASCII. Its Message-ID is made of `id_` and the sender's domain: a repeated mail has the same.

    `address` and `sender` are bare ones, `id_` a UUID.
    """
    # Quoted-printable text has no such thing in it.
    boundary = f"=_{id_}"
    head = (
        f"From: {formataddr(('Cairn', sender))}",
        f"To: {_to(person, address)}",
        f"Subject: {_subject(letter.subject)}",
        f"Date: {format_datetime(now)}",
        f"Message-ID: <{id_}@{sender.rpartition('@')[2]}>",
        "Auto-Submitted: auto-generated",
        f"Content-Language: {letter.language}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
    )
    parts = (
        "\r\n".join((f"--{boundary}", f"Content-Type: text/{kind}; charset=utf-8", QUOTED, "", _quoted(text)))
        for kind, text in (("plain", letter.text), ("html", letter.html))
    )
    return "\r\n".join((*head, "", *parts, f"--{boundary}--", "")).encode("ascii")


def _quoted(text: str) -> str:
    return b2a_qp(text.replace("\n", "\r\n").encode()).decode("ascii")


@lru_cache(DRAFTS)
def _subject(text: str) -> str:
    return _header(text, "Subject")


def _header(text: str, name: str) -> str:
    """As it stands in a header: folded, and encoded if it has more than ASCII's visible letters."""
    plain = text.isascii() and text.isprintable()
    return Header(text, "us-ascii" if plain else "utf-8", HEADER_LINE, name).encode(linesep="\r\n")


def _to(person: str | None, address: str) -> str:
    if not person:
        return address
    named = formataddr((person, address))
    if not (person.isascii() and person.isprintable()) and len(named) - len(address) > ENCODED_WORD:
        return f"{_header(person, 'To')}\r\n <{address}>"
    return named if len(named) < HEADER_LINE - len("To: ") else f"\r\n <{address}>".join(named.rsplit(f" <{address}>", 1))


def _paragraphs(text: str) -> list[str]:
    return [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]


def _day(time: str, language: str) -> str:
    moment = datetime.fromisoformat(time)
    return DAYS[language].format(day=moment.day, month=MONTHS[language][moment.month - 1], year=moment.year)


def _strong(value: str) -> Markup:
    return Markup("<strong>{}</strong>").format(value)


def _link(address: str) -> Markup:
    return Markup('<a href="{0}">{0}</a>').format(address)


def _plain(value: str) -> str:
    return value


def _environment(*, html: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("services.notifications"),
        autoescape=html,  # noqa: S701 - the other one makes plain text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["day"] = _day
    environment.filters["strong"] = _strong if html else _plain
    environment.filters["link"] = _link if html else _plain
    return environment


TEXT: Final = _environment(html=False)
HTML: Final = _environment(html=True)
