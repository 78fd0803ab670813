"""The commands of docs/deploy.md are ones that are there, with the options that they take."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import Final

import pytest
import yaml

from tests.deploy.charts import ROOT, helm, needs_helm

PAGE: Final = (ROOT / "docs/deploy.md").read_text()
LINES: Final = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.splitlines()]
CALLED: Final = sorted(
    {line.split("|")[0].strip() for line in [*LINES, *re.findall(r"`(python -m [^`]+)`", PAGE)] if "python -m" in line}
)


@needs_helm
@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("helm template")])
def test_what_the_page_renders_is_rendered(line: str) -> None:
    resources = list(yaml.load_all(helm(*shlex.split(line)[1:]), Loader=yaml.CSafeLoader))
    assert {"Deployment", "NetworkPolicy", "ServiceAccount"} <= {resource["kind"] for resource in resources if resource}


def test_the_page_renders_all_sizes() -> None:
    assert len([line for line in LINES if line.startswith("helm template")]) == 3
    assert len(CALLED) >= 6


@pytest.mark.parametrize("line", CALLED)
def test_every_command_of_ours_is_there_and_has_the_options_that_are_given(line: str) -> None:
    module, *arguments = shlex.split(line)[2:]
    sub = [one for one in arguments[:1] if re.fullmatch("[a-z]+", one) and module in ("deploy.prepare", "shared.dead_letters")]
    done = subprocess.run(
        [sys.executable, "-m", module, *sub, "--help"],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        cwd=ROOT,
        env={"PATH": "/usr/bin", "COLUMNS": "200", "NO_COLOR": "1"},
    )
    assert done.returncode == 0, done.stderr
    for option in (one for one in arguments if one.startswith("--")):
        assert option in done.stdout


def test_every_file_that_the_page_names_is_there() -> None:
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", PAGE):
        assert (ROOT / "docs" / link).exists(), link
    for line in LINES:
        for path in re.findall(r"deploy/\S+", line):
            assert (ROOT / path).exists(), path
