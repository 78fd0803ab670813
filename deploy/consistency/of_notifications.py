"""From awards to inboxes and deliveries: pure."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.consistency.differences import Difference
from deploy.consistency.kept import Kept
from deploy.consistency.rules import Done, Rules
from deploy.consistency.topics import Of
from services.notifications.domain.telling import INBOX, Told
from services.notifications.stream import FLOW
from shared.decisions import Put
from shared.events.assessment import LearnerErased


def told(kept: Kept, of: Of, rules: Rules, done: Done) -> Iterator[Difference]:
    """Each fact that tells something is one message, numbered in order, and one delivery; submissions' are left aside."""
    known = Told(kept.learner)
    messages: set[str] = set()
    deliveries: set[str] = set()
    for stated in of.awards:
        decide = FLOW.table.get(type(stated.fact))
        if stated.offset >= done.awards or decide is None:
            continue
        decided = decide(known, stated.event("cairn/awarding"), rules.names)
        if isinstance(stated.fact, LearnerErased) and decided.record is not known:
            messages.clear()
            deliveries.clear()
        assert decided.record is not None
        known = decided.record
        for write in decided.writes:
            if isinstance(write, Put):
                (messages if write.collection == INBOX else deliveries).add(write.document["_id"])
    of_submissions = {id_ for id_, message in kept.inbox.items() if "submission" in message}
    for kind, expected, found in (("inboxes", messages, kept.inbox), ("deliveries", deliveries, kept.deliveries)):
        for id_ in sorted(expected - found.keys()):
            yield Difference(f"facts to {kind}", kept.learner, id_, "nothing", "a message" if kind == "inboxes" else "a delivery")
        for id_ in sorted(found.keys() - expected - of_submissions):
            if "submission" not in found[id_].get("data", {}):
                yield Difference(f"facts to {kind}", kept.learner, id_, str(found[id_]["kind"]), "nothing")
    numbers = sorted(message["number"] for message in kept.inbox.values())
    if numbers != list(range(1, len(numbers) + 1)):
        yield Difference("facts to inboxes", kept.learner, "numbers", str(numbers), f"1 to {len(numbers)}")
