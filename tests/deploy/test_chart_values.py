"""What a site says wrongly is refused before anything is installed, in words that name it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
import yaml

from deploy.acls import acls
from shared.topics import TOPICS
from tests.deploy.charts import CHART, NEWEST, Refused, Resource, helm, needs_helm, of_kind, rendered

pytestmark = needs_helm

REFUSED = {
    "an unknown word": ("kafka.secruity=1", "secruity"),
    "an unknown word at the top": ("repilcas=1", "repilcas"),
    "a mode that isn't": ('mode="threads"', "mode"),
    "no partitions": ("kafka.partitions=0", "partitions"),
    "an address with a slash at the end": ('urls.awarding="https://x.example.edu/"', "awarding"),
    "a mail server without port": ('mail.server="mail"', "server"),
    "a secret itself": ('mongodb.clients.awarding.uri="mongodb://user:secret@x"', "uri"),
    "a service that isn't": ('services.marketing={"api":{"replicas":1}}', "marketing"),
    "a stop that cuts batches short": ("terminationGracePeriodSeconds=30", "terminationGracePeriodSeconds"),
    "a stop that is too near": ("terminationGracePeriodSeconds=62", "batch in hand"),
    "root": ("user=0", "user"),
    "a variable that isn't telemetry's": ('telemetry.env={"CAIRN_KAFKA":"x"}', "CAIRN_KAFKA"),
    "a login outside of secrets": (
        'sources.clusters={"x":{"bootstrap":"x:1","login":"/etc/passwd"}}',
        "login",
    ),
    "a certificate without TLS": ("kafka.mutualTls=true", "mutualTls"),
    "an authority without TLS": ('kafka.security="PLAINTEXT"', "kafka.ca"),
    "OAuth without a token endpoint": ('kafka.sasl="OAUTHBEARER"', "tokenUrl"),
    "no broker": ('kafka.bootstrap=""', "kafka.bootstrap"),
    "a mail user without password": ('mail.password.name=""', "mail.password"),
    "a gateway that isn't named": ("expose.parentRefs=[]", "parentRefs"),
    "an ingress with a path": ('urls.awarding="https://x.example.edu/awards"', "has a path"),
}

BESIDE = {
    "a certificate without TLS": ('kafka.security="SASL_PLAINTEXT"', 'kafka.ca.name=""'),
    "an ingress with a path": ('expose.kind="ingress"',),
}
"""What makes it one."""


@pytest.mark.parametrize("mistake", REFUSED)
def test_a_mistake_is_refused_by_name(mistake: str) -> None:
    setting, named = REFUSED[mistake]
    with pytest.raises(Refused) as refused:
        rendered("medium", setting, *BESIDE.get(mistake, ()))
    assert named in str(refused.value)


def test_a_cluster_that_is_too_old_is_refused() -> None:
    with pytest.raises(Refused, match="kubeVersion"):
        rendered("small", version="1.29")


def test_every_value_is_in_the_schema_and_every_word_of_the_schema_has_a_value() -> None:
    schema, values = json.loads((CHART / "values.schema.json").read_text()), yaml.safe_load((CHART / "values.yaml").read_text())
    assert set(schema["properties"]) - {"global"} == set(values)
    assert schema["additionalProperties"] is False


def test_a_path_before_a_service_is_taken_away_by_the_gateway() -> None:
    route = of_kind(rendered("small", 'urls.awarding="https://x.example.edu/awards"'), "HTTPRoute")["cairn-awarding"]
    (rule,) = route["spec"]["rules"]
    assert route["spec"]["hostnames"] == ["x.example.edu"]
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/awards"}}]
    assert rule["filters"][0]["urlRewrite"]["path"] == {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}


def test_streams_follow_every_topic_that_they_read_in_their_group(sizes: Mapping[str, list[Resource]]) -> None:
    scaled = of_kind(sizes["large"], "ScaledObject")
    for service in ("assessment", "awarding", "notifications"):
        triggers = [one["metadata"] for one in scaled[f"cairn-{service}-stream"]["spec"]["triggers"]]
        inputs = {topic.name for topic in TOPICS if service in topic.readers and topic.partitioned}
        assert {one["topic"] for one in triggers} == inputs
        assert {one["consumerGroup"] for one in triggers} == {service}
        assert inputs <= {acl.name for acl in acls("autoscaling")}


def test_no_more_streams_are_asked_for_than_there_are_partitions() -> None:
    found = of_kind(rendered("large", "kafka.partitions=6"), "ScaledObject")
    assert {one["spec"]["maxReplicaCount"] for one in found.values()} == {6}


def test_two_releases_in_one_namespace_share_no_name() -> None:
    first, second = (
        {(resource["kind"], resource["metadata"]["name"]) for resource in rendered("large", release=release)}
        for release in ("cairn", "trial")
    )
    assert not first & second


def test_the_bare_chart_passes_lint() -> None:
    assert "0 chart(s) failed" in helm("lint", str(CHART), "--kube-version", NEWEST)
