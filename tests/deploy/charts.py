"""The chart as Helm renders it: for each of the ready-made sizes, with the example of a site."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[2]
CHART: Final = ROOT / "deploy/helm/cairn"
SIZES: Final = ("small", "medium", "large")
SERVICES: Final = ("catalog", "assessment", "awarding", "notifications")
OLDEST, NEWEST = "1.30", "1.37"
"""Of the versions of Kubernetes that the chart is for."""

Resource = dict[str, Any]

HELM: Final = shutil.which("helm") or shutil.which("helm", path=str(ROOT / "var/tools/bin"))
needs_helm: Final = pytest.mark.skipif(HELM is None, reason="there is no helm: `make tools` builds it where there is Go")


class Refused(Exception):
    """Helm's own words."""


def helm(*arguments: str) -> str:
    assert HELM is not None
    done = subprocess.run([HELM, *arguments], capture_output=True, text=True, check=False, timeout=120, cwd=ROOT)
    if done.returncode:
        raise Refused(done.stdout + done.stderr)
    return done.stdout


def rendered(size: str, *settings: str, version: str = NEWEST, release: str = "cairn") -> list[Resource]:
    """All resources. `settings` are as with `--set-json`. Raises Refused."""
    values = [f"--values={CHART}/values-{size}.yaml", f"--values={CHART}/site.yaml"]
    text = helm("template", release, str(CHART), "--kube-version", version, *values, *(f"--set-json={one}" for one in settings))
    return [resource for resource in yaml.load_all(text, Loader=yaml.CSafeLoader) if resource]


def of_kind(resources: Iterable[Resource], *kinds: str) -> dict[str, Resource]:
    """By name."""
    return {resource["metadata"]["name"]: resource for resource in resources if resource["kind"] in kinds}


def pods(resources: Iterable[Resource]) -> Iterator[tuple[str, Resource]]:
    """The templates of pods, by what makes them."""
    for name, resource in of_kind(resources, "Deployment", "Job").items():
        yield f"{resource['kind']}/{name}", resource["spec"]["template"]


def environment(template: Resource) -> dict[str, Any]:
    """What its only container is told: a text, or where it is from."""
    (container,) = template["spec"]["containers"]
    return {one["name"]: one.get("value", one.get("valueFrom")) for one in container["env"]}
