"""Reads a requirement aloud: `sentence` for a whole tree, `label` for one node of it.

Short things are one phrase ("Pass either A or B."); what is too deep for the ear is numbered, the numbers showing the nesting
("All of the following: (1) pass A; (2) one of the following: (2.1) hold B; (2.2) hold C.").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final, Literal, TypeAlias, assert_never

from shared.requirements.model import (
    AWARD_LEAVES,
    ENTRY_LEAVES,
    Achievements,
    All,
    AnyOf,
    AtLeast,
    AtLevel,
    Attempts,
    Completed,
    Credits,
    Graded,
    Group,
    Held,
    Holding,
    Leaf,
    Missing,
    Passed,
    Requirement,
    Scored,
    Selection,
    Skills,
    Weighted,
    WeightedMean,
    Within,
)
from shared.requirements.tree import leaves, parts_of

Kind: TypeAlias = Literal["activity", "achievement", "stack", "level", "issuer", "skill"]
Names: TypeAlias = Callable[[Kind, str], str]
"""Gives the name that people use for an id, or the id again. A level's id is that of its achievement, `<stack>.<level>`."""

SPOKEN: Final = 6
"""As many leaves as a listener keeps in mind; a group with more is numbered."""


def sentence(requirement: Requirement, names: Names | None = None) -> str:
    """The whole requirement as one sentence, addressed to the learner, with a full stop."""
    return _capital(_phrase(requirement, names, "")) + "."


def label(node: Requirement, names: Names | None = None) -> str:
    """One node by itself: a leaf as a phrase without full stop, a group by what it asks of its parts."""
    if isinstance(node, ENTRY_LEAVES + AWARD_LEAVES):
        return _capital(_leaf(node, names).alone())
    return _capital(_heading(node))


@dataclass(frozen=True, slots=True)
class _Words:
    """A leaf as verb and object, so that leaves that share a verb can be said together: "pass A, B and C"."""

    verb: str
    object: str
    note: str = ""

    def alone(self) -> str:
        return " ".join(word for word in (self.verb, self.object, self.note) if word)


def _phrase(node: Requirement, names: Names | None, number: str) -> str:
    if isinstance(node, ENTRY_LEAVES + AWARD_LEAVES):
        return _leaf(node, names).alone()
    if isinstance(node, Within):
        return f"{_heading(node)}, {_phrase(node.requirement, names, number)}"
    parts = [part for _, part in parts_of(node)]
    if len(parts) == 1 and _needed(node) == 1:
        return _phrase(parts[0], names, number)
    spoken = _together(node, parts, names) or _in_one_breath(node, parts, names)
    return spoken or _numbered(node, parts, names, number)


def _together(node: Group, parts: Sequence[Requirement], names: Names | None) -> str | None:
    """Leaves that share their verb, under one verb."""
    said = [_leaf(part, names) for part in parts if isinstance(part, (Completed, Passed, Held))]
    if len(said) < len(parts) or len({(words.verb, words.note) for words in said}) > 1:
        return None
    verb, note = said[0].verb, said[0].note
    objects = [words.object for words in said]
    if isinstance(node, AtLeast) and 1 < node.at_least < len(parts):
        chosen = f"at least {node.at_least} of {_listed(objects, 'and')}"
    elif _needed(node) == len(parts):
        chosen = f"both {objects[0]} and {objects[1]}" if len(objects) == 2 else _listed(objects, "and")
    elif _needed(node) == 1:
        chosen = f"either {objects[0]} or {objects[1]}" if len(objects) == 2 else f"one of {_listed(objects, 'and')}"
    else:
        return None
    return " ".join(word for word in (verb, chosen, note) if word)


