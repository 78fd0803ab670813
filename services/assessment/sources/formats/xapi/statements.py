"""What is a statement, to the letter of xAPI 1.0.3 and of 2.0 (IEEE 9274.1.1), and what is none.

Three things are taken that the letter would refuse, because systems in use send them: an activity in the context that is
called by a bare UUID (Open edX), a score whose max is its min (Open edX, for a part with nothing to gain), and in a statement
of 1.0 the agents and groups in the context that 2.0 added.
"""

from __future__ import annotations

import re
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.assessment.sources.formats.xapi.activities import activity, context_activity, reference
from services.assessment.sources.formats.xapi.actors import actor, agent, authority, group
from services.assessment.sources.formats.xapi.values import (
    duration,
    each,
    extensions,
    flag,
    iri,
    language,
    language_map,
    members,
    moment,
    number,
    required,
    text,
    uuid,
    wrong,
)

_SUB_STATEMENT: Final = frozenset({"actor", "verb", "object", "result", "context", "timestamp", "attachments", "objectType"})
_STATEMENT: Final = (_SUB_STATEMENT - {"objectType"}) | {"id", "stored", "authority", "version"}
_VERB: Final = frozenset({"id", "display"})
_RESULT: Final = frozenset({"score", "success", "completion", "response", "duration", "extensions"})
_SCORE: Final = frozenset({"scaled", "raw", "min", "max"})
_CONTEXT: Final = frozenset({
    "registration", "instructor", "team", "contextActivities", "revision", "platform", "language", "statement", "extensions",
    "contextAgents", "contextGroups",
})  # fmt: skip
_CONTEXT_ACTIVITIES: Final = frozenset({"parent", "grouping", "category", "other"})
_ATTACHMENT: Final = frozenset({"usageType", "display", "description", "contentType", "length", "sha2", "fileUrl"})

_VERSION: Final = re.compile(r"[12]\.0(?:\.[0-9]+)?")
_ANYWHERE: Final = ZoneInfo("UTC")

VOIDED: Final = "http://adlnet.gov/expapi/verbs/voided"


def statement(value: Any, place: str = "", *, within: bool = False) -> dict[str, Any]:
    """The statement, checked; `within` another one, where it is a SubStatement. Raises Wrong."""
    dot = f"{place}." if place else ""
    said = members(value, place, _SUB_STATEMENT if within else _STATEMENT)
    if "id" in value:
        uuid(value["id"], f"{dot}id")
    actor(required(value, "actor", place), f"{dot}actor")
    verb = members(required(value, "verb", place), f"{dot}verb", _VERB)
    iri(required(verb, "id", f"{dot}verb"), f"{dot}verb.id")
    if "display" in verb:
        language_map(verb["display"], f"{dot}verb.display")
    kind = _object(required(value, "object", place), f"{dot}object", within)
    if verb["id"] == VOIDED and kind != "StatementRef":
        raise wrong("what is voided is named by a StatementRef: an object with this objectType and the id", f"{dot}object")
    if "result" in value:
        _result(value["result"], f"{dot}result")
    if "context" in value:
        _context(value["context"], f"{dot}context", kind)
    if "timestamp" in value:
        moment(value["timestamp"], f"{dot}timestamp", _ANYWHERE)
    if "attachments" in value:
        each(value["attachments"], f"{dot}attachments", _attachment)
    if not within:
        _given_by_stores(value, dot)
    return said


def _given_by_stores(value: dict[str, Any], dot: str) -> None:
    """What record stores add, and statements that come through one have."""
    if "stored" in value:
        moment(value["stored"], f"{dot}stored", _ANYWHERE)
    if "authority" in value:
        authority(value["authority"], f"{dot}authority")
    if "version" in value and (type(value["version"]) is not str or not _VERSION.fullmatch(value["version"])):
        raise wrong("the version of a statement begins with 1.0 or 2.0, such as 1.0.0", f"{dot}version")


def _object(value: Any, place: str, within: bool) -> str:
    """Its objectType."""
    kind = value.get("objectType", "Activity") if type(value) is dict else "Activity"
    if kind == "Activity":
        activity(value, place)
    elif kind == "Agent":
        agent(value, place)
    elif kind == "Group":
        group(value, place)
    elif kind == "StatementRef":
        reference(value, place)
    elif kind == "SubStatement" and not within:
        statement(value, place, within=True)
    elif kind == "SubStatement":
        raise wrong("a SubStatement has no SubStatement of its own", place)
    else:
        raise wrong("this must be Activity, Agent, Group, SubStatement or StatementRef", f"{place}.objectType")
    return str(kind)


