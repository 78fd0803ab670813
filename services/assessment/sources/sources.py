"""What the doors, and the pages and paths about sources, work on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from services.assessment.sources.accounts import Accounts
from services.assessment.sources.applying import Applying
from services.assessment.sources.directory import Directory
from services.assessment.sources.files.files import Files
from services.assessment.sources.gate import Gate
from services.assessment.sources.grants import Grants
from services.assessment.sources.intake import Intake
from services.assessment.sources.keys import Keys
from services.assessment.sources.originals import Originals
from services.assessment.sources.proofs.proofs import Proofs
from services.assessment.sources.registry import Registry
from services.assessment.sources.rerun import Reruns
from services.assessment.sources.topics.listeners import Listeners
from services.assessment.sources.topics.unread import Unread
from services.assessment.sources.topics.watch import Watch
from services.assessment.sources.upkeep import Upkeep
from services.assessment.sources.vault import Vault


@dataclass(frozen=True)
class Sources:
    """The app carries it as `app.state.sources`. `background` is what must run as long as a process of the stream does."""

    registry: Registry
    keys: Keys
    gate: Gate
    grants: Grants
    directory: Directory
    vault: Vault
    intake: Intake
    accounts: Accounts
    applying: Applying
    files: Files
    originals: Originals
    reruns: Reruns
    upkeep: Upkeep
    listeners: Listeners
    unread: Unread
    watch: Watch
    proofs: Proofs | None = None
    background: tuple[Callable[[], Awaitable[None]], ...] = ()


def sources(request: Request) -> Sources:
    found: Sources = request.app.state.sources
    return found


At = Annotated[Sources, Depends(sources)]
