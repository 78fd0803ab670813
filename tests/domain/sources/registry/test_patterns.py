"""Patterns and globs in documents: what they mean, and that none of them can make the service wait."""

from __future__ import annotations

import re
import sys
from time import perf_counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.assessment.sources.patterns import LONGEST, bounded, fits, match, same_letters

CHARACTERS = st.sampled_from(
    ["a", "b", "/", "[ab]", "[^/]", ".", r"\d", r"\w", "[a-z]", "X", "(?:ab)", "(a|b)", "(?P<n>a)", "aa"]
)
QUANTIFIERS = st.sampled_from(["", "", "", "*", "+", "?", "{2,5}", "{3}", "*?", "+?", "{0,900}"])
PIECES = st.builds(str.__add__, CHARACTERS, QUANTIFIERS)
SIMPLE = st.lists(PIECES, min_size=1, max_size=6).map("".join)
PATTERNS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.builds(lambda one, often: f"(?:{one}){often}", inner, QUANTIFIERS),
        st.builds(lambda one, other: f"(?:{one}|{other})", inner, inner),
        st.builds(str.__add__, inner, inner),
    ),
    max_leaves=6,
)
HOSTILE = ("a" * LONGEST, "a" * (LONGEST - 1) + "!", "ab" * 499 + "!", "/a" * 499 + "\n", "aX" * 499 + "-", "1" * 999 + " ")


@given(PATTERNS)
@settings(max_examples=400, deadline=None)
@example("(a+)+b")
@example("(a|aa)*b")
@example(".*a.*b.*c")
@example("(?i)[a-z]+X[a-z]+X[a-z]+X!")
@example(r"(?:a?){30}a{30}")
@example("a?" * 14 + "a{14}")
@example("(?:a|b|ab)(?:a|b|ab)(?:a|b|ab)(?:a|b|ab)(?:a|b|ab)(?:a|b|ab)!")
@example("(?:/[^/]+)*(?:/[^/]+)*!")
@example(".*.*")
def test_no_pattern_that_is_taken_makes_anybody_wait(pattern: str) -> None:
    try:
        bounded(pattern)
    except ValueError:
        return
    for text in HOSTILE:
        begun = perf_counter()
        match(pattern, text)
        assert perf_counter() - begun < 1.0, (pattern, text[:20])


@pytest.mark.parametrize(
    ("pattern", "text", "groups"),
    [
        (r"https://lms\.example/course/(?P<id>[^/]+)/quiz/(?P<quiz>\d+)", "https://lms.example/course/c1/quiz/7", ("c1", "7")),
        (r"course-v1:([^+]+)\+([^+]+)\+(.+)", "course-v1:edX+DemoX+Demo", ("edX", "DemoX", "Demo")),
        (r"(?P<learner>\w+)@students\.example\.edu", "ada@students.example.edu", ("ada",)),
        (r".+/course/(\d+)", "https://a.example/b/course/12", ("12",)),
        (r"(?i)COURSE-(\d+)(?:-[a-z]{2})?", "course-12-en", ("12",)),
        (r"(?:/[^/]+)*/x", "/a/b/x", ()),
    ],
)
def test_what_people_write_is_taken_and_matches_as_a_whole(pattern: str, text: str, groups: tuple[str, ...]) -> None:
    found = match(bounded(pattern), text)
    assert found is not None
    assert found.groups() == groups
    assert match(pattern, text + "\n") is None
    assert match(pattern, "x" + text * (LONGEST // len(text) + 1)) is None


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(a+)+b", "may itself vary"),
        (".*a.*b.*", "too many ways"),
        (r"(a)\1", "refers back"),
        ("(?=a)a", "looks around"),
        ("(", "no regular expression"),
        ("(?s).*", "only (?i)"),
        ("(?s:.*)", "only (?i)"),
    ],
)
def test_a_pattern_that_could_take_for_ever_is_refused_with_the_reason(pattern: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        bounded(pattern)


EVERY = "".join(map(chr, range(sys.maxunicode + 1)))
LETTERS = st.one_of(st.sampled_from("kKsSiIåµß\u212a\u017f\u0130\u0131\u1e9e\u212b\u03c2\ufb05"), st.characters(codec="utf-8"))


@given(LETTERS)
@settings(max_examples=60, deadline=None)
def test_letters_are_the_same_as_the_engine_takes_them(letter: str) -> None:
    assert set(re.findall(re.escape(letter), EVERY, re.IGNORECASE)) <= same_letters(letter)


ALIKE = st.sampled_from(
    ["k", "K", "\u212a", "[k]", "[^k]", "[a-k]", "[\u2100-\u2200]", "s", "\u017f", "[^s]", "[r-t]", "i", "\u0130", r"\w"]
)
MIXED = st.lists(st.builds(str.__add__, ALIKE, st.sampled_from(["", "*", "*", "+", "{0,900}"])), min_size=2, max_size=9)


@given(st.sampled_from(["", "(?i)"]), MIXED.map("".join))
@settings(max_examples=300, deadline=None)
@example("(?i)", "\u212a*k" * 4 + "x")
@example("(?i)", "\u017f*s" * 4 + "x")
@example("(?i)", "[\u2100-\u2200]*k" * 4 + "x")
@example("(?i)", "[^K]*\u212a" * 4 + "x")
def test_no_letter_that_is_like_another_makes_anybody_wait(flags: str, pattern: str) -> None:
    try:
        bounded(flags + pattern)
    except ValueError:
        return
    for letter in "kK\u212asi":
        begun = perf_counter()
        match(flags + pattern, letter * 300 + "!")
        assert perf_counter() - begun < 1.0, (flags + pattern, letter)


@pytest.mark.parametrize("pair", ["\u212a*k", "\u017f*s", "[\u2100-\u2200]*k", "k*\u212a"])
def test_letters_that_only_look_different_are_repeated_at_most_once(pair: str) -> None:
    with pytest.raises(ValueError, match="too many ways"):
        bounded("(?i)" + pair * 4 + "x")


GLOBS = st.text(alphabet="ab*?[", min_size=1, max_size=8)


@given(GLOBS, st.text(alphabet="ab?[", max_size=12))
@settings(max_examples=500)
def test_a_glob_has_no_other_sign_than_the_star(glob: str, text: str) -> None:
    expected = re.fullmatch(".*".join(map(re.escape, glob.split("*"))), text, re.DOTALL) is not None
    assert fits(glob, text) is expected


def test_a_glob_of_many_stars_is_quick() -> None:
    begun = perf_counter()
    assert not fits("*a" * 200 + "b", "a" * 100_000)
    assert perf_counter() - begun < 0.5
