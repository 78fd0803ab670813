"""Reads a requirement aloud: `sentence` for a whole tree, `label` for one node of it, in any language that `wordings` has.

Short things are one phrase ("Pass either A or B."); what is too deep for the ear is numbered, the numbers showing the nesting
("All of the following: (1) pass A; (2) one of the following: (2.1) hold B; (2.2) hold C.").
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final, assert_never

from shared.requirements.model import (
    AWARD_LEAVES,
    ENTRY_LEAVES,
    All,
    AnyOf,
    AtLeast,
    Completed,
    Group,
    Held,
    Passed,
    Requirement,
    Within,
)
from shared.requirements.phrases import Kind, Names, Voice, phrase
from shared.requirements.tree import leaves, parts_of
from shared.requirements.wordings import ENGLISH, Wording, languages, plain, wording

__all__ = ["Kind", "Names", "label", "labelled", "languages", "plain", "sentence", "spoken"]

SPOKEN: Final = 6
"""As many leaves as a listener keeps in mind; a group with more is numbered."""


def sentence(requirement: Requirement, names: Names | None = None, language: str = ENGLISH) -> str:
    """The whole requirement as one sentence, addressed to the learner, with a full stop.

    A language that nobody has written down is English.
    """
    return spoken(requirement, Voice(wording(language), names))


def label(node: Requirement, names: Names | None = None, language: str = ENGLISH) -> str:
    """One node by itself: a leaf as a phrase without full stop, a group by what it asks of its parts."""
    return labelled(node, Voice(wording(language), names))


def spoken(requirement: Requirement, voice: Voice) -> str:
    return voice.wording.finished(_phrase(requirement, voice, "")) + "."


def labelled(node: Requirement, voice: Voice) -> str:
    if isinstance(node, ENTRY_LEAVES + AWARD_LEAVES):
        return voice.wording.finished(phrase(node, voice).alone(voice.wording))
    return voice.wording.finished(_heading(node, voice.wording))


def _phrase(node: Requirement, voice: Voice, number: str) -> str:
    if isinstance(node, ENTRY_LEAVES + AWARD_LEAVES):
        return phrase(node, voice).alone(voice.wording)
    if isinstance(node, Within):
        inner = _phrase(node.requirement, voice, number)
        return voice.wording.say("{within}, {phrase}", within=_heading(node, voice.wording), phrase=inner)
    parts = [part for _, part in parts_of(node)]
    if len(parts) == 1 and _needed(node) == 1:
        return _phrase(parts[0], voice, number)
    spoken = _together(node, parts, voice) or _in_one_breath(node, parts, voice)
    return spoken or _numbered(node, parts, voice, number)


def _together(node: Group, parts: Sequence[Requirement], voice: Voice) -> str | None:
    """Leaves that share their verb, under one verb."""
    said = [phrase(part, voice) for part in parts if isinstance(part, (Completed, Passed, Held))]
    if len(said) < len(parts) or len({(each.verb, each.note) for each in said}) > 1:
        return None
    wording = voice.wording
    objects = [each.object for each in said]
    first, second = objects[0], objects[-1]
    if isinstance(node, AtLeast) and 1 < node.at_least < len(parts):
        count = wording.number(node.at_least)
        chosen = wording.say("at least {count} of {objects}", count=count, objects=wording.all_of(objects))
    elif _needed(node) == len(parts):
        two = len(objects) == 2
        chosen = wording.say("both {first} and {second}", first=first, second=second) if two else wording.all_of(objects)
    elif _needed(node) == 1 and len(objects) == 2:
        chosen = wording.say("either {first} or {second}", first=first, second=second)
    elif _needed(node) == 1:
        chosen = wording.say("one of {objects}", objects=wording.all_of(objects))
    else:
        return None
    return said[0].about(chosen, wording)


def _in_one_breath(node: Group, parts: Sequence[Requirement], voice: Voice) -> str | None:
    """Few parts, joined by their conjunction; None where a listener could lose track of what belongs to what."""
    if isinstance(node, AtLeast) and not 1 <= _needed(node) <= len(parts):
        return None
    wording = voice.wording
    every = _needed(node) == len(parts)
    flat = all(isinstance(part, ENTRY_LEAVES + AWARD_LEAVES) for part in parts)
    said = [_phrase(part, voice, "") for part in parts]
    if any(mark in phrase for phrase in said for mark in (", ", "; ", ": ")):
        return None
    if flat and len(parts) == 2:
        text = "both {first} and {second}" if every else "either {first} or {second}"
        return wording.say(text, context="phrases", first=said[0], second=said[1])
    if flat and len(parts) <= SPOKEN and _needed(node) in (1, len(parts)):
        return wording.all_of(said) if every else wording.say("either {alternatives}", alternatives=wording.any_of(said))
    if len(parts) == 2 and sum(1 for _ in leaves(node)) <= SPOKEN:
        text = "{first}, and {second}" if every else "either {first}, or {second}"
        return wording.say(text, context="phrases", first=said[0], second=said[1])
    return None


def _numbered(node: Group, parts: Sequence[Requirement], voice: Voice, number: str) -> str:
    numbers = [f"{number}.{i}" if number else str(i) for i in range(1, len(parts) + 1)]
    said = [f"({own}) {_phrase(part, voice, own)}" for own, part in zip(numbers, parts, strict=True)]
    return f"{_heading(node, voice.wording)}: {'; '.join(said)}"


def _needed(node: Group) -> int:
    match node:
        case All():
            return len(node.all)
        case AnyOf() | Within():
            return 1
        case AtLeast():
            return node.at_least
        case _:
            assert_never(node)


def _heading(node: Group, wording: Wording) -> str:
    match node:
        case All():
            return wording.say("all of the following")
        case AnyOf():
            return wording.say("one of the following")
        case AtLeast():
            count, total = wording.number(node.at_least), wording.number(len(node.of))
            return wording.say("at least {count} of the following {total}", count=count, total=total)
        case Within():
            return wording.say("within a period of {period}", period=_period(node.within, wording))
        case _:
            assert_never(node)


def _period(period: timedelta, wording: Wording) -> str:
    seconds = period.seconds + period.microseconds / 1_000_000
    if period.days and not seconds:
        days = wording.several("{count} day", "{count} days", period.days)
        if period.days % 365:
            return days
        return wording.several("{days} (about {count} year)", "{days} (about {count} years)", period.days // 365, days=days)
    hours = Decimal(int(period.total_seconds())) / 3_600
    if hours == hours.to_integral_value():
        return wording.several("{count} hour", "{count} hours", hours)
    return wording.say("{count} seconds", count=wording.number(int(period.total_seconds())))
