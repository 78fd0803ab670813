"""The members that the standards ask for, as pydantic models.

Source: Open Badges 3.0 (1EdTech, 1.2 of its document) with Endorsement, CLR 2.0, Verifiable Credentials 2.0 and 1.1, which
older badges use. One value may stand for an array, as the published lenient schemas allow; members not named here may be there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

T = TypeVar("T")


RESULT_TYPES: Final = frozenset(
    {
        "GradePointAverage",
        "LetterGrade",
        "Percent",
        "PerformanceLevel",
        "PredictedScore",
        "RawScore",
        "Result",
        "RubricCriterion",
        "RubricCriterionLevel",
        "RubricScore",
        "ScaledScore",
        "Status",
    }
)
ASSOCIATIONS: Final = frozenset(
    {"exactMatchOf", "isChildOf", "isParentOf", "isPartOf", "isPeerOf", "isRelatedTo", "precedes", "replacedBy"}
)


def listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _uri(text: str) -> str:
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:\S+$", text):
        raise ValueError("it should be an address or another URI")
    return text


def _address(text: str) -> str:
    parts = urlsplit(_uri(text))
    if parts.scheme in ("http", "https") and not parts.netloc:
        raise ValueError("it should be an address")
    return text


def instant(text: str) -> datetime:
    """A date with time and zone as XML Schema and the standards write it, in UTC. Raises ValueError."""
    if not re.fullmatch(r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text):
        raise ValueError("it should be a date with time and time zone, like 2026-11-23T12:00:00Z")
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("it should lie within the years 1 to 9999 in UTC") from error


def _instant(text: str) -> str:
    instant(text)
    return text


def _one_of(names: frozenset[str]) -> Callable[[str], str]:
    def known(text: str) -> str:
        if text not in names and not text.startswith("ext:"):
            raise ValueError(f"it should be one of {', '.join(sorted(names))}, or begin with ext:")
        return text

    return known


Many = Annotated[list[T], BeforeValidator(listed), Field(min_length=1)]
Uri = Annotated[str, AfterValidator(_uri)]
Instant = Annotated[str, AfterValidator(_instant)]
Text = Annotated[str, Field(min_length=1)]


class Part(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True, hide_input_in_errors=True)


class Typed(Part):
    type: Many[str]


class Image(Part):
    id: Uri
    type: str | list[str]


class Named(Part):
    id: Uri


class Profile(Named):
    type: Many[str]


class Criteria(Part):
    id: Uri | None = None
    narrative: str | None = None


class Alignment(Typed):
    target_name: Annotated[Text, Field(alias="targetName")]
    target_url: Annotated[str, AfterValidator(_address), Field(alias="targetUrl")]


class ResultDescription(Typed):
    id: Uri
    name: Text
    result_type: Annotated[str, AfterValidator(_one_of(RESULT_TYPES)), Field(alias="resultType")]


class Achievement(Typed):
    id: Uri
    name: Text
    description: str
    criteria: Criteria
    achievement_type: Annotated[str | None, Field(alias="achievementType")] = None
    alignment: Many[Alignment] | None = None
    image: Image | None = None
    creator: Uri | Profile | None = None
    result_description: Annotated[Many[ResultDescription] | None, Field(alias="resultDescription")] = None


class IdentityObject(Typed):
    hashed: bool
    identity_hash: Annotated[Text, Field(alias="identityHash")]
    identity_type: Annotated[Text, Field(alias="identityType")]


class Result(Typed):
    value: str | None = None


class AchievementSubject(Typed):
    id: Uri | None = None
    identifier: Many[IdentityObject] | None = None
    source: Profile | None = None
    achievement: Achievement
    result: Many[Result] | None = None

    @model_validator(mode="after")
    def _is_about_somebody(self) -> AchievementSubject:
        if self.id is None and self.identifier is None:
            raise ValueError("it should have an id or an identifier")
        return self


class EndorsementSubject(Typed):
    id: Uri


class Association(Typed):
    association_type: Annotated[str, AfterValidator(_one_of(ASSOCIATIONS)), Field(alias="associationType")]
    source_id: Annotated[Uri, Field(alias="sourceId")]
    target_id: Annotated[Uri, Field(alias="targetId")]


class RecordSubject(Typed):
    verifiable_credential: Annotated[Many[dict[str, Any] | str], Field(alias="verifiableCredential")]
    achievement: Many[Achievement] | None = None
    association: Many[Association] | None = None


class Credential(Part):
    """What every verifiable credential needs. Which dates, the edition says: see `missing`."""

    context: Annotated[list[str | dict[str, Any]], BeforeValidator(listed), Field(alias="@context", min_length=1)]
    type: Many[str]
    issuer: Uri | Named
    valid_from: Annotated[Instant | None, Field(alias="validFrom")] = None
    valid_until: Annotated[Instant | None, Field(alias="validUntil")] = None
    issuance_date: Annotated[Instant | None, Field(alias="issuanceDate")] = None
    expiration_date: Annotated[Instant | None, Field(alias="expirationDate")] = None
    awarded_date: Annotated[Instant | None, Field(alias="awardedDate")] = None


class Other(Credential):
    credential_subject: Annotated[Many[dict[str, Any]], Field(alias="credentialSubject")]


class AchievementCredential(Credential):
    issuer: Uri | Profile
    id: Uri
    credential_subject: Annotated[AchievementSubject, Field(alias="credentialSubject")]
    evidence: Many[Typed] | None = None


class EndorsementCredential(Credential):
    issuer: Uri | Profile
    id: Uri
    name: Text
    credential_subject: Annotated[EndorsementSubject, Field(alias="credentialSubject")]


class Record(Credential):
    issuer: Uri | Profile
    id: Uri
    name: Text
    credential_subject: Annotated[RecordSubject, Field(alias="credentialSubject")]
