"""What checking found, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from services.awarding.pages.views import CheckView, PartResult, ResultView
from shared.credentials.findings import Check, Report
from shared.pages.formats import Formats

Translate = Callable[..., str]
"""Gives a text in the reader's language, its `%(name)s` filled in."""


def _(text: str) -> str:
    """Marks a text for translation."""
    return text


QUESTIONS: Final = {
    "proof": _("Is the signature genuine?"),
    "issuer": _("Is the issuer who it says it is?"),
    "dates": _("Is it in force?"),
    "status": _("Does the issuer stand by it?"),
    "schema": _("Is it complete, as the standard asks?"),
    "known": _("Is the issuer known here?"),
    "email": _("Does the e-mail address fit?"),
}


def result_view(report: Report, translate: Translate, formats: Formats) -> ResultView:
    return ResultView(
        verdict=report.verdict,
        checks=_checks(report.checks, translate, formats),
        known=is_known(report),
        name=report.summary.get("name"),
        parts=tuple(
            PartResult(part.what, part.name, part.issuer, part.verdict, _checks(part.checks, translate, formats))
            for part in report.parts
        ),
    )


def is_known(report: Report) -> bool:
    """Whether the issuer is confirmed and one that is known here: only then is it who its name says."""
    return {check.name for check in report.checks if check.outcome == "yes"} >= {"issuer", "known"}


def _checks(checks: Iterable[Check], translate: Translate, formats: Formats) -> tuple[CheckView, ...]:
    return tuple(check_view(check, translate, formats) for check in checks)


def check_view(check: Check, translate: Translate, formats: Formats | None = None) -> CheckView:
    """With `formats` a date is written as the page writes dates."""
    params = dict(check.params)
    if formats is not None and "date" in params:
        params["date"] = day_in(params["date"], formats)
    return CheckView(
        name=translate(QUESTIONS[check.name]),
        outcome=check.outcome,
        says=translate(check.says, **params),
        details=check.details,
        tone="note" if check.name == "known" and check.outcome == "no" else check.outcome,
    )


def day_in(text: str, formats: Formats) -> str:
    """A date that a credential or a finding names, as the page writes dates; as it was written, if it is none."""
    try:
        return formats.day(text.removesuffix(" UTC"))
    except ValueError:
        return text
