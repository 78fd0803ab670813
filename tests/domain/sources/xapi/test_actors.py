"""Who a statement is about, and who not."""

from __future__ import annotations

from hashlib import sha1
from typing import Any

import pytest

from services.assessment.sources.claims import Name, TakenBack, Wrong
from tests.domain.sources.xapi.examples import claim, nothing, said, simple

TEACHER = {"objectType": "Agent", "mbox": "mailto:teacher@example.com"}
MEMBERS = [{"mbox": "mailto:a@example.com"}, {"mbox": "mailto:b@example.com"}]


def test_each_of_the_four_identifiers_names_a_learner() -> None:
    names = {
        ("mbox", "Ana@example.com"): {"mbox": "mailto:Ana@EXAMPLE.com"},
        ("mbox_sha1sum", "ebd31e95054c018b10727ccffd2ef2ec3a016ee9"): {
            "mbox_sha1sum": "EBD31E95054C018B10727CCFFD2EF2EC3A016EE9"
        },
        ("openid", "http://toby.openid.example.org/"): {"openid": "http://toby.openid.example.org/"},
        ("account:http://www.example.com", "13936749"): {"account": {"homePage": "http://www.example.com", "name": "13936749"}},
    }
    for (kind, value), actor in names.items():
        assert claim(simple(actor=actor)).names[0] == Name(kind, value)


def test_an_address_is_known_by_its_hash_as_well() -> None:
    hashed = sha1(b"mailto:ana@example.com", usedforsecurity=False).hexdigest()
    assert Name("mbox_sha1sum", hashed) in claim(simple(actor={"mbox": "mailto:ana@example.com"})).names


def test_the_learner_is_the_actor_and_nobody_else_who_is_mentioned() -> None:
    context: dict[str, Any] = {"instructor": TEACHER, "team": {"objectType": "Group", "member": MEMBERS}}
    context["contextAgents"] = [{"objectType": "contextAgent", "agent": TEACHER}]
    found = claim(simple(context=context, authority=TEACHER))
    assert found.names[0] == Name("mbox", "user@example.com")
    assert all("teacher" not in name.value for name in found.names)


def test_a_group_is_refused_with_what_would_be_right() -> None:
    identified = {"objectType": "Group", "mbox": "mailto:team@example.com"}
    for group in (identified, identified | {"member": MEMBERS}, {"objectType": "Group", "member": MEMBERS}):
        with pytest.raises(Wrong, match="a statement for each of its members") as refused:
            said(simple(actor=group))
        assert refused.value.place == "actor"


@pytest.mark.parametrize(
    "about",
    [
        {"objectType": "Agent", "mbox": "mailto:ben@example.com"},
        {"objectType": "Group", "member": MEMBERS},
        {"objectType": "StatementRef", "id": "8f87ccde-bb56-4c2e-ab83-44982ef22df0"},
        {"objectType": "SubStatement", **{k: v for k, v in simple("passed").items() if k in ("actor", "verb", "object")}},
    ],
)
def test_what_is_done_to_people_and_to_statements_is_no_completion(about: dict[str, Any]) -> None:
    assert nothing(simple("passed", object=about)) == "its object is no activity"


def test_a_voided_statement_takes_back_what_it_names_whoever_voids_it() -> None:
    gone = "E05AA883-ACAF-40AD-BF54-02C8CE485FB0"
    for actor in ({"mbox": "mailto:admin@example.adlnet.gov"}, {"objectType": "Group", "member": MEMBERS}):
        found = claim(simple("voided", actor=actor, object={"objectType": "StatementRef", "id": gone}))
        assert found.said == TakenBack(gone.lower())
        assert (found.names, found.activity) == ((), None)
        assert found.id == "fd41c918-b88b-4b20-a0a5-a4c32391aaa0"


def test_voiding_what_is_no_statement_is_refused() -> None:
    with pytest.raises(Wrong, match="named by a StatementRef"):
        said(simple("voided"))


def test_no_refusal_repeats_an_address_or_a_name() -> None:
    wrongs: list[dict[str, Any]] = [
        {"actor": {"mbox": "ana@example.com"}},
        {"actor": {"mbox": "mailto:ana@example.com", "openid": "http://ana.example"}},
        {"actor": {"mbox": "mailto:ana@example.com", "ana@example.com": 1}},
        {"actor": {"account": {"homePage": "ana", "name": "ana"}}},
        {"actor": {"objectType": "Group", "name": "ana", "mbox": "mailto:ana@example.com"}},
        {"actor": {"name": "ana"}},
        {"context": {"extensions": {"ana": 1}}},
    ]
    for changed in wrongs:
        with pytest.raises(Wrong) as refused:
            said(simple(**changed))
        assert "ana" not in str(refused.value)
