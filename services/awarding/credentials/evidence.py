"""What an award rests on, as Open Badges results and evidence. Says what was shown, never by which event or by whose decision."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import quote

from services.awarding.credentials.rubrics import names_of, reached, rubric_descriptions, rubric_results
from shared.events.awarding import AwardFact, Reason
from shared.events.definitions import Achievement
from shared.requirements.model import Achievements, Credits, Graded, Leaf, Scored, Skills, WeightedMean
from shared.requirements.sentences import label, plain
from shared.requirements.tree import leaves

ALLOWED: Final = "%:/?@!$&'()*+,;="
LINK: Final = re.compile(r"((?:https?://)?[^/?#]*)([^#]*)(#?)(.*)", re.DOTALL)


def result_descriptions(achievement: Achievement, id_: str) -> list[dict[str, Any]]:
    """What results of an achievement mean: one for each leaf that asks for a score or a grade, and each criterion of a rubric."""
    found: list[dict[str, Any]] = []
    names = names_of(achievement)
    for path, leaf in leaves(achievement.requirement):
        head = {"id": result_id(id_, path), "type": ["ResultDescription"], "name": label(leaf, names)}
        match leaf:
            case Scored(score_at_least=least) | WeightedMean(weighted_mean_at_least=least):
                range_ = {"valueMin": "0", "valueMax": "100", "requiredValue": percent(least)}
                found.append({**head, "resultType": "Percent", **range_})
            case Graded(grades=(grade,)):
                found.append({**head, "resultType": "LetterGrade", "requiredValue": grade})
            case _:
                pass
    return found + rubric_descriptions(achievement, id_)


def results(award: AwardFact, achievement: Achievement, id_: str) -> list[dict[str, Any]]:
    """What was reached where the requirement asks for a score or a grade, and met it, and what people judged."""
    met = {path: reason for path, reason in _leaves_of(award.reason) if reason.met and reason.waived is None}
    found: list[dict[str, Any]] = []
    for path, leaf in leaves(achievement.requirement):
        reason = met.get(path)
        if reason is None:
            continue
        value: str | None = None
        match leaf:
            case Scored() | WeightedMean():
                value = _share(reason.value)
            case Graded(grades=(grade,)):
                value = grade
            case _:
                pass
        if value is not None:
            found.append({"type": ["Result"], "resultDescription": result_id(id_, path), "value": value})
    return found + rubric_results(award, achievement, id_)


def evidence(award: AwardFact, achievement: Achievement) -> list[dict[str, Any]]:
    """One narrative entry for each part that was met, and one for each link that the learner shows of it; for what a person
    awarded, that a person did."""
    by_path = dict(leaves(achievement.requirement))
    met = [(path, reason) for path, reason in _leaves_of(award.reason) if reason.met]
    told = [
        {"type": ["Evidence"], "name": reason.says, "narrative": _told(reason, by_path.get(path), achievement)}
        for path, reason in met
    ]
    shown: dict[str, str] = {}
    for _, reason in met:
        for link in reason.links or ():
            shown.setdefault(address_in(link), reason.says)
    if told:
        return told + [{"id": link, "type": ["Evidence"], "name": name} for link, name in shown.items()]
    by_decision = "The issuer decided that the criteria are met."
    return [{"type": ["Evidence"], "name": "Decision of the issuer", "narrative": by_decision}] if award.decided_by else []


def result_id(id_: str, path: str) -> str:
    return f"{id_}#result-{path.replace('/', '-')}" if path else f"{id_}#result"


def address_in(link: str) -> str:
    """A link as RFC 3986 has addresses; what may not stand in one is written with `%`, and nothing else is touched."""
    host, path, hash_, fragment = LINK.fullmatch(link).groups()  # type: ignore[union-attr]  # it fits anything
    written = f"{quote(host, safe=ALLOWED + '[]')}{quote(path, safe=ALLOWED)}{hash_}{quote(fragment, safe=ALLOWED)}"
    return re.sub("%(?![0-9A-Fa-f]{2})", "%25", written)


def percent(share: Decimal) -> str:
    return plain(share * 100)


def _share(value: str | None) -> str | None:
    try:
        return None if value is None else percent(Decimal(value))
    except InvalidOperation:
        return None


def _leaves_of(reason: Reason | None) -> Iterator[tuple[str, Reason]]:
    """A group that was waived as a whole has no parts, and stands for them."""
    if reason is None:
        return
    if not reason.of:
        yield reason.path, reason
    for part in reason.of:
        yield from _leaves_of(part)


def _told(reason: Reason, leaf: Leaf | None, achievement: Achievement) -> str:
    if reason.waived is not None:
        return "The issuer recognised something else in its place."
    judged = "; ".join(f"{criterion.name}: {level.name}" for _, criterion, level in reached(reason, achievement))
    if judged:
        return f"{_reached(reason, leaf)} Judged by people: {judged}."
    return _reached(reason, leaf)


def _reached(reason: Reason, leaf: Leaf | None) -> str:
    match leaf:
        case Scored() | WeightedMean() if (share := _share(reason.value)) is not None:
            return f"Reached {share}%."
        case Credits() if reason.value is not None:
            return f"Reached {reason.value} {leaf.system} credits."
        case Achievements() if reason.value is not None:
            return f"Reached {reason.value}, counting {_counted(len(reason.by))}."
        case Skills() if reason.value is not None:
            return f"{reason.value} of the skills were shown."
        case _:
            return "Met."


def _counted(awards: int) -> str:
    return "one award" if awards == 1 else f"{awards} awards"
