"""What the three systems send of one learner, and what comes of it: all over HTTP, as their vendors send it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Final

import httpx
import yaml
from rich.console import Console
from rich.table import Table

from deploy.demo.credentials import top_level
from deploy.demo.office import Office, Refused, Shown
from deploy.demo.people import Person, address
from deploy.local.platform import Platform

WHO: Final = Person("nu-systems-0001", "Kofi Mensah", address("Kofi", "Mensah"), "en")
LEVEL: Final = "inclusive-computing.bronze"
DOCUMENTS: Final = Path(__file__).with_name("sources.yaml")
SCOPES: Final = ("sources:read", "sources:write", "directory:write")
WITHIN: Final = 60.0

NAMES: Final[Mapping[str, tuple[str, str]]] = {"canvas": ("canvas:user", "123"), "registry": ("registry:number", "N-2041")}
"""What the learner is called in directories. The record store uses the institution's own ids."""


def _graded(event: str, time: str, **body: Any) -> Shown:
    metadata = {"event_name": event, "event_time": time, "root_account_uuid": "VicYj3cu", "root_account_id": "21070000000000001"}
    return {"metadata": {**metadata, "request_id": f"req-{time}", "user_id": "21070000000000009"}, "body": body}


CANVAS: Final = (
    _graded(
        "course_completed",
        "2022-10-10T09:00:00Z",
        course={"id": "565", "name": "Bias, and how to notice it"},
        progress={"completed_at": "2022-10-10T09:00:00Z", "requirement_count": 6, "requirement_completed_count": 6},
        user={"id": "123", "name": WHO.name, "email": WHO.address},
    ),
    _graded(
        "grade_change",
        "2022-10-24T09:00:00Z",
        assignment_id="21070000000007001",
        student_id="21070000000000123",
        user_id="21070000000000123",
        score=90,
        points_possible=100,
        grade="90",
        grading_complete=True,
        muted=False,
    ),
    _graded(
        "course_completed",
        "2022-11-02T09:00:00Z",
        course={"id": "999", "name": "A course that nobody has named here yet"},
        progress={"completed_at": "2022-11-02T09:00:00Z", "requirement_count": 2, "requirement_completed_count": 2},
        user={"id": "123", "name": WHO.name, "email": WHO.address},
    ),
)


def _statement(number: int, verb: str, time: str, **more: Any) -> Shown:
    return {
        "id": f"5f0a3c9e-2b11-4c6a-9d0e-0000000000{number:02d}",
        "timestamp": time,
        "actor": {"objectType": "Agent", "account": {"homePage": "https://id.northfield.example", "name": WHO.learner}},
        "verb": {"id": verb},
        "object": {"objectType": "Activity", "id": "https://lms.northfield.example/course/cs101"},
        **more,
    }


STATEMENTS: Final = (
    _statement(1, "http://adlnet.gov/expapi/verbs/passed", "2022-12-19T10:00:00Z"),
    _statement(2, "http://id.tincanapi.com/verb/earned", "2022-12-19T10:00:01Z", result={"score": {"scaled": 0.71}}),
    _statement(3, "http://adlnet.gov/expapi/verbs/experienced", "2022-12-19T10:05:00Z"),
)

FILE: Final = """Student;Component;Date;Mark
N-2041;CS101 project;05.12.2022;58,5
N-2041;CS101 project;06.12.2022;6O,5
"""


@dataclass(frozen=True)
class Sent:
    """By one source: in which format, what (shortened for people), and how many had which outcome."""

    source: str
    format: str
    said: Sequence[str]
    outcomes: Mapping[str, int]
    trouble: Sequence[str]


@dataclass(frozen=True)
class Told:
    """`award` is the level's, if it was reached; `entries` are what the three systems' words have become."""

    sent: tuple[Sent, ...]
    entries: Sequence[Shown]
    award: Shown | None


async def told(platform: Platform, office: Office) -> Told:
    """Registers the sources, sends, and waits for the level. Raises Refused when a door does not take what it should."""
    await office.enter_contacts([WHO.contact()])
    url = platform["assessment"].url
    staff = {"authorization": f"Bearer {platform.keys.token(*SCOPES)}"}
    async with httpx.AsyncClient(base_url=url, headers=staff, timeout=60, trust_env=False) as http:
        documents = list(yaml.safe_load_all(DOCUMENTS.read_text()))
        for document in documents:
            await _good(http.put(f"/sources/{document['source']}", json=document))
        for directory, (kind, name) in NAMES.items():
            entry = {"kind": kind, "name": name, "learner": WHO.learner}
            await _good(http.put(f"/directories/{directory}/names", json=[entry]))
        await _good(http.post("/sources/canvas/canvas", json=list(CANVAS), auth=await _key(http, "canvas")))
        version = {"X-Experience-API-Version": "1.0.3"}
        await _good(http.post("/xapi/statements", json=list(STATEMENTS), auth=await _key(http, "record-store"), headers=version))
        sheet = {"content-type": "text/csv"}
        await _good(http.post("/sources/project-marks/files?name=marks.csv", content=FILE.encode(), headers=sheet))
        sent = [await _accounted(http, document, 2 if document["format"] == "csv" else 3) for document in documents]
    award = await _reached(office)
    entries = [entry async for entry in office.pages("assessment", f"/learners/{WHO.learner}/entries")]
    return Told(tuple(sent), entries, award)


