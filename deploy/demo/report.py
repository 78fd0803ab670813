"""What the demonstration shows in the end, to people and to files."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.tree import Tree

from deploy.demo.credentials import top_level
from deploy.demo.office import Office, Shown
from deploy.demo.oulad import Holding
from deploy.demo.run import Shape
from deploy.demo.witness import Witness, median_and_p95
from shared.events.awarding import AwardGranted, AwardRevoked, AwardSuspended, CredentialIssued, StackUpgraded

COLUMNS = ("learner", "kind", "id", "level")


def write_held(path: Path, held: Sequence[Holding]) -> None:
    with path.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows((one.learner, one.kind, one.id, one.level) for one in held)


def digest(held: Sequence[Holding]) -> str:
    """The same holdings have the same one."""
    text = "\n".join(",".join((one.learner, one.kind, one.id, one.level)) for one in held)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def summary(witness: Witness, held: Sequence[Holding], mails: int, seconds: float, *, paced: bool) -> dict[str, Any]:
    """Everything counted, for `summary.json`. Delays only of completions that came at a pace: others wait for each other."""
    kinds = (AwardGranted.TYPE, StackUpgraded.TYPE)
    to_award, to_upgrade = (median_and_p95(witness.delays(kind)) if paced else None for kind in kinds)
    return {
        "completions": witness.completions,
        "verdicts": witness.verdicts,
        "facts": dict(sorted(witness.said.items())),
        "dead_letters": dict(Counter(witness.dead_letters)),
        "awards_by_achievement": dict(sorted(Counter(one.id for one in held if one.kind == "achievement").items())),
        "stacks_by_level": {
            stack: dict(sorted(Counter(one.level for one in held if one.kind == "stack" and one.id == stack).items()))
            for stack in sorted({one.id for one in held if one.kind == "stack"})
        },
        "mails_sent": mails,
        "seconds_from_completion_to_award": to_award and {"median": to_award[0], "p95": to_award[1]},
        "seconds_from_completion_to_upgrade": to_upgrade and {"median": to_upgrade[0], "p95": to_upgrade[1]},
        "seconds": round(seconds, 1),
        "held": len(held),
        "held_digest": digest(held),
    }


def write_summary(path: Path, found: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(found, indent=2) + "\n")


def show_counts(console: Console, found: Mapping[str, Any]) -> None:
    facts = found["facts"]
    table = Table(title="What happened", show_header=False, title_justify="left")
    table.add_column(justify="left")
    table.add_column(justify="right")
    rows: list[tuple[str, object]] = [
        ("completions on the topic, each counted once", found["completions"]),
        ("verdicts", found["verdicts"]),
        ("awards granted, levels included", facts.get(AwardGranted.TYPE, 0)),
        ("stack upgrades", facts.get(StackUpgraded.TYPE, 0)),
        ("credentials issued, new editions included", facts.get(CredentialIssued.TYPE, 0)),
        ("awards suspended", facts.get(AwardSuspended.TYPE, 0)),
        ("awards revoked", facts.get(AwardRevoked.TYPE, 0)),
        ("mails sent", found["mails_sent"]),
        ("dead letters", sum(found["dead_letters"].values())),
    ]
    for name, key in (("award", "seconds_from_completion_to_award"), ("upgrade", "seconds_from_completion_to_upgrade")):
        if delay := found[key]:
            rows.append((f"seconds from completion to {name}: median, p95", f"{delay['median']:.3f}, {delay['p95']:.3f}"))
    for label, value in rows:
        table.add_row(label, f"{value:,}" if isinstance(value, int) else str(value))
    console.print(table)
    for reason, times in found["dead_letters"].items():
        console.print(f"  dead letter ({times}): {reason}", highlight=False)


def show_held(console: Console, held: Sequence[Holding], shape: Shape) -> None:
    counted = Counter((one.kind, one.id, one.level) for one in held)
    awards = Table("achievement", "held by", title="Awards by achievement", title_justify="left")
    awards.columns[1].justify = "right"
    for id_, name in shape.achievements.items():
        awards.add_row(name, f"{counted['achievement', id_, '']:,}")
    console.print(awards)
    stacks = Table("stack", "level", "learners who stand there", title="Stacks by level", title_justify="left")
    stacks.columns[2].justify = "right"
    for id_, name in shape.stacks.items():
        for level in shape.levels[id_]:
            stacks.add_row(name, level.name, f"{counted['stack', id_, level.name]:,}")
            name = ""
    console.print(stacks)


async def show_story(console: Console, office: Office, learner: str) -> None:
    """One learner, from first completion to last upgrade, as the APIs tell it."""
    console.rule(f"The story of learner {learner}", align="left")
    events: list[tuple[str, str]] = []
    async for entry in office.pages("assessment", f"/learners/{learner}/entries"):
        data = entry["data"]
        if "activity" in data:
            result = data.get("grade") or _points(data.get("score"))
            events.append((entry["time"], f"{data['status']} {data['activity']}" + (f" ({result})" if result else "")))
    events += [
        (message["at"], f"[bold green]{message['kind']}[/] {message['name']}" + _from(message))
        async for message in office.pages("notifications", f"/learners/{learner}/inbox")
    ]
    for at, what in sorted(events, key=lambda event: datetime.fromisoformat(event[0])):
        console.print(f"  {at[:10]}  {what}", highlight=False)
    last = await top_level(office, learner)
    if last is not None:
        shown = await office.get("awarding", f"/learners/{learner}/achievements/{last['achievement']}")
        why = shown["reason"]
        console.print(f"\nWhy {last['achievement']} was awarded:", highlight=False)
        console.print(_tree(why), highlight=False)


def _points(score: Shown | None) -> str | None:
    if score is None:
        return None
    return f"{score['scaled']}" if score.get("scaled") is not None else f"{score['raw']} of {score['max']}"


def _from(message: Shown) -> str:
    return f", after {message['from_level_name']}" if message.get("from_level_name") else ""


def _tree(reason: Shown, into: Tree | None = None) -> Tree:
    mark = "[green]✓[/]" if reason["met"] else "[dim]·[/]"
    value = f" [dim](reached: {reason['value']})[/]" if reason.get("value") and not reason.get("of") else ""
    line = f"{mark} {reason['says']}{value}"
    node = Tree(line) if into is None else into.add(line)
    for part in reason.get("of", ()):
        _tree(part, node)
    return node
