"""Topics and users for Strimzi follow from the registry and the access lists."""

from __future__ import annotations

from typing import Any

import yaml

from deploy.acls import PRINCIPALS, acls
from deploy.strimzi.__main__ import KEPT
from deploy.strimzi.resources import Campus, document, resources
from shared.kafka import configuration
from shared.topics import TOPICS


def test_the_kept_file_is_what_the_registry_gives() -> None:
    assert KEPT.read_text() == document(Campus()), "run: python -m deploy.strimzi --write"


def test_every_topic_is_there_as_the_registry_has_it() -> None:
    found = {one["metadata"]["name"]: one["spec"] for one in resources(Campus(partitions=7)) if one["kind"] == "KafkaTopic"}
    assert set(found) == {topic.name for topic in TOPICS}
    for topic in TOPICS:
        assert found[topic.name]["partitions"] == (7 if topic.partitioned else 1)
        assert found[topic.name]["config"].items() >= configuration(topic).items()


def test_one_copy_may_be_away_and_a_single_one_is_enough_where_there_is_no_other() -> None:
    for replicas, least in ((3, "2"), (1, "1")):
        topics = [one for one in resources(Campus(replicas=replicas)) if one["kind"] == "KafkaTopic"]
        assert {one["spec"]["config"]["min.insync.replicas"] for one in topics} == {least}


def test_every_user_has_exactly_the_rights_of_the_access_lists() -> None:
    text = document(Campus(database_prefix="again", source_topics=("badges",)))
    users = {
        one["metadata"]["name"]: one["spec"]["authorization"] for one in yaml.safe_load_all(text) if one["kind"] == "KafkaUser"
    }
    assert set(users) == {f"cairn-{principal}" for principal in PRINCIPALS}
    for principal in PRINCIPALS:
        expected = acls(principal, database_prefix="again", source_topics=("badges",))
        assert {plain(rule) for rule in users[f"cairn-{principal}"]["acls"]} == {
            (acl.resource, acl.name, acl.pattern, acl.operations) for acl in expected
        }


def plain(rule: dict[str, Any]) -> tuple[str, str, str, tuple[str, ...]]:
    resource = rule["resource"]
    return resource["type"], resource["name"], resource["patternType"], tuple(rule["operations"])
