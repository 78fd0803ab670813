"""Any good statement, for properties."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from hypothesis import strategies as st

FIRST: Final = datetime.fromisoformat("1950-01-01T00:00")

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
IRIS = st.sampled_from(
    ["http://x.example/a", "https://www.example.com/LA1/0001", "urn:uuid:7", "block-v1:edX+DemoX", "tag:x,2026:ä"]
)
UUIDS = st.uuids().map(str) | st.uuids().map(lambda one: str(one).upper())
MOMENTS = st.datetimes(min_value=FIRST).map(lambda one: f"{one.isoformat()}Z")
LANGUAGES = st.dictionaries(st.sampled_from(["en", "en-US", "zh-Hans-CN", "de-CH-1996", "x-own", "cmn"]), TEXTS, max_size=2)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
EXTENSIONS = st.dictionaries(IRIS, JSON, max_size=2)
VERBS = st.sampled_from(
    ["completed", "passed", "failed", "mastered", "scored", "attempted", "answered", "progressed", "registered", "launched"]
).map(lambda verb: f"http://adlnet.gov/expapi/verbs/{verb}")


def objects(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


AGENTS = st.one_of(
    *[
        objects({name: values}, {"objectType": st.just("Agent"), "name": TEXTS})
        for name, values in {
            "mbox": st.emails().map(lambda address: f"mailto:{address}"),
            "mbox_sha1sum": st.text("0123456789abcdefABCDEF", min_size=40, max_size=40),
            "openid": IRIS,
            "account": objects({"homePage": IRIS, "name": TEXTS}, {}),
        }.items()
    ]
)
GROUPS = objects({"objectType": st.just("Group"), "member": st.lists(AGENTS, max_size=2)}, {"name": TEXTS})
DEFINITIONS = objects({}, {"name": LANGUAGES, "description": LANGUAGES, "type": IRIS, "moreInfo": IRIS, "extensions": EXTENSIONS})
ACTIVITIES = objects({"id": IRIS}, {"objectType": st.just("Activity"), "definition": DEFINITIONS})
REFERENCES = objects({"objectType": st.just("StatementRef"), "id": UUIDS}, {})
SCALED = st.decimals(-1, 1, allow_nan=False)
POINTS = st.tuples(st.integers(-100, 0), st.integers(0, 90), st.integers(91, 10**8)).map(
    lambda three: {"min": three[0], "raw": three[1], "max": three[2]}
)
SCORES = objects({"scaled": SCALED}, {}) | POINTS | st.tuples(POINTS, SCALED).map(lambda both: {"scaled": both[1], **both[0]})
RESULTS = objects(
    {"score": SCORES}, {"response": TEXTS, "duration": st.sampled_from(["PT1H0M0.1S", "P4W", "P3Y1M29DT4H35M59.14S"])}
)
CONTEXTS = objects(
    {},
    {
        "registration": UUIDS,
        "instructor": AGENTS | GROUPS,
        "team": GROUPS,
        "contextActivities": st.dictionaries(
            st.sampled_from(["parent", "grouping", "category", "other"]), st.lists(ACTIVITIES, max_size=2) | ACTIVITIES
        ),
        "language": st.sampled_from(["en", "fr-CA"]),
        "statement": REFERENCES,
        "extensions": EXTENSIONS,
    },
)
STATEMENTS = objects(
    {
        "actor": AGENTS,
        "verb": objects({"id": VERBS}, {"display": LANGUAGES}),
        "object": ACTIVITIES,
        "result": RESULTS,
        "timestamp": MOMENTS,
    },
    {"id": UUIDS, "context": CONTEXTS},
)
