"""What pods may do, how they start and stop, and where they run."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from services.assessment.sources.topics.listener import STOPS_WITHIN
from shared.process import REQUESTS_END_WITHIN, ROLES, STREAM_STOPS_WITHIN
from tests.deploy.charts import SERVICES, SIZES, Resource, needs_helm, of_kind, pods, rendered
from tests.deploy.restricted import findings

pytestmark = needs_helm
ALL = [*SIZES, "everything"]


@pytest.mark.parametrize("size", ALL)
def test_no_pod_does_what_the_restricted_standard_forbids(sizes: Mapping[str, list[Resource]], size: str) -> None:
    found = {name: findings(template) for name, template in pods(sizes[size])}
    assert len(found) >= len(SERVICES)
    assert {name: said for name, said in found.items() if said} == {}


SPOILT: dict[str, Callable[[dict[str, Any], dict[str, Any]], object]] = {
    "hostNetwork": lambda spec, _: spec.update(hostNetwork=True),
    "volume": lambda spec, _: spec["volumes"].append({"name": "host", "hostPath": {"path": "/"}}),
    "runAsNonRoot": lambda spec, _: spec["securityContext"].pop("runAsNonRoot"),
    "runAsUser 0": lambda spec, _: spec["securityContext"].update(runAsUser=0),
    "seccompProfile": lambda spec, _: spec["securityContext"].pop("seccompProfile"),
    "allowPrivilegeEscalation": lambda _, one: one["securityContext"].pop("allowPrivilegeEscalation"),
    "aren't dropped": lambda _, one: one["securityContext"].pop("capabilities"),
    "capabilities SYS": lambda _, one: one["securityContext"]["capabilities"].update(add=["SYS_ADMIN"]),
    "privileged": lambda _, one: one["securityContext"].update(privileged=True),
    "hostPort": lambda _, one: one["ports"][0].update(hostPort=80),
    "another host": lambda _, one: one["livenessProbe"]["httpGet"].update(host="169.254.169.254"),
    "sysctl": lambda spec, _: spec["securityContext"].update(sysctls=[{"name": "kernel.msgmax", "value": "1"}]),
}


@pytest.mark.parametrize("rule", SPOILT)
def test_the_check_finds_what_is_spoilt(sizes: Mapping[str, list[Resource]], rule: str) -> None:
    template = copy.deepcopy(dict(pods(sizes["small"]))["Deployment/cairn-awarding"])
    SPOILT[rule](template["spec"], template["spec"]["containers"][0])
    assert [said for said in findings(template) if rule in said]


@pytest.mark.parametrize("size", ALL)
def test_the_root_is_read_only_and_nobody_has_rights_in_the_cluster(sizes: Mapping[str, list[Resource]], size: str) -> None:
    accounts = of_kind(sizes[size], "ServiceAccount")
    for _, template in pods(sizes[size]):
        (container,) = template["spec"]["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert template["spec"]["automountServiceAccountToken"] is False
        assert accounts[template["spec"]["serviceAccountName"]]["automountServiceAccountToken"] is False
        assert container["resources"]["limits"]["memory"]
        assert container["resources"]["requests"]["cpu"]
    assert not of_kind(sizes[size], "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "Secret")


@pytest.mark.parametrize("size", ALL)
def test_a_stop_waits_longer_than_a_process_needs_for_it(sizes: Mapping[str, list[Resource]], size: str) -> None:
    for deployment in of_kind(sizes[size], "Deployment").values():
        spec = deployment["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        longest = pause + REQUESTS_END_WITHIN + STREAM_STOPS_WITHIN + STOPS_WITHIN
        assert spec["terminationGracePeriodSeconds"] > longest + 5


@pytest.mark.parametrize(("size", "roles"), [("small", {"all"}), ("medium", {"api", "stream"}), ("large", {"api", "stream"})])
def test_every_service_runs_in_the_processes_of_its_mode(sizes: Mapping[str, list[Resource]], size: str, roles: set[str]) -> None:
    found = {
        tuple(deployment["spec"]["template"]["spec"]["containers"][0]["args"])
        for deployment in of_kind(sizes[size], "Deployment").values()
    }
    assert found == {(f"services.{service}", role) for service in SERVICES for role in roles}
    assert roles <= set(ROLES)


@pytest.mark.parametrize("size", ALL)
def test_probes_ask_what_the_process_answers_and_budgets_and_services_find_their_pods(
    sizes: Mapping[str, list[Resource]], size: str
) -> None:
    deployments = of_kind(sizes[size], "Deployment")
    labels = {name: one["spec"]["template"]["metadata"]["labels"] for name, one in deployments.items()}
    for deployment in deployments.values():
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        asked = {probe: container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
        assert asked == {
            "startupProbe": "/health/live",
            "livenessProbe": "/health/live",
            "readinessProbe": "/health/ready",
        }
    for name, budget in of_kind(sizes[size], "PodDisruptionBudget").items():
        assert matching(labels, budget["spec"]["selector"]["matchLabels"]) == [name]
    assert set(of_kind(sizes[size], "PodDisruptionBudget")) == set(deployments)
    for name, service in of_kind(sizes[size], "Service").items():
        assert matching(labels, service["spec"]["selector"]) in ([name], [f"{name}-api"])


def matching(labels: Mapping[str, Mapping[str, str]], selector: Mapping[str, str]) -> list[str]:
    return [name for name, found in labels.items() if selector.items() <= found.items()]


def test_what_follows_the_load_is_not_told_how_many_it_is(sizes: Mapping[str, list[Resource]]) -> None:
    large = sizes["large"]
    deployments = of_kind(large, "Deployment")
    scaled = {one["spec"]["scaleTargetRef"]["name"] for one in of_kind(large, "HorizontalPodAutoscaler", "ScaledObject").values()}
    assert scaled == set(deployments) - {"cairn-catalog-stream"}
    assert {name for name, one in deployments.items() if "replicas" not in one["spec"]} == scaled


def test_documents_and_revisions_roll_the_pods_that_read_them_and_no_others() -> None:
    def sums(*settings: str) -> dict[str, tuple[str, ...]]:
        found = of_kind(rendered("medium", *settings), "Deployment")
        return {name: tuple(one["spec"]["template"]["metadata"]["annotations"].values()) for name, one in found.items()}

    before = sums()
    entitled = sums('entitlements={"x":["Diploma"]}')
    assert {name for name in before if before[name] != entitled[name]} == {"cairn-catalog-api", "cairn-catalog-stream"}
    revised = sums('secretsRevision="2"')
    assert all(before[name] != revised[name] for name in before)
