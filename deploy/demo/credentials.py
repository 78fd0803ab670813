"""What the learner of the story does with the highest level, and what an employer finds out about it: all by HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Final

import httpx
from rich.console import Console

from deploy.demo.office import Office, Refused, Shown
from deploy.demo.people import Person
from deploy.demo.visitor import Visitor, written
from deploy.local.platform import Platform
from deploy.local.up import places

FORMS: Final[Mapping[str, str]] = {
    "json": "application/vc+ld+json",
    "jwt": "text/plain",
    "png": "image/png",
    "svg": "image/svg+xml",
}
WITHIN: Final = 60.0
FORGED: Final = "Doctor of Everything"


@dataclass(frozen=True)
class Checked:
    """A file with what the check should find and what it found: valid, invalid or undecided."""

    what: str
    file: Path
    expected: str
    found: str
    says: str

    @property
    def agreed(self) -> bool:
        return self.found == self.expected


@dataclass(frozen=True)
class Outcome:
    """`live` are addresses that work while the platform runs, `pages` files that work always."""

    live: Mapping[str, str]
    pages: Mapping[str, Path]
    checked: tuple[Checked, ...]

    @property
    def agreed(self) -> bool:
        return all(one.agreed for one in self.checked)


async def top_level(office: Office, learner: str) -> Shown | None:
    """The award of the level that was reached last."""
    awards = [award async for award in office.pages("awarding", f"/learners/{learner}/awards")]
    levels = [award for award in awards if award.get("level") and award["status"] == "valid"]
    return max(levels, key=lambda award: (award["awarded_at"], award["level"] or ""), default=None)


async def told(platform: Platform, office: Office, person: Person, folder: Path) -> Outcome:
    """The learner consents to their name and address, shares the level and opens their passport; an employer follows the link.

    Pages go to `folder`/pages, credentials to `folder`/credentials. Raises Refused when anything of it does not work.
    """
    platform.provider.offer({person.learner: person.name})
    award = await top_level(office, person.learner)
    if award is None:
        raise Refused(f"{person.learner} has reached no level to share")
    headers = {"authorization": f"Bearer {platform.keys.token(learner=person.learner)}"}
    async with (
        httpx.AsyncClient(headers=headers, timeout=60, trust_env=False) as portal,
        Visitor(platform) as learner,
        Visitor(platform) as employer,
    ):
        await _consented(portal, platform, person, award["id"])
        link = await _shared(portal, platform, person, award["id"])
        passport = f"{platform.address('awarding')}/passport"
        pages = {
            "award page": await employer.keep(await employer.open(link), folder / "pages" / "award.html"),
            "passport": await learner.keep(await learner.open(passport, person.learner), folder / "pages" / "passport.html"),
        }
        files = {
            f"credential as {form.upper()}": await _saved(employer, f"{link}/credential.{form}", folder / "credentials")
            for form in FORMS
        }
        files["record of all stacks"] = await _saved(learner, f"{passport}/record.json", folder / "credentials")
        check = f"{platform.address('awarding')}/check"
        checked = [await _checked(employer, f"{check}s", what, file, "valid") for what, file in files.items()]
        forged = _forged(files["credential as JSON"])
        checked.append(await _checked(employer, f"{check}s", "the same, forged", forged, "invalid"))
        answer = await employer.upload(check, forged.name, _content(forged))
        pages["check of the forged one"] = await employer.keep(answer, folder / "pages" / "check-forged.html")
    return Outcome({"award page": link, "passport": passport, "check a credential": check}, pages, tuple(checked))


async def _consented(portal: httpx.AsyncClient, platform: Platform, person: Person, award: str) -> None:
    """Returns when the credential says the name."""
    notifications, awarding = platform["notifications"].url, platform.address("awarding")
    choice = {"name": True, "email": True}
    answer = await portal.put(f"{notifications}/learners/{person.learner}/identity", json=choice)
    if not answer.is_success:
        raise Refused(f"consent: {answer.status_code} {answer.text[:2_000]}")
    deadline = monotonic() + WITHIN
    while monotonic() < deadline:
        answer = await portal.get(f"{awarding}/awards/{award}/credential", params={"format": "json"})
        if answer.is_success and person.name in _names(answer.json()):
            return
        if answer.status_code not in (200, 404):
            raise Refused(f"credential: {answer.status_code} {answer.text[:2_000]}")
        await asyncio.sleep(0.2)
    raise Refused(f"the credential did not say its holder's name within {WITHIN:g} s: {answer.status_code}")


def _names(credential: Mapping[str, Any]) -> set[str]:
    listed = credential["credentialSubject"].get("identifier", [])
    return {one["identityHash"] for one in (listed if isinstance(listed, list) else [listed])}


async def _shared(portal: httpx.AsyncClient, platform: Platform, person: Person, award: str) -> str:
    """The link."""
    asked = {"awards": [award], "name": True, "evidence": True, "stack": True, "label": "for an employer"}
    answer = await portal.post(f"{platform.address('awarding')}/learners/{person.learner}/shares", json=asked)
    if answer.status_code != 201:
        raise Refused(f"share: {answer.status_code} {answer.text[:2_000]}")
    return str(answer.json()["link"])


async def _saved(visitor: Visitor, address: str, folder: Path) -> Path:
    return written(folder / address.rsplit("/", 1)[1], await visitor.download(address))


def _forged(file: Path) -> Path:
    """A copy that names another achievement, under the same proof."""
    credential = json.loads(file.read_bytes())
    credential["credentialSubject"]["achievement"]["name"] = FORGED
    return written(file.with_name("forged.json"), json.dumps(credential, ensure_ascii=False, indent=2).encode())


def _content(file: Path) -> bytes:
    return file.read_bytes()


async def _checked(visitor: Visitor, address: str, what: str, file: Path, expected: str) -> Checked:
    deadline = monotonic() + WITHIN
    report = await visitor.post(address, _content(file), FORMS[file.suffix[1:]])
    # A check is given up after two seconds, which a busy machine may need for a large record.
    while report["verdict"] == "undecided" and monotonic() < deadline:
        await asyncio.sleep(1.0)
        report = await visitor.post(address, _content(file), FORMS[file.suffix[1:]])
    verdict: str = report["verdict"]
    doubts = {"invalid": ("no",), "undecided": ("unknown",)}.get(verdict, ())
    says = [one["says"] for one in report["checks"] if one["outcome"] in doubts] or ["nothing is wrong with it"]
    return Checked(what, file, expected, verdict, " ".join(says))


def show(console: Console, outcome: Outcome, *, live: bool) -> None:
    """Say where all is: links to files, and (`live`) to the running platform."""
    console.rule("What an employer sees", align="left")
    for one in outcome.checked:
        colour = "green" if one.agreed else "bold red"
        console.print(f"  [{colour}]{one.found:<9}[/] {one.what}: {one.says}", highlight=False, soft_wrap=True)
    console.print()
    kept = {what: path.resolve().as_uri() for what, path in outcome.pages.items()}
    kept |= {one.what: one.file.resolve().as_uri() for one in outcome.checked}
    print(places(kept))
    if live:
        console.print("\n[bold]While this runs:[/]")
        print(places(outcome.live))