def _in_one_breath(node: Group, parts: Sequence[Requirement], names: Names | None) -> str | None:
    """Few parts, joined by their conjunction; None where a listener could lose track of what belongs to what."""
    if isinstance(node, AtLeast) and not 1 <= _needed(node) <= len(parts):
        return None
    conjunction = "and" if _needed(node) == len(parts) else "or"
    flat = all(isinstance(part, ENTRY_LEAVES + AWARD_LEAVES) for part in parts)
    said = [_phrase(part, names, "") for part in parts]
    if any(mark in phrase for phrase in said for mark in (", ", "; ", ": ")):
        return None
    if flat and len(parts) == 2:
        return f"{'both' if conjunction == 'and' else 'either'} {said[0]} {conjunction} {said[1]}"
    if flat and len(parts) <= SPOKEN and _needed(node) in (1, len(parts)):
        return f"{'' if conjunction == 'and' else 'either '}{_listed(said, conjunction)}"
    if len(parts) == 2 and sum(1 for _ in leaves(node)) <= SPOKEN:
        opening = "" if conjunction == "and" else "either "
        return f"{opening}{said[0]}, {conjunction} {said[1]}"
    return None


def _numbered(node: Group, parts: Sequence[Requirement], names: Names | None, number: str) -> str:
    numbers = [f"{number}.{i}" if number else str(i) for i in range(1, len(parts) + 1)]
    said = [f"({own}) {_phrase(part, names, own)}" for own, part in zip(numbers, parts, strict=True)]
    return f"{_heading(node)}: {'; '.join(said)}"


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


def _heading(node: Group) -> str:
    match node:
        case All():
            return "all of the following"
        case AnyOf():
            return "one of the following"
        case AtLeast():
            return f"at least {node.at_least} of the following {len(node.of)}"
        case Within():
            return f"within a period of {_period(node.within)}"
        case _:
            assert_never(node)


def _leaf(node: Leaf, names: Names | None) -> _Words:
    match node:
        case Completed():
            return _Words("complete", _name(names, "activity", node.activity))
        case Passed():
            return _Words("pass", _name(names, "activity", node.activity))
        case Graded():
            grades = _listed([f'"{grade}"' for grade in node.grades], "or")
            return _Words(f"get the grade {grades} in", _name(names, "activity", node.activity))
        case Scored():
            verb = f"score at least {_percent(node.score_at_least)} in"
            return _Words(verb, _name(names, "activity", node.activity), _attempts(node.attempts))
        case WeightedMean():
            return _weighted_mean(node, names)
        case Held():
            version = f" in version {node.from_version} or later" if node.from_version else ""
            verb = "have earned at some time" if node.holding is Holding.EVER else "hold"
            return _Words(verb, _name(names, "achievement", node.achievement) + version, _lasting(node.holding))
        case AtLevel():
            verb = "have reached at some time" if node.holding is Holding.EVER else "reach"
            level = _level(names, node.stack, node.level)
            return _Words(verb, f"the level {level} of {_name(names, 'stack', node.stack)}", _lasting(node.holding))
        case Credits():
            return _credits(node, names)
        case Achievements():
            return _achievements(node, names)
        case Skills():
            return _skills(node, names)
        case _:
            assert_never(node)


def _weighted_mean(node: WeightedMean, names: Names | None) -> _Words:
    same = len({weighted.weight for weighted in node.of}) == 1
    missing = "a missing score counts 0" if node.missing is Missing.ZERO else "a missing score is left out"

    def said(weighted: Weighted) -> str:
        notes = [] if same else [f"weight {plain(weighted.weight)}"]
        if weighted.attempts is not Attempts.BEST:
            notes.append(_ATTEMPTS[weighted.attempts])
        name = _name(names, "activity", weighted.activity)
        return f"{name} ({' and '.join(notes)})" if notes else name

    kind = "a mean" if same else "a weighted mean"
    over = _listed([said(weighted) for weighted in node.of], "and")
    return _Words(f"reach {kind} of at least {_percent(node.weighted_mean_at_least)} over", over, f"where {missing}")


def _credits(node: Credits, names: Names | None) -> _Words:
    notes = [f"one {system} credit counts {plain(rate)}" for system, rate in sorted(node.rates.items())]
    notes += _shares(node.outside_at_most, node.own_at_least)
    amount = f"{plain(node.credits_at_least)} {node.system} credit{'' if node.credits_at_least == 1 else 's'}"
    return _from(f"at least {amount} from", node.from_, names, notes, node.holding)


def _achievements(node: Achievements, names: Names | None) -> _Words:
    notes = _shares(node.outside_at_most, node.own_at_least)
    if node.from_ == Selection():
        several = "" if node.achievements_at_least == 1 else "s"
        return _from(f"at least {node.achievements_at_least} achievement{several}", None, names, notes, node.holding)
    return _from(f"at least {node.achievements_at_least} of", node.from_, names, notes, node.holding)


