"""The archive of entries and decisions is all that assessment's records and verdicts are made of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.assessment.domain.record import Record
from services.assessment.replay.archived import Kept, kept
from services.assessment.replay.rebuilding import Told, digest_of, rebuilt, record_of
from shared.decisions import Put
from shared.events.envelope import Cause
from tests.domain.assessment.stories import LEARNER, Learner, completion, day, decide, published
from tests.domain.assessment.test_order_of_arrival import catalogs, histories


class Archiving(Learner):
    """A learner whose entries and decisions are kept."""

    def __init__(self, *publications: Any) -> None:
        super().__init__(*publications)
        self.documents: list[dict[str, Any]] = []

    def lives(self, *events: Any) -> Archiving:
        for said in events:
            decided = decide(self.record, said, self.rules)
            self.documents += [
                one.document for one in decided.writes if isinstance(one, Put) and one.collection in ("entries", "decisions")
            ]
            self.take(decided)
        return self

    def told(self) -> dict[str, Told]:
        """As it stands on the topic."""
        return {
            one.achievement: Told(one.revision, digest_of(one), one.cause, number) for number, one in enumerate(self.verdicts)
        }

    def archive(self) -> Kept:
        return kept(self.documents)


def comparable(record: Record) -> Record:
    """Nobody records in which order entries arrived, nor that nothing was said."""
    return replace(
        record,
        activities={activity: tuple(sorted(entries)) for activity, entries in record.activities.items()},
        named={key: tuple(sorted(by)) for key, by in record.named.items()},
    )


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_record_rebuilt_from_the_archive_is_what_it_was_in_whatever_order_it_came_about(data: st.DataObject) -> None:
    catalog = data.draw(catalogs())
    events = data.draw(st.permutations(data.draw(histories(catalog))))
    known = data.draw(st.integers(0, len(events)))
    ada = Archiving(*catalog[:1]).lives(*events[:known])
    ada.learns_of(*catalog)
    ada.lives(*events[known:])

    again = rebuilt(record_of(LEARNER, ada.archive(), None, 0), ada.archive(), ada.told(), ada.rules)

    assert again.unsaid == frozenset()
    assert comparable(again.record) == comparable(ada.record)
    assert {one.achievement: (one.id, one.cause, digest_of(one)) for one in again.verdicts} == {
        one.achievement: (one.id, one.cause, digest_of(one)) for one in ada.verdicts
    }


def test_a_verdict_that_was_never_said_is_the_next_and_is_to_be_said() -> None:
    catalog = published({"activity": "a", "passed": True})
    ada = Archiving(catalog).lives(completion("e1", 1))
    before = ada.told()
    ada.lives(completion("c1", 2, status="failed", corrects="e1"))
    again = rebuilt(record_of(LEARNER, ada.archive(), None, 0), ada.archive(), before, ada.rules)
    (verdict,) = again.verdicts
    assert again.unsaid == {"x"}
    assert (verdict.revision, verdict.met, verdict.cause) == (
        2,
        False,
        Cause(kind="completion", id="c1", source="urn:test:lms", time=day(2)),
    )
    assert again.record.said == ada.record.said


def test_what_was_before_an_erasure_is_not_rebuilt() -> None:
    ada = Archiving(published({"activity": "a", "passed": True})).lives(completion("e1", 1), completion("e2", 8, "b"))
    archive = ada.archive().after(day(5))
    assert [entry.id for entry in archive.entries] == ["e2"]
    assert rebuilt(record_of(LEARNER, archive, None, 7), archive, {}, ada.rules).verdicts == ()


def test_decisions_from_before_their_source_was_kept_are_rebuilt_as_they_were() -> None:
    from tests.domain.assessment.stories import waiver, withdrawal

    ada = Archiving(published({"activity": "a", "passed": True})).lives(waiver("d1", 1), withdrawal("w1", 3, "d1"))
    old = [{name: value for name, value in one.items() if name not in ("source", "digest")} for one in ada.documents]
    found = kept(old)
    assert [(one.id, one.source, one.time) for one in found.decisions] == [("d1", "cairn/assessment", day(1))]
    assert [(one.id, one.decision) for one in found.withdrawals] == [("w1", "d1")]
