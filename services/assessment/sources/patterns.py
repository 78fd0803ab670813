"""Texts with * and regular expressions in documents, which can't make the service wait.

Python's engine tries one way after another, which may take for ever: `(a+)+b` on thirty letters does. So an expression is
looked at when it is registered, and taken only if there are few ways to try a text of a thousand characters; longer texts match
nothing. The ways multiply: a repetition has as many as there are places where it could end, but only one if it can't go on past
the character that follows it, as in `[^/]+/`, or if nothing follows; `?` has two, alternatives are added. What is repeated may
not vary itself; back references and looking around are refused. So `.+/` may come once, and `[^/]+/` as often as one likes.
"""

from __future__ import annotations

import _sre  # type: ignore[import-not-found]
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from re import _casefix as casefix  # type: ignore[attr-defined]  # its own parts know best what it has understood
from re import _compiler as compiler  # type: ignore[attr-defined]
from re import _constants as c  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

LONGEST: Final = 1_000
"""Characters of a text that may match."""

MOST_WAYS: Final = 20 * LONGEST
"""Each takes as long as it takes to walk through the text: some tens of milliseconds in all, at the very worst."""

LAST_LETTER: Final = 0x20000
"""No script that has cases lies behind this one."""

REPEATS: Final = (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT)
ONE_CHARACTER: Final = (c.LITERAL, c.NOT_LITERAL, c.ANY, c.IN)
CATEGORIES: Final = {
    c.CATEGORY_DIGIT: r"\d",
    c.CATEGORY_NOT_DIGIT: r"\D",
    c.CATEGORY_SPACE: r"\s",
    c.CATEGORY_NOT_SPACE: r"\S",
    c.CATEGORY_WORD: r"\w",
    c.CATEGORY_NOT_WORD: r"\W",
}
NOTHING_TO_TRY: Final = (*ONE_CHARACTER, c.AT)


def bounded(pattern: str) -> str:
    """The pattern as it is. Raises ValueError unless it is a regular expression whose ways can be counted and are few."""
    try:
        flags = re.compile(pattern).flags
        parsed = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"this is no regular expression: {error}") from error
    if flags & ~(re.UNICODE | re.IGNORECASE):
        raise ValueError("of the flags only (?i) is understood")
    if _ways(list(parsed), None) > MOST_WAYS:
        raise ValueError(
            "a text could be tried against this in too many ways; say more exactly what is repeated, such as [^/]+/ for .+/"
        )
    return pattern


def _ways(sequence: Sequence[Any], after: Any) -> int:
    """How many ways there are to try a sequence; `after` is what follows it, None for the end."""
    ways = 1
    for position, (kind, value) in enumerate(sequence):
        following = sequence[position + 1] if position + 1 < len(sequence) else after
        ways *= _ways_of(kind, value, following)
        if ways > MOST_WAYS:
            return ways
    return ways


def _ways_of(kind: Any, value: Any, following: Any) -> int:
    if kind in NOTHING_TO_TRY:
        return 1
    if kind is c.SUBPATTERN:
        if (value[1] | value[2]) & ~re.IGNORECASE:
            raise ValueError("of the flags only (?i) is understood")
        return _ways(list(value[3]), following)
    if kind is c.ATOMIC_GROUP:
        return _ways(list(value), following)
    if kind is c.BRANCH:
        return sum(_ways(list(branch), following) for branch in value[1])
    if kind in REPEATS:
        return _ways_to_repeat(value, following)
    raise ValueError("it refers back, or looks around; a text is matched as a whole, from its beginning to its end")


def _ways_to_repeat(value: tuple[int, int, Any], following: Any) -> int:
    least, most, inside = value
    body = list(inside)
    single = len(body) == 1 and body[0][0] in ONE_CHARACTER
    most = LONGEST if most is c.MAXREPEAT else min(int(most), LONGEST)
    if single and _ends_there(body[0], following):
        return 1
    within = _ways(body, following if most == 1 else body[0] if body else None)
    if within > 1 and most > 1:
        raise ValueError("what is repeated may itself vary, as in (a+)+ or (a|b)*: write [ab]*, or what comes once")
    return within * (most - least + 1) if most > 1 else within + (1 - least)


