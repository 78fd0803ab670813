"""A whole platform with two issuers, two learners who have something of everything, sources, and people of each kind."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self
from uuid import uuid4

import httpx

from deploy.local.otlp import Collector
from deploy.local.platform import Platform
from tests.fuzz.doors import basic, source
from tests.platform.eventually import eventually

SERVICES: Final = ("catalog", "assessment", "awarding", "notifications")
ADA, BEN = "ada", "ben"
STAFF_SCOPES: Final = (
    *("catalog:read", "catalog:write", "awards:read", "awards:write", "inbox:read", "contacts:read", "contacts:write"),
    *("sources:read", "sources:write", "originals:read", "directory:write", "decisions:write", "operations:read"),
    "operations:write",
    *("entries:read", "verdicts:read", "completions:publish", "reviews:assess", "reviews:read", "submissions:write"),
)

NAMES: Final = {ADA: "Adacanary Zqxlovelace", BEN: "Bencanary Zqxnevis"}
CANARY: Final = "zqxcanary"
"""In every address, text and secret that a person wrote."""


def address_of(learner: str) -> str:
    return f"{learner}.{CANARY}@example.edu"


@dataclass(repr=False)
class School:
    """`things` are the ids of what is there: `ada.award`, `ada.submission`, `ada.share`, `ada.message`, `moodle.key` …"""

    platform: Platform
    http: httpx.AsyncClient
    collector: Collector
    things: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    """What nobody else may read anywhere, by what it is."""

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, **env: str) -> AsyncIterator[Self]:
        """With nothing in it yet."""
        with Collector() as collector:
            exports = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_METRIC_EXPORT_INTERVAL": "1000"}
            async with (
                Platform(folder, env=exports | env) as platform,
                httpx.AsyncClient(trust_env=False, timeout=60) as http,
            ):
                yield cls(platform, http, collector)

    def token(self, *scopes: str, learner: str | None = None) -> str:
        return self.platform.keys.token(*scopes, learner=learner)

    async def ask(
        self,
        service: str,
        method: str,
        path: str,
        *scopes: str,
        learner: str | None = None,
        token: str | None = None,
        **request: Any,
    ) -> httpx.Response:
        """With a token of these scopes, or this learner's, or `token` (empty: none). Nothing is followed."""
        headers = dict(request.pop("headers", {}))
        if token is None:
            token = self.token(*scopes, learner=learner)
        if token:
            headers["authorization"] = f"Bearer {token}"
        return await self.http.request(method, self.platform[service].url + path, headers=headers, **request)

    async def must(self, service: str, method: str, path: str, *scopes: str, **request: Any) -> Any:
        """What is answered; fails unless it was done."""
        answer = await self.ask(service, method, path, *scopes, **request)
        assert answer.is_success, f"{method} {service} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else answer.text

    async def furnish(self) -> None:
        """Put something of everything there."""
        documents = [exam("knots", "north"), woven("weaving", "north"), exam("sails", "south"), stack("ropes", "north", "knots")]
        await self.must("catalog", "POST", "/apply", "catalog:write", json={"documents": documents})
        for issuer, id_ in (("north", "splices"), ("south", "rigging")):
            draft = exam(id_, issuer) | {"description": f"Not for everybody yet: {CANARY}."}
            await self.must("catalog", "PUT", f"/drafts/achievements/{id_}", "catalog:write", json=draft)
        await self._enter_sources("moodle", "cloudevents", "xapi", "canvas")
        for learner in (ADA, BEN):
            await self._enter_learner(learner)
        for learner in (ADA, BEN):
            await self._enter_evidence(learner)
            await self._enter_award(learner)

    async def _enter_sources(self, *formats: str) -> None:
        for name in formats:
            document = {key: value for key, value in source(name).items() if key != "source"}
            await self.must("assessment", "PUT", f"/sources/{name}", "sources:write", json=document)
            made = await self.must("assessment", "POST", f"/sources/{name}/keys", "sources:write", json={"kind": "secret"})
            self.things[f"{name}.key"], self.secrets[f"{name}.secret"] = made["key"]["id"], made["secret"]

    async def _enter_learner(self, learner: str) -> None:
        contact = {"address": address_of(learner), "name": NAMES[learner], "language": "en"}
        await self.must("notifications", "PUT", f"/learners/{learner}/contact", "contacts:write", json=contact)
        await self.must(
            "notifications", "PUT", f"/learners/{learner}/identity", learner=learner, json={"name": True, "email": True}
        )
        await self.complete(learner, "https://lms.example/knots")

    async def complete(self, learner: str, activity: str) -> None:
        headers = {
            "ce-specversion": "1.0",
            "ce-id": uuid4().hex,
            "ce-type": "cairn.completion.reported.v1",
            "ce-source": "https://lms.example",
            "ce-time": (datetime.now(UTC) - timedelta(seconds=1)).isoformat(),
        }
        said = {"learner": learner, "activity": activity, "status": "passed"}
        await self.must("assessment", "POST", "/completions", "completions:publish", json=said, headers=headers)

    async def _enter_evidence(self, learner: str) -> None:
        async def offered() -> bool:
            return bool(await self.must("assessment", "GET", "/reviews?achievement=weaving", learner=learner))

        await eventually(offered, within=30, why="the review was never offered")
        wanted = {"achievement": "weaving", "review": "portfolio"}
        begun = await self.must("assessment", "POST", f"/learners/{learner}/submissions", learner=learner, json=wanted)
        path = f"/submissions/{begun['id']}"
        text = f"What I wove, and why. {CANARY}"
        await self.must("assessment", "PUT", f"{path}/evidence", learner=learner, json={"text": text})
        file = await self.must("assessment", "POST", f"{path}/files?name={CANARY}.txt", learner=learner, content=text.encode())
        await self.must("assessment", "POST", f"{path}/handing-in", learner=learner)
        self.things |= {f"{learner}.submission": begun["id"], f"{learner}.file": _file_of(file)}

    async def _enter_award(self, learner: str) -> None:
        async def awarded() -> dict[str, Any]:
            items = (await self.must("awarding", "GET", f"/learners/{learner}/awards", learner=learner))["items"]
            found: dict[str, Any] = next((one for one in items if one["achievement"] == "knots"), {})
            return found

        async def told() -> dict[str, Any]:
            items = (await self.must("notifications", "GET", f"/learners/{learner}/inbox", learner=learner))["items"]
            found: dict[str, Any] = next((one for one in items if one["kind"] == "granted"), {})
            return found

        award = await eventually(awarded, within=40, why="no award came")
        message = await eventually(told, within=40, why="no message came")
        asked = {"awards": [award["id"]], "name": True, "label": f"for {CANARY}"}
        share = await self.must("awarding", "POST", f"/learners/{learner}/shares", learner=learner, json=asked)
        self.things |= {
            f"{learner}.award": award["id"],
            f"{learner}.message": message["id"],
            f"{learner}.share": share["id"],
        }
        self.secrets[f"{learner}.link"] = share["link"].rsplit("/", 1)[-1]

    async def credential_is_ready(self, learner: str) -> None:
        async def ready() -> bool:
            path = f"/awards/{self.things[f'{learner}.award']}/credential"
            return (await self.ask("awarding", "GET", path, learner=learner)).is_success

        await eventually(ready, within=30, why="no credential was issued")

    def filled(self, path: str) -> str:
        """With what is there in place of `{ada.award}` and the like."""
        return re.sub(r"\{(\w+\.\w+)\}", lambda found: self.things[found[1]], path)

    def of_source(self, name: str) -> dict[str, str]:
        return basic(self.things[f"{name}.key"], self.secrets[f"{name}.secret"])


