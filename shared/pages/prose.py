"""Longer texts of others: paragraphs, lists and bold words, as criteria are written in Markdown. All else is text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from markupsafe import Markup, escape

from shared.pages.formats import Formats

ITEM: Final = re.compile(r"(?P<indent>[ \t]*)[-*+•][ \t]+(?P<text>\S.*)")
BOLD: Final = re.compile(r"\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*")
DEEPEST: Final = 6


def prose(text: str) -> Markup:
    """Markup of any text; what it has of markup itself is shown as it is."""
    return Markup("").join(_blocks(text))


def _blocks(text: str) -> Iterator[Markup]:
    lines = [line.rstrip() for line in text.expandtabs(4).splitlines()]
    for kind, group in groupby(lines, key=_kind):
        if kind == "item":
            yield _list(group)
        elif kind == "text":
            yield Markup('<p dir="auto">{}</p>').format(Markup("<br>").join(map(_inline, group)))


def _kind(line: str) -> str:
    return "blank" if not line else "item" if ITEM.fullmatch(line) else "text"


def _list(lines: Iterable[str]) -> Markup:
    """Nested by how far its lines are indented."""
    made = Markup("<ul>")
    indents: list[int] = []
    for line in lines:
        found = ITEM.fullmatch(line)
        if found is None:
            continue
        indent = len(found["indent"])
        while len(indents) > 1 and indent < indents[-1]:
            indents.pop()
            made += Markup("</li></ul>")
        if not indents:
            indents.append(indent)
        elif indent > indents[-1] and len(indents) < DEEPEST:
            indents.append(indent)
            made += Markup("<ul>")
        else:
            made += Markup("</li>")
        made += Markup('<li dir="auto">') + _inline(found["text"])
    return made + Markup("</li></ul>") * len(indents)


def _inline(line: str) -> Markup:
    return Markup(BOLD.sub(r"<strong>\1</strong>", str(escape(line.strip()))))


def isolated(text: object) -> Markup:
    """A name of others among words of ours: however it is written, it turns nothing around it."""
    return Markup("<bdi>{}</bdi>").format(text)


def isolated_list(words: Iterable[object], formats: Formats) -> Markup:
    """Several of them, as the language lists words."""
    return Markup(formats.listed(str(isolated(word)) for word in words))
