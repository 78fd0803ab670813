"""Awards and stacks as pages show them, put together from documents, facts and rules. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, get_args

from services.awarding.answers import StackShown
from services.awarding.credentials.addresses import Addresses
from services.awarding.domain.rules import Rules
from services.awarding.pages.criteria import criteria
from services.awarding.pages.views import AwardView, Event, LevelView, Part, StackView, Way
from shared.events.awarding import Reason

Document = Mapping[str, Any]

HELD_BY: Final = ("granted", "renewed", "restored")
"""After what an award's reason tells how its requirement was met."""


def award_view(
    award: Document,
    facts: Sequence[Document],
    rules: Rules,
    language: str,
    addresses: Addresses,
    *,
    holder: str | None = None,
    evidence: bool = True,
    stack: StackView | None = None,
    note: bool = False,
) -> AwardView:
    """Of a document of the collection `awards` and all facts about it, the oldest first.

    Without `evidence` its criteria are shown, but not what was done; `note` shows what a person wrote when deciding, which is
    the learner's to read. Raises KeyError when the version was never published.
    """
    rule = rules.by_id[award["achievement"]]
    version = rule.by_number[award["version"]]
    reason = _reason(facts) if evidence else None
    last = facts[-1]["data"] if facts else {}
    return AwardView(
        id=award["_id"],
        achievement=award["achievement"],
        version=award["version"],
        state=award["status"],
        awarded_at=instant(award["awarded_at"]),
        status_since=instant(award["status_since"]),
        valid_until=instant(award["valid_until"]) if award.get("valid_until") else None,
        definition=version.definition,
        did=addresses.did(version.definition.issuer.id),
        requirement=criteria(version, rules, language, reason),
        holder=holder,
        decided=any(_kind(fact) == "granted" and fact["data"].get("decided_by") for fact in facts),
        evidence=evidence,
        ended_by=None if award["status"] == "valid" else "decision" if last.get("decided_by") else "requirement",
        stack=stack,
        history=history(facts, notes=note),
        note=last.get("note") if note else None,
    )


def history(facts: Sequence[Document], *, notes: bool) -> tuple[Event, ...]:
    """What happened, the oldest first; what only became known of the past is left out."""
    return tuple(
        Event(kind, instant(fact["data"]["cause"]["time"]), fact["data"].get("note") if notes else None)
        for fact in facts
        if (kind := _kind(fact)) is not None and not fact["data"].get("restated")
    )


def stack_view(
    shown: StackShown, rules: Rules, awards: Mapping[str, Document], rests_on: Mapping[str, Sequence[str]], *, ways: bool
) -> StackView:
    """`awards` are the learner's by id, `rests_on` the awards that each level's award counted. `ways` only for the learner."""
    levels = []
    for level in shown.levels:
        award = awards.get(level.award or "")
        levels.append(
            LevelView(
                id=level.achievement,
                name=level.name,
                state=level.status.value if level.status else "open",
                award=level.award,
                awarded_at=instant(award["awarded_at"]) if award else None,
                parts=tuple(part(awards[id_], rules) for id_ in rests_on.get(level.award or "", ()) if id_ in awards),
                met=level.met,
                of=level.of,
                way=None if level.way is None or not ways or not level.way.achievements else _way(level.way, rules),
            )
        )
    issuer = rules.by_id[shown.levels[0].achievement].newest.definition.issuer.name
    return StackView(shown.stack, shown.name, issuer, tuple(levels))


def part(award: Document, rules: Rules) -> Part:
    definition = rules.by_id[award["achievement"]].by_number[award["version"]].definition
    ends = award.get("valid_until")
    return Part(
        id=award["_id"],
        achievement=award["achievement"],
        version=award["version"],
        name=definition.name,
        issuer=definition.issuer.name,
        state=award["status"],
        awarded_at=instant(award["awarded_at"]),
        valid_until=instant(ends) if ends else None,
    )


def _way(way: Any, rules: Rules) -> Way:
    return Way(tuple(rules.name_of("achievement", id_) for id_ in way.achievements), way.credits, way.estimate)


def _reason(facts: Sequence[Document]) -> Reason | None:
    """How it came to be held, when it last did."""
    held = [fact["data"]["reason"] for fact in facts if fact["data"].get("reason") and _kind(fact) in HELD_BY]
    return Reason.model_validate(held[-1]) if held else None


Kind = Literal["granted", "renewed", "suspended", "restored", "revoked", "expired", "expiring"]
KINDS: Final[dict[str, Kind]] = {f"cairn.award.{kind}.v1": kind for kind in get_args(Kind)}


def _kind(fact: Document) -> Kind | None:
    return KINDS.get(fact["type"])


def instant(moment: datetime | str) -> datetime:
    return datetime.fromisoformat(moment) if isinstance(moment, str) else moment
