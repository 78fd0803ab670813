"""Who is woken finds a page, and what the page tells them to do can be done."""

import importlib.util
import json
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from deploy.observability.names import ADDED, labels, series
from shared.telemetry.metrics import METRICS
from tests.observability.promql import grouped, selected
from tests.observability.watching import RUNBOOKS, alerts, recorded

ROOT = RUNBOOKS.parents[1]
PAGES = sorted(RUNBOOKS.glob("*.md"))
DECLARED = {name: metric for metric in METRICS for name in series(metric)}
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
IN_TEXT = re.compile(r"\$([A-Z]+)(/[A-Za-z0-9/_.<>{}$-]*)")
NAMED = re.compile(r"`(cairn_\w+|http_server_\w+|db_client_\w+|process_\w+)`")

pytestmark = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def fenced(page: Path, language: str) -> list[str]:
    """The lines of the page's blocks in this language."""
    return [line for kind, text in FENCED.findall(page.read_text()) if kind == language for line in text.splitlines() if line]


@cache
def operations(service: str) -> dict[str, set[str]]:
    """The methods of each path."""
    paths = json.loads((ROOT / f"docs/api/openapi/{service}.json").read_text())["paths"]
    return {path: {method.upper() for method in methods} for path, methods in paths.items()}


def answered(service: str, path: str) -> set[str]:
    """The methods with which the path is answered, whatever stands for its parameters."""
    found = set[str]()
    for known, methods in operations(service).items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), path):
            found |= methods
    return found


@cache
def help_of(module: str, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *command, "--help"], capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_there_is_an_alert_for_it(page: Path) -> None:
    assert page.stem in {alert["alert"] for alert in alerts()}
    assert page.read_text().startswith(f"# {page.stem}\n\n")
    assert len(PAGES) == len({alert["alert"] for alert in alerts()})


def test_it_says_what_one_sees_and_what_to_do(page: Path) -> None:
    headings = [line.removeprefix("## ") for line in page.read_text().splitlines() if line.startswith("## ")]
    assert headings[0] == "What you see"
    assert headings[-1] == "What to do"
    assert fenced(page, "promql")


def test_its_queries_name_what_is_measured(page: Path) -> None:
    for query in fenced(page, "promql"):
        found = list(selected(query))
        assert found, query
        for name, chosen_by in found:
            assert name in DECLARED or name in recorded(), query
            if name in DECLARED:
                assert chosen_by | grouped(query) <= labels(DECLARED[name]) | ADDED, query
    for name in NAMED.findall(page.read_text()):
        known = {label for metric in METRICS for label in labels(metric)}
        assert name in DECLARED or name in recorded() or name in known, name


def test_its_requests_are_answered(page: Path) -> None:
    for line in fenced(page, "sh"):
        words = shlex.split(line)
        if words[0] != "curl":
            continue
        method = words[words.index("-X") + 1] if "-X" in words else "GET"
        (url,) = [word for word in words if word.startswith("$")]
        service, _, path = url.partition("/")
        assert method in answered(service.removeprefix("$").lower(), f"/{path.partition('?')[0]}"), line


def test_its_commands_have_these_options(page: Path) -> None:
    for line in fenced(page, "sh"):
        words = shlex.split(line)
        if words[0] == "python":
            module, rest = words[2], words[3:]
            assert importlib.util.find_spec(module) is not None
            command = () if not rest or rest[0].startswith("-") else (rest[0],)
            if rest:
                said = help_of(module, *command)
                assert all(word in said for word in rest if word.startswith("--")), line
        else:
            assert words[0] in {"curl", "openssl"}, line


def test_its_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        assert (page.parent / target).resolve().exists(), target
