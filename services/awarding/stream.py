"""Events in: which decision is made about which verdict, request or expiry."""

from __future__ import annotations

from functools import partial

from services.awarding.documents import from_document, to_document
from services.awarding.domain.decisions import (
    award_requested,
    expiry_fell_due,
    fell_due,
    learner_erased,
    next_due,
    revise,
    revocation_requested,
    verdict_reached,
)
from services.awarding.domain.ids import PublicIds
from services.awarding.domain.record import Record
from services.awarding.domain.rules import Rules, rules_of
from shared.events.assessment import LearnerErased, VerdictReached
from shared.events.awarding import AwardRequested, ExpiryFellDue, RevocationRequested
from shared.stream import Flow
from shared.topics import AWARDS, VERDICTS


def flow(ids: PublicIds) -> Flow[Record, Rules]:
    return Flow(
        service="awarding",
        reads=VERDICTS,
        says=AWARDS,
        table={
            VerdictReached: verdict_reached,
            AwardRequested: award_requested,
            RevocationRequested: revocation_requested,
            ExpiryFellDue: expiry_fell_due,
            LearnerErased: learner_erased,
        },
        blank=Record,
        to_document=to_document,
        from_document=from_document,
        rules=partial(rules_of, ids=ids),
        revise=revise,
        next_due=next_due,
        fell_due=fell_due,
    )