def _file_of(answer: Mapping[str, Any]) -> str:
    files = answer["evidence"]["files"] if "evidence" in answer else [answer]
    found: str = files[0]["id"]
    return found


def meaning(name: str, issuer: str) -> dict[str, Any]:
    return {"name": name.title(), "description": "What it is about.", "issuer": {"id": issuer, "name": issuer.title()}}


def exam(name: str, issuer: str) -> dict[str, Any]:
    requirement = {"activity": f"https://lms.example/{name}", "passed": True}
    return {"achievement": name, "criteria": "Pass the exam.", "requirement": requirement} | meaning(name, issuer)


def woven(name: str, issuer: str) -> dict[str, Any]:
    levels = [{"id": "poor", "name": "Poor", "points": 0}, {"id": "good", "name": "Good", "points": 1}]
    rubric = {"criteria": [{"id": "clarity", "name": "Clarity", "levels": levels, "must_reach": "good"}]}
    review = {"id": "portfolio", "name": "Portfolio", "instructions": "Show it.", "asks": ["text", "files"], "rubric": rubric}
    requirement = {"activity": f"urn:cairn:review:{name}:portfolio", "passed": True}
    return {"achievement": name, "criteria": "Weave.", "requirement": requirement, "reviews": [review]} | meaning(name, issuer)


def stack(name: str, issuer: str, achievement: str) -> dict[str, Any]:
    level = {"level": "bronze", "name": "Bronze", "requirement": {"achievement": achievement}}
    return {"stack": name, "levels": [level]} | meaning(name, issuer)
