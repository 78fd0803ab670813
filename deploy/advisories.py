"""Compare what is locked with the advisories that are published: `python -m deploy.advisories`.

pip-audit asks OSV, or else PyPI, about every package of `requirements.lock` as it is pinned there; nothing is resolved or
installed. npm asks its registry about those that the interoperability tests use. What is accepted, why and until when is in
`advisories.toml`. A service of advisories that cannot be reached fails nothing, and is said; a finding fails.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

ROOT: Final = Path(__file__).parents[1]
LOCK: Final = ROOT / "requirements.lock"
ACCEPTED: Final = Path(__file__).with_suffix(".toml")
PACKAGES_OF_NODE: Final = ROOT / "tests/interop"
WITHIN: Final = 300


class Unreachable(Exception):
    """Nothing was compared. The text says why."""


class Unclear(Exception):
    """The list of what is accepted can't be read. The text says where."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`ids` are the advisory's own, and its aliases."""

    package: str
    version: str
    ids: tuple[str, ...]
    fixed: tuple[str, ...] = ()

    def __str__(self) -> str:
        mended = f"; mended in {', '.join(self.fixed)}" if self.fixed else ""
        return f"{self.package} {self.version}: {', '.join(self.ids)}{mended}"


@dataclass(frozen=True, slots=True)
class Accepted:
    """Counts up to and including the day `until`."""

    package: str
    id: str
    reason: str
    until: date

    def covers(self, finding: Finding) -> bool:
        return self.package == finding.package and self.id in finding.ids


def accepted_in(text: str) -> list[Accepted]:
    """Raises Unclear."""
    try:
        found = [Accepted(**entry) for entry in tomllib.loads(text).get("accepted", ())]
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise Unclear(f"the list of accepted advisories can't be read: {error}") from error
    for one in found:
        if not one.reason.strip() or type(one.until) is not date:
            raise Unclear(f"{one.package} {one.id} is accepted without a reason or a day until which")
    return found


def objections(findings: Iterable[Finding], accepted: Sequence[Accepted], today: date) -> list[str]:
    """Why the comparison fails: what is found and not accepted, or no longer."""
    said = []
    for finding in findings:
        covering = [one for one in accepted if one.covers(finding)]
        if not covering:
            said.append(str(finding))
        elif all(one.until < today for one in covering):
            said.append(f"{finding} (it was accepted until {max(one.until for one in covering)}: {covering[0].reason})")
    return said


def of_python(lock: Path, services: Iterable[Sequence[str]]) -> tuple[list[Finding], list[str]]:
    """Findings, and the packages that the service knows nothing of. Raises Unreachable if none of the services answers.

    `services` are pip-audit's options for each.
    """
    troubles = []
    for options in services:
        command = [sys.executable, "-m", "pip_audit", "-r", str(lock), "--require-hashes", "--disable-pip", "--format", "json"]
        done = _run([*command, "--progress-spinner", "off", "--timeout", "10", *options], ROOT)
        try:
            packages = json.loads(done.stdout)["dependencies"]
        except (ValueError, KeyError):
            troubles.append(f"{options[1]}: {_last_line(done.stderr)}")
            continue
        # A mirror that has no advisories answers that it knows none of them, and that is no comparison.
        if all("skip_reason" in package for package in packages):
            troubles.append(f"{options[1]}: it knows none of the {len(packages)} packages")
            continue
        unknown = [package["name"] for package in packages if "skip_reason" in package]
        return [_finding(package, one) for package in packages for one in package.get("vulns", ())], unknown
    raise Unreachable("; ".join(troubles))


def _finding(package: Mapping[str, Any], said: Mapping[str, Any]) -> Finding:
    ids = dict.fromkeys([said["id"], *said.get("aliases", ())])
    return Finding(package["name"], package["version"], tuple(ids), tuple(said.get("fix_versions", ())))


def of_node(folder: Path) -> list[Finding]:
    """Raises Unreachable."""
    if (npm := shutil.which("npm")) is None:
        raise Unreachable("npm: it is not installed")
    done = _run([npm, "audit", "--package-lock-only", "--json"], folder)
    try:
        found = json.loads(done.stdout)["vulnerabilities"]
    except (ValueError, KeyError) as error:
        raise Unreachable("npm: the registry answers nothing about advisories") from error
    findings = []
    for name, package in found.items():
        ids = tuple(str(via["url"]).rsplit("/", 1)[-1] for via in package["via"] if isinstance(via, dict) and "url" in via)
        if ids:
            findings.append(Finding(name, str(package.get("range", "")), ids))
    return findings


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Raises Unreachable when it takes too long."""
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=WITHIN, check=False)
    except subprocess.TimeoutExpired as error:
        raise Unreachable(f"no answer within {WITHIN} s") from error


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1][:120]


def main(
    lock: Annotated[Path, typer.Option(help="what is pinned, with hashes")] = LOCK,
    accepted: Annotated[Path, typer.Option(help="what is accepted")] = ACCEPTED,
    node: Annotated[Path, typer.Option(help="a folder with a package-lock.json")] = PACKAGES_OF_NODE,
    osv: Annotated[str | None, typer.Option(help="another address of OSV's API, and nothing else is asked")] = None,
) -> None:
    """Fail if anything that is locked has an advisory that is not accepted."""
    services = [("-s", "osv", "--osv-url", osv)] if osv else [("-s", "osv"), ("-s", "pypi")]
    findings: list[Finding] = []
    try:
        found, unknown = of_python(lock, services)
        findings += found
        print(f"Python's packages were compared with the advisories: {len(found)} found")
        if unknown:
            print(f"  nothing is known of {', '.join(unknown)}")
    except Unreachable as error:
        print(f"SKIPPED: Python's packages were not compared with the advisories ({error})")
    try:
        findings += (found := of_node(node))
        print(f"Node's packages were compared with the advisories: {len(found)} found")
    except Unreachable as error:
        print(f"SKIPPED: Node's packages were not compared with the advisories ({error})")
    try:
        said = objections(findings, accepted_in(accepted.read_text()), datetime.now(UTC).date())
    except Unclear as error:
        said = [str(error)]
    for line in said:
        print(f"  {line}")
    if said:
        print(f"{len(said)} to be looked at: update them, or accept them in {accepted.name} with a reason and a day")
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
