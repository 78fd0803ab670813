"""What pydantic says is wrong, in words for people, and in their language."""

from __future__ import annotations

import re
from typing import Final

from fastapi import Request

from services.assessment.pages.frame import _
from shared.pages import Pages

WORDS: Final[tuple[tuple[str, str], ...]] = (
    (r"Field required", _("this is missing")),
    (r"Extra inputs are not permitted", _("this is not known here")),
    (r"(?:String|Value|Data) should have at least 1 (?:character|item).*", _("this must not be empty")),
    (r"(?:Tuple|List|Dictionary|Set) should have at least (?P<n>\d+) items? .*", _("at least %(n)s must be given")),
    (r"(?:Tuple|List|Dictionary|Set) should have at most (?P<n>\d+) items? .*", _("at most %(n)s may be given")),
    (r"String should have at least (?P<n>\d+) characters", _("this must have at least %(n)s characters")),
    (r"String should have at most (?P<n>\d+) characters?", _("this may have at most %(n)s characters")),
    (r"String should match pattern '\^\[A-Za-z0-9\]\[A-Za-z0-9\._-\].*", _("only letters, digits, - . _ may stand here")),
    (r"String should match pattern '\^\[A-Za-z\]\[A-Za-z0-9\+\.-\]\*:.*", _("this must be an address, like https://… or urn:…")),
    (r"String should match pattern '(?P<n>.*)'", _("this must match %(n)s")),
    (r"Input should be greater than or equal to (?P<n>\S+)", _("this must be %(n)s or more")),
    (r"Input should be less than or equal to (?P<n>\S+)", _("this must be %(n)s or less")),
    (r"Input should be greater than (?P<n>\S+)", _("this must be more than %(n)s")),
    (r"Input should be less than (?P<n>\S+)", _("this must be less than %(n)s")),
    (r"Input should be a valid string", _("this must be text")),
    (r"Input should be a valid (?:tuple|list|array)", _("this must be a list")),
    (r"Input should be a valid (?:dictionary|object|mapping).*", _("this must be a mapping of keys to values")),
    (r"Input should be a valid integer.*", _("this must be a whole number")),
    (r"Input should be a valid (?:number|decimal).*", _("this must be a number")),
    (r"Decimal input should be .*", _("this must be a number")),
    (r"Input should be a valid boolean.*", _("this must be true or false")),
    (r"Input should be (?P<n>'.*)", _("this must be %(n)s")),
)
"""By its English message, for that is all that a problem keeps; what is not here was written for people."""


def plain(pages: Pages, request: Request, message: str) -> str:
    for pattern, words in WORDS:
        if found := re.fullmatch(pattern, message, re.DOTALL):
            return pages.text(request, words, **found.groupdict())
    return message