def _result(value: Any, place: str) -> None:
    members(value, place, _RESULT)
    if "score" in value:
        _score(value["score"], f"{place}.score")
    if "success" in value:
        flag(value["success"], f"{place}.success")
    if "completion" in value:
        flag(value["completion"], f"{place}.completion")
    if "response" in value:
        text(value["response"], f"{place}.response")
    if "duration" in value:
        duration(value["duration"], f"{place}.duration")
    if "extensions" in value:
        extensions(value["extensions"], f"{place}.extensions")


def _score(value: Any, place: str) -> None:
    members(value, place, _SCORE)
    for name in value:
        number(value[name], f"{place}.{name}")
    if "scaled" in value and not -1 <= value["scaled"] <= 1:
        raise wrong("a scaled score lies between -1 and 1; 95 of 100 is scaled 0.95, or raw 95 with max 100", f"{place}.scaled")
    raw, low, high = value.get("raw"), value.get("min"), value.get("max")
    if low is not None and high is not None and low > high:
        raise wrong("a score's min is less than its max", place)
    if raw is not None and ((low is not None and raw < low) or (high is not None and raw > high)):
        raise wrong("a raw score lies between its min and its max", f"{place}.raw")


def _context(value: Any, place: str, kind: str) -> None:
    members(value, place, _CONTEXT)
    if "registration" in value:
        uuid(value["registration"], f"{place}.registration")
    if "instructor" in value:
        actor(value["instructor"], f"{place}.instructor")
    if "team" in value:
        group(value["team"], f"{place}.team")
    for name in ("revision", "platform"):
        if name in value:
            text(value[name], f"{place}.{name}")
            if kind != "Activity":
                raise wrong(f"only a statement about an activity has a {name}", f"{place}.{name}")
    if "language" in value:
        language(value["language"], f"{place}.language")
    if "statement" in value:
        reference(value["statement"], f"{place}.statement")
    if "extensions" in value:
        extensions(value["extensions"], f"{place}.extensions")
    if "contextActivities" in value:
        _context_activities(value["contextActivities"], f"{place}.contextActivities")
    if "contextAgents" in value:
        each(value["contextAgents"], f"{place}.contextAgents", _context_agent)
    if "contextGroups" in value:
        each(value["contextGroups"], f"{place}.contextGroups", _context_group)


def _context_activities(value: Any, place: str) -> None:
    for name, listed in members(value, place, _CONTEXT_ACTIVITIES).items():
        if type(listed) is dict:
            context_activity(listed, f"{place}.{name}")
        else:
            each(listed, f"{place}.{name}", context_activity)


def _context_agent(value: Any, place: str) -> None:
    members(value, place, {"objectType", "agent", "relevantTypes"})
    _relevant(value, place, "contextAgent")
    agent(required(value, "agent", place), f"{place}.agent")


def _context_group(value: Any, place: str) -> None:
    members(value, place, {"objectType", "group", "relevantTypes"})
    _relevant(value, place, "contextGroup")
    group(required(value, "group", place), f"{place}.group")


def _relevant(value: dict[str, Any], place: str, kind: str) -> None:
    if value.get("objectType") != kind:
        raise wrong(f"the objectType here must be {kind}", f"{place}.objectType")
    if "relevantTypes" in value and not each(value["relevantTypes"], f"{place}.relevantTypes", iri):
        raise wrong("relevantTypes are at least one, or left out", f"{place}.relevantTypes")


def _attachment(value: Any, place: str) -> None:
    members(value, place, _ATTACHMENT)
    iri(required(value, "usageType", place), f"{place}.usageType")
    language_map(required(value, "display", place), f"{place}.display")
    if "description" in value:
        language_map(value["description"], f"{place}.description")
    for name in ("contentType", "sha2"):
        if not text(required(value, name, place), f"{place}.{name}"):
            raise wrong("this can't be empty", f"{place}.{name}")
    length = required(value, "length", place)
    if type(length) is not int or length < 0:
        raise wrong("this must be a number of bytes", f"{place}.length")
    if "fileUrl" in value:
        iri(value["fileUrl"], f"{place}.fileUrl")
