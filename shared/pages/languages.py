"""The languages that pages speak: each folder of translations is one, beside English, which the templates are written in.

A folder `locales/<language>/` holds gettext files (`.po`, at any depth), read once at start. Nothing is compiled beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

SOURCE: Final = "en"
"""The language of the templates."""


def languages_in(folders: Iterable[Path]) -> tuple[str, ...]:
    """English first, then every other for which there is a folder, by its code (`de`, `pt-BR`). Raises ValueError for a
    folder that is named after no language."""
    found = {path.name.replace("_", "-") for folder in folders if folder.is_dir() for path in folder.iterdir() if path.is_dir()}
    for code in found:
        locale_of(code)
    return (SOURCE, *sorted(found - {SOURCE}))


def translations_in(folders: Sequence[Path], language: str) -> Translations:
    """All texts of a language; where two folders translate the same text, the earlier one counts."""
    merged = Translations()
    for folder in reversed(folders):
        for name in {language, language.replace("-", "_")}:
            for file in sorted((folder / name).rglob("*.po")):
                merged.merge(_read(file, language))
    return merged


def _read(file: Path, language: str) -> Translations:
    with file.open("rb") as opened:
        catalog = read_po(opened, locale=language.replace("-", "_"))
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Translations(compiled)


def locale_of(language: str) -> Locale:
    """Raises ValueError for a code that names no language."""
    try:
        return Locale.parse(language, sep="-")
    except UnknownLocaleError as error:
        raise ValueError(f"{language} names no language that is known") from error


def own_name(language: str) -> str:
    """What the language calls itself: "English", "Deutsch"."""
    name = locale_of(language).get_display_name(locale_of(language)) or language
    return name[:1].upper() + name[1:]


def direction_of(language: str) -> str:
    """`ltr` or `rtl`, as HTML's `dir` has it."""
    return "rtl" if locale_of(language).text_direction == "rtl" else "ltr"


def chosen(available: Sequence[str], asked: str | None, kept: str | None, accepted: str | None) -> str:
    """The language to answer in: what the address asks for, else what was kept from before, else what the browser accepts."""
    for wish in (asked, kept, *_accepted(accepted or "")):
        if wish and (found := _matching(available, wish)):
            return found
    return SOURCE


def _accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header, the dearest first. What is malformed in it is passed over."""
    wishes: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        code, _, parameter = part.strip().partition(";")
        try:
            quality = float(parameter.strip().removeprefix("q=")) if parameter.strip() else 1.0
        except ValueError:
            continue
        if code and code != "*" and quality > 0:
            wishes.append((quality, code.strip()))
    return [code for _, code in sorted(wishes, key=lambda wish: -wish[0])]


def _matching(available: Sequence[str], wish: str) -> str | None:
    """The language itself, or without its region: `de` for `de-AT`."""
    by_code: Mapping[str, str] = {code.lower(): code for code in available}
    parts = wish.lower().replace("_", "-").split("-")
    return next((by_code[code] for n in range(len(parts), 0, -1) if (code := "-".join(parts[:n])) in by_code), None)
