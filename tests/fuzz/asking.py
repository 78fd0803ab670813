"""schemathesis as a process: who asks which service, and what it is told of the things that are there."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.security.school import ADA, BEN, STAFF_SCOPES, School

LONG: Final = "CAIRN_FUZZ" in os.environ
# Not allow_header_conformance: names of line items may have slashes, so that addresses take more than their route says.
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
)
WHO: Final = ("nobody", "learner", "staff", "xapi", "cloudevents")
ASKED: Final = {
    ("assessment", "staff"): r"^/(sources|directories|learners|decisions|completions|submissions|oauth)",
    ("assessment", "learner"): r"^/(learners|submissions|reviews)",
    ("assessment", "xapi"): r"^/(xapi|ags|completions|oauth|sources)",
    ("catalog", "staff"): "",
    ("awarding", "staff"): "",
    ("awarding", "learner"): r"^/(learners|awards|checks)",
    ("notifications", "staff"): "",
    ("notifications", "learner"): "",
}
"""Who asks for what in the whole suite. In `make fuzz` everybody asks everywhere for everything."""


def things_of(school: School) -> str:
    """The configuration in which half of all values of a path's parameter are of things that are there."""
    things = school.things
    known: dict[str, list[str]] = {
        "learner": [ADA, BEN, "nobody-yet"],
        "achievement": ["knots", "weaving", "sails", "ropes.bronze"],
        "source": ["moodle", "cloudevents", "xapi", "canvas"],
        "id": ["knots", "weaving", "sails", "splices", "ropes", "ropes.bronze"],
        "directory": ["campus"],
        "submission": [things[f"{learner}.submission"] for learner in (ADA, BEN)],
        "file": [things[f"{learner}.file"] for learner in (ADA, BEN)],
        "award": [things[f"{learner}.award"] for learner in (ADA, BEN)],
        "share": [things[f"{learner}.share"] for learner in (ADA, BEN)],
        "message": [things[f"{learner}.message"] for learner in (ADA, BEN)],
        "delivery": [things[f"{learner}.message"] for learner in (ADA, BEN)],
        "key": [things["xapi.key"], things["moodle.key"]],
        "stack": ["ropes"],
        "level": ["bronze"],
        "unit": ["north", "south"],
        "format": ["xapi", "moodle"],
    }
    lines = []
    for name, values in known.items():
        lines += [f"[dictionaries.{name}]", "values = [" + ", ".join(f'"{value}"' for value in values) + "]", ""]
    lines += ["[parameters]", *(f'"path.{name}" = {{ dictionary = "{name}", probability = 0.5 }}' for name in known)]
    return "\n".join(lines) + "\n"


def credentials_of(school: School, who: str) -> Mapping[str, str]:
    if who == "nobody":
        return {}
    if who in ("xapi", "cloudevents"):
        return school.of_source(who)
    token = school.token(learner=ADA) if who == "learner" else school.token(*STAFF_SCOPES)
    return {"authorization": f"Bearer {token}"}


async def asked(school: School, service: str, who: str, folder: Path) -> str:
    """What was not answered as the document says; empty, if all was."""
    (folder / "schemathesis.toml").write_text(things_of(school))
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{school.platform[service].url}/openapi.json"]
    command += ["--checks", ",".join(CHECKS), "--continue-on-failure", "--no-color", "--warnings", "off"]
    command += ["--workers", "2", "--request-timeout", "30"]
    command += ["--exclude-path-regex", "^/operations/consumers/pause"]  # the others shall be asked of streams that run
    for name, value in credentials_of(school, who).items():
        command += ["--header", f"{name}: {value}"]
    if LONG:
        command += ["--phases", "examples,coverage,fuzzing,stateful", "--max-examples", os.environ["CAIRN_FUZZ"]]
    else:
        command += ["--phases", "fuzzing", "--max-examples", "3", "--generation-deterministic"]
        if pattern := ASKED[service, who]:
            command += ["--include-path-regex", pattern]
    running = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await running.communicate()
    return _without_credentials(said.decode(errors="replace")) if running.returncode else ""


def _without_credentials(said: str) -> str:
    return re.sub(r"(?i)(authorization: ?)[^'\"\n]+", r"\1…", said)[-20_000:]
