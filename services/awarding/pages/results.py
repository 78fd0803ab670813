"""What checking found, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from services.awarding.pages.views import CheckView, PartResult, ResultView
from shared.credentials.findings import Check, Report

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


def result_view(report: Report, translate: Translate) -> ResultView:
    return ResultView(
        verdict=report.verdict,
        checks=_checks(report.checks, translate),
        summary=dict(report.summary),
        parts=tuple(
            PartResult(part.what, part.name, part.issuer, part.verdict, _checks(part.checks, translate)) for part in report.parts
        ),
    )


def _checks(checks: Iterable[Check], translate: Translate) -> tuple[CheckView, ...]:
    return tuple(check_view(check, translate) for check in checks)


def check_view(check: Check, translate: Translate) -> CheckView:
    return CheckView(
        name=translate(QUESTIONS[check.name]),
        outcome=check.outcome,
        says=translate(check.says, **check.params),
        details=check.details,
        tone="note" if check.name == "known" and check.outcome == "no" else check.outcome,
    )
