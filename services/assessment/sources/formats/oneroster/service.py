"""From what the gradebook service's JSON has to originals."""

from __future__ import annotations

from typing import Any, Final

from services.assessment.sources.claims import Wrong
from services.assessment.sources.formats.members import mapping, the_object

OF_LINE_ITEMS: Final = ("resultValueMin", "resultValueMax")
OF_USERS: Final = ("identifier", "userMasterIdentifier", "username", "email", "userIds")
"""Of what else is known of them, nothing is kept."""


def originals_in(body: Any) -> list[dict[str, Any]]:
    """Raises Wrong for what is neither `{"results": […]}` nor `{"result": {…}}`."""
    said = the_object(body, "", "the body")
    results = said.get("results", [said["result"]] if "result" in said else None)
    if not isinstance(results, list):
        raise Wrong('the body must be {"results": […]} or {"result": {…}}', status=400)
    lineitems, users = _known(said.get("lineItems"), OF_LINE_ITEMS), _known(said.get("users"), OF_USERS)
    return [_original(result, lineitems, users) for result in results]


def _original(result: Any, lineitems: dict[str, Any], users: dict[str, Any]) -> dict[str, Any]:
    original = {"result": result}
    said = mapping(result)
    for name, member, known in (("lineItem", "lineItem", lineitems), ("user", "student", users)):
        id_ = mapping(said.get(member)).get("sourcedId")
        if isinstance(id_, str) and id_ in known:
            original[name] = known[id_]
    return original


def _known(listed: Any, fields: tuple[str, ...]) -> dict[str, Any]:
    """Of each one its fields that matter, by its sourcedId."""
    each = listed if isinstance(listed, list) else []
    return {
        one["sourcedId"]: {name: one[name] for name in fields if one.get(name) is not None}
        for one in map(mapping, each)
        if isinstance(one.get("sourcedId"), str)
    }
