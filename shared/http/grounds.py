"""What a person gives as the reason of a decision. Facts keep it for good, so it has to say something."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Characters that count as letters or symbols, and show nothing."""
SHOWN: Final = frozenset("LNPS")
"""The classes of characters that show something by themselves: letters, numbers, punctuation, symbols."""


def _says_something(text: str) -> str:
    if not any(unicodedata.category(character)[0] in SHOWN and character not in BLANK for character in text):
        raise ValueError("it is blank; say why, in words")
    return text


GivenReason = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    Field(min_length=1, max_length=2_000, description="why, in words; not blank"),
    AfterValidator(_says_something),
]
"""Without the blanks around it; refused if nothing is to be seen in what is left."""
