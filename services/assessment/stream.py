"""Events in: which decision is made about which completion or request."""

from __future__ import annotations

from typing import Final

from services.assessment.domain.fold import erase, report, retract, revise, substitute, waive, withdraw
from services.assessment.domain.record import Record
from services.assessment.domain.rules import Rules, rules
from services.assessment.store import READINGS, from_document, to_document
from shared.events.assessment import DecisionWithdrawn, ErasureRequested, LeafSubstituted, LeafWaived
from shared.events.completions import CompletionReported, CompletionRetracted
from shared.stream import Flow
from shared.topics import COMPLETIONS, VERDICTS

FLOW: Final[Flow[Record, Rules]] = Flow(
    service="assessment",
    reads=COMPLETIONS,
    says=VERDICTS,
    table={
        CompletionReported: report,
        CompletionRetracted: retract,
        LeafWaived: waive,
        LeafSubstituted: substitute,
        DecisionWithdrawn: withdraw,
        ErasureRequested: erase,
    },
    blank=Record,
    to_document=to_document,
    from_document=from_document,
    rules=rules,
    revise=revise,
    readings=READINGS,
)
