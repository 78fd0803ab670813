"""What a credential says of itself, in the order in which it is shown. Whoever made it chose every word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.awarding.pages.results import Translate, day_in, is_known
from shared.credentials.findings import Report, cut
from shared.pages.formats import Formats


def _(text: str) -> str:
    """Marks a text for translation."""
    return text


SAID: Final = (
    ("achievement_name", _("What for")),
    ("holder", _("Awarded to")),
    ("issuer_name", _("Issuer")),
    ("issuer", _("Issuer's identity")),
    ("awarded", _("Awarded on")),
    ("valid_from", _("Issued on")),
    ("valid_until", _("Valid until")),
    ("achievement_type", _("Kind")),
    ("description", _("Description")),
    ("criteria", _("Criteria")),
    ("id", _("Its number")),
)

DATES: Final = ("awarded", "valid_from", "valid_until")
LONG: Final = ("description", "criteria")
ABOUT_SOMEBODY: Final = ("achievement", "clr")
CLAIMED: Final = _("calls itself “%(name)s”")
NAMELESS: Final = _("Somebody whose name it does not say")


@dataclass(frozen=True)
class Saying:
    """`long` is what may have paragraphs and lists."""

    name: str
    value: str
    long: bool = False


def said_by(report: Report, translate: Translate, formats: Formats) -> list[Saying]:
    """An issuer's name is the issuer's only where its identity is confirmed and known here; else it is what it calls itself."""
    summary = dict(report.summary)
    if (holder := holder_in(report.credential or {})) is not None:
        summary["holder"] = holder
    elif report.kind in ABOUT_SOMEBODY:
        summary["holder"] = translate(NAMELESS)
    if "issuer_name" in summary and not is_known(report):
        summary["issuer_name"] = translate(CLAIMED, name=summary["issuer_name"])
    return [
        Saying(translate(name), day_in(value, formats) if member in DATES else value, member in LONG)
        for member, name in SAID
        if (value := summary.get(member))
    ]


def holder_in(document: Mapping[str, Any]) -> str | None:
    """The name of whom it was given to, from the subject's identity objects (Open Badges 3.0), if one is there in plain."""
    names = [cut(name.strip(), 200) for name in _names_in(document) if name.strip()]
    return names[0] if names else None


def _names_in(document: Mapping[str, Any]) -> Iterator[str]:
    for subject in _listed(document.get("credentialSubject")):
        for identifier in _listed(subject.get("identifier")):
            value = identifier.get("identityHash")
            if identifier.get("identityType") == "name" and not identifier.get("hashed") and isinstance(value, str):
                yield value


def _listed(value: object) -> list[dict[str, Any]]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
