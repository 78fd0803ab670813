"""What the document of a Canvas source says beyond what all have."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import AfterValidator, Field, model_validator

from services.assessment.sources.formats.format import Options as AnyOptions
from shared.events.definitions import Described

INSTRUCTURE: Final = "https://8axpcl50e4.execute-api.us-east-1.amazonaws.com/main/jwks"
"""Where Instructure publishes the keys that Live Events are signed with.

Source: https://developerdocs.instructure.com/services/canvas/data-services/live-events/overview/file.data_service_setup
"""


def _key_set(jwks: dict[str, Any]) -> dict[str, Any]:
    try:
        kinds = {entry["kty"] for entry in jwks["keys"]}
        keys = KeySet.import_key_set({"keys": [*jwks["keys"]]}).keys if kinds <= {"RSA", "EC"} else []
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise ValueError("this is no JSON Web Key Set, an object with keys") from error
    if not keys or any(key.is_private for key in keys):
        raise ValueError("the set must have public keys, RSA or EC, and no others")
    return jwks


class Signers(Described):
    """Who signs: the keys at an address, or these."""

    jwks_uri: Annotated[str, Field(max_length=2_000, pattern=r"^https?://[^\s]+$")] | None = None
    jwks: Annotated[dict[str, Any], AfterValidator(_key_set)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.jwks_uri is None) == (self.jwks is None):
            raise ValueError("the keys are either at jwks_uri, or in jwks")
        return self


class Options(AnyOptions):
    """`signed_by`: signed events need no other key. Instructure signs for every Canvas it runs, so `root_accounts` says whose
    events are taken: the `root_account_uuid` of each.

    `shard` is that of the source, where events don't say it with a global `root_account_id`.
    `course_score`: which of a course's scores counts, `final` (what isn't graded counts as 0) or `current`. `unposted`: whether
    grades count that students don't see yet. `overrides`: whether the score that a teacher gives instead of the course's own
    regrades it, is a second attempt (to be counted by the latest), or is ignored.
    """

    signed_by: Literal["instructure"] | Signers | None = None
    root_accounts: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(max_length=50)] = ()
    shard: Annotated[int, Field(ge=1, le=900_000)] | None = None
    course_score: Literal["final", "current"] = "final"
    unposted: bool = False
    overrides: Literal["regrade", "attempt", "ignored"] = "regrade"

    @model_validator(mode="after")
    def _says_whose(self) -> Self:
        if self.signed_by is not None and not self.root_accounts:
            raise ValueError(
                "signed_by needs root_accounts: a signature shows that Canvas sent it, and root_account_uuid whose Canvas it was"
            )
        return self

    @property
    def signers(self) -> Signers | None:
        return Signers(jwks_uri=INSTRUCTURE) if self.signed_by == "instructure" else self.signed_by
