"""Open Badges 3.0 credentials as proof of learning elsewhere, alone or out of a CLR 2.0 record.

Sources: https://www.imsglobal.org/spec/ob/v3p0/, https://www.imsglobal.org/spec/clr/v2p0/.

An original is a credential with what was found out about it when it came (signature, issuer, dates, status, and that it was given
to the learner), for that depends on the world; what it means depends on it alone:
`{"credential": {…}, "checked": {"verdict", "says", "code"}, "given": {"to", "by"}, "edition": 1, "replaces": …}`. Later findings
about its status are originals as well: `{"status": {"claim", "says", "at"}}`. What held no credential is `{"unreadable": {…}}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from services.assessment.sources.claims import Claim, Name, Nothing, Result, TakenBack, Wrong
from services.assessment.sources.formats.format import Format
from services.assessment.sources.formats.members import derived_id, instant, mapping, text, the_object, the_text, whole
from services.assessment.sources.formats.proofs.options import Options, ResultRule, TrustedIssuer
from services.assessment.sources.formats.proofs.results import grade_in, listed, score_in, status_of
from services.assessment.sources.formats.proofs.subjects import names_in, subject_of
from services.assessment.sources.patterns import compiled
from shared.events.completions import Status

if TYPE_CHECKING:
    from services.assessment.sources.document import Source

__all__ = ["FORMAT", "Options", "ResultRule", "TrustedIssuer", "claim_id", "issuer_of", "read", "since", "time_of"]

KINDS: Final = ("AchievementCredential", "OpenBadgeCredential")
LEARNER: Final = "learner"
"""The kind of name of a learner whom the credential was found to be given to."""


def read(original: Any, source: Source) -> Sequence[Claim] | Nothing:
    assert isinstance(source.options, Options)
    said = the_object(original, "", "an original")
    if "unreadable" in said:
        raise Wrong(the_text(mapping(said["unreadable"]).get("says"), "unreadable.says"), status=_http(said["unreadable"]))
    if "status" in said:
        return [_taken_back(the_object(said["status"], "status", "what was found about the status"))]
    credential = the_object(said.get("credential"), "credential", "a credential")
    id_ = claim_id(credential, _edition(said))
    try:
        return _read(said, credential, id_, source, source.options)
    except Wrong as wrong:
        wrong.id = id_
        raise


def claim_id(credential: Mapping[str, Any], edition: int = 1) -> str:
    """Of what an edition of a credential says; `edition` counts how often it was said, as its status came and went."""
    issuer, id_ = issuer_of(credential), the_text(credential.get("id"), "credential.id")
    begins = since(credential)
    made = derived_id("proofs", "credential", issuer, id_, begins.isoformat())
    return made if edition == 1 else f"{made}:{edition}"


def issuer_of(credential: Mapping[str, Any]) -> str:
    issuer = credential.get("issuer")
    return the_text(issuer.get("id") if isinstance(issuer, Mapping) else issuer, "credential.issuer")


def time_of(credential: Mapping[str, Any]) -> datetime:
    """When it was awarded. Raises Wrong."""
    awarded = credential.get("awardedDate")
    return since(credential) if awarded is None else instant(awarded, "credential.awardedDate")


def since(credential: Mapping[str, Any]) -> datetime:
    """Of editions of a credential the one that begins latest is in force."""
    member = "issuanceDate" if "validFrom" not in credential and "issuanceDate" in credential else "validFrom"
    return instant(credential.get(member), f"credential.{member}")


def _read(
    said: Mapping[str, Any], credential: Mapping[str, Any], id_: str, source: Source, options: Options
) -> list[Claim] | Nothing:
    checked = the_object(said.get("checked"), "checked", "what was found out about it")
    if checked.get("verdict") == "undecided" and options.trusted(issuer_of(credential)) is None:
        raise _not_trusted(options)
    _check(checked)
    if not any(kind in KINDS for kind in listed(credential.get("type"))):
        raise Wrong("it is no AchievementCredential, and so proves no learning", "credential.type")
    subject = subject_of(credential)
    achievement = the_object(subject.get("achievement"), "credential.credentialSubject.achievement", "an achievement")
    activity = _activity(achievement, issuer_of(credential), options)
    given = mapping(said.get("given"))
    if (refused := text(given.get("refused"), "given.refused")) is not None:
        raise Wrong(refused, "credential.credentialSubject", status=whole(given.get("status"), "given.status") or 422)
    if (to := text(given.get("to"), "given.to")) is not None:
        names: tuple[Name, ...] = (Name(LEARNER, to),)
    else:
        names = names_in(subject, options.matches)
        if not names:
            detail = "it does not say whom it was given to in a way that can be looked up; its learner can bring it themselves"
            raise Wrong(detail, "credential.credentialSubject")
    status = status_of(subject)
    if isinstance(status, Nothing):
        return status
    score = score_in(subject, options.results) if options.results else None
    if status is Status.PASSED and score is not None and _is_measured(source, activity):
        status = Status.SCORED
    grade = grade_in(subject, options.results) if options.results else None
    result = Result(status, score, grade, corrects=text(said.get("replaces"), "replaces"))
    return [Claim(id_, time_of(credential), names, activity, result)]


BEYOND_US: Final = frozenset(
    {
        *("proof.key_unknown", "proof.key_unreadable", "proof.suite_unsupported", "proof.not_canonical"),
        *("issuer.no_document", "issuer.no_keys", "status.unsupported", "status.malformed"),
    }
)
"""Findings on what could not be found out, and will not be if it is sent again."""


def _check(checked: Mapping[str, Any]) -> None:
    """Whether what was found out about it lets it be relied on. What could not be found out may be found out another time."""
    verdict = checked.get("verdict")
    if verdict == "valid":
        return
    says = the_text(checked.get("says"), "checked.says").rstrip(".")
    if verdict == "invalid":
        raise Wrong(f"it cannot be relied on: {says}", "credential")
    if checked.get("code") in BEYOND_US:
        raise Wrong(f"it cannot be checked here: {says}; proofs are taken that can be", "credential")
    raise Wrong(f"it could not be checked now, so send it again later: {says}", "credential", status=503)


def _activity(achievement: Mapping[str, Any], issuer: str, options: Options) -> str:
    trusted = options.trusted(issuer)
    if trusted is None:
        raise _not_trusted(options)
    place = "credential.credentialSubject.achievement"
    id_ = the_text(achievement.get("id"), f"{place}.id")
    if not options.is_of(trusted, id_):
        raise Wrong(f"{trusted.name} is not trusted for this achievement", f"{place}.id", status=403)
    member = {"id": "id", "name": "name", "type": "achievementType"}[options.achievements_by]
    return the_text(achievement.get(member), f"{place}.{member}")


def _not_trusted(options: Options) -> Wrong:
    there = ", ".join(one.name for one in options.trusts[:5])
    return Wrong(
        f"its issuer is not one that this source takes credentials of; those are {there}", "credential.issuer", status=403
    )


def _is_measured(source: Source, activity: str) -> bool:
    """Whether the source's document says itself which score passes."""
    named = [rule for rule in source.activities if rule.named == activity]
    fitting = named or [rule for rule in source.activities if rule.matching and compiled(rule.matching).fullmatch(activity)]
    return bool(fitting) and fitting[0].passes_at is not None


def _taken_back(status: Mapping[str, Any]) -> Claim:
    claim, at = the_text(status.get("claim"), "status.claim"), instant(status.get("at"), "status.at")
    to = text(status.get("to"), "status.to")
    names = () if to is None else (Name(LEARNER, to),)
    return Claim(f"{claim}:taken-back", at, names, None, TakenBack(claim, the_text(status.get("says"), "status.says")))


def _edition(said: Mapping[str, Any]) -> int:
    edition = whole(said.get("edition"), "edition")
    if edition is not None and not 1 <= edition <= 1_000_000:
        raise Wrong("it counts from 1", "edition")
    return edition or 1


def _http(unreadable: Any) -> int:
    status = whole(mapping(unreadable).get("status"), "unreadable.status")
    return status if status is not None and 400 <= status < 600 else 422


FORMAT: Final = Format(
    "proofs", "Open Badges and CLR as proof", read, options=Options, keys=("secret",), sent_to="POST /sources/{source}/proofs"
)
