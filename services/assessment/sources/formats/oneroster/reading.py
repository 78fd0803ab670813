"""What a result says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from services.assessment.sources.claims import Claim, Name, Nothing, Result, Wrong
from services.assessment.sources.formats.members import derived_id, mapping, number, text, the_object, the_text
from services.assessment.sources.formats.oneroster.options import MEANINGS, Options
from services.assessment.sources.formats.points import maximum_of
from services.assessment.sources.formats.ranges import score_between
from shared.events.completions import Score, Status
from shared.events.envelope import EARLIEST

if TYPE_CHECKING:
    from services.assessment.sources.document import Source

LONGEST_GRADE: Final = 100
USER_ID: Final = re.compile(r"\{([^:{}]+):([^{}]+)\}")
"""1.1 has other systems' names of a user so: `{LDAP:ana},{LTI:17}`."""

NOT_GRADED: Final = Nothing("the result is not fully graded")


def read(original: Any, source: Source) -> Sequence[Claim] | Nothing:
    """A result is known by its sourcedId and dateLastModified; in bulk files, which don't have that, by its scoreDate."""
    said = the_object(original, "", "an original")
    if "" in said:
        trouble = said[""]
        raise Wrong(trouble if isinstance(trouble, str) and trouble.isprintable() else "the line cannot be read")
    result = the_object(said.get("result"), "", "a result")
    assert isinstance(source.options, Options)
    modified = text(result.get("dateLastModified"), "dateLastModified")
    column = "scoreDate" if modified is None else "dateLastModified"
    time = _moment(the_text(result.get(column), column), column, source.options)
    id_ = derived_id("oneroster", "result", the_text(result.get("sourcedId"), "sourcedId"), time.isoformat())
    try:
        return _claims(id_, time, result, said, source.options)
    except Wrong as wrong:
        wrong.id = id_
        raise


def _claims(
    id_: str, time: datetime, result: Mapping[str, Any], said: Mapping[str, Any], options: Options
) -> Sequence[Claim] | Nothing:
    names = tuple(_names(the_text(_referred(result, "student"), "student.sourcedId"), mapping(said.get("user"))))
    lineitem = the_text(_referred(result, "lineItem"), "lineItem.sourcedId")
    status = (text(result.get("status"), "status") or "active").lower()
    if status == "tobedeleted":
        return [Claim(id_, time, names, lineitem, Result(Status.CLEARED))]
    if status != "active":
        raise Wrong("it must be active or tobedeleted", "status")
    match _meaning(result, options):
        case "clears":
            return [Claim(id_, time, names, lineitem, Result(Status.CLEARED))]
        case "ignored":
            return NOT_GRADED
    grade = text(result.get("textScore"), "textScore")
    if grade is not None and len(grade) > LONGEST_GRADE:
        raise Wrong(f"it must be no longer than {LONGEST_GRADE} characters", "textScore")
    score = _score(result, lineitem, mapping(said.get("lineItem")), options)
    if score is None and grade is None:
        raise Wrong("a result that is fully graded needs a score or a textScore", "score")
    return [Claim(id_, time, names, lineitem, Result(Status.SCORED, score, grade))]


def _meaning(result: Mapping[str, Any], options: Options) -> str:
    said = the_text(result.get("scoreStatus"), "scoreStatus")
    status = said.lower()
    meaning = options.statuses.get(said) or options.statuses.get(status) or MEANINGS.get(status)
    if meaning is not None:
        return meaning
    if status.startswith("ext:"):
        return "ignored"
    raise Wrong(f"it must be one of {', '.join(MEANINGS)}", "scoreStatus")


def _score(result: Mapping[str, Any], lineitem: str, known: Mapping[str, Any], options: Options) -> Score | None:
    given = number(_filled(result.get("score")), "score")
    if given is None:
        return None
    most = number(_filled(known.get("resultValueMax")), "lineItem.resultValueMax")
    if most is None and (most := maximum_of(lineitem, options.maxima)) is None:
        raise Wrong(
            "nothing says what the score is out of: send the line item with its resultValueMax, or name it in the maxima here",
            "lineItem.resultValueMax",
        )
    least = number(_filled(known.get("resultValueMin")), "lineItem.resultValueMin")
    return score_between(given, Decimal(0) if least is None else least, most, "score", "lineItem.resultValueMax")


def _filled(value: Any) -> Any:
    """In files, what isn't there is an empty text."""
    return None if isinstance(value, str) and not value.strip() else value


def _names(student: str, user: Mapping[str, Any]) -> Iterator[Name]:
    yield Name("oneroster:user", student)
    for kind in ("identifier", "userMasterIdentifier", "username", "email"):
        if (found := text(user.get(kind), f"user.{kind}")) is not None:
            yield Name(f"oneroster:{kind}", found)
    for kind, value in _other_ids(user.get("userIds")):
        yield Name(f"oneroster:userId:{kind}", value)


def _other_ids(said: Any) -> Iterator[tuple[str, str]]:
    if isinstance(said, str):
        yield from USER_ID.findall(said[:1_000])[:10]
    elif isinstance(said, list):
        for one in map(mapping, said[:10]):
            kind, value = text(one.get("type"), "user.userIds.type"), text(one.get("identifier"), "user.userIds.identifier")
            if kind is not None and value is not None:
                yield kind, value


def _referred(result: Mapping[str, Any], name: str) -> Any:
    return mapping(result.get(name)).get("sourcedId")


def _moment(said: str, place: str, options: Options) -> datetime:
    try:
        written = datetime.fromisoformat(said)
        found = written.replace(tzinfo=written.tzinfo or ZoneInfo(options.zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Wrong("it must be a date or time as in 2026-11-24 or 2026-11-24T13:05:00Z", place) from error
    if found < EARLIEST:
        raise Wrong("no learning system has anything to tell from before 1900", place)
    return found
