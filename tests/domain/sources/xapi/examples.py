"""Statements as their own projects publish them, rebuilt by hand, and a source that sends such."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from decimal import Decimal
from typing import Any, Final

from services.assessment.sources.claims import Claim, Nothing, Result
from services.assessment.sources.document import Source
from services.assessment.sources.formats.xapi import read

ADL: Final = "http://adlnet.gov/expapi/verbs/"
EARNED: Final = "http://id.tincanapi.com/verb/earned"
COURSE: Final = "http://localhost:18000/course/course-v1:edX+DemoX+Demo_Course"
LEARNER: Final = {
    "objectType": "Agent",
    "account": {"homePage": "http://localhost:18000", "name": "32e08e30-f8ae-4ce2-94a8-c2bfe38a70cb"},
}


def source(**options: Any) -> Source:
    return Source(
        source="records", name="Record store", owner="Registrar", format="xapi", may_publish=("*",), options=options
    )  # fmt: skip


PLAIN: Final = source()


def said(statement: Mapping[str, Any], by: Source = PLAIN) -> Sequence[Claim] | Nothing:
    """What the reader makes of it, read as a door would read it."""
    return read(json.loads(json.dumps(statement, default=str), parse_float=Decimal), by)


def claim(statement: Mapping[str, Any], by: Source = PLAIN) -> Claim:
    found = said(statement, by)
    assert not isinstance(found, Nothing), found.reason
    (one,) = found
    return one


def result(statement: Mapping[str, Any], by: Source = PLAIN) -> Result:
    found = claim(statement, by).said
    assert isinstance(found, Result)
    return found


def nothing(statement: Mapping[str, Any], by: Source = PLAIN) -> str:
    found = said(statement, by)
    assert isinstance(found, Nothing), found
    return found.reason


def simple(verb: str = "completed", /, **changed: Any) -> dict[str, Any]:
    """A short statement; `changed` are properties of it, None for one to leave out."""
    made = {
        "id": "fd41c918-b88b-4b20-a0a5-a4c32391aaa0",
        "timestamp": "2015-11-18T12:17:00+00:00",
        "actor": {"mbox": "mailto:user@example.com"},
        "verb": {"id": verb if ":" in verb else f"{ADL}{verb}", "display": {"en-US": "did"}},
        "object": {"id": "http://example.adlnet.gov/xapi/example/simpleCBT"},
    } | changed
    return {name: value for name, value in made.items() if value is not None}


def open_edx(verb: str, /, **changed: Any) -> dict[str, Any]:
    """As its event routing backends make one."""
    made: dict[str, Any] = {
        "id": "ebfef69f-dd05-5bf0-bf90-bad645bc6992",
        "version": "1.0.3",
        "actor": deepcopy(LEARNER),
        "verb": {"id": verb if ":" in verb else f"{ADL}{verb}", "display": {"en": "did"}},
        "object": {
            "id": COURSE,
            "objectType": "Activity",
            "definition": {
                "name": {"en": "Demonstration Course"},
                "type": "http://adlnet.gov/expapi/activities/course",
                "extensions": {},
            },
        },
        "timestamp": "2020-07-15T06:36:01.917775+00:00",
        "context": {
            "extensions": {
                "https://w3id.org/xapi/openedx/extension/transformer-version": "event-routing-backends@1.1.1",
                "https://w3id.org/xapi/openedx/extensions/session-id": "44c2f6b53a6aaf210797a56391a443bc",
            }
        },
    } | changed
    return made


CMI5: Final = "https://w3id.org/xapi/cmi5/context/"


def cmi5(verb: str, result: Mapping[str, Any] | None = None, **extensions: Any) -> dict[str, Any]:
    """A cmi5 defined statement of an assignable unit; `extensions` are cmi5's, of the context."""
    made: dict[str, Any] = {
        "id": "2a41c918-b88b-4220-20a5-a4c32391a240",
        "timestamp": "2012-06-01T19:09:13.245+00:00",
        "actor": {"objectType": "Agent", "account": {"homePage": "https://lms.example.com", "name": "1625378"}},
        "verb": {"id": verb if ":" in verb else f"{ADL}{verb}", "display": {"en": "did"}},
        "object": {"id": "https://www.example.com/LA1/0001/Volume/AU1", "objectType": "Activity"},
        "context": {
            "registration": "ec531277-b57b-4c15-8d91-d292c5b2b8f7",
            "contextActivities": {
                "category": [{"id": f"{CMI5}categories/cmi5"}, {"id": f"{CMI5}categories/moveon"}],
                "grouping": [{"id": "http://www.example.com/LA1/0001"}],
            },
            "extensions": {f"{CMI5}extensions/sessionid": "458240298378231"}
            | {f"{CMI5}extensions/{name}": value for name, value in extensions.items()},
        },
    }
    if result is not None:
        made["result"] = dict(result)
    return made
