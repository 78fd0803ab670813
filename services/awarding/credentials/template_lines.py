"""A canonical form with gaps: the N-Quads of all documents of a shape, into which a document's own texts are put.

Blank nodes are named as RDFC-1.0 says (https://www.w3.org/TR/rdf-canon/): by the hashes of what is said about each, of
which only those are made anew that a gap is in; where two are alike, by the whole algorithm.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat, parse

from shared.credentials.canonical import ESCAPES

QUAD: Final = re.compile(
    r'(<[^>]*>|_:\w+) (<[^>]*>) (<[^>]*>|_:\w+|"(?:[^"\\]|\\.)*"(?:@[\w-]+|\^\^<[^>]*>)?)(?: (<[^>]*>|_:\w+))? \.'
)
IRI: Final = re.compile(r'([A-Za-z][A-Za-z0-9+.-]*:(?://)?)[^\x00-\x20\x7f<>"{}|^`\\\s]*')
"""An absolute IRI in which nothing is escaped; the first group is as much of it as decides how JSON-LD reads it."""

DOUBLE: Final = "^^<http://www.w3.org/2001/XMLSchema#double>"
"""Such a text is written anew if it is a number."""

MOST_ALIKE: Final = 16
"""Blank nodes: the work to tell them apart can grow exponentially."""

BLANK: Final = re.compile(r"_:\w+")

PLAIN: Final = re.compile(r'[^\x00-\x1f"\\\x7f]*')
"""Texts in which nothing is escaped as a literal."""


class NoTemplate(Exception):
    """A document's canonical form can't be made a template of."""


def head_of(text: str) -> str | None:
    """The beginning that decides how the text is read if it is an IRI; None if it isn't one."""
    match = IRI.fullmatch(text)
    return match[1] if match else None


class Sentinels:
    """Texts that stand for a document's texts while its template is made: each is different and occurs nowhere else.

    JSON-LD reads each as it reads the text: as an IRI with the same beginning, or as a word. Those in `fixed` stay as they are.
    """

    def __init__(self, texts: Sequence[str], fixed: Collection[int]) -> None:
        mark = hashlib.sha256("\n".join(texts).encode(errors="surrogatepass")).hexdigest()[:20]
        self._found = re.compile(f"{mark}x([0-9]+)x")
        self.texts = [text if number in fixed else f"{head_of(text) or ''}{mark}x{number}x" for number, text in enumerate(texts)]

    def numbers_in(self, term: str) -> list[int]:
        return [int(number) for number in self._found.findall(term)]


@dataclass(frozen=True, slots=True)
class Gap:
    """Where text `number` goes: within a literal, or as an IRI, with what follows it in the line."""

    number: int
    literal: bool
    suffix: str

    @property
    def format(self) -> str:
        return f'"%s"{_constant(self.suffix)}' if self.literal else "<%s>"


Line = tuple[str | Gap, ...]
"""The terms of a quad: text as it stands (blank nodes included), and gaps."""


def lines_of(canonical: str, sentinels: Sentinels) -> tuple[list[Line], set[int]]:
    """The quads of the sentinels' canonical form with gaps for them, and the numbers of those that can't be gaps: they
    were changed on the way, or are only a part of something, or what becomes of them depends on more than where they are."""
    lines: list[Line] = []
    spoiled: set[int] = set()
    for row in canonical.split("\n")[:-1]:
        match = QUAD.fullmatch(row)
        if match is None:
            raise NoTemplate
        line: list[str | Gap] = []
        for term in match.groups():
            if term is None:
                continue
            numbers = sentinels.numbers_in(term)
            gap = _gap(term, numbers, sentinels.texts)
            if gap is None:
                spoiled.update(numbers)
            line.append(gap or term)
        lines.append(tuple(line))
    return lines, spoiled


def _gap(term: str, numbers: Sequence[int], sentinels: Sequence[str]) -> Gap | None:
    if len(numbers) != 1:
        return None
    number = numbers[0]
    if term == f"<{sentinels[number]}>":
        return Gap(number, literal=False, suffix="")
    literal = f'"{sentinels[number]}"'
    suffix = term.removeprefix(literal)
    return Gap(number, literal=True, suffix=suffix) if term.startswith(literal) and suffix != DOUBLE else None


Pick = Callable[[Sequence[str]], tuple[str, ...]]


