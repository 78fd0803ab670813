"""The demonstration's cohort is the same each time, and as untidy as real ones."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from functools import cache
from itertools import pairwise

from deploy.demo.cohort import LEARNERS, Cohort, cohort
from deploy.demo.documents import FIRST, documents
from deploy.demo.people import DOMAIN, FAMILY, GIVEN
from services.notifications.api import ManyContacts
from shared.events.completions import CompletionReported, CompletionRetracted
from shared.events.envelope import Envelope, read_envelope


@cache
def whole() -> Cohort:
    return cohort()


def reports() -> list[tuple[Envelope, CompletionReported]]:
    """Each report once."""
    once = {(envelope.source, envelope.id): envelope for _, envelope in whole().completions}
    return [
        (envelope, CompletionReported.model_validate_json(envelope.data))
        for envelope in once.values()
        if envelope.type == CompletionReported.TYPE
    ]


def retractions() -> list[tuple[Envelope, CompletionRetracted]]:
    return [
        (envelope, CompletionRetracted.model_validate_json(envelope.data))
        for _, envelope in whole().completions
        if envelope.type == CompletionRetracted.TYPE
    ]


def test_the_same_seed_gives_the_same_cohort_and_another_one_another() -> None:
    assert cohort(seed=5, learners=40) == cohort(seed=5, learners=40)
    assert cohort(seed=5, learners=40) != cohort(seed=6, learners=40)


def test_it_has_some_ten_thousand_completions_over_two_years() -> None:
    times = [envelope.time for _, envelope in whole().completions]
    assert len(whole().people) == LEARNERS
    assert 9_000 < len(times) < 11_000
    assert 650 < (max(times) - min(times)).days < 760


def test_completions_are_sent_in_the_order_of_time_but_for_what_is_sent_twice() -> None:
    seen: set[tuple[str, str]] = set()
    first = []
    for _, envelope in whole().completions:
        if (envelope.source, envelope.id) not in seen:
            first.append(envelope.time)
        seen.add((envelope.source, envelope.id))
    assert all(earlier <= later for earlier, later in pairwise(first))


def test_what_is_sent_twice_is_the_same_to_the_byte() -> None:
    by_id = defaultdict(list)
    for _, envelope in whole().completions:
        by_id[envelope.source, envelope.id].append(envelope)
    repeated = [same for same in by_id.values() if len(same) > 1]
    assert len(repeated) > 100
    assert all(len(set(same)) == 1 for same in repeated)


def test_every_completion_can_be_read_and_is_keyed_by_its_learner() -> None:
    for learner, envelope in whole().completions:
        again = read_envelope([(name, value) for name, value in envelope.headers()], envelope.data)
        assert again == envelope
        assert json.loads(envelope.data)["learner"] == learner


def test_there_are_retakes_regrades_corrections_and_retractions() -> None:
    attempts = Counter((report.learner, report.activity, report.attempt) for _, report in reports() if report.corrects is None)
    assert sum(report.attempt > 1 for _, report in reports()) > 100
    assert sum(number > 1 for number in attempts.values()) > 50
    assert sum(report.corrects is not None for _, report in reports()) > 50
    assert len(retractions()) > 20


def test_a_correction_or_retraction_names_an_earlier_report_of_the_same_learner_and_source() -> None:
    known = {(envelope.source, envelope.id): (report.learner, envelope.time) for envelope, report in reports()}
    changes = [(envelope, report.learner, report.corrects) for envelope, report in reports() if report.corrects is not None]
    changes += [(envelope, retraction.learner, retraction.retracts) for envelope, retraction in retractions()]
    for envelope, learner, about in changes:
        whose, when = known[envelope.source, about]
        assert whose == learner
        assert when < envelope.time


def test_every_activity_of_the_catalog_is_met_by_somebody() -> None:
    asked = _activities(documents(FIRST))
    reported = {report.activity for _, report in reports()}
    assert asked <= reported


def _activities(value: object) -> set[str]:
    if isinstance(value, dict):
        own = {value["activity"]} if "activity" in value else set()
        return own.union(*map(_activities, value.values()))
    return set().union(*map(_activities, value)) if isinstance(value, list) else set()


def test_the_contact_book_takes_everybody_and_no_two_share_an_address() -> None:
    everybody = whole().people
    for start in range(0, len(everybody), 1_000):
        ManyContacts.model_validate({"contacts": [person.contact() for person in everybody[start : start + 1_000]]})
    assert len({person.address for person in everybody}) == len({person.learner for person in everybody}) == LEARNERS


def test_no_completion_says_who_somebody_is() -> None:
    for person in whole().people:
        assert not any(part.lower() in person.learner for part in person.name.split())
    said = b" ".join(envelope.data + envelope.id.encode() for _, envelope in whole().completions).lower()
    assert DOMAIN.encode() not in said
    for name in (*GIVEN, *FAMILY):
        assert not re.search(rb"\b" + name.lower().encode() + rb"\b", said)


def test_the_story_is_of_a_learner_of_the_cohort() -> None:
    assert whole().story in {person.learner for person in whole().people}
    own = [envelope for learner, envelope in whole().completions if learner == whole().story]
    assert len(own) > 20
