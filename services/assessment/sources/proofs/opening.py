"""Proofs, put together."""

from __future__ import annotations

from services.assessment.sources.applying import Applying
from services.assessment.sources.directory import Directory
from services.assessment.sources.gate import Gate
from services.assessment.sources.intake import Intake
from services.assessment.sources.ledger import Ledger
from services.assessment.sources.people import People
from services.assessment.sources.proofs.again import CheckingAgain
from services.assessment.sources.proofs.matching import Matching
from services.assessment.sources.proofs.proofs import Proofs
from services.assessment.sources.proofs.tracking import Tracking
from services.assessment.sources.registry import Registry
from services.assessment.sources.vault import Vault
from shared.credentials.checking import Tools
from shared.credentials.fetching import Fetcher
from shared.credentials.workers import Workers
from shared.mongo import Database

WITHIN = 10.0
"""Seconds for everything that one check asks others for."""


def tools_of(fetcher: Fetcher, workers: Workers) -> Tools:
    """All documents are fetched, those of our own credentials too: they belong to another service."""
    return Tools(fetcher, workers, _nothing, within=WITHIN)


async def open_proofs(
    database: Database,
    vault: Vault,
    directory: Directory,
    registry: Registry,
    gate: Gate,
    intake: Intake,
    applying: Applying,
    ledger: Ledger,
    people: People,
    tools: Tools,
) -> Proofs:
    tracking = Tracking(database, vault)
    await tracking.create_indexes()
    applying.when_applied = tracking.became_known
    again = CheckingAgain(tools, tracking, registry, intake, ledger, people, database)
    return Proofs(tools, gate, intake, applying, Matching(directory), tracking, again)


async def _nothing(address: str) -> bytes | None:
    return None
