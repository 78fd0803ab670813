"""Events in: which decision is made about which fact of awards and submissions, and about what learners share of who they are."""

from __future__ import annotations

from typing import Final

from services.notifications.domain.identity import identity_sharing_requested
from services.notifications.domain.names import Names, names_of
from services.notifications.domain.telling import KINDS, STEPS, Told, forget, tell_of_award, tell_of_submission, tell_of_upgrade
from services.notifications.store import told_from_document, told_to_document
from shared.events.assessment import LearnerErased
from shared.events.awarding import StackUpgraded
from shared.events.notifications import IdentitySharingRequested
from shared.stream import Flow
from shared.topics import AWARDS, IDENTITIES, SUBMISSIONS

FLOW: Final[Flow[Told, Names]] = Flow(
    service="notifications",
    reads=AWARDS,
    beside=SUBMISSIONS,
    says=IDENTITIES,
    table={
        **dict.fromkeys(KINDS, tell_of_award),
        **dict.fromkeys(STEPS, tell_of_submission),
        StackUpgraded: tell_of_upgrade,
        IdentitySharingRequested: identity_sharing_requested,
        LearnerErased: forget,
    },
    blank=Told,
    to_document=told_to_document,
    from_document=told_from_document,
    rules=names_of,
)
