"""How requirements are worded in a language. English is what the code says; every other language is a file of its own,
`locales/<language>/LC_MESSAGES/requirements.po`, so that a new one needs no code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

ENGLISH: Final = "en"
LOCALES: Final = Path(__file__).parent / "locales"
_NAME: Final = "\x00"
"""Stands before what has its own spelling, so that a sentence that begins with it leaves it as it is."""


@dataclass(frozen=True)
class Wording:
    """Says in one language what is given in English, with `{placeholders}` for what differs."""

    language: str
    translations: GNUTranslations | None = None

    def say(self, english: str, *, context: str = "", **values: str) -> str:
        """`context` tells apart what English says alike and other languages don't."""
        if self.translations is None:
            return english.format(**values)
        found = self.translations.pgettext(context, english) if context else self.translations.gettext(english)
        return found.format(**values)

    def several(self, one: str, many: str, count: Decimal | int, **values: str) -> str:
        """As the count asks for; `{count}` is the count as the language writes it."""
        values = {"count": self.number(count)} | values
        if self.translations is None:
            return (one if count == 1 else many).format(**values)
        # A fraction takes no singular in any language that has a plural.
        whole = int(count) if count == int(count) else 2
        return self.translations.ngettext(one, many, whole).format(**values)

    def number(self, amount: Decimal | int) -> str:
        """An exact amount, as the language writes it."""
        text = plain(amount)
        if self.translations is None:
            return text
        return format_decimal(Decimal(text), locale=self.language, decimal_quantization=False, group_separator=False)

    def percent(self, share: Decimal) -> str:
        return self.say("{number}%", number=self.number(share * 100))

    def quoted(self, text: str) -> str:
        return self.say('"{text}"', text=text)

    def name(self, name: str) -> str:
        """A name or an id, within a sentence; `finished` takes the mark away."""
        return name if self.translations is None else _NAME + name

    def all_of(self, words: Sequence[str]) -> str:
        """ "A", "A and B", "A, B and C"; with semicolons where a word has a comma of its own."""
        if _has_comma(words):
            return self._listed(words, "; ", "{words}; and {last}")
        return self._listed(words, ", ", "{words} and {last}")

    def any_of(self, words: Sequence[str]) -> str:
        """The same with "or"."""
        if _has_comma(words):
            return self._listed(words, "; ", "{words}; or {last}")
        return self._listed(words, ", ", "{words} or {last}")

    def _listed(self, words: Sequence[str], separator: str, ending: str) -> str:
        if len(words) < 2:
            return "".join(words)
        return self.say(ending, words=self.say(separator).join(words[:-1]), last=words[-1])

    def finished(self, text: str) -> str:
        """With a capital letter, unless it begins with a name."""
        text = text[:1].upper() + text[1:]
        return text if self.translations is None else text.replace(_NAME, "")


@cache
def wording(language: str) -> Wording:
    """The wording of a language such as "de" or "de-AT"; English for one that nobody has written down."""
    for tag in dict.fromkeys((language, language.partition("-")[0])):
        if tag in languages() and tag != ENGLISH:
            with (LOCALES / tag / "LC_MESSAGES" / "requirements.po").open("rb") as file:
                catalog = read_po(file, locale=tag, abort_invalid=True)
            compiled = BytesIO()
            write_mo(compiled, catalog)
            compiled.seek(0)
            return Wording(tag, GNUTranslations(compiled))
    return Wording(ENGLISH)


@cache
def languages() -> frozenset[str]:
    """Those that requirements can be read aloud in."""
    return frozenset({ENGLISH, *(path.parts[-3] for path in LOCALES.glob("*/LC_MESSAGES/requirements.po"))})


def plain(amount: Decimal | int) -> str:
    """An exact amount without exponent or trailing zeros: 7.50 is "7.5", 3E+1 is "30"."""
    text = f"{Decimal(amount):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _has_comma(words: Sequence[str]) -> bool:
    return any(", " in word for word in words)