async def _good(answer: Any) -> Any:
    response: httpx.Response = await answer
    if not response.is_success:
        raise Refused(f"{response.request.method} {response.request.url.path}: {response.status_code} {response.text[:2_000]}")
    return response.json()


async def _key(http: httpx.AsyncClient, source: str) -> httpx.BasicAuth:
    made = await _good(http.post(f"/sources/{source}/keys", json={"kind": "secret"}))
    return httpx.BasicAuth(made["key"]["id"], made["secret"])


async def _accounted(http: httpx.AsyncClient, document: Shown, expected: int) -> Sent:
    """Waits until all is counted."""
    source = document["source"]
    deadline = monotonic() + WITHIN
    while True:
        days = (await _good(http.get(f"/sources/{source}/accounts")))["days"]
        counts = {kind: sum(day[kind] for day in days) for kind in ("accepted", "held", "ignored", "refused", "duplicated")}
        if sum(counts.values()) >= expected:
            break
        if monotonic() > deadline:
            raise Refused(f"{source}: only {sum(counts.values())} of {expected} were counted within {WITHIN:g} s")
        await asyncio.sleep(0.2)
    reasons = [f"{one['outcome']}: {one['reason']}" for day in days for one in day["reasons"]]
    said = {"canvas": _canvas_said, "xapi": _xapi_said, "csv": _file_said}[document["format"]]()
    return Sent(document["name"], document["format"], said, {kind: count for kind, count in counts.items() if count}, reasons)


def _canvas_said() -> list[str]:
    """Without the name and the address, which are in the originals alone."""
    return [f"{event['metadata']['event_name']} {_short(event['body'])}" for event in CANVAS]


def _short(body: Shown) -> str:
    if "course" in body:
        return f"course.id {body['course']['id']}, user.id {body['user']['id']}"
    return f"assignment_id {body['assignment_id']}, student_id {body['student_id']}, {body['score']} of {body['points_possible']}"


def _xapi_said() -> list[str]:
    return [
        f"{statement['verb']['id'].rsplit('/', 1)[1]} {statement['object']['id'].rsplit('/', 1)[1]}"
        + (f" {json.dumps(statement['result'])}" if "result" in statement else ", no result")
        for statement in STATEMENTS
    ]


def _file_said() -> list[str]:
    return FILE.splitlines()


async def _reached(office: Office) -> Shown | None:
    deadline = monotonic() + WITHIN
    while monotonic() < deadline:
        award = await top_level(office, WHO.learner)
        if award is not None and award["achievement"] == LEVEL:
            return award
        await asyncio.sleep(0.2)
    return None


def show(console: Console, found: Told) -> None:
    """Side by side: what each system sent in its own words, and what became of it."""
    console.rule("Three systems, three formats, one learner", align="left")
    table = Table("system", "what it sent", "what became of it", show_lines=True, title_justify="left")
    for sent in found.sent:
        outcomes = ", ".join(f"{count} {kind}" for kind, count in sent.outcomes.items())
        table.add_row(f"{sent.source}\n[dim]{sent.format}[/]", "\n".join(sent.said), "\n".join([outcomes, *sent.trouble]))
    console.print(table, highlight=False)
    console.print(f"What they say of {WHO.learner}:", highlight=False)
    for entry in found.entries:
        data = entry["data"]
        if "activity" in data:
            score = data.get("score") or {}
            points = score.get("scaled") or (f"{score['raw']} of {score['max']}" if score.get("raw") is not None else None)
            line = f"{data['status']} {data['activity']}" + (f" ({points})" if points is not None else "")
            source = entry["source"].rsplit(":", 1)[1]
            console.print(f"  {entry['time'][:10]}  {line}  [dim]{source}[/]", highlight=False)
    if found.award is None:
        console.print(f"[bold red]{LEVEL} was not reached.[/]")
    else:
        console.print(
            f"[bold green]Together they make {found.award['achievement']}, awarded as of {found.award['awarded_at'][:10]}.[/]"
        )