class _Pattern:
    """Lines with gaps as one format, filled at once. Where a line has a number instead of a term, a label goes."""

    def __init__(self, lines: Sequence[Sequence[str | Gap | int]]) -> None:
        slots: list[int] = []
        rows = []
        for line in lines:
            row = []
            for term in line:
                if isinstance(term, str):
                    row.append(_constant(term))
                else:
                    slots.append(term.number if isinstance(term, Gap) else term)
                    row.append(term.format if isinstance(term, Gap) else "%s")
            rows.append(" ".join(row) + " .")
        self._format = "\n".join(rows)
        self._pick: Pick = itemgetter(*slots) if len(slots) > 1 else lambda terms: tuple(terms[slot] for slot in slots)

    def filled(self, terms: Sequence[str]) -> list[str]:
        """The lines, without their ends. No term has an end of line in it: canonical N-Quads escape them."""
        return (self._format % self._pick(terms)).split("\n") if self._format else []


def _constant(text: str) -> str:
    return text.replace("%", "%%")


class Template:
    """The canonical form of every document with so many texts of which those in gaps are read as the first one's were."""

    def __init__(self, lines: Sequence[Line], texts: int) -> None:
        self._blanks = sorted({term for line in lines for term in line if isinstance(term, str) and term.startswith("_:")})
        names = {blank: texts + place for place, blank in enumerate(self._blanks)}

        def with_labels(line: Line) -> list[str | Gap | int]:
            return [names.get(term, term) if isinstance(term, str) else term for term in line]

        with_blanks = [line for line in lines if any(term in names for term in line)]
        self._rest = _Pattern([line for line in lines if line not in with_blanks])
        self._named = _Pattern([with_labels(line) for line in with_blanks])
        self._hashes: list[str] = []
        self._patterns: list[tuple[int, _Pattern]] = []
        for place, blank in enumerate(self._blanks):
            about = [line for line in with_blanks if blank in line]
            pattern = _Pattern([[_seen_from(blank, term) for term in line] for line in about])
            free = any(isinstance(term, Gap) for line in about for term in line)
            self._hashes.append("" if free else _hash(pattern.filled(())))
            if free:
                self._patterns.append((place, pattern))

    def canonical(self, texts: list[str]) -> str | None:
        """The canonical N-Quads with these texts (all of the document's); None if that can't be told here.

        The texts must be read as those were that the template was made of: IRIs with the same heads.
        """
        if not PLAIN.fullmatch("".join(texts)):
            texts = [text.translate(ESCAPES) for text in texts]
        hashes = list(self._hashes)
        for place, pattern in self._patterns:
            hashes[place] = _hash(pattern.filled(texts))
        if len(set(hashes)) < len(hashes):
            named = relabelled(self._named.filled(texts + self._blanks), len(hashes) - len(set(hashes)))
        else:
            labels = [""] * len(hashes)
            for label, place in enumerate(sorted(range(len(hashes)), key=hashes.__getitem__)):
                labels[place] = f"_:c14n{label}"
            named = self._named.filled(texts + labels)
            if len(set(named)) < len(named):
                # The same was said twice of a blank node, and counted twice in its hash.
                named = relabelled(self._named.filled(texts + self._blanks))
        if named is None:
            return None
        # Still in the template's order, so that little is left to sort.
        return "\n".join(sorted(dict.fromkeys([*self._rest.filled(texts), *named]))) + "\n"


def relabelled(lines: Sequence[str], alike: int = 0) -> list[str] | None:
    """Lines with their blank nodes named by all of RDFC-1.0, of which `alike` can't be told apart at first sight.

    None if the library reads a line as something that it writes otherwise, or if it could take long.
    """
    if alike > MOST_ALIKE:
        return None
    try:
        dataset = Dataset(parse("\n".join(lines) + "\n", RdfFormat.N_QUADS))
    except SyntaxError:
        return None
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    named = str(dataset).split("\n")[:-1]
    same = {BLANK.sub("_:", line) for line in lines} == {BLANK.sub("_:", line) for line in named} and len(named) == len(
        set(lines)
    )
    return named if same else None


def _seen_from(me: str, term: str | Gap) -> str | Gap:
    return term if isinstance(term, Gap) or not term.startswith("_:") else "_:a" if term == me else "_:z"


def _hash(lines: list[str]) -> str:
    """RDFC-1.0's hash of first-degree quads."""
    lines.sort()
    return hashlib.sha256(("\n".join(lines) + "\n").encode()).hexdigest()
