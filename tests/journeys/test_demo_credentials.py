"""The end of the demonstration: the learner of its story shares the highest level, and an employer checks it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.demo.cohort import story_reports
from deploy.demo.credentials import FORGED, Outcome, told
from deploy.demo.story import STORY
from deploy.demo.systems.telling import told as systems_told
from deploy.demo.visitor import Visitor
from tests.journeys.campus import Campus

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Ended:
    campus: Campus
    outcome: Outcome
    folder: Path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ended(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ended]:
    folder = tmp_path_factory.mktemp("demo")
    async with Campus.open(folder / "platform") as campus:
        await campus.publish_catalog()
        await campus.office.enter_contacts([STORY.contact()])
        await campus.send([(report.learner, report.envelope()) for report in story_reports()])
        await campus.settled(within=120)
        yield Ended(campus, await told(campus.platform, campus.office, STORY, folder), folder)


async def test_every_form_of_the_credential_and_the_record_is_valid_and_a_forged_one_is_not(ended: Ended) -> None:
    found = {one.file.name: (one.found, one.says) for one in ended.outcome.checked}
    assert {name: verdict for name, (verdict, _) in found.items()} == {
        "credential.json": "valid",
        "credential.jwt": "valid",
        "credential.png": "valid",
        "credential.svg": "valid",
        "record.json": "valid",
        "forged.json": "invalid",
    }, found
    assert ended.outcome.agreed


async def test_the_employers_page_says_what_was_awarded_and_to_whom(ended: Ended) -> None:
    page = ended.outcome.pages["award page"].read_text()
    assert STORY.name in page
    assert STORY.learner not in page
    assert STORY.address not in page
    forged = ended.outcome.pages["check of the forged one"].read_text()
    assert FORGED in forged


async def test_the_passport_is_the_learners_who_signed_in(ended: Ended) -> None:
    page = ended.outcome.pages["passport"].read_text()
    assert "for an employer" in page
    assert ended.outcome.live["award page"] in page
    async with Visitor(ended.campus.platform) as stranger:
        assert (await stranger.open(ended.outcome.live["passport"])).url.port == ended.campus.platform.provider.port
        another = await stranger.open(ended.outcome.live["passport"], "somebody-else")
        assert another.url.path == "/passport"
        assert "for an employer" not in another.text


async def test_kept_pages_need_nothing_that_has_ended_to_look_as_they_did(ended: Ended) -> None:
    for path in ended.outcome.pages.values():
        page = path.read_text()
        styles = re.findall(r'<link rel="stylesheet" href="([^"]+)">', page)
        pictures = re.findall(r'<img[^>]* src="([^"]+)"', page)
        assert styles, path
        for name in styles + [one for one in pictures if not one.startswith("data:")]:
            assert (path.parent / name).is_file(), (path.name, name)


async def test_no_credential_tells_the_learners_id_or_address(ended: Ended) -> None:
    for name in ("credential.json", "record.json"):
        text = (ended.folder / "credentials" / name).read_text()
        assert STORY.learner not in text
        assert STORY.address not in text
        assert json.loads(text)


async def test_three_systems_tell_of_one_learner_side_by_side(ended: Ended) -> None:
    found = await systems_told(ended.campus.platform, ended.campus.office)
    assert [(one.format, sum(one.outcomes.values())) for one in found.sent] == [("canvas", 3), ("xapi", 3), ("csv", 2)]
    assert any(reason.startswith("ignored: ") for one in found.sent for reason in one.trouble)
    assert found.award is not None
    assert found.award["status"] == "valid"
