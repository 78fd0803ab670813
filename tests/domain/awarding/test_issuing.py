"""When a credential is issued, issued again, suspended and revoked."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.awarding.documents import from_document, to_document
from services.awarding.domain.issuing import Issuing, issue
from shared.decisions import Decided, Writer
from shared.events.assessment import LearnerErased
from shared.events.awarding import CredentialIssued
from shared.events.catalog import AchievementPublished, Endorsement
from shared.events.envelope import Cause
from tests.domain.awarding.issued import ISSUING, NOW, Holder, seconds
from tests.domain.awarding.scene import IDS, achievement, day, event, holds, part, passed, stack, verdict


def test_an_award_is_issued_once_with_all_that_it_does_not_determine() -> None:
    ada = Holder(achievement("a"))
    ada.apply(passed("a", 3))
    (fact,) = ada.editions()
    award = ada.award("a").id
    assert fact.credential == IDS.credential(award)
    assert (fact.award, fact.award_revision, fact.version, fact.issuer) == (award, 1, 1, "uni")
    assert (fact.signed_with, fact.jwt_signed_with) == ("ed-uni", "rsa-uni")
    assert (fact.profile, fact.contexts) == ("profile of uni", "c" * 64)
    assert (fact.valid_from, fact.created) == (day(3), NOW)
    assert (fact.status.purpose, fact.status.list) == ("revocation", "uni-r-2-0")
    assert fact.cause.kind == "completion"
    ada.apply(passed("a", 3))
    assert len(ada.editions()) == 1
    ada.agrees()


def test_what_is_awarded_of_a_later_time_than_the_clocks_is_valid_from_now() -> None:
    ada = Holder(achievement("a"))
    ada.now = day(2) + timedelta(microseconds=700)
    ada.apply(passed("a", 3))
    assert ada.editions()[0].valid_from == day(2)


def test_a_correction_of_the_awarded_date_makes_a_strictly_newer_edition() -> None:
    ada = Holder(achievement("a"))
    ada.apply(verdict("a", part(5)))
    first = ada.issued("a")
    ada.apply(verdict("a", part(2), revision=2))
    second = ada.issued("a")
    assert (second.edition, second.awarded_at, second.index) == (2, day(2), first.index)
    assert ada.editions()[-1].valid_from == NOW
    ada.agrees()


def test_editions_in_the_same_second_are_a_second_apart() -> None:
    ada = Holder(achievement("a"))
    ada.apply(passed("a", 3))
    for revision in (1, 2, 3):
        ada.share(revision)
    assert [fact.valid_from for fact in ada.editions()] == [day(3), NOW, seconds(NOW, 1), seconds(NOW, 2)]


def test_a_renewal_is_a_new_edition_of_the_same_credential() -> None:
    ada = Holder(achievement("a", valid_for="P20D"))
    ada.apply(verdict("a", part(3)))
    ada.apply(verdict("a", part(3, again=[10]), revision=2))
    first, second = ada.editions()
    assert (first.credential, first.status) == (second.credential, second.status)
    assert ada.issued("a").valid_until == day(30)
    ada.agrees()


def test_notice_of_the_end_and_the_end_itself_issue_nothing() -> None:
    ada = Holder(achievement("a", valid_for="P20D"))
    ada.apply(passed("a", 3))
    ada.pass_time(13, ada.award("a").id)
    ada.pass_time(30)
    assert ada.held() == {"a": "expired"}
    assert len(ada.editions()) == 1
    ada.agrees()


def test_suspending_and_restoring_sets_and_clears_one_place() -> None:
    ada = Holder(achievement("a", when_withdrawn="suspend"))
    ada.apply(verdict("a", part(3)))
    assert ada.issued("a").list == "uni-s-2-0"
    ada.apply(verdict("a", part(3, (5, None)), revision=2))
    assert ada.is_set("a")
    ada.apply(verdict("a", part(3, (5, None), (7, 3)), revision=3))
    assert not ada.is_set("a")
    assert len(ada.editions()) == 1
    ada.agrees()


def test_a_revoked_award_gets_no_further_edition() -> None:
    ada = Holder(achievement("a"))
    ada.apply(passed("a", 3))
    ada.revoke("a", on=5)
    assert ada.is_set("a")
    ada.share(1)
    ada.with_keys(unusable={"ed-uni"}, keys_of=lambda unit: ("new", None))
    ada.ask_again(ada.award("a").id)
    assert len(ada.editions()) == 1
    ada.agrees()


def test_a_revocation_that_is_taken_back_gives_the_credential_another_place() -> None:
    ada = Holder(achievement("a"))
    ada.apply(verdict("a", part(3)))
    ada.apply(verdict("a", part(3, (5, None)), revision=2))
    before = ada.issued("a")
    assert ada.is_set("a")
    ada.apply(verdict("a", part(3), revision=3))
    after = ada.issued("a")
    assert after.edition == 2
    assert after.index != before.index
    assert not ada.is_set("a")
    assert ada.bits[before.list, before.index]
    ada.agrees()


def test_what_is_earned_again_after_a_revocation_is_another_credential() -> None:
    ada = Holder(achievement("a"))
    ada.apply(verdict("a", part(3)))
    ada.apply(verdict("a", part(3, (5, None), (8, 8)), revision=2))
    assert ada.held() == {"a": "valid"}
    assert len({fact.credential for fact in ada.editions()}) == 2
    ada.agrees()


def test_a_level_that_can_be_suspended_through_its_parts_is_on_a_list_of_suspensions() -> None:
    published = [
        achievement("a", when_withdrawn="suspend"),
        achievement("b"),
        stack("s", {"low": holds("a"), "high": holds("s.low")}),
        stack("t", {"low": holds("b")}),
    ]
    ada = Holder(*published)
    ada.apply(passed("a", 3), passed("b", 3))
    purposes = {fact.achievement: fact.status.purpose for fact in ada.editions()}
    expected = {"a": "suspension", "b": "revocation", "s.low": "suspension", "s.high": "suspension", "t.low": "revocation"}
    assert purposes == expected
    ada.agrees()


def test_reaching_a_higher_level_leaves_the_lower_ones_credential_as_it_is() -> None:
    ada = Holder(achievement("a"), achievement("b"), stack("s", {"low": holds("a"), "high": holds("b")}))
    ada.apply(passed("a", 3), passed("b", 4))
    assert [fact.revision for fact in ada.editions("s.low")] == [1]
    assert [fact.revision for fact in ada.editions("s.high")] == [1]
    assert not ada.is_set("s.low")


def test_credentials_say_what_the_learner_shares_from_its_newest_revision_on() -> None:
    ada = Holder(achievement("a"), achievement("b"))
    ada.apply(passed("a", 3))
    ada.share(2)
    assert ada.share(1) == ()
    ada.apply(passed("b", 4))
    assert [fact.identity for fact in ada.editions()] == [None, 2, 2]
    assert ada.identities["ada"]["revision"] == 2
    ada.share(3, sealed=None)
    assert [fact.identity for fact in ada.editions()[3:]] == [None, None]
    assert ada.identities == {}
    assert ada.share(4, sealed=None) == ()
    ada.agrees()


def test_what_a_key_signed_that_cannot_be_relied_on_is_issued_again_and_only_that() -> None:
    ada = Holder(achievement("a"), achievement("b", issuer="guild"))
    ada.apply(passed("a", 3), passed("b", 3))
    ada.with_keys(unusable={"rsa-uni"}, keys_of=lambda unit: (f"new-{unit}", None))
    for achievement_ in ("a", "b", "a"):
        ada.ask_again(ada.award(achievement_).id)
    assert [(fact.achievement, fact.signed_with) for fact in ada.editions()[2:]] == [("a", "new-uni")]
    ada.agrees()


def test_no_edition_is_signed_with_a_key_that_cannot_be_relied_on() -> None:
    ada = Holder(achievement("a"))
    ada.with_keys(unusable={"ed-uni"})
    assert [type(fact) for fact in ada.apply(passed("a", 3))] != []
    assert ada.editions() == []
    assert ada.numbers == {}


def test_what_was_awarded_before_anything_was_issued_is_issued_when_asked_for() -> None:
    ada = Holder(
        achievement("a", when_withdrawn="suspend", valid_for="P50D"), issuing=replace(ISSUING, keys_of=lambda unit: None)
    )
    ada.apply(verdict("a", part(3)))
    ada.apply(verdict("a", part(3, (5, None)), revision=2))
    assert ada.editions() == []
    ada.with_keys(keys_of=ISSUING.keys_of)
    ada.ask_again(ada.award("a").id)
    ada.ask_again(ada.award("a").id)
    assert [fact.cause.kind for fact in ada.editions()] == ["decision"]
    assert ada.is_set("a")
    ada.agrees()


def test_an_expired_award_that_is_issued_again_is_not_dated_after_its_end() -> None:
    ada = Holder(achievement("a", valid_for="P20D"))
    ada.apply(passed("a", 3))
    ada.pass_time(40)
    ada.with_keys(unusable={"ed-uni"}, keys_of=lambda unit: ("new", None))
    ada.ask_again(ada.award("a").id)
    assert ada.editions()[-1].valid_from == seconds(day(3), 1)


def test_endorsements_with_a_proof_of_their_own_that_have_not_expired_are_in_it() -> None:
    published = achievement("a").model_copy(
        update={
            "endorsements": tuple(
                Endorsement(digest=letter * 64, by="did:web:guild.example", name="Guild", credential=text, valid_until=until)
                for letter, text, until in (
                    ("c", '{"id": 1}', None),
                    ("a", '{"id": 2}', NOW + timedelta(days=1)),
                    ("b", "ey.ey.x", None),
                    ("d", '{"id": 3}', NOW - timedelta(days=1)),
                )
            )
        }
    )
    assert isinstance(published, AchievementPublished)
    ada = Holder(published)
    ada.apply(passed("a", 3))
    assert ada.editions()[0].endorsements == ("a" * 64, "c" * 64)


def test_an_erasure_leaves_no_credential_and_gives_no_place_again() -> None:
    ada = Holder(achievement("a"))
    ada.apply(passed("a", 3))
    ada.share(1)
    first, numbers = ada.issued("a"), dict(ada.numbers)
    ada.apply(event(LearnerErased(learner="ada", revision=1, cause=Cause(kind="erasure", id="x", time=day(60))), day(60)))
    assert (ada.documents, ada.identities, ada.record.credentials, ada.record.identity) == ({}, {}, {}, None)
    assert ada.numbers == numbers
    assert ada.share(5) == ()
    ada.apply(passed("a", 70))
    assert ada.issued("a").index != first.index
    assert ada.editions()[-1].identity is None


def test_nothing_but_what_happens_to_awards_moves_a_number() -> None:
    ada = Holder(achievement("a"))
    same = Decided(ada.record)
    writer = Writer(1, NOW, {"places of uni-r": 4})
    about = event(passed("a", 3), day(3))
    assert issue(ada.record, same, about, writer, ada.rules, issuing=ISSUING) == (same, writer.numbers)


@pytest.mark.parametrize("issuing", [ISSUING, replace(ISSUING, keys_of=lambda unit: ("k", None))])
def test_records_keep_what_was_issued_and_older_ones_read_as_unissued(issuing: Issuing) -> None:
    ada = Holder(achievement("a", valid_for="P20D"), issuing=issuing)
    ada.apply(passed("a", 3))
    ada.share(1)
    document = to_document(ada.record)
    assert from_document("ada", document) == ada.record
    without = replace(ada.record, credentials={}, identity=None)
    assert from_document("ada", to_document(without)) == without
    assert isinstance(ada.facts[-1], CredentialIssued)
