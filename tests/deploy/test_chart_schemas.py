"""What is rendered is what Kubernetes, and the makers of custom resources, take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import kubernetes_validate
import pytest
from jsonschema import Draft202012Validator

from deploy.strimzi.resources import Campus, resources
from tests.deploy.charts import CHART, NEWEST, OLDEST, ROOT, SIZES, Resource, helm, needs_helm

CUSTOM = ROOT.parent / "shared/data/crds"
OWN = {"keda.sh", "gateway.networking.k8s.io", "kafka.strimzi.io"}
"""Groups whose schemas Kubernetes doesn't have."""


def group_of(resource: Resource) -> str:
    group, _, version = resource["apiVersion"].rpartition("/")
    assert version
    return str(group)


def wrong(resource: Resource) -> list[str]:
    """What a custom resource's schema has against it."""
    group, version = resource["apiVersion"].split("/")
    path: Path = CUSTOM / group / f"{resource['kind'].lower()}_{version}.json"
    found = Draft202012Validator(json.loads(path.read_text())).iter_errors(resource)
    return [f"{resource['kind']}/{resource['metadata']['name']}: {error.json_path}: {error.message}" for error in found]


@needs_helm
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("size", [*SIZES, "everything"])
def test_every_resource_is_valid_in_the_oldest_and_in_the_newest_version(
    sizes: Mapping[str, list[Resource]], size: str, version: str
) -> None:
    core = [resource for resource in sizes[size] if group_of(resource) not in OWN]
    assert len(core) > 20
    for resource in core:
        kubernetes_validate.validate(resource, version, strict=True)


@needs_helm
def test_a_field_that_kubernetes_lacks_is_noticed(sizes: Mapping[str, list[Resource]]) -> None:
    (deployment, *_) = [resource for resource in sizes["small"] if resource["kind"] == "Deployment"]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment | {"spec": deployment["spec"] | {"replcas": 1}}, NEWEST, strict=True)


@needs_helm
@pytest.mark.skipif(not CUSTOM.is_dir(), reason=f"{CUSTOM.name}: the schemas of custom resources are not there")
@pytest.mark.parametrize("size", [*SIZES, "everything"])
def test_every_custom_resource_is_as_its_schema_says(sizes: Mapping[str, list[Resource]], size: str) -> None:
    custom = [resource for resource in sizes[size] if group_of(resource) in OWN]
    assert {resource["kind"] for resource in custom} >= ({"ScaledObject"} if size in ("large", "everything") else {"HTTPRoute"})
    assert [error for resource in custom for error in wrong(resource)] == []


@pytest.mark.skipif(not CUSTOM.is_dir(), reason=f"{CUSTOM.name}: the schemas of custom resources are not there")
@pytest.mark.parametrize("campus", [Campus(), Campus(authentication="tls", source_topics=("badges",), replicas=1)])
def test_topics_and_users_are_as_strimzi_says(campus: Campus) -> None:
    assert [error for resource in resources(campus) for error in wrong(resource)] == []


@needs_helm
@pytest.mark.parametrize("size", SIZES)
def test_helm_has_nothing_against_the_chart(size: str) -> None:
    values = [f"--values={CHART}/values-{size}.yaml", f"--values={CHART}/site.yaml"]
    assert "0 chart(s) failed" in helm("lint", str(CHART), "--strict", "--kube-version", NEWEST, *values)