def _from(what: str, chosen: Selection | None, names: Names | None, notes: Sequence[str], holding: Holding) -> _Words:
    notes = [*notes, *(["all of which must stay valid"] if holding is Holding.VALID else [])]
    verb = "have earned at some time" if holding is Holding.EVER else "hold"
    object_ = f"{what} {_selection(chosen, names)}" if chosen else what
    return _Words(verb, object_, f"({'; '.join(notes)})" if notes else "")


def _shares(outside: Decimal | int | None, own: Decimal | int | None) -> list[str]:
    notes = []
    if outside is not None:
        notes.append("none from other issuers" if outside == 0 else f"at most {plain(outside)} from other issuers")
    if own is not None:
        notes.append(f"at least {plain(own)} from the issuer itself")
    return notes


def _selection(chosen: Selection, names: Names | None) -> str:
    tags = _listed([f'"{tag}"' for tag in chosen.tags], "or")
    issuers = _listed([_name(names, "issuer", issuer) for issuer in chosen.issuers], "or")
    qualities = [f"tagged {tags}"] if tags else []
    qualities += [f"issued by {issuers}"] if issuers else []
    ids = _listed([_name(names, "achievement", id_) for id_ in chosen.achievements], "and")
    if not ids:
        return f"the achievements {' and '.join(qualities)}" if qualities else "achievements of any kind"
    return f"those of {ids} that are {' and '.join(qualities)}" if qualities else f"the achievements {ids}"


def _skills(node: Skills, names: Names | None) -> _Words:
    listed = _listed([_name(names, "skill", code) for code in node.among], "and")
    several = "skill" if len(node.among) == 1 else "skills"
    whole = node.skills_at_least == len(node.among)
    which = f"the {several} {listed}" if whole else f"at least {node.skills_at_least} of the {several} {listed}"
    how = "assessed by achievements you hold" if node.assessed_only else "assessed or taught by achievements you hold"
    if node.holding is Holding.EVER:
        how = how.replace("you hold", "you have earned at some time")
    return _Words("have", which, f"{how} (all of which must stay valid)" if node.holding is Holding.VALID else how)


_ATTEMPTS: Final = {Attempts.BEST: "best attempt", Attempts.LATEST: "latest attempt", Attempts.MEAN: "mean of all attempts"}


def _attempts(attempts: Attempts) -> str:
    return "" if attempts is Attempts.BEST else f"({_ATTEMPTS[attempts]})"


def _lasting(holding: Holding) -> str:
    return "(which must stay valid)" if holding is Holding.VALID else ""


def _name(names: Names | None, kind: Kind, id_: str) -> str:
    return names(kind, id_) if names else id_


def _level(names: Names | None, stack: str, level: str) -> str:
    return names("level", f"{stack}.{level}") if names else level


def _listed(words: Sequence[str], conjunction: str) -> str:
    """ "A", "A and B", "A, B and C"; with semicolons where a word has a comma of its own."""
    if len(words) < 2:
        return "".join(words)
    comma = "; " if any(", " in word for word in words) else ", "
    return f"{comma.join(words[:-1])}{comma.rstrip() if comma == '; ' else ''} {conjunction} {words[-1]}"


def _percent(share: Decimal) -> str:
    return f"{plain(share * 100)}%"


def plain(amount: Decimal | int) -> str:
    """An exact amount without exponent or trailing zeros: 7.50 is "7.5", 3E+1 is "30"."""
    text = f"{Decimal(amount):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _period(period: timedelta) -> str:
    seconds = period.seconds + period.microseconds / 1_000_000
    if period.days and not seconds:
        years = f" (about {period.days // 365} year{'' if period.days == 365 else 's'})" if period.days % 365 == 0 else ""
        return f"{period.days} day{'' if period.days == 1 else 's'}{years}"
    hours = Decimal(int(period.total_seconds())) / 3_600
    if hours == hours.to_integral_value():
        return f"{plain(hours)} hour{'' if hours == 1 else 's'}"
    return f"{int(period.total_seconds())} seconds"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
