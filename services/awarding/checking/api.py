"""`POST /checks`: anybody may have any Open Badges 3.0 credential checked. Nothing of it is kept."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from services.awarding.checking.checker import Checker
from services.awarding.checking.requests import MOST_REQUEST, asked_by, unreadable
from shared.credentials.findings import Check, Kind, Name, Outcome, Report, Verdict
from shared.credentials.reading import Unreadable
from shared.http.problems import unavailable

router = APIRouter(tags=["checks"])

LARGER: Final = {"/checks": MOST_REQUEST, "/check": MOST_REQUEST}
"""Bytes of a request, for pictures: here, and on the page where people check."""


class CheckShown(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: Name
    outcome: Annotated[Outcome, Field(description="unknown: it could not be checked")]
    code: Annotated[str, Field(description="stable, for programs")]
    says: Annotated[str, Field(description="the finding in one sentence")]
    params: dict[str, str]
    details: tuple[str, ...]


class PartShown(BaseModel):
    model_config = ConfigDict(frozen=True)

    what: Literal["credential", "endorsement"]
    name: str
    issuer: str
    verdict: Verdict
    checks: tuple[CheckShown, ...]


class ReportShown(BaseModel):
    """`valid` only if proof, issuer, dates, status and schema are all `yes`, `invalid` if any of them is `no`."""

    model_config = ConfigDict(frozen=True)

    verdict: Verdict
    kind: Kind
    jwt: Annotated[bool, Field(description="it came as a compact JWT")]
    checks: tuple[CheckShown, ...]
    summary: Annotated[dict[str, str], Field(description="what the credential says of itself")]
    parts: Annotated[tuple[PartShown, ...], Field(description="endorsements within, and the parts of a record")]
    email: Annotated[CheckShown | None, Field(description="whether it was given to the person with the e-mail address")] = None


def check_shown(check: Check) -> CheckShown:
    return CheckShown(
        name=check.name,
        outcome=check.outcome,
        code=check.code,
        says=check.sentence,
        params=dict(check.params),
        details=check.details,
    )


def report_shown(report: Report) -> ReportShown:
    return ReportShown(
        verdict=report.verdict,
        kind=report.kind,
        jwt=report.jwt,
        checks=tuple(map(check_shown, report.checks)),
        summary=dict(report.summary),
        parts=tuple(
            PartShown(
                what=part.what,
                name=part.name,
                issuer=part.issuer,
                verdict=part.verdict,
                checks=tuple(map(check_shown, part.checks)),
            )
            for part in report.parts
        ),
        email=None if report.email is None else check_shown(report.email),
    )


def checker(request: Request) -> Checker:
    found: Checker | None = getattr(request.app.state, "checker", None)
    if found is None:
        raise unavailable(60, "This process checks no credentials.")
    return found


TEXT: Final[dict[str, Any]] = {"type": "string"}
WANTED: Final[dict[str, Any]] = {
    "address": {"type": "string", "description": "where the credential is, instead of the credential"},
    "documents": {
        "type": "object",
        "description": "identity documents, contexts and schemas that were kept, by DID or address; used where nobody "
        "answers for the live ones, never for status, and never enough for `issuer` to be `yes`",
    },
    "email": {"type": "string", "description": "compared with whom the credential was given to"},
}
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "description": "A credential, or an object that has one or says where it is.",
                    "properties": {"credential": {"oneOf": [{"type": "object"}, TEXT]}, **WANTED},
                }
            },
            "text/plain": {"schema": {**TEXT, "description": "JSON, a compact JWT, SVG, or an address"}},
            "image/png": {"schema": {**TEXT, "format": "binary"}},
            "image/svg+xml": {"schema": TEXT},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"credential": {**TEXT, "format": "binary"}, **WANTED, "documents": TEXT},
                }
            },
        },
    }
}


@router.post(
    "/checks",
    openapi_extra=BODY,
    responses={
        413: {"description": "It is larger than credentials are."},
        415: {"description": "It is of a kind that cannot hold a credential."},
        422: {"description": "There is no credential in it; `code` and `detail` say why."},
    },
)
async def check_credential(request: Request, at: Annotated[Checker, Depends(checker)]) -> ReportShown:
    """Check a credential, ours or another's. The answer is there within two seconds, whatever it is made of."""
    try:
        return report_shown(await at.check(await asked_by(request, at)))
    except Unreadable as error:
        raise unreadable(error) from error
