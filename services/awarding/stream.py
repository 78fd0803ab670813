"""Events in: which decision is made about which verdict, request, expiry or shared identity."""

from __future__ import annotations

from functools import partial

from services.awarding.documents import from_document, to_document
from services.awarding.domain.decisions import (
    award_requested,
    expiry_fell_due,
    fell_due,
    identity_shared,
    learner_erased,
    next_due,
    reissue_requested,
    revise,
    revocation_requested,
    verdict_reached,
)
from services.awarding.domain.ids import PublicIds
from services.awarding.domain.issuing import Issuing, issue
from services.awarding.domain.record import Record
from services.awarding.domain.rules import Rules, rules_of
from shared.events.assessment import LearnerErased, VerdictReached
from shared.events.awarding import AwardRequested, ExpiryFellDue, ReissueRequested, RevocationRequested
from shared.events.notifications import IdentityShared
from shared.stream import Flow
from shared.topics import AWARDS, IDENTITIES, VERDICTS


def flow(ids: PublicIds, issuing: Issuing | None = None) -> Flow[Record, Rules]:
    """Without `issuing` awards are decided and no credentials issued; they can be later (`services.awarding.reissue`)."""
    return Flow(
        service="awarding",
        reads=VERDICTS,
        beside=IDENTITIES,
        number=None if issuing is None else partial(issue, issuing=issuing),
        says=AWARDS,
        table={
            VerdictReached: verdict_reached,
            AwardRequested: award_requested,
            RevocationRequested: revocation_requested,
            ExpiryFellDue: expiry_fell_due,
            ReissueRequested: reissue_requested,
            IdentityShared: identity_shared,
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
