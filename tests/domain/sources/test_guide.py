"""What the guide shows of documents, files and requests is what the readers take, and so is what the systems really send."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from services.assessment.sources.claims import Nothing
from services.assessment.sources.document import Source
from services.assessment.sources.doors.bodies import parsed
from services.assessment.sources.files.contents import lines_of
from services.assessment.sources.formats import FORMATS
from services.assessment.sources.formats.caliper.envelope import originals_in as of_envelope
from services.assessment.sources.formats.oneroster.service import originals_in as of_results
from services.assessment.sources.reading import source_in, yaml_in
from services.assessment.sources.resolving import Known, Ready, Reported, plan_of, resolve
from shared.events.envelope import Envelope
from tests.domain.sources.caliper import fixtures as caliper
from tests.domain.sources.canvas import fixtures as canvas
from tests.domain.sources.moodle import fixtures as moodle
from tests.domain.sources.openedx import bus as openedx
from tests.domain.sources.proofs import badges

ROOT: Final = Path(__file__).parents[3]
GUIDE: Final = (ROOT / "docs/sources.md").read_text()
README: Final = (ROOT / "README.md").read_text()
WRITTEN: Final = datetime(2026, 6, 1, tzinfo=UTC)
"""The guide's examples happened before, so that whoever tries one has no clock that is behind."""

FIRST: Final = "Register a source"
FORMATS_OF: Final = {
    FIRST: "canvas",
    "xAPI": "xapi",
    "Caliper": "caliper",
    "Canvas Live Events": "canvas",
    "Moodle": "moodle",
    "LTI AGS scores": "ags",
    "Open edX": "openedx",
    "CloudEvents": "cloudevents",
    "CSV files": "csv",
    "OneRoster": "oneroster",
    "Open Badges and CLR": "proofs",
}
EXAMPLES: Final = ROOT / "services/assessment/pages/examples"
BODY: Final = re.compile(r" (?:-d|--data) '(?P<body>.*?)'$", re.DOTALL | re.MULTILINE)


class Everybody(dict[Any, str]):
    """Every name is somebody's."""

    def get(self, key: Any, default: Any = None) -> str:
        return "123456"


def section(title: str) -> str:
    return GUIDE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def blocks(title: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", section(title), re.DOTALL)


def document(title: str) -> Source:
    return source_in(yaml_in(blocks(title, "yaml")[0].encode()))


def trial(source: Source, originals: Sequence[Any]) -> list[Envelope]:
    """What would be published; a test fails where anything would not be accepted."""
    reports: dict[str, Reported] = {}
    found: list[Envelope] = []
    for original in originals:
        claims = FORMATS[source.format].read(original, source)
        assert not isinstance(claims, Nothing), claims.reason
        ready = resolve(claims, plan_of(source), Known(Everybody(), reports, str, str), WRITTEN)
        assert isinstance(ready, Ready), ready
        assert ready.events
        reports |= {claim.id: Reported(ready.learner, claim.id) for claim in claims}
        found += ready.events
    return found


def originals(format_: str, command: str, body: Any) -> list[Any]:
    """As the door of the format takes a body apart."""
    match format_:
        case "ags":
            lineitem = re.search(r"/ags/lineitems/(\w+)/scores", command)
            assert lineitem is not None
            return [{"lineitem": lineitem[1], "score": body}]
        case "caliper":
            return of_envelope(body)
        case "oneroster":
            return of_results(body)
        case "cloudevents" if "ce-id" in command:
            attributes = dict(re.findall(r'"ce-(\w+): ([^"]+)"', command))
            return [attributes | {"data": body, "datacontenttype": "application/json"}]
        case _:
            return body if isinstance(body, list) else [body]


def requests(title: str) -> Iterator[tuple[str, str]]:
    """Each command that sends something, and its body."""
    for command in re.split(r"^(?=curl |ACCESS=)", "".join(blocks(title, "sh")), flags=re.MULTILINE):
        for found in BODY.finditer(command):
            yield command, found["body"]


def test_every_document_in_the_guide_is_one_of_those_that_are_tested() -> None:
    shown = [block for block in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL) if "source: " in block]
    assert shown == [blocks(title, "yaml")[0] for title in FORMATS_OF]


@pytest.mark.parametrize(("title", "format_"), FORMATS_OF.items())
def test_the_guides_documents_are_good(title: str, format_: str) -> None:
    assert document(title).format == format_


