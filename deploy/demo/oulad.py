"""The Open University Learning Analytics Dataset, or any folder of its form, as a catalog and completions.

J. Kuzilek, M. Hlosta, Z. Zdrahal, "Open University Learning Analytics dataset", Scientific Data 4:170171, 2017 (CC BY 4.0).
A folder has `catalog.json`, `courses.csv`, `submissions.csv.gz`, `results.csv.gz` and `expected.csv.gz`.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from shared.events.completions import CompletionReported, Score, Status
from shared.events.definitions import level_achievement
from shared.events.envelope import Envelope

SOURCE: Final = "oulad"
FIRST_MONTH: Final = {"B": 2, "J": 10}
STATUS: Final = {
    "Pass": Status.PASSED,
    "Distinction": Status.PASSED,
    "Fail": Status.FAILED,
    "Withdrawn": Status.WITHDRAWN,
}
ISSUER: Final = {"id": "open-university", "name": "The Open University", "country": "GB"}

Document = dict[str, Any]


@dataclass(frozen=True, order=True, slots=True)
class Holding:
    """A row of `expected.csv.gz`: what a learner holds in the end; for a stack, the level it stands at by its name."""

    learner: str
    kind: str
    id: str
    level: str = ""


def slug(name: str) -> str:
    """The id of a level called `name`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def documents(folder: Path) -> list[Document]:
    """The folder's `catalog.json` as documents of the catalog."""
    catalog = json.loads((folder / "catalog.json").read_text(), parse_float=str)
    return [_achievement(each) for each in catalog["achievements"]] + [_stack(each) for each in catalog["stacks"]]


def levels(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """For each stack its levels, the lowest first: name, and the id of the achievement the level is awarded as."""
    catalog = json.loads((folder / "catalog.json").read_text())
    return {
        stack["id"]: [(level["name"], level_achievement(stack["id"], slug(level["name"]))) for level in stack["levels"]]
        for stack in catalog["stacks"]
    }


def completions(folder: Path) -> Iterator[tuple[str, Envelope]]:
    """Every submission and result as a completion, with the learner it is keyed by, in the order of the files."""
    lengths = {
        (row["code_module"], row["code_presentation"]): int(row["module_presentation_length"])
        for row in _rows(folder / "courses.csv")
    }
    for row in _rows(folder / "submissions.csv.gz"):
        yield _submission(row)
    for row in _rows(folder / "results.csv.gz"):
        yield _result(row, lengths[row["code_module"], row["code_presentation"]])


def expected(folder: Path) -> list[Holding]:
    """What an independent evaluation says each learner holds in the end, sorted."""
    return sorted(Holding(row["learner"], row["kind"], row["id"], row["level"]) for row in _rows(folder / "expected.csv.gz"))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as lines:
        yield from csv.DictReader(lines)


def _noon(presentation: str, days: int) -> datetime:
    """Noon UTC so many days after the presentation's first day; `2013J` starts on 1 October 2013."""
    return datetime(int(presentation[:4]), FIRST_MONTH[presentation[4:]], 1, 12, tzinfo=UTC) + timedelta(days=days)


def _submission(row: dict[str, str]) -> tuple[str, Envelope]:
    presentation, assessment = row["code_presentation"], row["id_assessment"]
    report = CompletionReported(
        learner=row["id_student"],
        activity=f"oulad:{row['code_module']}:{presentation}:{assessment}",
        status=Status.SCORED if row["score"] else Status.COMPLETED,
        score=Score(scaled=Decimal(row["score"]) / 100) if row["score"] else None,
    )
    return _enveloped(report, f"submission:{assessment}:{report.learner}", _noon(presentation, int(row["date_submitted"])))


def _result(row: dict[str, str], length: int) -> tuple[str, Envelope]:
    activity = f"oulad:{row['code_module']}:{row['code_presentation']}"
    result = row["final_result"]
    report = CompletionReported(learner=row["id_student"], activity=activity, status=STATUS[result], grade=result)
    return _enveloped(report, f"result:{activity}:{report.learner}", _noon(row["code_presentation"], length))


def _enveloped(report: CompletionReported, id_: str, time: datetime) -> tuple[str, Envelope]:
    return report.learner, Envelope(id=id_, type=report.TYPE, source=SOURCE, time=time, data=report.to_json())


def _achievement(neutral: Document) -> Document:
    return {
        "achievement": neutral["id"],
        "name": neutral["name"],
        "description": neutral["name"],
        "criteria": neutral["name"],
        "issuer": ISSUER,
        "credits": {"amount": neutral["credits"], "system": "CATS"},
        "requirement": _requirement(neutral["requires"]),
    }


def _stack(neutral: Document) -> Document:
    return {
        "stack": neutral["id"],
        "name": neutral["name"],
        "description": neutral["name"],
        "issuer": ISSUER,
        "levels": [
            {"level": slug(level["name"]), "name": level["name"], "requirement": _requirement(level["requires"])}
            for level in neutral["levels"]
        ],
    }


def _requirement(neutral: Document) -> Document:
    """The folder's neutral form is the requirement language but for levels, which are named, and sums of credits."""
    match neutral:
        case {"all": parts}:
            return {"all": [_requirement(part) for part in parts]}
        case {"any": parts}:
            return {"any": [_requirement(part) for part in parts]}
        case {"at_least": least, "of": parts}:
            return {"at_least": least, "of": [_requirement(part) for part in parts]}
        case {"stack": stack, "level": name}:
            return {"stack": stack, "level": slug(name)}
        case {"credits_at_least": amount, "from": ids}:
            return {"credits_at_least": amount, "system": "CATS", "from": {"achievements": ids}}
        case _:
            return neutral
