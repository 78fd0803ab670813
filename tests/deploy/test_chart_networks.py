"""The policies allow exactly the arrows of the design."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pytest

from tests.deploy.charts import SERVICES, SIZES, Resource, needs_helm, of_kind, pods, rendered

pytestmark = needs_helm

PORTS: Final = {
    "dns": 1001,
    "kafka": 1002,
    "mongodb": 1003,
    "collector": 1004,
    "identity": 1005,
    "documents": 1006,
    "mail": 1007,
    "webhook": 1008,
    "registry": 1009,
    "sources": 1010,
}
"""Each way has a port of its own here, so that it can be told which is open."""

ALWAYS: Final = {"dns", "kafka", "mongodb", "collector"}
ARROWS: Final = {
    "catalog-api": {"identity", "documents"},
    "catalog-stream": set[str](),
    "assessment-api": {"identity", "documents"},
    "assessment-stream": {"documents", "webhook", "registry", "sources"},
    "awarding-api": {"identity", "documents"},
    "awarding-stream": set[str](),
    "notifications-api": {"identity"},
    "notifications-stream": {"mail"},
}
OTHERS: Final = (
    'reviews.webhook.name="reviews"',
    'sources.schemaRegistry="https://registry.example.edu"',
    'sources.clusters={"edx":{"bootstrap":"edx:9093"}}',
    "prepare.topics=true",
)
TOLD_APART: Final = tuple(f"networkPolicies.{name}.ports=[{port}]" for name, port in PORTS.items())


def ways(policy: Resource) -> set[str]:
    names = {port: name for name, port in PORTS.items()}
    return {names[port["port"]] for rule in policy["spec"]["egress"] for port in rule["ports"]}


@pytest.fixture(scope="module")
def policies() -> Mapping[str, Resource]:
    return of_kind(rendered("large", *TOLD_APART, *OTHERS), "NetworkPolicy")


@pytest.mark.parametrize("process", ARROWS)
def test_a_process_talks_to_whom_it_needs_and_to_nobody_else(policies: Mapping[str, Resource], process: str) -> None:
    assert ways(policies[f"cairn-{process}"]) == ALWAYS | ARROWS[process]


@pytest.mark.parametrize("service", SERVICES)
def test_one_process_for_both_has_the_ways_of_both(service: str) -> None:
    found = of_kind(rendered("small", *TOLD_APART, *OTHERS), "NetworkPolicy")[f"cairn-{service}"]
    assert ways(found) == ALWAYS | ARROWS[f"{service}-api"] | ARROWS[f"{service}-stream"]


def test_jobs_talk_to_broker_and_database_alone(policies: Mapping[str, Resource]) -> None:
    assert ways(policies["cairn-prepare-topics"]) == {"dns", "kafka"}
    for service in SERVICES:
        assert ways(policies[f"cairn-prepare-{service}"]) == {"dns", "kafka", "mongodb"}


def test_tokens_for_the_broker_are_fetched_by_whoever_goes_there() -> None:
    oauth = ('kafka.sasl="OAUTHBEARER"', 'kafka.tokenUrl="https://id.example.edu/token"')
    found = of_kind(rendered("large", *TOLD_APART, *OTHERS, *oauth), "NetworkPolicy")
    assert all("identity" in ways(policy) for policy in found.values())


def test_without_what_is_optional_its_ways_are_closed() -> None:
    found = of_kind(rendered("large", *TOLD_APART, 'telemetry.endpoint=""'), "NetworkPolicy")
    assert ways(found["cairn-assessment-stream"]) == {"dns", "kafka", "mongodb", "documents"}


@pytest.mark.parametrize("size", [*SIZES, "everything"])
def test_only_http_sides_are_asked_and_only_by_what_stands_before_them(sizes: Mapping[str, list[Resource]], size: str) -> None:
    before = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "gateways"}}}]
    for name, policy in of_kind(sizes[size], "NetworkPolicy").items():
        spec = policy["spec"]
        assert spec["policyTypes"] == ["Ingress", "Egress"]
        if name.endswith("-stream") or "-prepare-" in name:
            assert spec["ingress"] == []
        else:
            assert spec["ingress"] == [{"from": before, "ports": [{"protocol": "TCP", "port": "http"}]}]


@pytest.mark.parametrize("size", [*SIZES, "everything"])
def test_every_pod_has_one_policy_and_no_way_leads_to_another_service(sizes: Mapping[str, list[Resource]], size: str) -> None:
    found = of_kind(sizes[size], "NetworkPolicy").values()
    for _, template in pods(sizes[size]):
        labels = template["metadata"]["labels"]
        theirs = [one for one in found if one["spec"]["podSelector"]["matchLabels"].items() <= labels.items()]
        assert len(theirs) == 1
    peers = [peer for policy in found for rule in policy["spec"]["egress"] for peer in rule.get("to", ())]
    selected = [peer["podSelector"]["matchLabels"] for peer in peers if "podSelector" in peer]
    assert not [labels for labels in selected if labels.get("app.kubernetes.io/name") == "cairn"]


def test_documents_are_fetched_from_public_addresses_only(policies: Mapping[str, Resource]) -> None:
    rules = [
        rule
        for rule in policies["cairn-awarding-api"]["spec"]["egress"]
        if rule["ports"] == [{"protocol": "TCP", "port": PORTS["documents"]}]
    ]
    (rule,) = rules
    assert all("ipBlock" in peer and peer["ipBlock"]["except"] for peer in rule["to"])
    assert {"10.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16"} <= set(rule["to"][0]["ipBlock"]["except"])
