"""What a source's document may say of its statements."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, PrivateAttr, field_validator

from services.assessment.sources.formats import format as formats
from services.assessment.sources.formats.xapi.verbs import Meaning

Iri = Annotated[str, Field(min_length=3, max_length=1_000, pattern=r"^[A-Za-z][A-Za-z0-9+.\-]*:\S+$")]


class Options(formats.Options):
    """`verbs` adds to what verbs mean, or changes it: `http://adlnet.gov/expapi/verbs/answered: by_result`.

    `batches`: of a batch with a bad statement nothing is taken (`whole`, as the specification wants it of record stores), or
    each good statement (`each`, for senders that would send such a batch for ever).
    `activity_types`: statements about activities of other types say nothing; one that tells no type counts.
    `attempt_from`: the extension (of the context or of the activity's definition) that has the attempt's number.
    `evidence_from`: usage types of attachments whose addresses go with the completion as its evidence.
    `time_zone`: of timestamps without an offset, such as `Europe/Paris`; without it they are refused.
    """

    verbs: dict[Iri, Meaning] = Field(default_factory=dict, max_length=200)
    batches: Literal["whole", "each"] = "whole"
    activity_types: Annotated[tuple[Iri, ...], Field(max_length=100)] = ()
    attempt_from: Iri | None = None
    evidence_from: Annotated[tuple[Iri, ...], Field(max_length=20)] = ()
    time_zone: Annotated[str, Field(max_length=100)] | None = None

    _zone: ZoneInfo | None = PrivateAttr(default=None)

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        try:
            return name if name is None else ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"there is no time zone {name!r}; write it like Europe/Paris or UTC") from error

    def model_post_init(self, context: Any, /) -> None:
        self._zone = ZoneInfo(self.time_zone) if self.time_zone else None

    @property
    def zone(self) -> ZoneInfo | None:
        return self._zone
