"""`KafkaTopic` and `KafkaUser`, as Strimzi's operators read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import yaml

from deploy.acls import PRINCIPALS, Acl, acls
from shared.kafka import configuration
from shared.topics import TOPICS, Topic

API: Final = "kafka.strimzi.io/v1"

Resource = dict[str, Any]


@dataclass(frozen=True)
class Campus:
    """The Kafka cluster as Strimzi knows it, and what of ours lies there otherwise than by default.

    `source_topics` are those of sources that publish on topics of their own on this cluster: assessment may read them.
    """

    cluster: str = "campus"
    partitions: int = 12
    replicas: int = 3
    authentication: Literal["scram-sha-512", "tls"] = "scram-sha-512"
    database_prefix: str = "cairn"
    source_topics: tuple[str, ...] = ()


def resources(campus: Campus) -> list[Resource]:
    """All topics of the registry, and a user for everyone in the access lists."""
    return [*(_topic(topic, campus) for topic in TOPICS), *(_user(principal, campus) for principal in PRINCIPALS)]


def document(campus: Campus) -> str:
    """The resources as YAML, the same text for the same campus."""
    return yaml.safe_dump_all(resources(campus), sort_keys=False, explicit_start=True, width=130)


def _topic(topic: Topic, campus: Campus) -> Resource:
    """What is confirmed is on all copies but one, so that one broker may be away, and one be lost."""
    return {
        "apiVersion": API,
        "kind": "KafkaTopic",
        "metadata": _metadata(topic.name, campus),
        "spec": {
            "partitions": campus.partitions if topic.partitioned else 1,
            "replicas": campus.replicas,
            "config": {**configuration(topic), "min.insync.replicas": str(max(1, campus.replicas - 1))},
        },
    }


def _user(principal: str, campus: Campus) -> Resource:
    found = acls(principal, database_prefix=campus.database_prefix, source_topics=campus.source_topics)
    return {
        "apiVersion": API,
        "kind": "KafkaUser",
        "metadata": _metadata(f"cairn-{principal}", campus),
        "spec": {
            "authentication": {"type": campus.authentication},
            "authorization": {"type": "simple", "acls": [_rule(acl) for acl in found]},
        },
    }


def _rule(acl: Acl) -> Resource:
    kind = "transactionalId" if acl.resource == "transactional_id" else acl.resource
    return {
        "resource": {"type": kind, "name": acl.name, "patternType": acl.pattern},
        "operations": list(acl.operations),
    }


def _metadata(name: str, campus: Campus) -> Resource:
    return {"name": name, "labels": {"strimzi.io/cluster": campus.cluster, "app.kubernetes.io/part-of": "cairn"}}
