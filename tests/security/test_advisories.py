"""Known holes in what is locked: found ones fail the check, and what can't be asked is said to be skipped."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from deploy.advisories import ACCEPTED, ROOT, Accepted, Finding, Unclear, accepted_in, objections
from tests.security.advisories import LOCK, advisory, osv

FOUND = Finding("idna", "3.4", ("GHSA-jjg7-2v4v-x38h", "CVE-2024-3651"), ("3.7",))
ENTRY = '[[accepted]]\npackage = "idna"\nid = "CVE-2024-3651"\nreason = "only names of ours are read"\nuntil = {until}\n'


def compared(folder: Path, address: str, accepted: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "lock").write_text(LOCK)
    (folder / "accepted.toml").write_text(accepted)
    (folder / "node").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "deploy.advisories", "--lock", str(folder / "lock"), "--osv", address]
    command += ["--accepted", str(folder / "accepted.toml"), "--node", str(folder / "node")]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_a_finding_fails_the_check_until_it_is_accepted_with_a_reason_and_a_day(tmp_path: Path) -> None:
    with osv({"idna": advisory(FOUND.ids[0], "idna", "3.7", FOUND.ids[1])}) as address:
        found = compared(tmp_path, address)
        assert (found.returncode, FOUND.ids[0] in found.stdout, "mended in 3.7" in found.stdout) == (1, True, True), found.stdout
        assert compared(tmp_path, address, ENTRY.format(until="2999-01-01")).returncode == 0
        late = compared(tmp_path, address, ENTRY.format(until="2026-01-01"))
        assert (late.returncode, "only names of ours are read" in late.stdout) == (1, True), late.stdout


def test_what_is_not_to_be_reached_fails_nothing_and_is_said(tmp_path: Path) -> None:
    away = compared(tmp_path, "http://127.0.0.1:9/v1/query")
    assert (away.returncode, "SKIPPED: Python's packages were not compared" in away.stdout) == (0, True), away.stdout


def test_nothing_found_is_said_to_be_compared(tmp_path: Path) -> None:
    with osv({}) as address:
        clean = compared(tmp_path, address)
    assert (clean.returncode, "were compared with the advisories: 0 found" in clean.stdout) == (0, True), clean.stdout


@pytest.mark.parametrize(
    ("until", "objects"), [(date(2026, 5, 1), True), (date(2026, 5, 2), False), (date(2026, 5, 3), False)], ids=str
)
def test_what_is_accepted_counts_up_to_its_day(until: date, objects: bool) -> None:
    accepted = [Accepted("idna", "CVE-2024-3651", "a reason", until)]
    assert bool(objections([FOUND], accepted, date(2026, 5, 2))) is objects


def test_what_is_accepted_of_another_package_covers_nothing() -> None:
    accepted = [Accepted("six", "CVE-2024-3651", "a reason", date(2999, 1, 1))]
    assert objections([FOUND], accepted, date(2026, 5, 2))


@pytest.mark.parametrize("text", ["[[accepted]]\npackage = 1\n", "no = [", ENTRY.format(until='"soon"')])
def test_what_is_accepted_has_a_reason_and_a_day(text: str) -> None:
    with pytest.raises(Unclear):
        accepted_in(text)


def test_the_list_that_is_kept_can_be_read() -> None:
    accepted_in(ACCEPTED.read_text())
