"""Every router of pages about sources, and which of their requests may be larger than usual."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from services.assessment.pages import (
    sources,
    sources_accounts,
    sources_documents,
    sources_files,
    sources_held,
    sources_keys,
    sources_reruns,
    sources_trial,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    sources_documents.router,  # `new` is no source
    sources.router,
    sources_accounts.router,
    sources_keys.router,
    sources_held.router,
    sources_trial.router,
    sources_files.router,
    sources_reruns.router,
)

LARGER: Final = {**sources_documents.LARGER, **sources_files.LARGER}
