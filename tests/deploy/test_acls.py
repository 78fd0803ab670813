"""The access lists follow from the registry of topics, and allow nothing more."""

from __future__ import annotations

from typing import Any, Final

import pytest

from deploy.acls import PRINCIPALS, SERVICES, acls
from services.assessment.stream import FLOW as ASSESSMENT
from services.awarding.domain.ids import PublicIds
from services.awarding.stream import flow
from services.notifications.stream import FLOW as NOTIFICATIONS
from shared.stream import Flow
from shared.topics import COMPLETIONS, PUBLICATIONS, TOPICS

FLOWS: Final[dict[str, Flow[Any, Any]]] = {
    "assessment": ASSESSMENT,
    "awarding": flow(PublicIds(bytes(32))),
    "notifications": NOTIFICATIONS,
}


def allowed(principal: str, operation: str, resource: str = "topic") -> set[str]:
    return {acl.name for acl in acls(principal) if acl.resource == resource and operation in acl.operations}


@pytest.mark.parametrize("service", FLOWS)
def test_a_stream_may_do_what_its_flow_does_and_is_in_the_group_of_its_name(service: str) -> None:
    inputs = {topic.name for topic in FLOWS[service].inputs.values()}
    says = FLOWS[service].says
    assert says is not None
    assert allowed(service, "Read") == inputs | {PUBLICATIONS.name, FLOWS[service].buried_on.name}
    assert {says.name, FLOWS[service].asked_on.name, FLOWS[service].buried_on.name} <= allowed(service, "Write")
    assert service in allowed(service, "Read", "group")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_writes_only_what_it_owns(service: str) -> None:
    assert allowed(service, "Write") == {topic.name for topic in TOPICS if topic.owner == service}


def test_every_topic_is_written_by_one_service_and_completions_by_no_other_than_assessment() -> None:
    for topic in TOPICS:
        assert [service for service in SERVICES if topic.name in allowed(service, "Write")] == [topic.owner]
    assert COMPLETIONS.owner == "assessment"


def test_strangers_write_only_where_the_reader_owns_the_topic_so_that_it_may_forward_what_is_misplaced() -> None:
    assert all(topic.readers == (topic.owner,) for topic in TOPICS if topic.strangers_write)


def test_the_catalog_reads_its_publications_back_and_is_in_no_group() -> None:
    assert allowed("catalog", "Read") == {PUBLICATIONS.name}
    assert allowed("catalog", "Read", "group") == set()


def test_sources_on_topics_of_their_own_are_read_in_groups_that_begin_with_the_name_of_the_database() -> None:
    found = acls("assessment", database_prefix="campus", source_topics=("badges-lifecycle",))
    assert [(acl.resource, acl.pattern, acl.operations) for acl in found if acl.name == "campus_assessment.source."] == [
        ("group", "prefix", ("Describe", "Read"))
    ]
    assert [acl.operations for acl in found if acl.name == "badges-lifecycle"] == [("Describe", "Read")]


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_nobody_has_rights_on_the_cluster_or_over_a_whole_family_of_topics(principal: str) -> None:
    assert all(acl.resource in {"topic", "group"} for acl in acls(principal))
    assert all(acl.pattern == "literal" for acl in acls(principal) if acl.resource == "topic")
    assert not {"All", "Alter", "Delete", "AlterConfigs"} & {name for acl in acls(principal) for name in acl.operations}


def test_who_measures_lag_reads_nothing_and_who_makes_topics_writes_nothing() -> None:
    assert {name for acl in acls("autoscaling") for name in acl.operations} == {"Describe"}
    assert allowed("autoscaling", "Describe") == {topic.name for one in FLOWS.values() for topic in one.inputs.values()}
    assert {name for acl in acls("topics") for name in acl.operations} == {"Create", "Describe"}


def test_who_is_not_known_has_no_list() -> None:
    with pytest.raises(ValueError, match="is none of"):
        acls("strangers")
