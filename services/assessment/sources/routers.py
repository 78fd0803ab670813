"""Every router of the door, for the app and its document."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from services.assessment.sources import accounts_api, api, directory_api, keys_api, records_api, rerun_api
from services.assessment.sources.doors import ags, caliper, canvas, completions, moodle, oauth, oneroster, proofs, xapi
from services.assessment.sources.doors.security import keyed
from services.assessment.sources.files import api as files_api

ROUTERS: Final[tuple[APIRouter, ...]] = (
    api.router,
    keys_api.router,
    records_api.router,
    directory_api.router,
    accounts_api.router,
    rerun_api.router,
    files_api.router,
    oauth.router,
    proofs.router,
    xapi.open_to_all,
    keyed(
        ags.router,
        oneroster.router,
        completions.router,
        caliper.router,
        canvas.router,
        moodle.router,
        xapi.router,
    ),
)
