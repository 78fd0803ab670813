"""What is a statement, and what is none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.assessment.sources.claims import Wrong
from tests.domain.sources.xapi.examples import claim, said, simple, source

ACTIVITY = {"id": "http://example.com/activity"}
COMPONENTS = [{"id": "a", "description": {"en": "A"}}, {"id": "b"}]


def refused(statement: Any) -> Wrong:
    with pytest.raises(Wrong) as found:
        said(statement)
    assert found.value.status == 400
    return found.value


def of(definition: dict[str, Any]) -> dict[str, Any]:
    return simple(object=ACTIVITY | {"definition": definition})


def test_what_is_no_object_is_no_statement() -> None:
    for original in ([], [simple()], "passed", 7, None, True):
        assert refused(original).detail == "this must be an object"


@pytest.mark.parametrize("name", ["actor", "verb", "object"])
def test_a_statement_needs_actor_verb_and_object(name: str) -> None:
    found = refused({key: value for key, value in simple().items() if key != name})
    assert found.detail == f"{name} is missing"
    assert found.id == "fd41c918-b88b-4b20-a0a5-a4c32391aaa0"


def test_null_is_no_value_but_inside_of_extensions() -> None:
    assert refused(simple() | {"result": None}).place == "result"
    assert refused(simple(actor={"mbox": "mailto:a@b.example", "name": None})).place == "actor.name"
    claim(simple(result={"extensions": {"http://example.com/x": None}}))


def test_an_unknown_property_is_refused_and_one_in_the_wrong_case_told_apart() -> None:
    assert "no property foo here" in refused(simple() | {"foo": 1}).detail
    assert refused(simple() | {"Result": {}}).detail.startswith("Result is written result")
    assert refused(simple(result={"Success": True})).place == "result"


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"id": "no-uuid"}, "id"),
        ({"id": "MA97B177-9383-4934-8543-0F91A7A02836"}, "id"),
        ({"id": 7}, "id"),
        ({"verb": {"id": "passed"}}, "verb.id"),
        ({"verb": {"id": "http://x.example/a b"}}, "verb.id"),
        ({"verb": {"id": "http://x.example/", "display": {"not a language": "x"}}}, "verb.display"),
        ({"object": {"id": "course/7"}}, "object.id"),
        ({"object": {"objectType": "activity", "id": "http://x.example/"}}, "object.objectType"),
        ({"object": {"objectType": "StatementRef", "id": "7"}}, "object.id"),
        ({"object": {"objectType": "Agent"}}, "object"),
        ({"actor": {"objectType": "Agent"}}, "actor"),
        ({"actor": {"mbox": "user@example.com"}}, "actor.mbox"),
        ({"actor": {"mbox": "mailto:a@b.example", "openid": "http://a.example"}}, "actor"),
        ({"actor": {"mbox_sha1sum": "ebd31"}}, "actor.mbox_sha1sum"),
        ({"actor": {"account": {"homePage": "http://a.example"}}}, "actor.account"),
        ({"actor": {"account": {"homePage": "www.a.example", "name": "7"}}}, "actor.account.homePage"),
        ({"actor": {"objectType": "Group"}}, "actor"),
        ({"actor": {"objectType": "Group", "member": [{"objectType": "Group", "member": []}]}}, "actor.member[0]"),
        ({"result": {"success": "true"}}, "result.success"),
        ({"result": {"completion": 1}}, "result.completion"),
        ({"result": {"score": {"scaled": "0.95"}}}, "result.score.scaled"),
        ({"result": {"score": {"scaled": True}}}, "result.score.scaled"),
        ({"result": {"score": {"percent": 95}}}, "result.score"),
        ({"result": {"duration": "30 minutes"}}, "result.duration"),
        ({"result": {"duration": "P4W1D"}}, "result.duration"),
        ({"result": {"extensions": {"progress": 100}}}, "result.extensions"),
        ({"context": {"registration": "7"}}, "context.registration"),
        ({"context": {"language": "en_US"}}, "context.language"),
        ({"context": {"team": {"mbox": "mailto:a@b.example"}}}, "context.team.objectType"),
        ({"context": {"contextActivities": {"parents": []}}}, "context.contextActivities"),
        ({"context": {"contextActivities": {"parent": [{"id": "x"}]}}}, "context.contextActivities.parent[0].id"),
        ({"context": {"statement": {"id": "8f87ccde-bb56-4c2e-ab83-44982ef22df0"}}}, "context.statement.objectType"),
        ({"context": {"contextAgents": [{"objectType": "agent"}]}}, "context.contextAgents[0].objectType"),
        ({"timestamp": "01/011/2015"}, "timestamp"),
        ({"timestamp": "2015-11-18"}, "timestamp"),
        ({"timestamp": 1447849020}, "timestamp"),
        ({"timestamp": "2008-09-15T15:53:00.601-00:00"}, "timestamp"),
        ({"timestamp": "2008-09-15T15:53:00.601-0000"}, "timestamp"),
        ({"timestamp": "2008-09-15T15:53:00.601-00"}, "timestamp"),
        ({"timestamp": "1015-11-18T12:17:00Z"}, "timestamp"),
        ({"timestamp": None}, "timestamp"),
        ({"version": "0.95"}, "version"),
        ({"version": "1.1.0"}, "version"),
        ({"authority": {"objectType": "Group", "member": [{"mbox": "mailto:a@b.example"}]}}, "authority"),
        ({"attachments": [{"usageType": "x"}]}, "attachments[0].usageType"),
    ],
)
def test_each_wrong_value_is_refused_with_its_place(changed: dict[str, Any], place: str) -> None:
    assert refused(simple(**changed)).place == place


def test_only_a_statement_about_an_activity_has_a_revision_or_a_platform() -> None:
    claim(simple(context={"revision": "1", "platform": "LMS"}))
    assert refused(simple(object={"objectType": "Agent", "mbox": "mailto:a@b.example"}, context={"platform": "LMS"})).place == (
        "context.platform"
    )


def test_interactions_are_what_the_specification_lists() -> None:
    claim(of({"interactionType": "choice", "correctResponsesPattern": ["a[,]b"], "choices": COMPONENTS}))
    assert refused(of({"interactionType": "Choice"})).place == "object.definition.interactionType"
    assert refused(of({"choices": COMPONENTS})).detail == "interactionType is missing"
    assert "must differ" in refused(of({"interactionType": "choice", "choices": [{"id": "a"}, {"id": "a"}]})).detail


def test_a_statement_within_a_statement_is_checked_like_one() -> None:
    within = {"objectType": "SubStatement"} | {k: v for k, v in simple().items() if k in ("actor", "verb", "object")}
    said(simple(object=within))
    assert refused(simple(object=within | {"id": "fd41c918-b88b-4b20-a0a5-a4c32391aaa0"})).place == "object"
    assert refused(simple(object=within | {"verb": {"id": "x"}})).place == "object.verb.id"
    assert "no SubStatement of its own" in refused(simple(object=within | {"object": within})).detail


def test_timestamps_are_moments_whatever_their_offset() -> None:
    at = datetime(2015, 11, 18, 12, 17, tzinfo=UTC)
    for written in ("2015-11-18T12:17:00Z", "2015-11-18T13:17:00+01:00", "2015-11-18T13:17:00.000+0100", "20151118T121700Z"):
        assert claim(simple(timestamp=written)).time == at
    assert claim(simple(timestamp="2015-11-18T12:17:00.1234567Z")).time.microsecond == 123456


def test_a_timestamp_without_an_offset_is_refused_unless_the_source_says_where_its_clock_is() -> None:
    local = simple(timestamp="2015-07-18T14:17:00")
    assert "without an offset" in refused(local).detail
    assert claim(local, source(time_zone="Europe/Paris")).time == datetime(2015, 7, 18, 12, 17, tzinfo=UTC)


def test_without_a_timestamp_the_time_of_the_store_counts() -> None:
    assert claim(simple(timestamp=None, stored="2015-11-18T12:17:00Z")).time == datetime(2015, 11, 18, 12, 17, tzinfo=UTC)


def test_ids_are_the_same_in_small_and_in_large_letters() -> None:
    assert claim(simple(id="FD41C918-B88B-4B20-A0A5-A4C32391AAA0")) == claim(simple())


def test_a_statement_without_an_id_is_known_by_what_it_says() -> None:
    first, again = claim(simple(id=None)), claim(simple(id=None, stored="2015-11-18T12:18:00Z", version="1.0.0"))
    assert first.id == again.id
    assert claim(simple(id=None, timestamp="2015-11-18T12:17:01Z")).id != first.id


def test_the_agents_and_groups_of_version_2_are_understood() -> None:
    agent = {"objectType": "contextAgent", "agent": {"mbox": "mailto:a@b.example"}, "relevantTypes": ["https://x.example/t"]}
    group = {"objectType": "contextGroup", "group": {"objectType": "Group", "mbox": "mailto:t@b.example"}}
    claim(simple(version="2.0.0", context={"contextAgents": [agent], "contextGroups": [group]}))
    assert "at least one" in refused(simple(context={"contextAgents": [agent | {"relevantTypes": []}]})).detail
