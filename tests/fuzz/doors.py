"""Every door of sources: how it is opened, what a good request brings, and what the answer says became of it."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import httpx

from services.assessment.sources.claims import Kind
from services.assessment.sources.document import Source
from services.assessment.sources.formats import FORMATS
from services.assessment.sources.resolving import Lookup, plan_of
from tests.domain.sources.ags.test_ags_scores import SCORE
from tests.domain.sources.caliper import fixtures as caliper
from tests.domain.sources.canvas import fixtures as canvas
from tests.domain.sources.moodle import fixtures as moodle
from tests.domain.sources.oneroster.test_oneroster_results import sent
from tests.domain.sources.xapi.examples import cmi5, open_edx, simple

PERSON: Final = "Zqx Vera-Personal"
MAIL: Final = "zqx.vera-personal@example.edu"
PERSONAL: Final = re.compile(r"zqx[. ]vera", re.IGNORECASE)
"""What no answer and no line of a log repeats."""

LEARNER: Final = "ada"
CLOUD: Final = "urn:cairn:source:cloudevents"
_AGENT: Final = {"name": PERSON, "mbox": f"mailto:{MAIL}"}


@dataclass(frozen=True)
class Door:
    """`good` are bodies: JSON, or text as it is. `around` makes a body of several originals, where the door takes several."""

    name: str
    format: str
    path: str
    content_type: str
    good: Sequence[Any]
    around: Callable[[list[Any]], Any] | None = None
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)


def _event(**data: Any) -> dict[str, Any]:
    said = {"learner": PERSON, "activity": "urn:x", "status": "scored", "score": {"raw": Decimal("17.5"), "max": 20}} | data
    head = {"specversion": "1.0", "id": "e1", "source": CLOUD, "type": "cairn.completion.reported.v1"}
    return head | {"time": "2026-01-02T01:00:00+01:00", "data": said}


STATEMENTS: Final = (
    simple(actor=_AGENT, result={"score": {"scaled": Decimal("0.9"), "raw": 9, "min": 0, "max": 10}, "success": True}),
    simple("voided", id="fd41c918-b88b-4b20-a0a5-a4c32391aaa1", object={"objectType": "StatementRef", "id": simple()["id"]}),
    open_edx("completed", result={"completion": True, "score": {"scaled": Decimal("0.4")}}),
    cmi5("passed", {"success": True, "duration": "PT1M"}),
)
EVENTS: Final = (
    _event(),
    _event(status="passed", grade="A", evidence=["https://example.edu/work"]) | {"id": "e3"},
    _event() | {"id": "e2", "type": "cairn.completion.retracted.v1", "data": {"learner": PERSON, "retracts": "e1"}},
)
_CALIPER: Final = (*caliper.GOOD, caliper.graded(object=caliper.attempt(assignee={"id": f"mailto:{MAIL}", "name": PERSON})))
_CANVAS: Final = (*canvas.GOOD, canvas.course_completed())
_AGS: Final = (SCORE | {"userId": PERSON, "comment": f"Well done, {PERSON}"},)
_ROSTER: Final = (sent(), sent(user={"email": MAIL, "username": PERSON}, comment=PERSON))
_BINARY: Final = {"ce-specversion": "1.0", "ce-type": "cairn.completion.reported.v1", "ce-source": CLOUD, "ce-id": "b1"}


def _rosters(originals: list[Any]) -> Any:
    return {"results": [one.get("result", one) if isinstance(one, dict) else one for one in originals], "lineItems": []}


DOORS: Final = (
    Door(
        "statements",
        "xapi",
        "/xapi/statements",
        "application/json",
        STATEMENTS,
        list,
        headers={"x-experience-api-version": "1.0.3"},
    ),
    Door(
        "statements each",
        "xapi",
        "/xapi/statements",
        "application/json",
        STATEMENTS,
        list,
        headers={"x-experience-api-version": "1.0.3", "prefer": "handling=lenient"},
    ),
    Door(
        "one statement",
        "xapi",
        f"/xapi/statements?statementId={STATEMENTS[0]['id']}",
        "application/json",
        STATEMENTS[:1],
        method="PUT",
        headers={"x-experience-api-version": "1.0.3"},
    ),
    Door(
        "caliper",
        "caliper",
        "/sources/caliper/caliper",
        "application/json",
        _CALIPER,
        lambda originals: {"sensor": "s", "sendTime": "2026-01-01T00:00:00Z", "dataVersion": caliper.V1P2, "data": originals},
    ),
    Door("canvas", "canvas", "/sources/canvas/canvas", "application/json", _CANVAS, list),
    Door("moodle", "moodle", "/sources/moodle/moodle", "application/json", moodle.GOOD, list),
    Door(
        "moodle as a form",
        "moodle",
        "/sources/moodle/moodle",
        "application/x-www-form-urlencoded",
        ("eventname=%5Ccore%5Cevent%5Ccourse_completed&relateduserid=345&courseid=9&timecreated=1732379000&userid=7",),
    ),
    Door("oneroster", "oneroster", "/sources/oneroster/oneroster", "application/json", _ROSTER, _rosters),
    Door("ags", "ags", "/ags/lineitems/pendulum/scores", "application/vnd.ims.lis.v1.score+json", _AGS),
    Door("event", "cloudevents", "/completions", "application/cloudevents+json", EVENTS),
    Door("events", "cloudevents", "/completions", "application/cloudevents-batch+json", EVENTS, list),
    Door(
        "event in headers",
        "cloudevents",
        "/sources/cloudevents/completions",
        "application/json",
        (EVENTS[0]["data"],),
        headers=_BINARY | {"ce-time": "2026-01-02T00:00:00Z"},
    ),
)
FORMATS_OF_DOORS: Final = tuple(sorted({door.format for door in DOORS}))


def source(format_: str) -> dict[str, Any]:
    options = {
        "ags": {"platform": "https://lms.example.edu"},
        "moodle": {"maxima": [{"of": "*", "points": 100}]},
        "oneroster": {"maxima": [{"of": "*", "points": 100}]},
    }.get(format_, {})
    return {
        "source": format_,
        "name": format_,
        "owner": "IT",
        "format": format_,
        "learners": [{"are": "directory", "directory": "campus"}],
        "may_publish": ["*"],
        "quota": {"per_minute": 1_000_000},
        "options": options,
    }


def names(door: Door) -> dict[tuple[str, str], str]:
    """All that the good ones call their learner, but for one in three, which stays unknown."""
    where = Source.model_validate(source(door.format))
    found: dict[tuple[str, str], str] = {}
    for number, good in enumerate(door.good):
        if isinstance(good, str) or (number % 3 == 2):
            continue
        original = deepcopy(good)
        if door.name == "ags":
            original = {"lineitem": "pendulum", "score": original}
        if door.name == "event in headers":
            original = EVENTS[number]
        claims = FORMATS[door.format].read(original, where)
        for lookup in plan_of(where).lookups(claims) if isinstance(claims, Sequence) else ():
            assert isinstance(lookup, Lookup)
            found[lookup.kind, lookup.value] = LEARNER
    return found


def anew(original: Any, number: int) -> Any:
    """The same with an id of its own, wherever its format has that."""
    found = deepcopy(original)
    if not isinstance(found, dict):
        return found
    if isinstance(id_ := found.get("id"), str):
        found["id"] = f"{id_[:-12]}{number:012x}" if len(id_) > 12 else f"{id_}-{number}"
    if "timecreated" in found:
        found["timecreated"] = number % 1_700_000_000
    if "scoreMaximum" in found:
        found["timestamp"] = f"2017-04-16T18:54:36.{number % 1_000_000:06}+00:00"
    for holder, name in (("metadata", "request_id"), ("result", "sourcedId")):
        if isinstance(found.get(holder), dict) and name in found[holder]:
            found[holder][name] = f"{number:012x}"
    return found


def written(value: Any) -> bytes:
    """As JSON, each Decimal with all of its digits."""
    text = json.dumps(value, default=lambda one: f"\0{one}")
    return re.sub(r'"\\u0000([^"]*)"', r"\1", text).encode()


def basic(key: str, secret: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{key}:{secret}".encode()).decode()}


def outcomes(door: Door, answer: httpx.Response) -> Counter[str]:
    """What the answer says became of what it was asked with; a request that isn't taken as a whole is one that is refused."""
    if answer.status_code == 204:
        return Counter(taken=1)
    said = answer.json()
    if answer.status_code in (401, 404, 429, 503):
        return Counter()
    if answer.status_code == 200 and door.format == "xapi":
        return Counter(taken=len(said))
    if isinstance(items := said.get("items"), list):
        return Counter(item["status"] for item in items)
    return Counter([said["status"] if answer.is_success else Kind.REFUSED.value])
