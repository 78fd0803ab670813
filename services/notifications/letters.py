"""What a mail says: one template per kind and language, read twice, as text and as HTML.

A template's paragraphs are separated by empty lines. For the HTML part it is filled with escaping on, and its paragraphs
are set into `page.html.j2`; so both parts say the same, and nothing in a name can become markup.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.charset import QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

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
    ("name", "issuer", "stack_name", "level_name", "from_level_name", "awarded_at", "valid_until", "note", "cause", "award")
)
"""What a template may use beside `person`; absent ones are None."""

UTF8: Final = Charset("utf-8")
UTF8.body_encoding = QP


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


def compose(kind: str, data: Mapping[str, Any], language: str, person: str | None) -> Letter:
    """Times in `data` are RFC 3339 texts. Raises jinja2.TemplateNotFound for a kind that is not mailed."""
    spoken = language_of(language)
    said = FIELDS | {name: data[name] for name in FIELDS if name in data} | {"person": person}
    path = f"{spoken}/{kind}.j2"
    template = TEXT.get_template(path)
    subject = "".join(template.blocks["subject"](template.new_context(said)))
    paragraphs = [Markup(paragraph) for paragraph in _paragraphs(HTML.get_template(path).render(said))]
    subject = " ".join(subject.split())
    page = HTML.get_template("page.html.j2").render(language=spoken, subject=subject, paragraphs=paragraphs)
    return Letter(spoken, subject, "\n\n".join(_paragraphs(TEXT.get_template(path).render(said))) + "\n", page)


def mail(letter: Letter, *, id_: str, sender: str, address: str, person: str | None, now: datetime) -> MIMEMultipart:
    """As multipart/alternative. Its Message-ID is made of `id_` and the sender's domain: a repeated mail has the same one."""
    message = MIMEMultipart("alternative")
    message["From"] = formataddr(("Cairn", sender))
    message["To"] = formataddr((person or "", address))
    message["Subject"] = (
        letter.subject if letter.subject.isascii() else Header(letter.subject, "utf-8", header_name="Subject").encode()
    )
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{id_}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = letter.language
    message.attach(MIMEText(letter.text, "plain", UTF8))  # type: ignore[arg-type]  # a Charset will do as well
    message.attach(MIMEText(letter.html, "html", UTF8))  # type: ignore[arg-type]  # as above
    return message


def _paragraphs(text: str) -> list[str]:
    return [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]


def _day(time: str, language: str) -> str:
    moment = datetime.fromisoformat(time)
    return DAYS[language].format(day=moment.day, month=MONTHS[language][moment.month - 1], year=moment.year)


def _strong(value: str) -> Markup:
    return Markup("<strong>{}</strong>").format(value)


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
    return environment


TEXT: Final = _environment(html=False)
HTML: Final = _environment(html=True)