def _ends_there(repeated: Any, following: Any) -> bool:
    """Whether a repetition of one character can end in one place only: at the end, or before a character that it can't have."""
    if following is None:
        return True
    kind, value = following
    if kind is c.SUBPATTERN or (kind in REPEATS and value[0] > 0):
        inside = list(value[3] if kind is c.SUBPATTERN else value[2])
        return bool(inside) and _ends_there(repeated, inside[0])
    characters = _characters(kind, value)
    return characters is not None and not any(_may_be(repeated, character) for character in characters)


@lru_cache(maxsize=1)
def _folded() -> Mapping[int, frozenset[int]]:
    """Of each letter all that the engine takes for the same under (?i): not only its own cases, but the sign for Kelvin for k."""
    groups: defaultdict[int, set[int]] = defaultdict(set)
    for character in range(LAST_LETTER):
        if _sre.unicode_iscased(character) or character in casefix._EXTRA_CASES:
            lower = _sre.unicode_tolower(character)
            groups[min((lower, *casefix._EXTRA_CASES.get(lower, ())))].add(character)
    return {character: frozenset(group) for group in groups.values() for character in group}


def same_letters(character: str) -> frozenset[str]:
    """Those that may stand for this one, in whatever case: itself among them."""
    return frozenset(map(chr, _folded().get(ord(character), (ord(character),))))


def _characters(kind: Any, value: Any) -> list[str] | None:
    """Those that it may be, if they are written down one by one."""
    if kind is c.LITERAL:
        return [chr(value)]
    if kind is c.IN and all(one[0] is c.LITERAL for one in value):
        return [chr(one[1]) for one in value]
    return None


def _may_be(one: Any, character: str) -> bool:
    """In whatever case, of either."""
    letters = same_letters(character)
    return any(_is(one, each) for each in letters) or any(_is_folded(one, each) for each in letters)


def _is_folded(one: Any, character: str) -> bool:
    """As the engine compares under (?i): by what it was made of itself, for ranges and signs of negation are folded, too."""
    single = parser.SubPattern(parser.State(), [one])
    single.state.flags = re.IGNORECASE | re.UNICODE
    return compiler.compile(single, re.IGNORECASE).fullmatch(character) is not None


def _is(one: Any, character: str) -> bool:
    kind, value = one
    if kind is c.LITERAL:
        return bool(chr(value) == character)
    if kind is c.NOT_LITERAL:
        return bool(chr(value) != character)
    return True if kind is c.ANY else _is_in(value, character)


def _is_in(items: Sequence[Any], character: str) -> bool:
    negated = bool(items) and items[0][0] is c.NEGATE
    return negated is not any(_has(kind, value, character) for kind, value in items if kind is not c.NEGATE)


def _has(kind: Any, value: Any, character: str) -> bool:
    if kind is c.LITERAL:
        return bool(chr(value) == character)
    if kind is c.RANGE:
        return bool(value[0] <= ord(character) <= value[1])
    return re.fullmatch(CATEGORIES[value], character) is not None


Pattern = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(bounded)]
"""A regular expression that must match a whole text."""

Glob = Annotated[str, Field(min_length=1, max_length=500)]
"""A text with * for any characters; every other character stands for itself."""


@lru_cache(maxsize=10_000)
def compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def match(pattern: str, text: str) -> re.Match[str] | None:
    """The match of the whole text, if it is one."""
    return compiled(pattern).fullmatch(text) if len(text) <= LONGEST else None


def fits(glob: str, text: str) -> bool:
    """Whether the text is as the glob says. In time that is linear in the text for each of the glob's parts."""
    first, *rest = glob.split("*")
    if not rest:
        return text == glob
    *middle, last = rest
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
