"""A campus whose databases are rebuilt: what people do there, what is in each collection, and services on other databases."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from deploy.local.platform import together
from deploy.local.process import Process
from deploy.local.service import ROOT, SERVICES
from deploy.replay.order import Asked
from services.assessment.domain.record import Record as Assessed
from services.assessment.store import from_document as assessed
from services.awarding.documents import from_document as awarded
from services.awarding.domain.record import Record as Awarded
from shared.credentials.status import Bits
from shared.mongo import Database, Document
from shared.settings import Settings
from shared.stream.records import OF_THE_ENGINE
from tests.journeys.campus import Campus

SCOPES = ("awards:write", "awards:read", "decisions:write", "inbox:read", "contacts:write", "operations:read", "verdicts:read")
State = Mapping[str, Mapping[str, Any]]
"""By service and collection, what is in it, by id."""


async def ask(campus: Campus, service: str, method: str, path: str, body: object = None, learner: str | None = None) -> Any:
    """As staff, or as a learner. The answer's JSON."""
    keys = campus.platform.keys
    token = keys.token(*SCOPES) if learner is None else keys.token(learner=learner)
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {token}"}, timeout=60, trust_env=False) as http:
        answer = await http.request(method, f"{campus.platform[service].url}{path}", json=body)
    assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
    return answer.json() if answer.content else None


async def credentials(campus: Campus, awards: Sequence[str]) -> dict[str, bytes]:
    """Each award's credential as it is handed out; those that have none are left out."""
    found: dict[str, bytes] = {}
    headers = {"authorization": f"Bearer {campus.platform.keys.token(*SCOPES)}", "accept": "application/json"}
    async with httpx.AsyncClient(headers=headers, timeout=60, trust_env=False) as http:
        for award in awards:
            answer = await http.get(f"{campus.platform['awarding'].url}/awards/{award}/credential?format=json")
            if answer.is_success:
                found[award] = answer.content
    return found


async def down(campus: Campus) -> None:
    """The services alone: broker and database stay."""
    await together(instance.stop() for instance in campus.platform.instances)


async def up(campus: Campus, prefix: str) -> None:
    """The services on databases whose names begin so."""
    campus.platform._env["CAIRN_DATABASE_PREFIX"] = prefix
    campus.platform.instances.clear()
    await together(campus.platform._instance(service, campus.platform.port(service)).start() for service in SERVICES)


def settings(campus: Campus) -> Settings:
    with patch.dict(os.environ, campus.platform.environment()):
        return Settings.read()


def asked(campus: Campus, folder: Path, into: str, origin: str = "cairn") -> Asked:
    return Asked(settings(campus), origin, into, folder)


def command(campus: Campus, folder: Path, into: str) -> Process:
    told = [sys.executable, "-m", "deploy.replay", "--from", "cairn", "--into", into, "--folder", str(folder), "--json"]
    return Process("replay", told, log=folder.with_suffix(".log"), env=campus.platform.environment(), cwd=ROOT)


@asynccontextmanager
async def database(campus: Campus, prefix: str, service: str) -> AsyncIterator[Database]:
    opened = Database(campus.platform.mongodb, f"{prefix}_{service}")
    try:
        yield opened
    finally:
        opened.close()


async def collections(campus: Campus, prefix: str) -> dict[str, set[str]]:
    found = {}
    for service in SERVICES:
        async with database(campus, prefix, service) as opened:
            found[service] = set(await opened.collections())
    return found


async def state(campus: Campus, prefix: str) -> State:
    """What says something about learners, definitions or mails; without what says only when it was written or by whom."""
    found: dict[str, dict[str, Any]] = {}
    for service, names in LOOKED_AT.items():
        async with database(campus, prefix, service) as opened:
            found[service] = {name: {one["_id"]: one async for one in opened[name].find({})} for name in names}
    found["assessment"]["records"] = {id_: assessment_record(id_, one) for id_, one in found["assessment"]["records"].items()}
    found["awarding"]["records"] = {id_: awarding_record(id_, one) for id_, one in found["awarding"]["records"].items()}
    found["awarding"]["facts"] = {id_: (one["data"], one["learner"]) for id_, one in found["awarding"]["facts"].items()}
    found["awarding"]["status lists"] = status_lists(found["awarding"].pop("status_changes").values())
    return found


LOOKED_AT = {
    "catalog": ("versions", "drafts"),
    "assessment": ("records", "entries", "decisions", "people", "readings"),
    "awarding": ("records", "facts", "awards", "progress", "credentials", "status_changes", "identities", "shares"),
    "notifications": ("records", "inbox", "deliveries", "contacts"),
}


def own(document: Document) -> Document:
    return {name: value for name, value in document.items() if name not in OF_THE_ENGINE}


def assessment_record(learner: str, document: Document) -> Assessed:
    """Entries in no order: nobody records in which they arrived."""
    record = assessed(learner, own(document))
    activities = {activity: tuple(sorted(entries)) for activity, entries in record.activities.items()}
    named = {key: tuple(sorted(by)) for key, by in record.named.items()}
    return replace(record, activities=activities, named=named)


def awarding_record(learner: str, document: Document) -> Awarded:
    """The reasons of a verdict for what is still open may be newer than when it was said; time may be known to have passed."""
    record = awarded(learner, own(document))
    verdicts = {id_: replace(verdict, versions=()) for id_, verdict in record.verdicts.items()}
    return replace(record, verdicts=verdicts, horizon=None)


def status_lists(changes: Any) -> dict[str, str]:
    """The bits of each list, as they are handed out."""
    lists: dict[str, Bits] = {}
    for change in sorted(changes, key=lambda one: (one["list"], one["n"])):
        lists.setdefault(change["list"], Bits()).put(change["index"], change["set"])
    return {name: bits.encoded() for name, bits in lists.items()}


def differences(was: State, is_: State) -> list[str]:
    """Each document that isn't what it was."""
    found = []
    for service, by_collection in was.items():
        for collection, documents in by_collection.items():
            others = is_[service][collection]
            found += [
                f"{service}.{collection} {id_}:\n  was {documents.get(id_)}\n  is  {others.get(id_)}"
                for id_ in sorted({*documents, *others}, key=str)
                if documents.get(id_) != others.get(id_)
            ]
    return found
