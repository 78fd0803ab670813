"""The verdict by its definition, evaluated literally: slow, with nothing kept and nothing skipped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from shared.decisions import Event
from shared.events.assessment import DecisionWithdrawn, LeafSubstituted, LeafWaived
from shared.events.catalog import AchievementPublished
from shared.events.completions import CompletionReported, CompletionRetracted
from shared.requirements.model import (
    Attempts,
    Completed,
    Graded,
    Missing,
    Passed,
    Requirement,
    Scored,
    WeightedMean,
    Within,
)
from shared.requirements.tree import Finding, Moment, about_entries, entry_parts, evaluate, walk

RESULTS = {"completed", "passed", "failed", "scored", "cleared"}


class Reference:
    """All that was ever said about one learner, in no order."""

    def __init__(self, events: Iterable[Event[Any]]) -> None:
        said = {(e.source, e.id): e for e in events}.values()
        self.entries = [e for e in said if isinstance(e.data, CompletionReported)]
        self.by_key = {(e.source, e.id): e for e in self.entries}
        self.retractions = [e for e in said if isinstance(e.data, CompletionRetracted)]
        self.decisions = [e for e in said if isinstance(e.data, LeafWaived | LeafSubstituted)]
        self.withdrawals = [e for e in said if isinstance(e.data, DecisionWithdrawn)]

    def chain(self, entry: Event[Any]) -> list[tuple[str, str]]:
        """What the entry corrects, what that corrects, and so on."""
        keys: list[tuple[str, str]] = []
        at: Event[Any] | None = entry
        while at is not None and at.data.corrects is not None:
            key = (at.source, at.data.corrects)
            if key in keys or key == (entry.source, entry.id):
                break
            keys.append(key)
            corrected = self.by_key.get(key)
            at = corrected if corrected is not None and corrected.time <= at.time else None
        return keys

    def place(self, entry: Event[Any]) -> datetime:
        return min([entry.time, *(self.by_key[key].time for key in self.chain(entry) if key in self.by_key)])

    def counts(self, entry: Event[Any], k: datetime) -> bool:
        key = (entry.source, entry.id)
        if entry.time > k or entry.data.status not in RESULTS:
            return False
        corrected = any((c.source, c.data.corrects) == key and c.time <= k for c in self.entries)
        taken_back = any(
            r.time <= k
            and (
                (r.source, r.data.retracts) == key or ((r.source, r.data.retracts) in self.chain(entry) and r.time >= entry.time)
            )
            for r in self.retractions
        )
        return not corrected and not taken_back

    def active(self, k: datetime) -> list[Event[Any]]:
        withdrawn = {w.data.decision for w in self.withdrawals if w.time <= k}
        return sorted((d for d in self.decisions if d.time <= k and d.id not in withdrawn), key=lambda d: (d.time, d.id))

    def reports(self, activity: str, k: datetime) -> dict[int, list[tuple[datetime, Event[Any]]]]:
        found: dict[int, list[tuple[datetime, Event[Any]]]] = {}
        ordered = sorted(
            (self.place(e), e.time, e.id, e.source) for e in self.entries if e.data.activity == activity and self.counts(e, k)
        )
        for place, _, id_, source in ordered:
            entry = self.by_key[source, id_]
            found.setdefault(entry.data.attempt, []).append((place, entry))
        return found

    def standing(self, activity: str, k: datetime) -> dict[int, list[tuple[datetime, Event[Any]]]]:
        """Of each attempt, the reports after it was last cleared."""
        found = {}
        for number, reports in self.reports(activity, k).items():
            cleared = [i for i, (_, entry) in enumerate(reports) if entry.data.status == "cleared"]
            found[number] = reports[cleared[-1] + 1 :] if cleared else reports
        return found


def left_of(values: Sequence[tuple[datetime, Any, str]], t: datetime) -> tuple[Any, datetime, str] | None:
    """Of values reported in order: the least from the last one at t on; when it was reached, and who gave it."""
    until = [i for i, (at, _, _) in enumerate(values) if at <= t]
    if not until:
        return None

    def least(i: int) -> Any:
        return min(value for _, value, _ in values[i:])

    value = least(until[-1])
    reached = next(i for i in until if least(i) == value)
    return value, values[reached][0], next(id_ for _, v, id_ in values[reached:] if v == value)


class Part:
    def __init__(self, all_: Reference, published: AchievementPublished, path: str, node: Requirement, renews: bool) -> None:
        self.all, self.published, self.path, self.node, self.renews = all_, published, path, node, renews

    def rulings(self, k: datetime) -> list[Event[Any]]:
        mine = (
            d for d in self.all.active(k) if (d.data.achievement, d.data.version) == (self.published.id_, self.published.version)
        )
        return [d for d in mine if not self.path or d.data.path == self.path or d.data.path.startswith(self.path + "/")]

    def activities(self, k: datetime) -> set[str]:
        named = {d.data.activity for d in self.rulings(k) if isinstance(d.data, LeafSubstituted)}
        for _, node in walk(self.node):
            if isinstance(node, WeightedMean):
                named |= {item.activity for item in node.of}
            elif isinstance(node, Completed | Passed | Graded | Scored):
                named.add(node.activity)
        return named

    def candidates(self, k: datetime) -> list[datetime]:
        p = self.published
        times = {at for a in self.activities(k) for found in self.all.reports(a, k).values() for at, _ in found}
        times |= {d.time for d in self.rulings(k) if isinstance(d.data, LeafWaived)}
        if p.effective_from is not None and p.effective_from <= p.announced_at and p.effective_from <= k:
            times.add(p.effective_from)
        return sorted(
            t
            for t in times
            if (p.effective_from is None or t >= p.effective_from) and (p.teach_out_ends is None or t < p.teach_out_ends)
        )

    def finding(self, t: datetime, k: datetime, after: datetime | None) -> Finding:
        def waived(path: str, moment: Moment) -> Finding | None:
            for d in self.rulings(k):
                if isinstance(d.data, LeafWaived) and d.data.path == path and d.time <= t and (after is None or d.time > after):
                    return Finding(True, waived=d.id)
            return None

        return evaluate(
            self.node, lambda leaf, path, moment: self.leaf(leaf, path, moment, k), Moment(t, after), waived, self.path
        )

    def activities_at(self, activity: str, path: str, k: datetime) -> list[str]:
        return [
            activity,
            *(d.data.activity for d in self.rulings(k) if isinstance(d.data, LeafSubstituted) and d.data.path == path),
        ]

    def leaf(self, leaf: Any, path: str, moment: Moment, k: datetime) -> Finding:
        def in_time(found: tuple[Any, datetime, str] | None) -> bool:
            return found is not None and (moment.since is None or found[1] > moment.since)

        if isinstance(leaf, Completed | Passed | Graded):
            reached = []
            for activity in self.activities_at(leaf.activity, path, k):
                for reports in self.all.standing(activity, k).values():
                    found = left_of(truths(leaf, [(p, e.data, e.id) for p, e in reports]), moment.at)
                    if found is not None and found[0] and in_time(found):
                        reached.append((found[1], found[2]))
            return Finding(True, (min(reached)[1],)) if reached else Finding(False)

        def worth(activity: str, kind: Attempts, path: str) -> tuple[Fraction, tuple[str, ...]] | None:
            best = None
            for name in self.activities_at(activity, path, k):
                standing = []
                for number, reports in sorted(self.all.standing(name, k).items()):
                    scores = [(p, Fraction(e.data.score.share), e.id) for p, e in reports if e.data.score is not None]
                    found = left_of(scores, moment.at)
                    if found is not None and in_time(found):
                        standing.append((number, *found))
                if not standing:
                    continue
                if kind is Attempts.MEAN:
                    value = sum((s[1] for s in standing), Fraction(0)) / len(standing)
                    one = value, tuple(s[3] for s in standing)
                else:
                    chosen = max(standing) if kind is Attempts.LATEST else min(standing, key=lambda s: (-s[1], s[2], s[3]))
                    one = chosen[1], (chosen[3],)
                if best is None or one[0] > best[0]:
                    best = one
            return best

        if isinstance(leaf, Scored):
            scored = worth(leaf.activity, leaf.attempts, path)
            if scored is None:
                return Finding(False)
            return Finding(scored[0] >= Fraction(leaf.score_at_least), scored[1], text(scored[0]))
        assert isinstance(leaf, WeightedMean)
        steps = (f"{path}/of/{i}" if path else f"of/{i}" for i in range(len(leaf.of)))
        items = [(Fraction(i.weight), worth(i.activity, i.attempts, step)) for i, step in zip(leaf.of, steps, strict=True)]
        weights = sum(w for w, found in items if found is not None or leaf.missing is Missing.ZERO)
        if not weights:
            return Finding(False)
        mean = sum((w * found[0] for w, found in items if found is not None), Fraction(0)) / weights
        by = tuple(id_ for _, found in items if found is not None for id_ in found[1])
        return Finding(mean >= Fraction(leaf.weighted_mean_at_least), by, text(mean))

    def earliest(self, k: datetime, after: datetime | None = None) -> datetime | None:
        later = (t for t in self.candidates(k) if after is None or t > after)
        return next((t for t in later if self.finding(t, k, after).met), None)


def truths(leaf: Any, reports: list[tuple[datetime, Any, str]]) -> list[tuple[datetime, bool, str]]:
    if isinstance(leaf, Graded):
        return [(p, said.grade in leaf.grades, id_) for p, said, id_ in reports if said.grade is not None]
    outcomes = [(p, said.status == "passed", id_) for p, said, id_ in reports if said.status in ("passed", "failed")]
    if isinstance(leaf, Passed):
        return outcomes
    final = [report for i, report in enumerate(outcomes) if all(met for _, met, _ in outcomes[i:])]
    return sorted([(p, True, id_) for p, said, id_ in reports if said.status == "completed"][:1] + final[:1])


def text(value: Fraction) -> str:
    whole = int(value * 10**10)
    return f"{Decimal(whole).scaleb(-10):f}".rstrip("0").rstrip(".") if whole else "0"


def expected(events: Iterable[Event[Any]], publications: Iterable[AchievementPublished]) -> dict[Any, Any]:
    """By achievement, version and path of each part that was ever met: its turns, moments afresh and what meets it now."""
    all_ = Reference(events)
    found = {}
    for p in publications:
        renews = p.definition.valid_for is not None
        root = p.definition.requirement
        mixed = [path for path, node in walk(root) if isinstance(node, Within) and not about_entries(node)]
        for path, node in entry_parts(root):
            beneath = any(not within or path.startswith(within + "/") for within in mixed)
            part = Part(all_, p, path, node, renews or beneath)
            ks = {e.time for e in (*all_.entries, *all_.retractions, *all_.decisions, *all_.withdrawals)}
            ks |= {p.effective_from} if p.effective_from is not None and p.effective_from <= p.announced_at else set()
            turns: list[tuple[datetime, datetime | None]] = []
            for k in sorted(ks):
                since = part.earliest(k)
                if since != (turns[-1][1] if turns else None):
                    turns.append((k, since))
            if not turns:
                continue
            last, since = max(ks), turns[-1][1]
            again: list[datetime] = []
            finding = None
            if since is not None:
                finding = only_met(part.finding(since, last, None))
                at = since
                while part.renews and (next_ := part.earliest(last, at)) is not None:
                    again.append(at := next_)
            found[p.id_, p.version, path] = (turns, again, finding)
    return found


def only_met(finding: Finding) -> Finding:
    """Without what is open: that may be told as it was when the verdict was last said."""
    if not finding.met:
        return Finding(False)
    return replace(finding, of=tuple(map(only_met, finding.of)))
