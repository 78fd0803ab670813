"""The leaves of a requirement as phrases: a verb, what it is about, and a note."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeAlias, assert_never

from shared.requirements.model import (
    Achievements,
    AtLevel,
    Attempts,
    Completed,
    Credits,
    Graded,
    Held,
    Holding,
    Leaf,
    Missing,
    Passed,
    Scored,
    Selection,
    Skills,
    Weighted,
    WeightedMean,
)
from shared.requirements.wordings import Wording

Kind: TypeAlias = Literal["activity", "achievement", "stack", "level", "issuer", "skill"]
Names: TypeAlias = Callable[[Kind, str], str]
"""Gives the name that people use for an id, or the id again. A level's id is that of its achievement, `<stack>.<level>`."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Who reads aloud: in which wording, and what names it knows."""

    wording: Wording
    names: Names | None

    def name(self, kind: Kind, id_: str) -> str:
        return self.wording.name(self.names(kind, id_) if self.names else id_)

    def level(self, stack: str, level: str) -> str:
        return self.wording.name(self.names("level", f"{stack}.{level}") if self.names else level)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A leaf in parts, so that leaves that share a verb can be said together: "pass A, B and C".

    `verb` is the English frame around `{object}`; `values` are its other placeholders.
    """

    verb: str
    object: str
    note: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    def about(self, object_: str, wording: Wording) -> str:
        """The same of something else."""
        said = wording.say(self.verb, object=object_, **self.values)
        return f"{said} {self.note}" if self.note else said

    def alone(self, wording: Wording) -> str:
        return self.about(self.object, wording)


def phrase(node: Leaf, voice: Voice) -> Phrase:
    wording = voice.wording
    match node:
        case Completed():
            return Phrase("complete {object}", voice.name("activity", node.activity))
        case Passed():
            return Phrase("pass {object}", voice.name("activity", node.activity))
        case Graded():
            grades = wording.any_of([wording.quoted(grade) for grade in node.grades])
            activity = voice.name("activity", node.activity)
            return Phrase("get the grade {grades} in {object}", activity, values={"grades": grades})
        case Scored():
            percent = wording.percent(node.score_at_least)
            note = "" if node.attempts is Attempts.BEST else f"({_attempts(node.attempts, wording)})"
            activity = voice.name("activity", node.activity)
            return Phrase("score at least {percent} in {object}", activity, note, {"percent": percent})
        case WeightedMean():
            return _weighted_mean(node, voice)
        case Held():
            verb = "have earned at some time {object}" if node.holding is Holding.EVER else "hold {object}"
            held = voice.name("achievement", node.achievement)
            if node.from_version:
                held = wording.say(
                    "{achievement} in version {version} or later", achievement=held, version=f"{node.from_version}"
                )
            return Phrase(verb, held, _lasting(node.holding, wording))
        case AtLevel():
            verb = "have reached at some time {object}" if node.holding is Holding.EVER else "reach {object}"
            level, stack = voice.level(node.stack, node.level), voice.name("stack", node.stack)
            return Phrase(
                verb, wording.say("the level {level} of {stack}", level=level, stack=stack), _lasting(node.holding, wording)
            )
        case Credits():
            return _credits(node, voice)
        case Achievements():
            return _achievements(node, voice)
        case Skills():
            return _skills(node, voice)
        case _:
            assert_never(node)


def _weighted_mean(node: WeightedMean, voice: Voice) -> Phrase:
    wording = voice.wording
    same = len({weighted.weight for weighted in node.of}) == 1

    def said(weighted: Weighted) -> str:
        notes = [] if same else [wording.say("weight {weight}", weight=wording.number(weighted.weight))]
        if weighted.attempts is not Attempts.BEST:
            notes.append(_attempts(weighted.attempts, wording))
        name = voice.name("activity", weighted.activity)
        return f"{name} ({wording.all_of(notes)})" if notes else name

    verb = (
        "reach a mean of at least {percent} over {object}"
        if same
        else "reach a weighted mean of at least {percent} over {object}"
    )
    over = wording.all_of([said(weighted) for weighted in node.of])
    zero = node.missing is Missing.ZERO
    missing = wording.say("where a missing score counts 0" if zero else "where a missing score is left out")
    return Phrase(verb, over, missing, {"percent": wording.percent(node.weighted_mean_at_least)})


def _credits(node: Credits, voice: Voice) -> Phrase:
    wording = voice.wording
    notes = [
        wording.say("one {system} credit counts {rate}", system=system, rate=wording.number(rate))
        for system, rate in sorted(node.rates.items())
    ]
    notes += _shares(node.outside_at_most, node.own_at_least, wording)
    amount = wording.several("{count} {system} credit", "{count} {system} credits", node.credits_at_least, system=node.system)
    chosen = _selection(node.from_, voice, "from")
    return _chosen(
        wording.say("at least {amount} from {selection}", amount=amount, selection=chosen), notes, node.holding, wording
    )


def _achievements(node: Achievements, voice: Voice) -> Phrase:
    wording = voice.wording
    notes = _shares(node.outside_at_most, node.own_at_least, wording)
    if node.from_ == Selection():
        what = wording.several("at least {count} achievement", "at least {count} achievements", node.achievements_at_least)
    else:
        chosen = _selection(node.from_, voice, "of")
        what = wording.say("at least {count} of {selection}", count=wording.number(node.achievements_at_least), selection=chosen)
    return _chosen(what, notes, node.holding, wording)


def _chosen(what: str, notes: Sequence[str], holding: Holding, wording: Wording) -> Phrase:
    notes = [*notes, *([wording.say("all of which must stay valid")] if holding is Holding.VALID else [])]
    verb = "have earned at some time {object}" if holding is Holding.EVER else "hold {object}"
    return Phrase(verb, what, f"({'; '.join(notes)})" if notes else "")


def _shares(outside: Decimal | int | None, own: Decimal | int | None, wording: Wording) -> list[str]:
    notes = []
    if outside == 0:
        notes.append(wording.say("none from other issuers"))
    elif outside is not None:
        notes.append(wording.say("at most {amount} from other issuers", amount=wording.number(outside)))
    if own is not None:
        notes.append(wording.say("at least {amount} from the issuer itself", amount=wording.number(own)))
    return notes


def _selection(chosen: Selection, voice: Voice, context: Literal["from", "of"]) -> str:
    """After "from" or "of", which ask for different cases in some languages."""
    wording = voice.wording
    tags = wording.any_of([wording.quoted(tag) for tag in chosen.tags])
    issuers = wording.any_of([voice.name("issuer", issuer) for issuer in chosen.issuers])
    qualities = wording.say("tagged {tags}", tags=tags) if tags else ""
    if issuers:
        by = wording.say("issued by {issuers}", issuers=issuers)
        qualities = wording.say("{first} and {second}", context="qualities", first=qualities, second=by) if qualities else by
    named = wording.all_of([voice.name("achievement", id_) for id_ in chosen.achievements])
    if named and qualities:
        text = "those of {achievements} that are {qualities}"
        return wording.say(text, context=context, achievements=named, qualities=qualities)
    if named:
        return wording.say("the achievements {achievements}", context=context, achievements=named)
    if qualities:
        return wording.say("the achievements {qualities}", context=context, qualities=qualities)
    return wording.say("achievements of any kind", context=context)


def _skills(node: Skills, voice: Voice) -> Phrase:
    wording = voice.wording
    listed = wording.all_of([voice.name("skill", code) for code in node.among])
    if node.skills_at_least == len(node.among):
        one = len(node.among) == 1
        which = wording.say("the skill {skills}" if one else "the skills {skills}", skills=listed)
    else:
        one = len(node.among) == 1
        text = "at least {count} of the skill {skills}" if one else "at least {count} of the skills {skills}"
        which = wording.say(text, count=wording.number(node.skills_at_least), skills=listed)
    if node.assessed_only and node.holding is Holding.EVER:
        verb = "have {object} assessed by achievements you have earned at some time"
    elif node.assessed_only:
        verb = "have {object} assessed by achievements you hold"
    elif node.holding is Holding.EVER:
        verb = "have {object} assessed or taught by achievements you have earned at some time"
    else:
        verb = "have {object} assessed or taught by achievements you hold"
    note = f"({wording.say('all of which must stay valid')})" if node.holding is Holding.VALID else ""
    return Phrase(verb, which, note)


def _attempts(attempts: Attempts, wording: Wording) -> str:
    match attempts:
        case Attempts.BEST:
            return wording.say("best attempt")
        case Attempts.LATEST:
            return wording.say("latest attempt")
        case Attempts.MEAN:
            return wording.say("mean of all attempts")
        case _:
            assert_never(attempts)


def _lasting(holding: Holding, wording: Wording) -> str:
    return f"({wording.say('which must stay valid')})" if holding is Holding.VALID else ""
