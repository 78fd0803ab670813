"""xAPI statements, of 1.0.3 and of 2.0 (IEEE 9274.1.1).

Sources: https://github.com/adlnet/xAPI-Spec (1.0.3), IEEE 9274.1.1-2023, and for cmi5
https://github.com/AICC/CMI-5_Spec_Current (quartz).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from services.assessment.sources.claims import Claim, Nothing, Result, TakenBack, Wrong
from services.assessment.sources.formats.format import Format
from services.assessment.sources.formats.xapi.actors import names_of
from services.assessment.sources.formats.xapi.identity import id_of
from services.assessment.sources.formats.xapi.options import Options
from services.assessment.sources.formats.xapi.results import concluded
from services.assessment.sources.formats.xapi.statements import VOIDED, statement
from services.assessment.sources.formats.xapi.values import is_uuid, moment, wrong
from services.assessment.sources.formats.xapi.verbs import MEANINGS, Meaning

if TYPE_CHECKING:
    from services.assessment.sources.document import Source

__all__ = ["FORMAT", "Options", "read"]

_LAUNCH_MODE: Final = "https://w3id.org/xapi/cmi5/context/extensions/launchmode"

_ELSEWHERE: Final = Nothing("its object is no activity")
_OTHER_TYPE: Final = Nothing("its activity is of a type that the source doesn't report")
_LOOKED: Final = Nothing("it was made while browsing or reviewing (cmi5's launch mode)")
_UNKNOWN: Final = Nothing("its verb is not about completions")
_SPEAKABLE: Final = re.compile(r"https?://[A-Za-z0-9./_#-]{1,200}")

_DEFAULTS: Final = Options()


def read(original: Any, source: Source) -> Sequence[Claim] | Nothing:
    """One statement. Its learner is the actor, whoever instructs or asserts; its claim's id is its own, in small letters.

    A statement without an id is known by what it says (its time included).
    """
    options = source.options if isinstance(source.options, Options) else _DEFAULTS
    try:
        return _claims(statement(original), options)
    except Wrong as refusal:
        refusal.id = _named(original)
        raise


def _named(original: Any) -> str | None:
    found = original.get("id") if type(original) is dict else None
    return str(found).lower() if is_uuid(found) else None


def _claims(said: dict[str, Any], options: Options) -> Sequence[Claim] | Nothing:
    verb = said["verb"]["id"]
    if verb == VOIDED:
        taken_back = TakenBack(said["object"]["id"].lower())
        return (Claim(id_of(said), _time(said, options), (), None, taken_back, "timestamp" in said),)
    meaning = options.verbs.get(verb) or MEANINGS.get(verb, Meaning.NOTHING)
    if meaning is Meaning.NOTHING:
        return Nothing(f"its verb is not about completions: {verb}") if _SPEAKABLE.fullmatch(verb) else _UNKNOWN
    about = said["object"]
    if about.get("objectType", "Activity") != "Activity":
        return _ELSEWHERE
    definition = about.get("definition") or {}
    if options.activity_types and definition.get("type", options.activity_types[0]) not in options.activity_types:
        return _OTHER_TYPE
    extensions = (said.get("context") or {}).get("extensions") or {}
    if extensions.get(_LAUNCH_MODE) in ("Browse", "Review"):
        return _LOOKED
    found = concluded(meaning, said.get("result") or {}, extensions)
    if isinstance(found, Nothing):
        return found
    learner = said["actor"]
    if learner.get("objectType", "Agent") != "Agent":
        raise wrong("a group earns nothing: send a statement for each of its members, with the member as its actor", "actor")
    found = _with_more(found, said, definition.get("extensions") or {}, extensions, options)
    return (Claim(id_of(said), _time(said, options), names_of(learner), about["id"], found, "timestamp" in said),)


def _time(said: dict[str, Any], options: Options) -> datetime:
    """When it happened; what came without a time has that of its receipt."""
    for name in ("timestamp", "stored"):
        if name in said:
            return moment(said[name], name, options.zone)
    raise wrong("nothing says when this was: timestamp is missing", "timestamp")


def _with_more(
    found: Result, said: dict[str, Any], defined: dict[str, Any], extensions: dict[str, Any], options: Options
) -> Result:
    """The attempt and the evidence, where the options say from where."""
    attempt, evidence = found.attempt, found.evidence
    if options.attempt_from is not None:
        number = extensions.get(options.attempt_from, defined.get(options.attempt_from))
        if type(number) is int and 1 <= number <= 100_000:
            attempt = number
    if options.evidence_from and "attachments" in said:
        kept = [a["fileUrl"] for a in said["attachments"] if a["usageType"] in options.evidence_from and "fileUrl" in a]
        evidence = tuple(url for url in kept if url.startswith(("http://", "https://")) and len(url) <= 2_000)[:20]
    if attempt == found.attempt and evidence == found.evidence:
        return found
    return Result(found.status, found.score, found.grade, attempt, evidence)


FORMAT: Final = Format("xapi", "xAPI statements", read, Options, keys=("secret", "public_key"), sent_to="POST /xapi/statements")