def test_the_guides_fragment_takes_attempts_apart() -> None:
    given = yaml_in(blocks("Caliper", "yaml")[0].encode())
    given["options"] |= yaml_in(blocks("Caliper", "yaml")[1].encode())
    given["activities"] = [{"matching": "https://quiz\\.example/(?P<quiz>q/[0-9]+)", "is": "urn:bb:course:{quiz}"}]
    given["learners"] = []
    only = "https://quiz.example/q/7/users/12/attempts/2"
    event = caliper.graded(object=only, generated=caliper.score(attempt=only))
    (said,) = trial(source_in(given), [event])
    assert parsed(said.data)["activity"] == "urn:bb:course:q/7"


@pytest.mark.parametrize("title", ["xAPI", "Caliper", "Moodle", "LTI AGS scores", "CloudEvents", "OneRoster"])
def test_what_the_guides_commands_send_is_accepted_and_happened_before(title: str) -> None:
    source = document(title)
    sent = [originals(source.format, command, parsed(body)) for command, body in requests(title)]
    assert sent
    assert trial(source, [one for body in sent for one in body])


def test_the_guides_first_event_is_accepted_by_the_guides_first_document() -> None:
    (said,) = trial(document(FIRST), [parsed(blocks("Try before it counts", "json")[0])])
    data = parsed(said.data)
    assert (data["learner"], data["activity"], data["status"]) == ("123456", "urn:canvas:assignment:355", "passed")


REAL: Final = [
    (FIRST, canvas.grade_change()),
    (FIRST, canvas.course_completed()),
    (FIRST, canvas.course_grade_change()),
    ("Canvas Live Events", canvas.grade_change()),
    ("Canvas Live Events", canvas.course_completed()),
    ("Canvas Live Events", canvas.course_grade_change()),
    ("Caliper", caliper.blackboard_course_grade()),
    ("Moodle", moodle.course_completed(host="moodle.example.edu")),
    ("Moodle", moodle.user_graded()),
    ("Open edX", openedx.passing(True, time="2026-03-02T09:30:00.123456+00:00")),
    ("Open edX", openedx.grade("0.93", time="2026-03-02T09:30:00.123456+00:00")),
    ("Open edX", openedx.certificate("created", time="2026-03-02T09:30:00.123456+00:00")),
]


@pytest.mark.parametrize(("title", "original"), REAL)
def test_what_the_systems_really_send_is_understood_by_the_guides_documents(title: str, original: Any) -> None:
    assert trial(document(title), [parsed(json.dumps(original))])


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.yaml")), ids=lambda example: example.stem)
def test_the_documents_that_people_begin_with_on_pages_are_good(example: Path) -> None:
    assert source_in(yaml_in(example.read_bytes())).format == example.stem


@pytest.mark.parametrize("format_", ["canvas", "caliper", "moodle"])
def test_what_the_systems_really_send_is_understood_by_the_documents_that_people_begin_with(format_: str) -> None:
    source = source_in(yaml_in((EXAMPLES / f"{format_}.yaml").read_bytes()))
    assert trial(source, [parsed(json.dumps(original)) for title, original in REAL[3:] if FORMATS_OF[title] == format_])


@pytest.mark.parametrize(
    ("achievement", "is_"),
    [
        ("https://stone.example/achievements/walls", "urn:campus:walls"),
        ("https://north.example/achievements/7", "urn:elsewhere:north:7"),
    ],
)
def test_a_badge_of_a_trusted_issuer_is_understood_by_the_guides_document(achievement: str, is_: str) -> None:
    issuer = f"did:web:{achievement.split('/')[2]}"
    given = json.loads(json.dumps(badges.credential()).replace(badges.STATISTICS, achievement).replace(badges.NORTH, issuer))
    (said,) = trial(document("Open Badges and CLR"), [badges.original(given)])
    assert parsed(said.data)["activity"] == is_


def test_the_guides_file_is_read_by_the_guides_document() -> None:
    source = document("CSV files")
    lines = list(lines_of(blocks("CSV files", "text")[0].encode("cp1252"), source))
    assert trial(source, [line.original for line in lines])


def test_the_readmes_source_and_events_are_good() -> None:
    (written,) = re.findall(r"campus-lrs\.yaml <<'YAML'\n(.*?)YAML\n", README, re.DOTALL)
    source = source_in(yaml_in(written.encode()))
    ((_, body),) = requests("xAPI")
    (said,) = trial(source, [parsed(body)])
    assert parsed(said.data)["activity"] == "lms:cs101"
