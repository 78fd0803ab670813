"""What the document of a source of proofs says: whom it trusts, what of theirs counts, and how learners are found."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, PlainSerializer, model_validator

from services.assessment.sources.formats import format as formats
from services.assessment.sources.patterns import Glob, fits
from shared.events.definitions import LONGEST, Described, Line
from shared.requirements.model import Period

Match = Literal["id", "email", "student_id", "name"]

OFTEN: Final = timedelta(hours=1)


def _not_too_often(period: timedelta) -> timedelta:
    if not OFTEN <= period <= LONGEST:
        raise ValueError("the period is PT1H (an hour) or longer, such as PT6H or P1D, and P36500D (a hundred years) at most")
    return period


def _written(period: timedelta) -> str:
    hours, rest = divmod(period.seconds, 3_600)
    time = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (rest // 60, "M"), (rest % 60, "S")) if number)
    return "P" + (f"{period.days}D" if period.days else "") + (f"T{time}" if time else "")


Rhythm = Annotated[Period, AfterValidator(_not_too_often), PlainSerializer(_written, return_type=str, when_used="json")]


class TrustedIssuer(Described):
    """An issuer whose credentials are taken: its id as they name it, a DID or an address. `achievements` are the ids of the
    achievements that it may speak of."""

    id: Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$")]
    name: Line
    achievements: Annotated[tuple[Glob, ...], Field(min_length=1, max_length=1_000)] = ("*",)


class ResultRule(Described):
    """What a credential's result, described under this name or id, gives the completion."""

    of: Glob
    gives: Literal["score", "grade"]


class Options(formats.Options):
    """`achievements_by` says what of an achievement the rules for activities are about.

    `matches` are the ways in which a credential's subject may be found to be the learner: by its id, or by an e-mail address, a
    student's number or a name among its identifiers, as the directory knows them. `staff_may_confirm`: also by the word of a
    member of staff, which is recorded. A credential's status is checked again every `checks_again_every`: an hour or longer.
    """

    trusts: Annotated[tuple[TrustedIssuer, ...], Field(min_length=1, max_length=500)]
    achievements_by: Literal["id", "name", "type"] = "id"
    results: Annotated[tuple[ResultRule, ...], Field(max_length=100)] = ()
    matches: Annotated[tuple[Match, ...], Field(max_length=4)] = ("id", "email", "student_id")
    staff_may_confirm: bool = True
    checks_again_every: Rhythm = timedelta(days=1)

    @model_validator(mode="after")
    def _each_speaks_of_its_own(self) -> Self:
        ids = [issuer.id for issuer in self.trusts]
        if len(set(ids)) < len(ids):
            raise ValueError("trusts has an issuer twice")
        if len(ids) > 1 and any("*" in issuer.achievements for issuer in self.trusts):
            raise ValueError(
                "where several issuers are trusted, each says under achievements: which are its own, such as "
                "https://north.example/*; otherwise one could award what the other's are worth"
            )
        return self

    def trusted(self, issuer: str) -> TrustedIssuer | None:
        return next((one for one in self.trusts if one.id == issuer), None)

    def is_of(self, issuer: TrustedIssuer, achievement: str) -> bool:
        return any(fits(glob, achievement) for glob in issuer.achievements)
